import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Mapping } from '../../contract/mapping.ts';
import type { ReplayOrder, ReplayProgress } from '../../contract/replay.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';

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
    await replay({ letters: { ids: [letter?.id ?? 0] }, text: bookingRow('7', { name: 'Ada 4111 1111 1111 1111' }) });
    await arrived(1);
    expect(events()[0]?.guestName).not.toContain('4111 1111 1111');
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
    expect(await rehearse({ letters: all, mapping })).toMatchObject({ total: 1, kept: 1 });
    expect(await replay({ letters: all, mapping })).toMatchObject({ kept: 1 });
    await arrived(2);
    expect(await letters()).toEqual([]);
    await expectAccountsHold();

    test.drop('b.csv', renamed(bookingsFile(bookingRow('1', { status: 'CANCELLED' }))));
    await test.sync();
    await deliver('c.csv', bookingRow('3'));
    expect(await replay({ letters: all, mapping })).toMatchObject({ kept: 0, later: 1 });
    expect((await letters()).map((letter) => letter.fileName)).toEqual(['b.csv']);
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
      await deliver(`f${file}.csv`, ...Array.from({ length: 150 }, (_, at) => bookingRow(`${file}-${at}`, { status: 'WAITING' })));
    const steps = await test.client.deadLetters.replay({ letters: all, mapping: withWord('WAITING') });
    const first = await steps[Symbol.asyncIterator]().next();
    await steps.return?.(undefined);
    expect(first.value).toMatchObject({ total: 450, done: 200, kept: 200, isOver: false });
    await arrived(200);
    const left = (await test.client.deadLetters.list({ limit: 1 })).total;
    expect(left).toBeLessThanOrEqual(250);
    expect(await replay({ letters: all, mapping: withWord('WAITING') })).toMatchObject({ total: left, kept: left });
    await arrived(450);
    expect(new Set(events().map((event) => event.externalId)).size).toBe(450);
    await expectAccountsHold();
  });
});
