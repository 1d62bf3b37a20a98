import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileLayout, type FoundLayout, Mapping } from '../../contract/mapping.ts';
import { sealingKey } from '../../db/seal.ts';
import { DocumentMemory } from './batch-builder.ts';
import { LayoutSampler } from './file-layout.ts';
import { normaliseFile } from './normalise-file.ts';
import { writeRawFile } from './raw-files.ts';

const key = sealingKey(Buffer.alloc(32, 3));
const fields = {
  externalId: { column: 'Conf' },
  guestName: { column: 'Guest' },
  checkInDate: { column: 'In' },
  checkOutDate: { column: 'Out' },
  status: { constant: 'confirmed' },
  specialRequests: { column: 'Wishes' },
};
const header = 'Conf;Guest;In;Out;Wishes';
const row = (id: string, wishes = '', name = 'Ada') => `${id};${name};2026-03-01;2026-03-04;${wishes}`;

describe('the dialects of exports', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'bellhop-dialect-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  /** What becomes of a text: the records, the letters with their line and reason, and the bytes of each account. */
  async function read(text: string, file: Partial<FileLayout> = {}, position = 0) {
    const mapping = Mapping.parse({ name: 'test', title: 'Test', entity: 'booking', file, fields });
    const sampler = new LayoutSampler();
    const bytes = Buffer.from(text);
    sampler.take(bytes);
    const layout: FoundLayout = sampler.layout(mapping, 'Europe/Berlin');
    const chunks = (async function* () {
      for (let at = 0; at < bytes.length; at += 11) yield bytes.subarray(at, at + 11);
    })();
    const rawPath = await writeRawFile({ home, source: 'test', key, chunks, atMs: 0, facts: null });
    const job = {
      home,
      key,
      fileId: 1,
      hotelId: 'ALDQ',
      source: 'pms',
      rawPath,
      mapping,
      layout,
      bytes: bytes.length,
      position,
      credits: 1,
    };
    const found = { records: [] as unknown[], letters: [] as unknown[], normalised: 0, aside: 0, structure: 0 };
    for await (const batch of normaliseFile({ ...job, days: null }, new DocumentMemory())) {
      const documents = Buffer.from(batch.documents).toString('utf8');
      let from = 0;
      for (const end of batch.ends) {
        const { externalId, specialRequests } = JSON.parse(documents.slice(from, end));
        found.records.push(specialRequests === undefined ? externalId : `${externalId}: ${specialRequests}`);
        from = end;
      }
      found.letters.push(...batch.letters.map(({ line, rule, detail }) => [line, rule, detail]));
      found.normalised += batch.bytesNormalised;
      found.aside += batch.bytesDeadLetters;
      found.structure += batch.bytesStructural;
    }
    expect(found.normalised + found.aside + found.structure).toBe(bytes.length - position);
    return { records: found.records, letters: found.letters };
  }

  it('may have titles above the header', async () => {
    const text = ['Arrivals of the day', 'printed: 1 March; by "night"', '', header, row('1'), row('2')].join('\r\n');
    expect(await read(text)).toEqual({ records: ['1', '2'], letters: [] });
  });

  it('are set aside whole, under the line that comes nearest to a header, when there is none', async () => {
    const text = ['Arrivals', 'Conf;Guest;In;Out', row('1'), row('2')].join('\n');
    expect(await read(text)).toEqual({ records: [], letters: [[2, 'header-unusable', 'missing']] });
    const many = [header.replace('Wishes', 'Requests'), ...Array.from({ length: 300 }, (_, at) => row(String(at)))].join('\n');
    expect(await read(many)).toEqual({ records: [], letters: [[1, 'header-unusable', 'missing']] });
  });

  it('may have no header, if the mapping names the columns', async () => {
    const given = { header: ['Conf', 'Guest', 'In', 'Out', 'Wishes'] };
    expect(await read([row('1'), row('2')].join('\n'), given)).toEqual({ records: ['1', '2'], letters: [] });
  });

  it('may end every line, or the header alone, with a delimiter', async () => {
    expect(await read([`${header};`, row('1'), `${row('2')};;`, `${row('3')};x`].join('\n'))).toEqual({
      records: ['1', '2'],
      letters: [[4, 'row-ragged', '6/5']],
    });
  });

  it('have totals at their end only where the mapping says how they begin, and never instead of a booking', async () => {
    const text = [header, row('Total-1'), 'Total;2', ';;;;', 'Sum of all;2'].join('\n');
    const ragged = [3, 'row-ragged', '2/5'];
    expect(await read(text, { footers: ['total'] })).toEqual({ records: ['Total-1'], letters: [[5, 'row-ragged', '2/5']] });
    expect(await read(text)).toEqual({ records: ['Total-1'], letters: [ragged, [5, 'row-ragged', '2/5']] });
  });

  it('may leave out empty cells at the end of a row, where the mapping says so', async () => {
    const text = [header, '1;Ada;2026-03-01;2026-03-04', row('2', 'quiet')].join('\n');
    expect(await read(text)).toEqual({ records: ['2: quiet'], letters: [[2, 'row-ragged', '4/5']] });
    expect(await read(text, { shortRows: 'last-cells-empty' })).toEqual({ records: ['1', '2: quiet'], letters: [] });
  });

  it('may have records that go on in the next line, where the mapping says so, and lose no whole row over a broken one', async () => {
    const text = [header, '1;Ada', 'Almeida;2026-03-01;2026-03-04;high', row('2', 'late'), '3;Lee', row('4'), '5;Kim'].join('\r\n');
    expect(await read(text, { shortRows: 'next-line' })).toEqual({
      records: ['1: high', '2: late', '4'],
      letters: [
        [5, 'row-ragged', '2/5'],
        [7, 'row-ragged', '2/5'],
      ],
    });
  });

  it('may hold rows above their header, which are rows all the same', async () => {
    expect(await read([row('1'), 'Page 1', header, row('2')].join('\n'))).toEqual({ records: ['1', '2'], letters: [] });
  });

  it('never glue a line to the next record', async () => {
    const text = [header, row('1'), 'Page 2 of 3', row('2'), 'Total 2', row('3')].join('\n');
    expect(await read(text, { shortRows: 'next-line', footers: ['total'] })).toEqual({
      records: ['1', '2', '3'],
      letters: [[3, 'row-ragged', '1/5']],
    });
  });

  it('have no totals that are only named like one', async () => {
    const text = [header, 'Summers;Jane;never;2026-03-04;', 'Sum;2', 'Sum total'].join('\n');
    expect(await read(text, { footers: ['sum'] })).toEqual({ records: [], letters: [[2, 'day-unreadable', 'YYYY-MM-DD']] });
  });

  it('are read the same from wherever an earlier run has stopped', async () => {
    const text = ['Arrivals', header, row('1'), row('2')].join('\n');
    const position = text.indexOf('2;Ada');
    expect(await read(text, {}, position)).toEqual({ records: ['2'], letters: [] });
  });
});
