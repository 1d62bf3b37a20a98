import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { figuresLag } from '../../db/pipeline/guest-figures.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';

describe('figures of a guest', () => {
  let test: TestHotel;
  beforeEach(async () => {
    test = await testHotel();
    await test.connect();
  });
  afterEach(() => test.close());

  const email = 'ada@example.com';
  const history = bookingsFile(
    bookingRow('1', { email, arrival: '2025-03-01', departure: '2025-03-02', status: 'CHECKED OUT' }),
    bookingRow('2', { email, arrival: '2025-05-01', departure: '2025-05-02', status: 'NO SHOW' }),
    bookingRow('3', { email, arrival: '2026-03-01' }),
    bookingRow('4', { email: 'grace@example.com', arrival: '2026-03-01' }),
  );
  const received = (): { eventId: string; version: number; record: Record<string, unknown> }[] =>
    readFileSync(test.upstream.file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const arrivedOf = (externalId: string) =>
    received()
      .map(({ record }) => record)
      .filter((record) => record.externalId === externalId)
      .map(({ previousStays, previousNoShows, hash }) => ({ previousStays, previousNoShows, hash }));
  const settled = () =>
    test.until(
      () => ({ ...figuresLag(test.agent.stores.read), waiting: test.agent.heartbeat('hub').depth }),
      ({ unread, due, waiting }) => unread + due + waiting === 0,
    );

  it('reach the hub as a version of their own, behind the one of the import and under the same content hash', async () => {
    test.drop('history.csv', history);
    await test.sync();
    await settled();
    const [plain, counted] = arrivedOf('3');
    expect([arrivedOf('3').length, arrivedOf('4').length, arrivedOf('1').length, counted]).toEqual([
      2,
      1,
      1,
      { previousStays: 1, previousNoShows: 1, hash: plain?.hash },
    ]);
  });

  it('are worked out after a restart, when the agent was stopped before it came to it, and once only', async () => {
    test.drop('history.csv', history);
    await test.sync();
    await test.restart();
    await settled();
    await test.restart();
    await settled();
    expect(arrivedOf('3').map(({ previousStays }) => previousStays)).toEqual([undefined, 1]);
  });

  it('say why a version was kept: in the page of the record and in its way', async () => {
    test.drop('history.csv', history);
    await test.sync();
    await settled();
    const { ledgerId, externalId, versions } = await test.client.records.get({ ledgerId: 1, externalId: '3' });
    const { stations } = await test.client.trace.get({ ledgerId, externalId });
    const kept = stations.find((station) => station.kind === 'kept');
    expect([versions.map(({ reason, line }) => [reason, line]), kept]).toEqual([
      [
        ['figures', 4],
        ['source', 4],
      ],
      expect.objectContaining({ reason: 'figures', changed: ['previousStays', 'previousNoShows'] }),
    ]);
  });
});
