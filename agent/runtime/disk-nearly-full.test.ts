import { afterEach, beforeEach, expect, it } from 'vitest';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';

const gib = 2 ** 30;
let freeShare: number;
let fills: () => boolean;
let test: TestHotel;
beforeEach(async () => {
  freeShare = 0.5;
  fills = () => false;
  test = await testHotel({
    measureDisk: () => ({ freeBytes: Math.floor((fills() ? 0.01 : freeShare) * 100 * gib), totalBytes: 100 * gib }),
  });
});
afterEach(() => test.close());

const rows = (from: number, count: number) => bookingsFile(...Array.from({ length: count }, (_, at) => bookingRow(String(from + at))));
const standing = async () => {
  const { systems, disk, records } = await test.client.overview.get({});
  const [source, destination] = systems;
  const confirmed = destination?.direction === 'destination' ? destination.confirmed : null;
  return { source: source?.fault?.code ?? source?.state, records, confirmed, disk: disk.state };
};

it('reads nothing more from a disk that is nearly full, goes on delivering, and loses nothing', async () => {
  await test.connect();
  test.drop('one.csv', rows(1, 10));
  await test.sync();
  await test.until(standing, ({ confirmed }) => confirmed === 10);
  await test.client.connections.pause({ id: 'hub' });
  test.drop('two.csv', rows(11, 10));
  await test.sync();

  freeShare = 0.04;
  test.drop('three.csv', rows(21, 10));
  await test.sync();
  await test.client.connections.resume({ id: 'hub' });
  const nearlyFull = await test.until(standing, ({ confirmed }) => confirmed === 20);
  freeShare = 0.07;
  await test.sync();
  const roomAgain = await test.until(standing, ({ confirmed }) => confirmed === 30);
  expect([nearlyFull, roomAgain]).toEqual([
    { source: 'disk-nearly-full', records: 20, confirmed: 20, disk: 'stop' },
    { source: 'ok', records: 30, confirmed: 30, disk: 'low' },
  ]);
});

it('leaves a file that no longer fits at its last batch, and goes on from there', async () => {
  await test.connect();
  test.drop('large.csv', rows(1, 3500));
  const batches = test.agent.stores.read.prepare('select count(distinct kept_at_ms) from records').pluck();
  fills = () => (batches.get() as number) > 0;
  await test.sync();
  const cutShort = await standing();
  fills = () => false;
  await test.sync();
  const whole = await test.until(standing, ({ confirmed }) => confirmed === 3500);
  expect([cutShort.source, cutShort.records > 0 && cutShort.records < 3500, whole]).toEqual([
    'disk-nearly-full',
    true,
    { source: 'ok', records: 3500, confirmed: 3500, disk: 'enough' },
  ]);
});

it('warns while the disk gets full, once, also after a restart, and until there is room', async () => {
  freeShare = 0.15;
  await test.restart();
  const alerts = async () =>
    (await test.client.overview.get({})).alerts.map(({ connectionId, fault, severity, count }) => ({
      connectionId,
      code: fault.code,
      severity,
      count,
    }));
  const low = await alerts();
  freeShare = 0.4;
  await test.restart();
  expect([low, await alerts()]).toEqual([[{ connectionId: null, code: 'disk-low', severity: 'warning', count: 1 }], []]);
});
