import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FaultReport } from '../../contract/faults.ts';
import { differences } from '../../contract/record-difference.ts';
import type { RecordPage, RecordQuery, SourceRow } from '../../contract/record-view.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';

/** The records as whoever calls the agent sees them: through the whole path, from the file to the answer. */

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
  await test.connect();
});
afterEach(() => test.close());

async function deliver(name: string, ...rows: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...rows));
  await test.sync();
  await test.until(
    () => test.client.overview.get({}),
    ({ waiting, recentFiles }) => waiting === 0 && recentFiles.every((file) => file.finishedAtMs !== null),
  );
}

const list = (query: Partial<RecordQuery> & { view?: number; offset?: number; limit?: number } = {}) =>
  test.client.records.list({ entity: 'booking', ...query });
const keys = ({ rows }: RecordPage) => rows.map(({ externalId }) => externalId);
const bytesOf = ({ content }: SourceRow) => (content.kind === 'bytes' ? Buffer.from(content.base64, 'base64').toString('utf8') : '');

async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    const { code, data } = error as { code: string; data?: FaultReport };
    return data ? { fault: data.code, ...data.detail } : code;
  }
}

const mixed = [
  bookingRow('A-1', { name: 'Zoë Brouwer', arrival: '2026-03-02', total: '100.10', status: 'CHECKED IN' }),
  bookingRow('A-2', { name: 'adam Ost', arrival: '2026-03-01', total: '-20.05' }),
  bookingRow('A-3', { name: 'Çelik', arrival: '2026-02-28', total: '3000', currency: 'JPY' }),
  bookingRow('A-4', { name: 'Brandt', arrival: '2026-03-03', total: '' }),
];

it('a list shows the newest first with every open column, counts all it means and adds the amounts up to the cent', async () => {
  await deliver('a.csv', ...mixed);
  const page = await list();
  expect([keys(page), page.total, page.sums, page.rows[3]]).toEqual([
    ['A-4', 'A-3', 'A-2', 'A-1'],
    4,
    [
      { currency: 'EUR', records: 2, sumMinor: '8005' },
      { currency: 'JPY', records: 1, sumMinor: '3000' },
    ],
    {
      ledgerId: expect.any(Number),
      externalId: 'A-1',
      source: 'pms',
      version: 1,
      day: '2026-03-02',
      until: '2026-03-04',
      state: 'checked_in',
      title: 'Zoë Brouwer',
      place: '101',
      amountMinor: 10_010,
      currency: 'EUR',
      keptAtMs: expect.any(Number),
    },
  ]);
});

it('a list is sorted by each column in both directions, and what is empty stands last', async () => {
  await deliver('a.csv', ...mixed);
  const sorted = async (sort: RecordQuery['sort'], direction: RecordQuery['direction']) => keys(await list({ sort, direction })).join(' ');
  expect(await sorted('kept', 'up')).toBe('A-1 A-2 A-3 A-4');
  expect([await sorted('key', 'up'), await sorted('key', 'down')]).toEqual(['A-1 A-2 A-3 A-4', 'A-4 A-3 A-2 A-1']);
  expect([await sorted('day', 'up'), await sorted('day', 'down')]).toEqual(['A-3 A-2 A-1 A-4', 'A-4 A-1 A-2 A-3']);
  expect([await sorted('amount', 'up'), await sorted('amount', 'down')]).toEqual(['A-2 A-3 A-1 A-4', 'A-1 A-3 A-2 A-4']);
  expect(await sorted('title', 'up')).toBe('A-2 A-4 A-1 A-3');
  expect(await sorted('state', 'up')).toBe('A-1 A-2 A-3 A-4');
});

it('a list is narrowed by arrival, status, connection and file, and by words whatever their case and accents', async () => {
  await deliver('a.csv', ...mixed);
  await deliver('b.csv', bookingRow('B-5', { name: 'O%_\\Hara' }));
  const found = async (query: Partial<RecordQuery>) => keys(await list({ sort: 'key', direction: 'up', ...query })).join(' ');
  const [newest] = (await test.client.overview.get({})).recentFiles;
  expect(await found({ dayFrom: '2026-03-01', dayTo: '2026-03-02' })).toBe('A-1 A-2 B-5');
  expect(await found({ state: 'checked_in' })).toBe('A-1');
  expect([await found({ connectionId: 'pms' }), await found({ connectionId: 'hub' })]).toEqual(['A-1 A-2 A-3 A-4 B-5', '']);
  expect(await found({ fileId: newest?.id ?? 0 })).toBe('B-5');
  expect([await found({ search: 'zoe' }), await found({ search: 'ZOË b' }), await found({ search: 'celik' })]).toEqual([
    'A-1',
    'A-1',
    'A-3',
  ]);
  expect([await found({ search: 'a-4' }), await found({ search: '101' }), await found({ search: 'Ada' })]).toEqual([
    'A-4',
    'A-1 A-2 A-3 A-4 B-5',
    'A-2',
  ]);
  expect([await found({ search: '%_\\h' }), await found({ search: '%' }), await found({ search: 'nobody' })]).toEqual(['B-5', 'B-5', '']);
  expect(await test.client.records.list({ entity: 'guest' })).toMatchObject({ total: 0, sums: [], rows: [] });
});

