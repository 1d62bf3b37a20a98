import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../contract/faults.ts';
import type { SourceHealth } from '../../contract/health.ts';
import { type SandboxSftp, startSftp } from '../../sandbox/sftp/server.ts';
import { bookingRow, bookingsFile, hotel, hubDraft, type TestHotel, testHotel } from '../testing.ts';
import type { FileSession } from './connector.ts';
import { hostKeyOf } from './connectors/sftp-csv/host-key.ts';
import { Parts, partOf, tellLateParts } from './parts.ts';

describe('the name of a part', () => {
  it.each([
    ['bookings_20260301_1of3.csv', 'bookings_20260301.csv', 1, 3],
    ['bookings-1_of_3.csv', 'bookings.csv', 1, 3],
    ['bookings.part1of3.csv', 'bookings.csv', 1, 3],
    ['BOOKINGS_PART_02_OF_12.CSV', 'BOOKINGS.CSV', 2, 12],
    ['1of2.csv', '.csv', 1, 2],
    ['bookings_1of1.csv', 'bookings.csv', 1, 1],
  ])('%s is understood', (name, set, number, of) => {
    expect(partOf(name)).toEqual({ set, number, of });
  });

  it.each([
    'bookings.csv',
    'bookings_20260301.csv',
    'bookings_4of3.csv',
    'bookings_0of3.csv',
    'bookings1of3000.csv',
    'proof3.csv',
    'of.csv',
  ])('%s is none', (name) => {
    expect(partOf(name)).toBe(null);
  });

  it('is looked for in no time, whatever the name is', () => {
    const startedAt = performance.now();
    partOf(`${'-'.repeat(100_000)}`.slice(0, 2000));
    partOf(`${'1of'.repeat(600)}`);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('a set of parts', () => {
  const named = (...names: string[]) => names.map((name) => ({ name }));
  const none = () => false;

  it('waits until the last part is complete, and says since when and for which', () => {
    let nowMs = 1000;
    const parts = new Parts(() => nowMs);
    const first = parts.whole(named('a_1of3.csv', 'x.csv'), named('a_1of3.csv', 'a_3of3.csv', 'x.csv'), none);
    const waiting = parts.waiting;
    nowMs = 2000;
    parts.whole(named('a_1of3.csv', 'a_3of3.csv'), named('a_1of3.csv', 'a_3of3.csv'), none);
    const later = parts.waiting;
    const whole = parts.whole(named('a_1of3.csv', 'a_2of3.csv', 'a_3of3.csv'), [], none);
    expect([first, waiting, later, whole.length, parts.waiting]).toEqual([
      named('x.csv'),
      [{ name: 'a.csv', of: 3, missing: [2, 3], sinceMs: 1000 }],
      [{ name: 'a.csv', of: 3, missing: [2], sinceMs: 1000 }],
      3,
      [],
    ]);
  });

  it('counts the parts that were taken before, and waits for nothing when all that lies there was taken', () => {
    const parts = new Parts(() => 0);
    const isTaken = ({ name }: { readonly name: string }) => name !== 'a_2of2.csv';
    const rest = parts.whole(named('a_2of2.csv'), named('a_1of2.csv', 'a_2of2.csv'), isTaken);
    const left = parts.whole([], named('b_1of3.csv', 'b_3of3.csv'), isTaken);
    expect([rest, left, parts.waiting]).toEqual([named('a_2of2.csv'), [], []]);
  });

  it('keeps sets of different sizes and names apart', () => {
    const parts = new Parts(() => 0);
    parts.whole(named('a_1of2.csv', 'a_2of3.csv', 'b_2of2.csv'), [], none);
    expect(parts.waiting.map(({ name, of, missing }) => [name, of, missing])).toEqual([
      ['a.csv', 2, [2]],
      ['a.csv', 3, [1, 3]],
      ['b.csv', 2, [1]],
    ]);
  });

  it('is a warning after an hour, and none before or when the part has come', async () => {
    const said: unknown[] = [];
    const writer = { step: async (name: string, args: unknown[]) => said.push([name, ...args]) };
    const tools = {
      writer: writer as never,
      now: () => 10_000_000,
      onBeside: (id: string, fault: Fault) => said.push([id, fault.report()]),
    };
    const waitsFor = (sinceMs: number) =>
      ({ waitsFor: () => [{ name: 'a.csv', of: 3, missing: [2, 3], sinceMs }] }) as unknown as FileSession;
    await tellLateParts(tools, waitsFor(10_000_000 - 3_600_000 + 1), 'pms');
    await tellLateParts(tools, waitsFor(10_000_000 - 3_600_000), 'pms');
    await tellLateParts(tools, { waitsFor: () => [] } as unknown as FileSession, 'pms');
    const clear = ['clearAlert', 'pms', 'parts-missing'];
    expect(said).toEqual([clear, ['pms', { code: 'parts-missing', detail: { name: 'a.csv', missing: '2, 3', of: '3' } }], clear]);
  });
});

describe('an export in parts', () => {
  let test: TestHotel;
  let server: SandboxSftp | null = null;
  beforeEach(async () => {
    test = await testHotel();
  });
  afterEach(async () => {
    await test.close();
    await server?.close();
    server = null;
  });
  const waits = async () =>
    ((await test.client.overview.get({})).systems.find((one) => one.id === 'pms') as SourceHealth).waitsFor.map(({ name, missing }) => [
      name,
      missing,
    ]);
  const rows = (id: string) => bookingsFile(bookingRow(id));
  const names = async () => (await test.client.files.list({})).map((file) => file.fileName).sort();

  it('is read from a folder when it is whole, and archived only then, also over a restart', async () => {
    await test.connect({ waitsForParts: true, archive: 'move' });
    test.drop('b_2of3.csv', rows('2'));
    test.drop('b_1of3.csv', rows('1'));
    test.drop('other.csv', rows('9'));
    await test.sync();
    const before = [await names(), await waits()];
    test.drop('b_3of3.csv', rows('3'));
    // It is still being written: its done-file has not come yet.
    writeFileSync(join(test.drops, 'b_3of3.csv'), '');
    rmSync(join(test.drops, 'b_3of3.csv.done'));
    await test.sync();
    const growing = [await names(), await waits(), existsSync(join(test.drops, 'taken', 'b_1of3.csv'))];
    test.drop('b_3of3.csv', rows('3'));
    await test.restart();
    await test.sync();
    const csv = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.csv'));
    expect([before, growing, await names(), await waits(), csv(test.drops), csv(join(test.drops, 'taken')).length]).toEqual([
      [['other.csv'], [['b.csv', [3]]]],
      [['other.csv'], [['b.csv', [3]]], false],
      ['b_1of3.csv', 'b_2of3.csv', 'b_3of3.csv', 'other.csv'],
      [],
      [],
      4,
    ]);
  });

  it('goes on where it was cut short: a part that was taken counts, and stays until the others were taken too', async () => {
    server = await startSftp({ password: 'x' });
    const { files } = server;
    const put = (name: string, content: string) => {
      files.set(`/exports/${name}`, { content: Buffer.from(content), mtime: 1_772_000_000 });
      files.set(`/exports/${name}.done`, { content: Buffer.alloc(0), mtime: 1_772_000_003 });
    };
    await test.client.property.save(hotel);
    await test.client.connections.add(hubDraft(test.upstream));
    await test.client.connections.add({
      id: 'pms',
      kind: 'sftp-csv',
      title: 'PMS',
      settings: {
        host: '127.0.0.1',
        port: server.port,
        user: 'hotel',
        hostKey: hostKeyOf(server.hostKeyBlob).text,
        serverFolder: '/exports',
        completeWhen: 'done-file',
        waitsForParts: true,
        afterwards: 'delete',
      },
      schedule: { kind: 'manual' },
      secrets: { password: 'x' },
    });
    put('b_1of2.csv', rows('1'));
    await test.sync();
    const alone = [await names(), await waits()];
    put('b_2of2.csv', rows('2'));
    // The first part comes whole, the second may not be opened.
    files.set('/exports/b_2of2.csv', { content: Buffer.from(rows('2')), mtime: 1_772_000_000, isForbidden: true });
    await test.sync();
    const half = [await names(), await waits(), files.size];
    await test.restart();
    await test.sync();
    const stillHalf = [await names(), files.size];
    files.set('/exports/b_2of2.csv', { content: Buffer.from(rows('2')), mtime: 1_772_000_000 });
    await test.sync();
    await test.sync();
    expect([alone, half, stillHalf, await names(), await waits(), files.size]).toEqual([
      [[], [['b.csv', [2]]]],
      [['b_1of2.csv'], [], 4],
      [['b_1of2.csv'], 4],
      ['b_1of2.csv', 'b_2of2.csv'],
      [],
      0,
    ]);
  });
});
