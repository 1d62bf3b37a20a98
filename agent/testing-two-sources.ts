import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bookingsFile, sourceDraft, type TestHotel, testHotel } from './testing.ts';

type Arrived = { readonly source: string; readonly externalId: string; readonly status: string };

/** Everything that a receiver has applied, in its order. */
export function arrivedAt({ file }: Pick<TestHotel['upstream'], 'file'>): Arrived[] {
  // Behind the last line feed stands what is just being written.
  const lines = readFileSync(file, { encoding: 'utf8', flag: 'a+' }).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line).record);
}

export const saidBy = ({ source, externalId, status }: Arrived) => `${source} ${externalId} ${status}`;

export type TwoSources = TestHotel & {
  /** Drop rows as the next export of a source, and read it. */
  read(from: 'pms' | 'channel', ...rows: readonly string[]): Promise<void>;
  delivered(): Promise<unknown>;
  /** What has arrived, as `source key status`. */
  said(): string[];
  ledgerOf(source: string, key: string): Promise<number>;
};

/** A hotel whose property system and whose channel manager both bring bookings. */
export async function twoSources(destination?: Parameters<TestHotel['connect']>[1]): Promise<TwoSources> {
  const test = await testHotel();
  await test.connect({ source: 'pms' }, destination);
  const channel = join(test.folder, 'channel');
  mkdirSync(channel);
  await test.client.connections.add({ ...sourceDraft(channel, { source: 'channel' }), id: 'channel' });
  let files = 0;
  const more: Omit<TwoSources, keyof TestHotel> = {
    read: async (from, ...rows) => {
      const name = `${from}-${files++}.csv`;
      const folder = from === 'pms' ? test.drops : channel;
      writeFileSync(join(folder, name), bookingsFile(...rows));
      writeFileSync(join(folder, `${name}.done`), '');
      const connection = (await test.client.connections.list({})).find(({ id }) => id === from);
      if (connection) await test.agent.sources.syncNow(connection);
    },
    delivered: () =>
      test.until(
        () => test.agent.heartbeat('hub').depth,
        (waiting) => waiting === 0,
      ),
    said: () => arrivedAt(test.upstream).map(saidBy),
    ledgerOf: async (source, key) =>
      (await test.client.records.list({ entity: 'booking', key })).rows.find((row) => row.source === source)?.ledgerId ?? 0,
  };
  return Object.assign(test, more);
}
