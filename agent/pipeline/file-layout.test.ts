import { describe, expect, it } from 'vitest';
import { type FileLayout, type FoundLayout, Mapping } from '../../contract/mapping.ts';
import { LayoutSampler } from './file-layout.ts';

const rule = (column: string) => ({ column });
const mapping = (file: Partial<FileLayout> = {}, key = 'Conf') =>
  Mapping.parse({
    name: 'test',
    title: 'Test',
    entity: 'booking',
    file,
    fields: { externalId: rule(key), guestName: rule('Guest'), checkInDate: rule('In'), checkOutDate: rule('Out'), status: rule('Status') },
  });
const header = 'Conf;Guest;In;Out;Status';
const rows = (names: readonly string[]) => names.map((name, at) => `A-${at};${name};2026-03-01;2026-03-04;confirmed`);
const file = (names: readonly string[]) => [header, ...rows(names)].join('\r\n');

async function layoutOf(
  bytes: Buffer,
  { by = mapping(), timeZone = 'Asia/Dubai', pieceBytes = 7 }: { by?: Mapping; timeZone?: string | null; pieceBytes?: number } = {},
): Promise<{ layout: FoundLayout; kept: Buffer }> {
  const sampler = new LayoutSampler();
  const pieces = (async function* () {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  })();
  const kept: Uint8Array[] = [];
  for await (const piece of sampler.keptBytes(pieces, by.file.encoding)) kept.push(piece);
  return { layout: sampler.layout(by, timeZone), kept: Buffer.concat(kept) };
}

/** The code pages by hand, so that the test does not ask the decoder that it tests. */
const codePages: Record<string, Record<string, number>> = {
  'windows-1250': {
    Ł: 0xa3,
    ł: 0xb3,
    ś: 0x9c,
    ź: 0x9f,
    ż: 0xbf,
    ą: 0xb9,
    ę: 0xea,
    ó: 0xf3,
    ř: 0xf8,
    á: 0xe1,
    Š: 0x8a,
    č: 0xe8,
    ő: 0xf5,
    í: 0xed,
  },
  'windows-1254': { Ç: 0xc7, ğ: 0xf0, Ş: 0xde, İ: 0xdd, ı: 0xfd, ü: 0xfc, ş: 0xfe, ö: 0xf6, Ö: 0xd6, Ğ: 0xd0 },
  'windows-1252': { ü: 0xfc, ö: 0xf6, ß: 0xdf, é: 0xe9, è: 0xe8, ñ: 0xf1, å: 0xe5, ø: 0xf8, ä: 0xe4 },
};
function written(text: string, codePage: string): Buffer {
  const letters = codePages[codePage] ?? {};
  return Buffer.from([...text].map((sign) => letters[sign] ?? sign.charCodeAt(0)));
}

const polish = ['Łukasz Wiśniewski', 'Żaneta Ząbek', 'Jiří Dvořák', 'Šárka Nováková', 'Grażyna Wójcik'].map((name) =>
  name.replace('Ż', 'Z'),
);
const turkish = ['Çağlar Şahin', 'İbrahim Yılmaz', 'Gülşen Öztürk', 'Ayşe Doğan'];
const western = ['Jürgen Größe', 'Renée Lefèvre', 'José Núñez', 'Bärbel Müller'].map((name) => name.replace('ú', 'u'));