it('a list stands still while records come in, and says how many have come since', async () => {
  await deliver('a.csv', ...mixed);
  const first = await list({ limit: 2 });
  await deliver('b.csv', bookingRow('B-1'), bookingRow('A-1', { name: 'Zoë Brouwer', status: 'CHECKED OUT', arrival: '2026-03-02' }));
  const second = await list({ view: first.view, offset: 2, limit: 2 });
  const since = await test.client.records.since({ entity: 'booking', seq: first.upToSeq });
  const anew = await list({});
  expect([keys(first), keys(second), second.total, second.view === first.view]).toEqual([['A-4', 'A-3'], ['A-2', 'A-1'], 4, true]);
  // The record is as it is now; only its place is that of before.
  expect(second.rows[1]).toMatchObject({ externalId: 'A-1', version: 2, state: 'checked_out' });
  expect([since.kept, keys(anew), anew.total]).toEqual([2, ['A-1', 'B-1', 'A-4', 'A-3', 'A-2'], 5]);
});

it('a list that was forgotten meanwhile, or is asked for with another question, is made anew under another number', async () => {
  await deliver('a.csv', ...mixed);
  const first = await list();
  const other = await list({ view: first.view, sort: 'day' });
  for (const search of ['a', 'b', 'c', 'd']) await list({ search });
  const again = await list({ view: first.view });
  expect([other.view === first.view, again.view === first.view, again.total]).toEqual([false, false, 4]);
});

it('counts the records of each kind and connection', async () => {
  await deliver('a.csv', ...mixed);
  expect(await test.client.records.counts({})).toEqual([
    { entity: 'booking', connectionId: 'pms', connectionTitle: 'PMS exports', records: 4 },
  ]);
});

it('a record is opened with all its versions, what changed in each, where each came from and what the hub said of it', async () => {
  await deliver('a.csv', ...mixed);
  test.upstream.faults.refuseKeys = ['A-2'];
  await deliver('b.csv', bookingRow('A-2', { name: 'Adam Ost', arrival: '2026-03-01', total: '-20.05' }));
  test.upstream.faults.refuseKeys = [];
  test.upstream.faults.status = { code: 503, requests: 1000 };
  test.drop('c.csv', bookingsFile(bookingRow('A-2', { name: 'Adam Ost', arrival: '2026-03-01', total: '' })));
  await test.sync();
  await test.until(
    () => test.client.overview.get({}),
    ({ waiting }) => waiting === 1,
  );
  const [row] = (await list({ search: 'A-2' })).rows;
  const record = await test.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: 'A-2' });
  const [third, second, first] = record.versions;
  expect(record).toMatchObject({ entity: 'booking', hotelId: 'ALDQ', source: 'pms', total: 3 });
  expect(record.versions.map((one) => [one.version, one.fileName, one.line, one.connectionTitle])).toEqual([
    [3, 'c.csv', 2, 'PMS exports'],
    [2, 'b.csv', 2, 'PMS exports'],
    [1, 'a.csv', 3, 'PMS exports'],
  ]);
  const hub = { destinationId: 'hub', title: 'Group hub', isShadow: false, withheld: null };
  expect(record.versions.map(({ deliveries }) => deliveries)).toEqual([
    [{ ...hub, state: 'waiting', atMs: null }],
    [{ ...hub, state: 'refused', atMs: expect.any(Number) }],
    [{ ...hub, state: 'confirmed', atMs: expect.any(Number) }],
  ]);
  expect([differences(first?.record ?? {}, second?.record ?? {}), differences(second?.record ?? {}, third?.record ?? {})]).toEqual([
    [{ field: 'guestName', before: 'adam Ost', after: 'Adam Ost' }],
    [{ field: 'totalAmountMinor', before: -2005, after: undefined }],
  ]);
  expect(first?.record).toMatchObject({ eventId: first?.eventId, externalId: 'A-2', currency: 'EUR' });
});

