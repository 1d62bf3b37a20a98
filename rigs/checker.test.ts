import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHotel } from '../sandbox/hotel/hotel.ts';
import { seededRandom } from '../sandbox/hotel/random.ts';
import { check, holds } from './checker.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bellhop-checker-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

type Line = { entity: string; record: Record<string, unknown> };

const row = (key: string, guestName: string) => ({ entity: 'booking', key, expected: { guestName, totalAmountMinor: 12450 } });

function event(key: string, guestName: string, changes: Record<string, unknown> = {}): Line {
  const version = Number(changes.version ?? 1);
  const carried = { hotelId: 'ALDQ', source: 'pms', id: 'an id', syncedAt: 'now', hash: 'a hash', lengthOfStay: 3, generation: 1, version };
  return {
    entity: 'booking',
    record: { ...carried, externalId: key, eventId: `${key}-${version}`, guestName, totalAmountMinor: 12450, ...changes },
  };
}

function judge(input: {
  truth: readonly unknown[];
  received: readonly unknown[];
  letters?: Record<string, number>;
  tail?: { truth?: string; received?: string };
}) {
  const [truthFile, receivedFile] = [join(dir, 'truth.ndjson'), join(dir, 'received.ndjson')];
  const text = (lines: readonly unknown[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(truthFile, text(input.truth) + (input.tail?.truth ?? ''));
  writeFileSync(receivedFile, text(input.received) + (input.tail?.received ?? ''));
  return check({ truthFile, receivedFile, hotelId: 'ALDQ', deadLettersByRule: input.letters ?? {} });
}

const clean = { lost: 0, twice: 0, inverted: 0, corrupt: 0, missed: 0, wronglySetAside: 0, skipped: 0 };

it('is content when every change arrived once, in order, as it was written', async () => {
  const verdict = await judge({
    truth: [row('1', 'Ada'), row('2', 'Bo'), row('1', 'Ada'), row('1', 'Ada B.')],
    received: [event('1', 'Ada'), event('2', 'Bo'), event('1', 'Ada B.', { version: 2 })],
  });
  expect(verdict).toEqual({ ...clean, keys: 2, changes: 3, delivered: 3, findings: [] });
});

it('finds a booking that never arrived', async () => {
  const verdict = await judge({ truth: [row('1', 'Ada'), row('2', 'Bo')], received: [event('1', 'Ada')] });
  expect(verdict).toMatchObject({ ...clean, lost: 1, skipped: 1, findings: ['lost: booking 2'] });
});

it('finds a last change that never arrived, and only notes one in between', async () => {
  const truth = [row('1', 'Ada'), row('1', 'Ada B.'), row('1', 'Ada C.')];
  const last = await judge({ truth, received: [event('1', 'Ada'), event('1', 'Ada B.', { version: 2 })] });
  const between = await judge({ truth, received: [event('1', 'Ada'), event('1', 'Ada C.', { version: 3 })] });
  expect([last, between]).toMatchObject([
    { ...clean, lost: 1, skipped: 1 },
    { ...clean, skipped: 1 },
  ]);
});

it('finds an event id that was applied again, even with another version', async () => {
  const again = event('1', 'Ada');
  const verdict = await judge({ truth: [row('1', 'Ada')], received: [again, again, event('1', 'Ada', { version: 2, eventId: '1-1' })] });
  expect(verdict).toMatchObject({ ...clean, twice: 2 });
});

it('finds a version that was applied again under another event id', async () => {
  const verdict = await judge({ truth: [row('1', 'Ada')], received: [event('1', 'Ada'), event('1', 'Ada', { eventId: 'other' })] });
  expect(verdict).toMatchObject({ ...clean, twice: 1 });
});

it('does not call the same booking number of two systems twice', async () => {
  const received = [event('1', 'Ada'), event('1', 'Ada', { source: 'oxi', eventId: 'other' })];
  expect(await judge({ truth: [row('1', 'Ada')], received })).toMatchObject({ ...clean, delivered: 2 });
});

it('finds an older version that was applied after a newer one', async () => {
  const truth = [row('1', 'Ada'), row('1', 'Ada B.')];
  const verdict = await judge({ truth, received: [event('1', 'Ada B.', { version: 2 }), event('1', 'Ada')] });
  expect(verdict).toMatchObject({ ...clean, inverted: 1, lost: 1 });
});

it('finds content that goes back although the version numbers go up', async () => {
  const truth = [row('1', 'Ada'), row('1', 'Ada B.')];
  const verdict = await judge({ truth, received: [event('1', 'Ada B.'), event('1', 'Ada', { version: 2 })] });
  expect(verdict).toMatchObject({ ...clean, inverted: 1, lost: 1 });
});

it('puts a higher generation after every version of a lower one', async () => {
  const truth = [row('1', 'Ada'), row('1', 'Ada B.')];
  const forwards = [event('1', 'Ada', { version: 9 }), event('1', 'Ada B.', { generation: 2, version: 1 })];
  const backwards = [event('1', 'Ada', { generation: 2 }), event('1', 'Ada B.', { version: 9 })];
  expect([await judge({ truth, received: forwards }), await judge({ truth, received: backwards })]).toMatchObject([
    clean,
    { ...clean, inverted: 1 },
  ]);
});

it('lets a guest change back to what was before', async () => {
  const truth = [row('1', 'Ada'), row('1', 'Bo'), row('1', 'Ada')];
  const received = [event('1', 'Ada'), event('1', 'Bo', { version: 2 }), event('1', 'Ada', { version: 3 })];
  expect(await judge({ truth, received })).toMatchObject(clean);
});

describe('finds content that nobody wrote', () => {
  it.each([
    ['one changed sign', event('1', 'Adá')],
    ['a cent too much', event('1', 'Ada', { totalAmountMinor: 12451 })],
    ['a number that became a text', event('1', 'Ada', { totalAmountMinor: '12450' })],
    ['a field that was empty in the row', event('1', 'Ada', { roomNumber: '101' })],
    ['a field that went missing', event('1', 'Ada', { totalAmountMinor: undefined })],
  ])('%s', async (_, received) => {
    expect(await judge({ truth: [row('1', 'Ada')], received: [received] })).toMatchObject({ ...clean, corrupt: 1, lost: 1 });
  });
});

it('finds a booking nobody exported, and one that went to another hotel', async () => {
  const received = [event('1', 'Ada'), event('2', 'Bo'), event('1', 'Ada', { version: 2, hotelId: 'OTHR' })];
  expect(await judge({ truth: [row('1', 'Ada')], received })).toMatchObject({ ...clean, corrupt: 2 });
});

it('finds a bad row that was swallowed, and a good row that was set aside, also when their numbers are equal', async () => {
  const bad = (rule: string) => ({ entity: 'booking', key: null, bad: rule });
  const truth = [bad('key-missing'), bad('key-missing'), bad('day-unreadable')];
  const all = await judge({ truth, received: [], letters: { 'key-missing': 2, 'day-unreadable': 1 } });
  const confused = await judge({ truth, received: [], letters: { 'key-missing': 2, 'value-unknown': 1 } });
  expect([all, confused]).toMatchObject([clean, { ...clean, missed: 1, wronglySetAside: 1 }]);
});

it('lets a bad row of a known booking change nothing', async () => {
  const truth = [row('1', 'Ada'), { entity: 'booking', key: '1', bad: 'value-unknown' }];
  expect(await judge({ truth, received: [event('1', 'Ada')], letters: { 'value-unknown': 1 } })).toMatchObject(clean);
});

it('forgives a torn last line and no other', async () => {
  const torn = await judge({
    truth: [row('1', 'Ada')],
    received: [event('1', 'Ada')],
    tail: { received: '{"entity":"boo', truth: '{"en' },
  });
  const damaged = judge({ truth: [row('1', 'Ada')], received: [event('1', 'Ada')], tail: { received: '{"entity":"boo\n{}\n' } });
  expect(torn).toMatchObject(clean);
  await expect(damaged).rejects.toThrow(SyntaxError);
});

it('holds only when nothing at all was found', async () => {
  const good = await judge({ truth: [row('1', 'Ada')], received: [event('1', 'Ada')] });
  const spoilt = (['lost', 'twice', 'inverted', 'corrupt', 'missed', 'wronglySetAside'] as const).map((name) =>
    holds({ ...good, [name]: 1 }),
  );
  expect([holds(good), spoilt]).toEqual([true, [false, false, false, false, false, false]]);
});

/** A receiver's file as a perfect agent would have filled it from a hotel's truth. */
function perfectlyDelivered(truth: readonly { key: string | null; expected?: Record<string, unknown> }[]): Line[] {
  const last = new Map<string, { state: string; version: number }>();
  const lines: Line[] = [];
  for (const { key, expected } of truth) {
    if (!key || !expected) continue;
    const [before, state] = [last.get(key), JSON.stringify(expected)];
    if (before?.state === state) continue;
    const version = (before?.version ?? 0) + 1;
    last.set(key, { state, version });
    const carried = { hotelId: 'ALDQ', source: 'pms', generation: 1, version, eventId: `${key}-${version}` };
    lines.push({ entity: 'booking', record: { ...expected, ...carried, externalId: key } });
  }
  return lines;
}

it('catches each single fault planted anywhere among six hundred rows of a sandbox hotel', async () => {
  const seed = 20_261_121;
  const random = seededRandom(seed);
  const hotel = openHotel({ seed, today: '2026-03-01' });
  const truth = hotel.nextExport({ rows: 600, changes: 0.5, bad: 0 }).map(({ truth: said }) => ({ entity: 'booking', ...said }));
  const received = perfectlyDelivered(truth);
  const lastOf = new Map(received.map((line, index) => [line.record.externalId, index]));
  const wrong: string[] = [];
  if (!holds(await judge({ truth, received }))) wrong.push('false alarm');
  for (let round = 0; round < 15; round += 1) {
    const last = random.pick([...lastOf.values()]);
    const at = random.between(0, received.length - 1);
    const chosen = received[at]?.record ?? {};
    const key = random.pick(received.filter(({ record }) => record.version === 2)).record.externalId;
    const ofKey = received.filter(({ record }) => record.externalId === key);
    const planted = {
      inverted: [...received.filter((line) => !ofKey.includes(line)), ...ofKey.toReversed()],
      lost: received.filter((_, index) => index !== last),
      twice: [...received, { entity: 'booking', record: chosen }],
      corrupt: received.map((line, index) => (index === at ? { ...line, record: { ...chosen, currency: 'USD' } } : line)),
    };
    for (const [fault, lines] of Object.entries(planted)) {
      const verdict = await judge({ truth, received: lines });
      if (verdict[fault as 'lost'] === 0) wrong.push(`${fault} in round ${round}`);
    }
  }
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
});