describe('how a file is written', () => {
  it.each([
    ['windows-1250', polish],
    ['windows-1254', turkish],
    ['windows-1252', western],
  ])('is found for %s by the names in it, and every name is read as it was written', async (codePage, names) => {
    const bytes = written(file(names), codePage);
    const { layout } = await layoutOf(bytes);
    const text = new TextDecoder(layout.encoding).decode(bytes);
    expect([layout.delimiter, names.filter((name) => !text.includes(name))]).toEqual([';', []]);
  });

  it('is sure where the letters and the country of the hotel agree', async () => {
    const { layout } = await layoutOf(written(file(turkish), 'windows-1254'), { timeZone: 'Europe/Istanbul' });
    expect(layout).toEqual({ encoding: 'windows-1254', otherEncodings: [], delimiter: ';', isFound: true });
  });

  it('is in question where two encodings are likely and read the names differently', async () => {
    const { layout } = await layoutOf(written(file(turkish), 'windows-1254'), { timeZone: 'Europe/Berlin' });
    expect([layout.encoding, layout.otherEncodings.length > 0]).toEqual(['windows-1254', true]);
  });

  it('keeps the page of the country in question where most names are of another, and anything where no page is known to fit', async () => {
    const german = Array.from({ length: 40 }, () => 'J\xfcrgen Gr\xf6\xdfe');
    const prague = Buffer.from(file([...german, 'Ji\xf8\xed Dvo\xf8\xe1k']), 'latin1');
    const { layout } = await layoutOf(prague, { timeZone: 'Europe/Prague' });
    expect([layout.encoding, ...layout.otherEncodings]).toContain('windows-1250');
    expect([layout.encoding, ...layout.otherEncodings]).toContain('windows-1252');
    // Korean in a page that is not read here.
    const korean = Buffer.from(`${file([])}\nA;`, 'latin1');
    const names = Buffer.from('b1e8c3b6bcf6b9dabfb5c8f1c0ccb9ceba0a', 'hex');
    const foreign = (await layoutOf(Buffer.concat([korean, names]), { timeZone: 'Asia/Seoul' })).layout;
    expect(foreign.otherEncodings.length).toBeGreaterThan(0);
  });

  it('is not UTF-16 because a mapping says so, and is in spite of a letter of another alphabet', async () => {
    const ascii = await layoutOf(Buffer.from(file(['Lee'])), { by: mapping({ encoding: 'utf-16le' }) });
    expect(ascii.kept.toString()).toBe(file(['Lee']));
    expect((await layoutOf(Buffer.from(file(['一Lee', 'Ng']), 'utf16le'))).layout.encoding).toBe('utf-16le');
  });

  it('is UTF-8 where most lines are, whatever a damaged one holds', async () => {
    const bytes = Buffer.concat([Buffer.from(file(['Größe', 'Łukasz', '北京'])), Buffer.from('\nGr\xf6\xdfe;', 'latin1')]);
    expect((await layoutOf(bytes)).layout).toMatchObject({ encoding: 'utf-8', otherEncodings: [] });
  });

  it.each([
    ['utf-16le', Buffer.from(`\uFEFF${file(['Łukasz 北京'])}`, 'utf16le')],
    ['utf-16le', Buffer.from(file(['Lukas']), 'utf16le')],
    ['utf-16be', Buffer.from(`\uFEFF${file(['Łukasz'])}`, 'utf16le').swap16()],
    ['utf-16be', Buffer.from(file(['Lukas']), 'utf16le').swap16()],
  ])('is found for %s, which is kept as UTF-8', async (encoding, bytes) => {
    const { layout, kept } = await layoutOf(bytes);
    expect([layout.encoding, layout.delimiter]).toEqual([encoding, ';']);
    expect(kept.toString()).toContain('2026-03-04;confirmed');
  });

  it.each([',', ';', '\t', '|'] as const)('has the delimiter %j under which the columns of the mapping appear', async (delimiter) => {
    const text = file(['Brandt, J; or so|'].map((name) => `"${name}"`)).replaceAll(';', delimiter);
    expect((await layoutOf(Buffer.from(text))).layout.delimiter).toBe(delimiter);
  });

  it('has the delimiter that gives as many cells as the header of the mapping', async () => {
    const by = mapping({ header: ['Conf', 'Guest', 'In', 'Out', 'Status'] });
    const text = rows(['Brandt, Ada', 'Lee, Kim, Dr', 'Ng']).join('\n');
    expect((await layoutOf(Buffer.from(text), { by })).layout.delimiter).toBe(';');
  });

  it('is settled by a header that reads right in one encoding alone', async () => {
    const by = mapping({}, 'Číslo');
    const text = file(['Lee']).replace('Conf', '\xc8\xedslo');
    expect((await layoutOf(Buffer.from(text, 'latin1'), { by })).layout).toMatchObject({ encoding: 'windows-1250' });
  });

  it('is what the mapping says, if it says it', async () => {
    const by = mapping({ encoding: 'iso-8859-2', delimiter: '|' });
    expect((await layoutOf(written(file(turkish), 'windows-1254'), { by })).layout).toEqual({
      encoding: 'iso-8859-2',
      otherEncodings: [],
      delimiter: '|',
      isFound: false,
    });
  });

  it('is looked for in what stands far behind the beginning too', async () => {
    const text = [header, ...rows(Array.from({ length: 4000 }, () => 'Lee')), ...rows(western)].join('\n');
    const { layout } = await layoutOf(written(text, 'windows-1252'), { pieceBytes: 65_536, timeZone: 'Europe/Berlin' });
    expect([layout.encoding, layout.otherEncodings]).toEqual(['windows-1252', ['iso-8859-15']]);
  });
});