it('a version that was refused stays refused when a later one has settled that, and a row that was tried again says so', async () => {
  test.upstream.faults.refuseKeys = ['A-1'];
  await deliver('a.csv', mixed[0] as string, bookingRow('A-9', { total: 'a lot' }));
  test.upstream.faults.refuseKeys = [];
  await deliver('b.csv', bookingRow('A-1', { name: 'Zoë Brouwer' }));
  const letters = (await test.client.deadLetters.list({})).letters;
  for await (const step of await test.client.deadLetters.replay({
    letters: { ids: [letters[0]?.id ?? 0] },
    text: bookingRow('A-9', { total: '12.00' }),
  }))
    expect(step.total).toBe(1);
  await test.until(
    () => test.client.overview.get({}),
    ({ waiting }) => waiting === 0,
  );
  const opened = async (key: string) => {
    const [row] = (await list({ key })).rows;
    return test.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: key });
  };
  const [refused, corrected] = [await opened('A-1'), await opened('A-9')];
  const source = await test.client.records.row({ seq: corrected.versions[0]?.seq ?? 0 });
  expect([
    letters.map(({ rule }) => rule),
    refused.versions.map(({ deliveries, wasSetAside }) => [deliveries[0]?.state, wasSetAside]),
  ]).toEqual([
    ['amount-unreadable'],
    [
      ['confirmed', false],
      ['refused', false],
    ],
  ]);
  expect([corrected.versions.map((one) => [one.wasSetAside, one.record.totalAmountMinor]), bytesOf(source)]).toEqual([
    [[true, 1200]],
    bookingRow('A-9', { total: 'a lot' }),
  ]);
});

it('a row is shown as its file was found to be written, UTF-16 too', async () => {
  const content = bookingsFile(bookingRow('A-1', { name: 'Zoë Łuk' }), bookingRow('A-2'));
  test.drop('wide.csv', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(content, 'utf16le')]));
  await test.sync();
  const [row] = (await list({ key: 'A-1' })).rows;
  const record = await test.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: 'A-1' });
  const source = await test.client.records.row({ seq: record.versions[0]?.seq ?? 0 });
  expect([bytesOf(source), source.layout.encoding, source.content]).toEqual([
    bookingRow('A-1', { name: 'Zoë Łuk' }),
    'utf-16le',
    expect.objectContaining({ encoding: 'utf-8' }),
  ]);
});

it('a record with more versions than are opened at once says how many there are', async () => {
  const version = (total: number) => bookingRow('A-1', { total: `${total}.00` });
  await deliver('many.csv', ...Array.from({ length: 53 }, (_, at) => version(at)));
  const [row] = (await list()).rows;
  const record = await test.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: 'A-1' });
  expect([record.versions.length, record.total, record.versions[0]?.record.totalAmountMinor, record.versions[49]?.version]).toEqual([
    50, 53, 5200, 4,
  ]);
});

it('the row of a version is the one that stands at its place in the file, from the middle of a long file too', async () => {
  const rows = Array.from({ length: 9000 }, (_, at) => bookingRow(`L-${at}`, { name: at % 2 ? `Zoë Brouwer ${at}` : '"Ost,\r\nAdam"' }));
  await deliver('long.csv', ...rows);
  for (const at of [0, 1, 4000, 6001, 8999]) {
    const [row] = (await list({ search: `L-${at}`, sort: 'key', direction: 'up' })).rows;
    const record = await test.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: `L-${at}` });
    const source = await test.client.records.row({ seq: record.versions[0]?.seq ?? 0 });
    expect([bytesOf(source), source.mapping.name, source.byteOffset]).toEqual([
      rows[at],
      'generic-pms-bookings',
      record.versions[0]?.byteOffset,
    ]);
  }
});

it('a card number stays hidden in the record and in its row', async () => {
  await deliver('a.csv', `${bookingRow('A-1')}Card 4111 1111 1111 1111`);
  const [row] = (await list()).rows;
  const record = await test.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: 'A-1' });
  const source = await test.client.records.row({ seq: record.versions[0]?.seq ?? 0 });
  expect([record.versions[0]?.record.specialRequests, bytesOf(source).includes('**** **** **** ****')]).toEqual([
    'Card **** **** **** ****',
    true,
  ]);
  expect(bytesOf(source) + JSON.stringify(record)).not.toContain('4111');
});

it('what there is not has its own words, and a raw file that is gone spoils nothing but the row', async () => {
  await deliver('a.csv', ...mixed);
  const [row] = (await list()).rows;
  const record = await test.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: 'A-4' });
  rmSync(join(test.home, 'raw'), { recursive: true });
  expect([
    await outcome(test.client.records.get({ ledgerId: 99, externalId: 'A-4' })),
    await outcome(test.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: 'A-9' })),
    await outcome(test.client.records.row({ seq: 4711 })),
    await outcome(test.client.records.row({ seq: record.versions[0]?.seq ?? 0 })),
  ]).toEqual([
    { fault: 'record-not-found', key: 'A-4' },
    { fault: 'record-not-found', key: 'A-9' },
    { fault: 'record-not-found', key: '4711' },
    { fault: 'database-damaged', file: expect.stringMatching(/^raw\//) },
  ]);
});

it('looking for guests and at their records leaves no trace of them in the log', async () => {
  await deliver('a.csv', ...mixed);
  await list({ search: 'Brouwer' });
  const [row] = (await list({ search: 'A-1' })).rows;
  await test.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: 'A-1' });
  await outcome(test.client.records.list({ entity: 'booking', search: 'Brouwer', dayFrom: 'tomorrow' }));
  const logs = readdirSync(join(test.home, 'logs')).map((name) => readFileSync(join(test.home, 'logs', name), 'utf8'));
  expect(logs.join('')).not.toContain('Brouwer');
});
