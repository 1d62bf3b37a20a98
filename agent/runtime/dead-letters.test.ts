import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DeadLetter, keptLetterBytes, type OpenedLetter } from '../../contract/dead-letter.ts';
import { type FaultReport, faultCodes } from '../../contract/faults.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';

/** Rows that were set aside, as whoever calls the agent sees them: through the whole path, from the file to the answer. */

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
  await test.connect();
});
afterEach(() => test.close());

const wrong = [
  bookingRow('A-2', { name: 'Zoë Brouwer', arrival: 'tomorrow' }),
  'just,three,cells',
  bookingRow('A-4', { name: '"Łukasz, ""Luc"" 😀\nWójcik"', total: 'a lot' }),
];
const content = Buffer.concat([
  Buffer.from(bookingsFile(bookingRow('A-1'), ...wrong)),
  Buffer.from([0x41, 0xff, 0xfe, 0x2c, 0x0d, 0x0a]),
  Buffer.from(`${bookingRow('A-6')}\r\n`),
]);

/** Bring a file in, and wait until the hub has said what it takes. */
async function deliver(name: string, bytes: string | Uint8Array): Promise<DeadLetter[]> {
  test.drop(name, bytes);
  await test.sync();
  await test.until(
    () => test.client.overview.get({}),
    ({ waiting }) => waiting === 0,
  );
  return (await test.client.deadLetters.list({})).letters;
}

async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    const { code, data } = error as { code: string; data?: FaultReport };
    return code === 'FAULT' && data && faultCodes.includes(data.code) ? { fault: data.code, ...data.detail } : code;
  }
}

const bytesOf = ({ content: held }: OpenedLetter) => (held.kind === 'bytes' ? Buffer.from(held.base64, 'base64') : null);
const logs = () =>
  readdirSync(join(test.home, 'logs'))
    .map((name) => readFileSync(join(test.home, 'logs', name), 'utf8'))
    .join('');

/** Change the database behind the agent's back, as a failing disk would. */
function harm(sql: string): void {
  const db = new Database(join(test.home, 'pipeline.db'));
  db.exec(sql);
  db.close();
}

it('the bytes of each row are the ones that stand at its place in the file, without the line end', async () => {
  const letters = await deliver('mixed.csv', content);
  const opened = await Promise.all(letters.map(({ id }) => test.client.deadLetters.get({ id })));
  expect(letters.map((letter) => [letter.rule, letter.line, letter.field, letter.fileName, letter.connectionTitle])).toEqual([
    ['row-undecodable', 7, null, 'mixed.csv', 'PMS exports'],
    ['amount-unreadable', 5, 'totalAmountMinor', 'mixed.csv', 'PMS exports'],
    ['row-ragged', 4, null, 'mixed.csv', 'PMS exports'],
    ['day-unreadable', 3, 'checkInDate', 'mixed.csv', 'PMS exports'],
  ]);
  for (const letter of opened) {
    const { byteOffset, byteLength } = letter;
    const there = content.subarray(byteOffset ?? 0, (byteOffset ?? 0) + (byteLength ?? 0));
    expect(there.equals(Buffer.concat([bytesOf(letter) ?? Buffer.alloc(0), Buffer.from('\r\n')]))).toBe(true);
    expect(letter.content).toMatchObject({ encoding: 'utf-8', isCut: false });
  }
});

it('a row that is longer than what is kept of one comes cut, and says so', async () => {
  const long = `A-9,${'x'.repeat(keptLetterBytes + 100)},only,four`;
  const [letter] = await deliver('long.csv', bookingsFile(long));
  const opened = await test.client.deadLetters.get({ id: letter?.id ?? 0 });
  expect([opened.byteLength, bytesOf(opened)?.toString('latin1'), opened.content]).toEqual([
    long.length + 2,
    long.slice(0, keptLetterBytes),
    expect.objectContaining({ isCut: true }),
  ]);
});

