import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Page } from 'playwright';
import type { RunningAgent } from '../../sandbox/agent.ts';

type Look = { readonly suffix: string; readonly scheme: 'light' | 'dark'; readonly locale?: string; readonly width?: number };
type Hotel = { readonly agent: RunningAgent; readonly drops: string; readonly folder: string; close(): Promise<void> };

/** What the parts of the pictures share. */
type Stage = {
  readonly busy: Hotel;
  take(name: string, address: string, go: (page: Page) => Promise<void>, looks?: readonly Look[]): Promise<void>;
  place(hash: string): (page: Page) => Promise<unknown>;
  drop(drops: string, name: string, rows: readonly string[]): void;
  row(id: number, status?: string): string;
  until<T>(look: () => Promise<T>, isSo: (value: T) => boolean): Promise<void>;
};

const looks: readonly Look[] = [
  { suffix: 'light', scheme: 'light' },
  { suffix: 'dark', scheme: 'dark' },
  { suffix: 'german', scheme: 'light', locale: 'de-DE' },
];

/** Certificates: none yet, a night that found and mended something, one that waits for a destination, one of which a part was not compared. */
export async function certificatePictures({ busy, take, place, drop, row, until }: Stage): Promise<void> {
  const { client } = busy.agent;
  const address = busy.agent.console ?? '';
  const compare = async () => {
    for await (const _ of await client.certificates.now({}));
  };
  const read = async (name: string, rows: readonly string[], waiting: number) => {
    drop(busy.drops, name, rows);
    await client.connections.syncNow({ id: 'pms' });
    await until(
      () => client.overview.get({}),
      (overview) => overview.waiting === waiting && overview.recentFiles[0]?.finishedAtMs != null,
    );
  };
  const open = async (page: Page) => {
    await place('#/certificate')(page);
    await page.locator('#detail table').first().waitFor();
  };
  await take(
    'certificate-none',
    address,
    async (page) => {
      await place('#/certificate')(page);
      await page.locator('.empty').waitFor();
    },
    looks,
  );
  await read('bookings-20261121-0600.csv', [...Array.from({ length: 60 }, (_, at) => row(at)), row(61, 'TENT')], 0);
  await compare();
  const db = new Database(join(busy.folder, 'home', 'pipeline.db'), { timeout: 5000 });
  db.prepare("delete from records where external_id = '4471007'").run();
  db.close();
  await compare();
  await take('certificate', address, open, [...looks, { suffix: 'narrow', scheme: 'light', width: 1024 }]);
  await take(
    'certificate-differed',
    address,
    async (page) => {
      await open(page);
      await page.locator('#detail table').nth(1).scrollIntoViewIfNeeded();
    },
    looks,
  );
  await take(
    'certificate-paper',
    address,
    async (page) => {
      await open(page);
      await page.emulateMedia({ media: 'print' });
    },
    [looks[0] as Look],
  );
  await client.connections.tripBreaker({ id: 'hub', reason: 'the hub moves to another server' });
  await read('bookings-20261121-0700.csv', [row(90), row(91)], 2);
  await compare();
  await take('certificate-waiting', address, open, looks);
  await client.connections.pause({ id: 'pms' });
  await compare();
  await take('certificate-not-compared', address, open, looks);
}
