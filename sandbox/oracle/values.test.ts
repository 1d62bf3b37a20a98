import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoreBytesNeeded, Reader, Writer } from './bytes.ts';
import { decodeDouble, decodeNumber, decodeTime, encodeDouble, encodeNumber, encodeTime, timeText } from './values.ts';

type DriverBuffer = {
  readonly buf: Buffer;
  readonly pos: number;
  parseOracleNumber(bytes: Buffer): string | number;
  parseOracleDate(bytes: Buffer, isLocal: boolean): Date;
  parseBinaryDouble(bytes: Buffer): number;
  /** Its length comes first. */
  writeOracleNumber(value: string): void;
  writeOracleDate(value: Date, type: unknown, hasLength: boolean): void;
  readUB4(): number;
};
type BufferClass = new (initializer: number | Buffer) => DriverBuffer;
type BufferModule = { readonly BaseBuffer: BufferClass; readonly GrowableBuffer: BufferClass };

const load = createRequire(import.meta.url);
const readers = ['oracledb', 'oracledb6'].map((name) => {
  const { BaseBuffer, GrowableBuffer } = load(`${name}/lib/impl/datahandlers/buffer.js`) as BufferModule;
  const types = load(`${name}/lib/types.js`) as { readonly DB_TYPE_DATE: unknown; readonly DB_TYPE_TIMESTAMP: unknown };
  return { name, types, reader: (bytes = Buffer.alloc(0)) => new BaseBuffer(bytes), writer: () => new GrowableBuffer(100) };
});

/** Decimals as Oracle holds them: up to 38 digits, of which the sandbox keeps 40, and any place of the point. */
const decimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }), fc.integer({ min: -60, max: 40 }))
  .map(([isNegative, digits, shift]) => plainDecimal(digits, shift, isNegative));

function plainDecimal(digits: bigint, shift: number, isNegative: boolean): string {
  const text = String(digits);
  const shifted =
    shift >= 0
      ? text + '0'.repeat(shift)
      : `${text.padStart(1 - shift, '0').slice(0, shift)}.${text.padStart(1 - shift, '0').slice(shift)}`;
  const tidy = shifted.includes('.') ? shifted.replace(/\.?0+$/, '') : shifted;
  return digits === 0n ? '0' : `${isNegative ? '-' : ''}${tidy.replace(/^0+(?=\d)/, '')}`;
}

describe.each(readers)('the values of the wire, against the reader and the writer of $name', ({ types, reader, writer }) => {
  it('keeps every number on its way to the driver', () => {
    fc.assert(
      fc.property(decimal, (number) => {
        expect(Number(reader().parseOracleNumber(encodeNumber(number)))).toBe(Number(number));
        expect(decodeNumber(encodeNumber(number))).toBe(number);
      }),
    );
  });

  it('keeps every number on its way from the driver', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e40, max: 1e40 }), (number) => {
        fc.pre(number === 0 || Math.abs(number) > 1e-60);
        const buffer = writer();
        buffer.writeOracleNumber(String(number));
        expect(Number(decodeNumber(buffer.buf.subarray(1, buffer.pos)))).toBe(number === 0 ? 0 : number);
      }),
    );
  });

  it('keeps every moment on its way to the driver and back', () => {
    const moment = fc.date({ min: new Date('0100-01-01'), max: new Date('9999-12-30'), noInvalidDate: true });
    fc.assert(
      fc.property(moment, (at) => {
        const text = timeText(Math.floor(at.getTime() / 1000) * 1000, (((at.getTime() % 1000) + 1000) % 1000) * 1_000_000);
        expect(reader().parseOracleDate(encodeTime(text, 'timestamp'), false)).toEqual(at);
        expect(decodeTime(encodeTime(text, 'timestamp'))).toBe(text);
        const local = new Date(at.getFullYear(), at.getMonth(), at.getDate(), at.getHours());
        const buffer = writer();
        buffer.writeOracleDate(local, types.DB_TYPE_DATE, false);
        expect(encodeTime(decodeTime(buffer.buf.subarray(0, 7)), 'date')).toEqual(Buffer.from(buffer.buf.subarray(0, 7)));
      }),
    );
  });

  it('keeps every double in both directions', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (number) => {
        expect(reader().parseBinaryDouble(encodeDouble(number))).toBe(number);
        expect(decodeDouble(encodeDouble(number))).toBe(number);
      }),
    );
  });

  it('writes lengths as the driver reads them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (length) => {
        const bytes = new Writer().ub(length).done();
        expect([reader(Buffer.from(bytes)).readUB4(), new Reader(bytes).ub()]).toEqual([length, length]);
      }),
    );
  });
});

it('keeps every text and every length of bytes, and says when some are missing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.integer({ min: 1, max: 100_000 }), (text, length) => {
      const bytes = Buffer.alloc(length, 7);
      const written = Buffer.from(new Writer().text(text).bytes(bytes).named(text).done());
      const reader = new Reader(written);
      expect([reader.text() ?? '', reader.bytes()?.length, reader.ub()]).toEqual([text, length, Buffer.byteLength(text)]);
      expect(() => {
        const cut = new Reader(written.subarray(0, written.length - 1 - Buffer.byteLength(text)));
        cut.text();
        cut.bytes();
        cut.ub();
        cut.u8();
      }).toThrow(MoreBytesNeeded);
    }),
    { numRuns: 60 },
  );
});

it('writes the numbers that Oracle itself documents', () => {
  const hex = (value: string) => encodeNumber(value).toString('hex');
  expect(['0', '1', '100', '-1', '0.01', '-123.45', '12345678'].map(hex)).toEqual([
    '80',
    'c102',
    'c202',
    '3e6466',
    'c002',
    '3d644e3866',
    'c40d23394f',
  ]);
});