it('a record that the hub has refused comes as it was sent, with the code of its answer', async () => {
  test.upstream.faults.refuseKeys = ['A-2'];
  const [letter] = await deliver('bookings.csv', bookingsFile(bookingRow('A-1'), bookingRow('A-2', { name: 'Mateus Oliveira' })));
  const opened = await test.client.deadLetters.get({ id: letter?.id ?? 0 });
  expect(letter).toMatchObject({
    rule: 'refused-by-destination',
    destinationId: 'hub',
    destinationTitle: 'Group hub',
    connectionId: 'pms',
    fileName: 'bookings.csv',
    line: 3,
    detail: expect.stringMatching(/./),
  });
  const event = opened.content.kind === 'record' && JSON.parse(opened.content.json);
  expect(event).toMatchObject({ externalId: 'A-2', guestName: 'Mateus Oliveira', version: 1, eventId: expect.any(String) });
});

it('pages follow each other over the call, and the filters narrow them', async () => {
  await deliver('a.csv', bookingsFile(...Array.from({ length: 7 }, (_, at) => bookingRow(`A-${at}`, { arrival: 'soon' }))));
  await deliver('b.csv', bookingsFile(...Array.from({ length: 3 }, (_, at) => bookingRow(`B-${at}`, { total: 'a lot' }))));
  const first = await test.client.deadLetters.list({ limit: 4 });
  const second = await test.client.deadLetters.list({ limit: 4, belowId: first.nextBelowId ?? 0 });
  const third = await test.client.deadLetters.list({ limit: 4, belowId: second.nextBelowId ?? 0 });
  const pages = [first, second, third];
  expect([pages.map((page) => page.total), pages.flatMap((page) => page.letters.map(({ id }) => id)), third.nextBelowId]).toEqual([
    [10, 10, 10],
    [10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
    null,
  ]);
  const ofRule = await test.client.deadLetters.list({ rule: 'amount-unreadable', connectionId: 'pms' });
  expect([ofRule.total, ofRule.letters.length, await test.client.deadLetters.counts({})]).toEqual([
    3,
    3,
    [
      { connectionId: 'pms', connectionTitle: 'PMS exports', rule: 'day-unreadable', count: 7 },
      { connectionId: 'pms', connectionTitle: 'PMS exports', rule: 'amount-unreadable', count: 3 },
    ],
  ]);
  expect((await test.client.deadLetters.list({ connectionId: 'hub' })).total).toBe(0);
});

it('what cannot be asked for is refused by its name', async () => {
  const { list, get } = test.client.deadLetters;
  const asked = [
    get({ id: 1 }),
    list({ connectionId: 'nobody' }),
    list({ limit: 201 }),
    list({ rule: 'no-rule' as never }),
    get({ id: 0 }),
  ];
  expect(await Promise.all(asked.map(outcome))).toEqual([
    { fault: 'dead-letter-not-found', id: '1' },
    { fault: 'connection-not-found', id: 'nobody' },
    'BAD_REQUEST',
    'BAD_REQUEST',
    'BAD_REQUEST',
  ]);
  expect(await outcome(list({ connectionId: '#import' }))).toEqual({ letters: [], total: 0, nextBelowId: null });
});

it('a row whose seal is broken ends in its fault, and nothing of any row is in the log', async () => {
  const letters = await deliver('mixed.csv', content);
  const id = letters[3]?.id ?? 0;
  await test.client.deadLetters.get({ id });
  harm(`update dead_letters set raw = zeroblob(length(raw)) where id = ${id}`);
  expect(await outcome(test.client.deadLetters.get({ id }))).toEqual({ fault: 'database-damaged', file: `dead-letter ${id}` });
  expect(await outcome(test.client.deadLetters.get({ id: letters[2]?.id ?? 0 }))).toMatchObject({ rule: 'row-ragged' });
  await test.until(logs, (text) => text.includes(`dead-letter ${id}`));
  const telling = ['Brouwer', 'Wójcik', 'just,three', 'tomorrow', Buffer.from('just,three').toString('base64')];
  expect(telling.filter((words) => logs().includes(words))).toEqual([]);
});
