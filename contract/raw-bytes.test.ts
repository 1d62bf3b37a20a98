import { describe, expect, it } from 'vitest';
import { hexDump, visibleText } from './raw-bytes.ts';

describe('bytes in hexadecimal', () => {
  it('stand with their place in the file, sixteen in a line, and their letters beside them', () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('Zoë, 101'), 0, 9, 27, 126, 127, 255, 13, 10, 65]);
    expect(hexDump(bytes, 0x1f0).split('\n')).toEqual([
      '000001f0  5a 6f c3 ab 2c 20 31 30  31 00 09 1b 7e 7f ff 0d  Zo.., 101...~...',
      '00000200  0a 41                                             .A',
    ]);
  });

  it('are nothing when there are none, and every byte of many', () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at % 256);
    const read = hexDump(bytes, 0)
      .split('\n')
      .flatMap((line) => line.slice(10, 58).trim().split(/ +/))
      .map((byte) => Number.parseInt(byte, 16));
    expect([hexDump(new Uint8Array(), 7), read]).toEqual(['', [...bytes]]);
  });
});

describe('text from outside', () => {
  it('keeps its letters, line ends and tabs, and shows what would act on a terminal', () => {
    expect(visibleText('Łukasz\tWójcik\n\u001b[31mred\u0007\r\u0000\u007f\u009b2J')).toBe('Łukasz\tWójcik\n␛[31mred␇␍␀␡\ufffd2J');
  });

  it('cannot turn the direction of what stands behind it', () => {
    expect(visibleText('a\u202egnp.exe\u2066b\u200f')).toBe('a\ufffdgnp.exe\ufffdb\ufffd');
  });
});
