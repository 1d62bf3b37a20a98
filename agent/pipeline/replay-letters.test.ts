import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Mapping } from '../../contract/mapping.ts';
import type { ReplayOrder, ReplayProgress } from '../../contract/replay.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';

type Rule = Mapping['fields'][string];
const shipped = Mapping.parse(JSON.parse(readFileSync('resources/mappings/generic-pms-bookings.json', 'utf8')));
const withWord = (word: string): Mapping => ({
  ...shipped,
  fields: {
    ...shipped.fields,
    status: { ...(shipped.fields.status as Mapping['fields'][string]), values: { ...shipped.fields.status?.values, [word]: 'confirmed' } },
  },
});

describe('trying rows again that were set aside', { timeout: 60_000 }, () => {
  let test: TestHotel;
  beforeEach(async () => {
    test = await testHotel();
    await test.connect();
  });
  afterEach(() => test.close());

  const deliver = async (name: string, ...rows: string[]) => {
    test.drop(name, bookingsFile(...rows));
    await test.sync();
  };
  const letters = async () => (await test.client.deadLetters.list({ limit: 200 })).letters;
  const all = { filter: {}, upToId: 1_000_000 };
  async function last(steps: Promise<AsyncIterable<ReplayProgress>>): Promise<ReplayProgress> {
    let progress: ReplayProgress | null = null;
    for await (const step of await steps) progress = step;
    if (!progress?.isOver) throw new Error('it did not come to its end');
    return progress;
  }
  const rehearse = (order: ReplayOrder) => last(test.client.deadLetters.rehearse(order));
  const replay = (order: ReplayOrder) => last(test.client.deadLetters.replay(order));
  const events = () => {
    const lines = readFileSync(test.upstream.file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line).record as Record<string, unknown>);
  };
  const arrived = (count: number) =>
    test.until(
      () => test.upstream.received(),
      (received) => received >= count,
    );
  /** Every file's bytes in one account, and the counts of rows set aside the same wherever they stand. */
  async function expectAccountsHold(): Promise<void> {
    const overview = await test.client.overview.get({});
    const source = overview.systems.find((system) => system.id === 'pms') as { entities: { deadLetters: number }[] };
    const open = (await letters()).filter((letter) => letter.destinationId === null).length;
    expect(source.entities.reduce((sum, entity) => sum + entity.deadLetters, 0)).toBe(open);
    for (const file of await test.client.files.list({}))
      expect([file.fileName, file.bytesNormalised + file.bytesDeadLetters + file.bytesStructural]).toEqual([file.fileName, file.bytes]);
  }

  it('says what would come of it, keeps nothing by that, and then keeps every row that can be read', async () => {
    await deliver('a.csv', bookingRow('1'), bookingRow('2', { status: 'WAITING', total: '250.50' }), bookingRow('3', { status: 'ELSE' }));
    await arrived(1);
    const mapping = withWord('WAITING');
    const rehearsed = await rehearse({ letters: all, mapping });
    expect(rehearsed).toMatchObject({ total: 2, done: 2, kept: 1, stillAside: 1, byRule: { 'value-unknown': 1 } });
    expect(rehearsed.samples[0]).toMatchObject({ externalId: '2', outcome: 'new' });
    expect(rehearsed.samples[0]?.changes).toContainEqual({ field: 'totalAmountMinor', before: null, after: '25050' });
    expect([test.upstream.received(), (await letters()).map((letter) => letter.replays)]).toEqual([1, [0, 0]]);

    expect(await replay({ letters: all, mapping })).toMatchObject({ kept: 1, stillAside: 1 });
    await arrived(2);
    expect(events()[1]).toMatchObject({ externalId: '2', status: 'confirmed', totalAmountMinor: 25_050, version: 1 });
    expect((await letters()).map(({ rule, replays, line }) => [rule, replays, line])).toEqual([['value-unknown', 1, 4]]);
    await expectAccountsHold();
  });

  it('reads rows by the mapping that the hotel has saved, from then on and again', async () => {
    await deliver('a.csv', bookingRow('1', { status: 'WAITING' }));
    expect(await test.client.mappings.save(withWord('WAITING'))).toMatchObject({ name: shipped.name, version: 2 });
    expect((await test.client.mappings.list({})).find((mapping) => mapping.name === shipped.name)).toMatchObject({ version: 2 });
    await replay({ letters: all });
    await deliver('b.csv', bookingRow('2', { status: 'WAITING' }));
    await arrived(2);
    expect([events().map((event) => event.externalId), await letters()]).toEqual([['1', '2'], []]);
  });

  it('refuses to save a mapping that could not work', async () => {
    const { status, ...fields } = shipped.fields;
    await expect(test.client.mappings.save({ ...shipped, fields })).rejects.toMatchObject({ data: { code: 'input-wrong' } });
    await expect(
      test.client.mappings.save({ ...shipped, entity: 'guest', fields: { externalId: { column: 'A' }, lastName: { column: 'B' } } }),
    ).rejects.toMatchObject({
      data: { code: 'input-wrong' },
    });
  });

  it('keeps one row as a person has corrected it', async () => {
    await deliver('a.csv', `${bookingRow('7', { name: 'Ada' })},one,too,many`);
    const [letter] = await letters();
    const order = { letters: { ids: [letter?.id ?? 0] }, text: bookingRow('7', { name: 'Ada' }) };
    expect(await rehearse(order)).toMatchObject({ kept: 1 });
    expect(await replay(order)).toMatchObject({ kept: 1 });
    await arrived(1);
    expect([events()[0]?.guestName, await letters()]).toEqual(['Ada', []]);
    expect(await replay(order)).toMatchObject({ total: 0, done: 0, kept: 0 });
    await expectAccountsHold();
  });

  it('takes a corrected text for one row alone', async () => {
    const order = { letters: all, text: 'x' };
    await expect(rehearse(order)).rejects.toMatchObject({ data: { code: 'input-wrong' } });
  });

  it('hides a card number in what a person writes', async () => {
    await deliver('a.csv', `${bookingRow('7')},x`);
    const [letter] = await letters();
    await replay({
      letters: { ids: [letter?.id ?? 0] },
      text: bookingRow('7', { name: 'Ada' }).replace(',,,101', ',,4111 1111 1111 1111,101'),
    });
    await arrived(1);
    expect(JSON.stringify(events())).not.toContain('4111 1111 1111');
  });

  it('is not needed once a later row of the same booking was read, be it as it was before', async () => {
    await deliver('a.csv', bookingRow('1'), bookingRow('2', { arrival: 'soon' }));
    await deliver('b.csv', bookingRow('1', { status: 'WAITING' }));
    expect((await letters()).map((letter) => letter.fileName)).toEqual(['b.csv', 'a.csv']);
    // Nothing about this booking is new, and yet it is the newest word.
    await deliver('c.csv', bookingRow('1'), bookingRow('2'));
    expect(await letters()).toEqual([]);
    expect(await replay({ letters: all, mapping: withWord('WAITING') })).toMatchObject({ total: 0 });
    await arrived(2);
    expect(events().map(({ externalId, version }) => [externalId, version])).toEqual([
      ['1', 1],
      ['2', 1],
    ]);
    await expectAccountsHold();
  });

  it('settles a row by a later one of the same file, never by an earlier one', async () => {
    await deliver('a.csv', bookingRow('1', { arrival: 'soon' }), bookingRow('1'), bookingRow('2'), bookingRow('2', { arrival: 'late' }));
    expect((await letters()).map((letter) => letter.line)).toEqual([5]);
  });

  it('never puts an old state behind a newer one, not even where the key could not be read when the row came', async () => {
    await deliver('a.csv', bookingRow('1'));
    await deliver('b.csv', `${bookingRow('1', { status: 'CANCELLED' })},x`, `${bookingRow('9')},x`);
    // The very content of a.csv: it is not read again, and yet it is what the hotel said last.
    await deliver('c.csv', bookingRow('1'));
    await deliver('d.csv', bookingRow('90'));
    const [nine, one] = await letters();
    const text = bookingRow('1', { status: 'CANCELLED' });
    expect(await rehearse({ letters: { ids: [one?.id ?? 0] }, text })).toMatchObject({ kept: 0, newer: 1 });
    expect(await replay({ letters: { ids: [one?.id ?? 0] }, text })).toMatchObject({ kept: 0, newer: 1 });
    expect(await replay({ letters: { ids: [nine?.id ?? 0] }, text: bookingRow('9') })).toMatchObject({ kept: 1, newer: 0 });
    await arrived(3);
    expect(events().map(({ externalId, status }) => [externalId, status])).toEqual([
      ['1', 'confirmed'],
      ['90', 'confirmed'],
      ['9', 'confirmed'],
    ]);
    expect(await letters()).toEqual([]);
  });

  it('reads a whole file anew under a mapping that fits its header, unless later files were read', async () => {
    const renamed = (text: string) => text.replace('Guest Name', 'Name of guest');
    const mapping: Mapping = {
      ...shipped,
      fields: { ...shipped.fields, guestName: { ...(shipped.fields.guestName as Mapping['fields'][string]), column: 'Name of guest' } },
    };
    test.drop('a.csv', renamed(bookingsFile(bookingRow('1'), bookingRow('2'))));
    await test.sync();
    expect((await letters()).map((letter) => letter.rule)).toEqual(['header-unusable']);
    expect(await rehearse({ letters: all, mapping })).toMatchObject({ total: 1, kept: 2 });
    await expect(rehearse({ letters: { ids: [(await letters())[0]?.id ?? 0] }, text: 'x', mapping })).rejects.toMatchObject({
      data: { code: 'input-wrong' },
    });
    expect(await replay({ letters: all, mapping })).toMatchObject({ kept: 2 });
    await arrived(2);
    expect(await letters()).toEqual([]);
    await expectAccountsHold();

    test.drop('b.csv', renamed(bookingsFile(bookingRow('1', { status: 'CANCELLED' }))));
    await test.sync();
    await deliver('c.csv', bookingRow('3'));
    expect(await replay({ letters: all, mapping })).toMatchObject({ kept: 0, later: 1 });
    expect((await letters()).map((letter) => letter.fileName)).toEqual(['b.csv']);
  });

  /** The last status that the hub has of a booking. */
  const standing = (key: string) => events().findLast((event) => event.externalId === key)?.status;
  /** Wait until everything that was kept has gone out. */
  const settled = () =>
    test.until(
      async () => (await test.client.overview.get({})).waiting,
      (waiting) => waiting === 0,
    );
  const ragged = (id: string) => `${bookingRow(id, { status: 'CANCELLED' })},x`;
  const corrected = bookingRow('1', { status: 'CANCELLED' });
  const one = (id: number | undefined) => ({ ids: [id ?? 0] });

  it('reads no old file by itself when a mapping is saved after later files were used', async () => {
    await deliver('a.csv', bookingRow('1', { status: 'WAITING' }));
    await deliver('b.csv', bookingRow('1'));
    const { status } = shipped.fields;
    const cancelled = { ...shipped.fields, status: { ...(status as Rule), values: { ...status?.values, WAITING: 'cancelled' } } };
    await test.client.mappings.save({ ...shipped, fields: cancelled });
    await test.restart();
    await test.sync();
    await settled();
    expect(events().map((event) => event.status)).toEqual(['confirmed']);
  });

  it('leaves a row its reason when a mapping does not even fit the header of its file, and reads no file anew for it', async () => {
    await deliver('a.csv', bookingRow('1'), bookingRow('2', { status: 'WAITING' }));
    const elsewhere: Mapping = {
      ...shipped,
      fields: { ...shipped.fields, externalId: { ...(shipped.fields.externalId as Rule), column: 'Nope' } },
    };
    expect(await replay({ letters: all, mapping: elsewhere })).toMatchObject({ stillAside: 1, byRule: { 'header-unusable': 1 } });
    expect((await letters()).map(({ rule, field }) => [rule, field])).toEqual([['value-unknown', 'status']]);
    expect(await replay({ letters: one((await letters())[0]?.id), text: bookingRow('2') })).toMatchObject({ kept: 1 });
    await settled();
    expect(events().map((event) => event.externalId)).toEqual(['1', '2']);
  });

  it('sees a later row of the very same file', async () => {
    await deliver('a.csv', bookingRow('1'));
    await deliver('b.csv', ragged('1'), bookingRow('1'));
    expect(await replay({ letters: all, mapping: shipped })).toMatchObject({ stillAside: 1 });
    expect(await replay({ letters: one((await letters())[0]?.id), text: corrected })).toMatchObject({ kept: 0, newer: 1 });
    await settled();
    expect([standing('1'), await letters()]).toEqual(['confirmed', []]);
  });

  it('looks for the key that a row has now, not only for the one that it had', async () => {
    await deliver('a.csv', bookingRow('1'));
    await deliver('b.csv', bookingRow('l1', { status: 'WAITING' }));
    await deliver('c.csv', bookingRow('1'), bookingRow('5'));
    expect(await replay({ letters: one((await letters())[0]?.id), text: corrected })).toMatchObject({ kept: 0, newer: 1 });
    await settled();
    expect(standing('1')).toBe('confirmed');
  });

  it('counts a row that was itself kept by trying again, though it said nothing new', async () => {
    await deliver('a.csv', bookingRow('1'));
    await deliver('b.csv', ragged('1'));
    await deliver('c.csv', bookingRow('1', { status: 'WAITING' }));
    const [ofC, ofB] = await letters();
    expect(await replay({ letters: one(ofC?.id), mapping: withWord('WAITING') })).toMatchObject({ kept: 1, unchanged: 1 });
    expect(await replay({ letters: one(ofB?.id), text: corrected })).toMatchObject({ kept: 0, newer: 1 });
    await settled();
    expect(standing('1')).toBe('confirmed');
  });

  it('goes by when a content came last, not by when it came first', async () => {
    const first = bookingsFile(bookingRow('1', { status: 'WAITING' }), bookingRow('2'));
    test.drop('latest.csv', first);
    await test.sync();
    await deliver('latest.csv', bookingRow('1'), bookingRow('2'), bookingRow('3'));
    test.drop('latest.csv', first);
    await test.sync();
    const { status } = shipped.fields;
    const mapping = {
      ...shipped,
      fields: { ...shipped.fields, status: { ...(status as Rule), values: { ...status?.values, WAITING: 'cancelled' } } },
    };
    expect(await replay({ letters: all, mapping })).toMatchObject({ kept: 1, newer: 0 });
    await settled();
    expect(standing('1')).toBe('cancelled');
  });

  it('settles nothing by a row whose key is made of another column', async () => {
    await deliver('a.csv', bookingRow('101', { status: 'WAITING' }));
    await test.client.mappings.save({
      ...shipped,
      fields: { ...shipped.fields, externalId: { ...(shipped.fields.externalId as Rule), column: 'Room' } },
    });
    await deliver('b.csv', bookingRow('777'));
    expect((await letters()).map((letter) => letter.fileName)).toEqual(['a.csv']);
  });

  it('keeps a row once when it is tried twice at the same moment', async () => {
    await deliver('a.csv', `${bookingRow('1')},x`);
    const letter = one((await letters())[0]?.id);
    const both = await Promise.all(['1', '2'].map((key) => replay({ letters: letter, text: bookingRow(key) })));
    expect(both.reduce((sum, step) => sum + step.kept, 0)).toBe(1);
    await settled();
    expect(events()).toHaveLength(1);
    await expectAccountsHold();
  });

  it('keeps two states of one record in their order, and both in the account of their file', async () => {
    await deliver('a.csv', bookingRow('1', { status: 'WAITING' }), bookingRow('1', { status: 'WAITING', total: '7.00' }));
    expect(await replay({ letters: all, mapping: withWord('WAITING') })).toMatchObject({ kept: 2, newer: 0 });
    await settled();
    expect(events().map((event) => event.totalAmountMinor)).toEqual([10_000, 700]);
    expect((await test.client.files.list({}))[0]).toMatchObject({ deadLetters: 0, bytesDeadLetters: 0, kept: 2 });
  });

  it('takes no empty text for a correction', async () => {
    await deliver('a.csv', `${bookingRow('1')},x`);
    await expect(replay({ letters: one((await letters())[0]?.id), text: ' ' })).rejects.toMatchObject({ data: { code: 'input-wrong' } });
  });

  it('refuses a mapping that somebody else has changed meanwhile', async () => {
    const saved = await Promise.allSettled([test.client.mappings.save(withWord('ONE')), test.client.mappings.save(withWord('TWO'))]);
    expect(saved.map((one) => one.status)).toEqual(['fulfilled', 'rejected']);
  });

  it('leaves a record that a destination has refused to that destination, and settles it when the record changes', async () => {
    test.upstream.faults.refuseKeys = ['1'];
    await deliver('a.csv', bookingRow('1'));
    await test.until(letters, (found) => found.length === 1);
    expect(await replay({ letters: all })).toMatchObject({ total: 1, elsewhere: 1, kept: 0 });
    test.upstream.faults.refuseKeys = [];
    await deliver('b.csv', bookingRow('1', { name: 'Ada Alm' }));
    await arrived(1);
    expect(await letters()).toEqual([]);
  });

  it('takes rows as totals when the mapping says now how totals begin', async () => {
    await deliver('a.csv', bookingRow('1'), 'Total,1');
    const mapping = { ...shipped, file: { ...shipped.file, footers: ['total'] } };
    expect(await replay({ letters: all, mapping })).toMatchObject({ structure: 1, kept: 0 });
    expect(await letters()).toEqual([]);
    await expectAccountsHold();
  });

  it('goes through many rows of many files in order, and stops when it is told to with everything done until then kept', async () => {
    for (let file = 0; file < 3; file++)
      await deliver(`f${file}.csv`, ...Array.from({ length: 400 }, (_, at) => bookingRow(`${file}-${at}`, { status: 'WAITING' })));
    const steps = await test.client.deadLetters.replay({ letters: all, mapping: withWord('WAITING') });
    const first = await steps[Symbol.asyncIterator]().next();
    await steps.return?.(undefined);
    expect(first.value).toMatchObject({ total: 1200, done: 1000, kept: 1000, isOver: false });
    await arrived(1000);
    const left = (await test.client.deadLetters.list({ limit: 1 })).total;
    expect(left).toBeLessThanOrEqual(200);
    expect(await replay({ letters: all, mapping: withWord('WAITING') })).toMatchObject({ total: left, kept: left });
    await arrived(1200);
    expect(new Set(events().map((event) => event.externalId)).size).toBe(1200);
    await expectAccountsHold();
  });
});
