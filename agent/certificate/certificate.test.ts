import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Certificate, OpenedCertificate } from '../../contract/certificate.ts';
import { restoreBackup } from '../backup/restore.ts';
import { exportTo, manageCertificates } from '../commands/certificate.ts';
import { rawFilesThere } from '../pipeline/raw-files.ts';
import { bookingRow, bookingsFile, hubDraft, type TestHotel, testHotel } from '../testing.ts';
import { arrivedAt } from '../testing-two-sources.ts';

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
  await test.connect();
});
afterEach(() => test.close());

async function read(name: string, ...rows: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...rows));
  await test.sync();
}
async function compare(): Promise<Certificate> {
  let id: number | null = null;
  for await (const step of await test.client.certificates.now({})) ({ id } = step);
  const { opened } = await test.client.certificates.get(id === null ? {} : { id });
  return (opened as OpenedCertificate).certificate;
}
const arrived = (count: number) =>
  test.until(
    () => arrivedAt(test.upstream).length,
    (found) => found === count,
  );
/** Change the database as something that is not the agent does, while it is stopped. */
async function change(run: (db: Database.Database) => void): Promise<void> {
  await test.agent.stop();
  const db = new Database(join(test.home, 'pipeline.db'));
  run(db);
  db.close();
  await test.restart();
}
const codes = async () => (await test.client.overview.get({})).alerts.map(({ fault }) => fault.code);
const lines = ({ parts }: Certificate) =>
  parts.flatMap(({ entity, lines: some }) =>
    some.map(({ day, source, kept, missing, changed, deliveries }) => [
      entity,
      day,
      source,
      kept,
      missing,
      changed,
      deliveries.map(({ confirmed, waiting, state }) => [confirmed, waiting, state]),
    ]),
  );
const named = ({ differences }: Certificate) => differences.map(({ kind, key, where, isMended }) => [kind, key, where, isMended]);

describe('a certificate of files', { timeout: 60_000 }, () => {
  it('says by hotel date that everything the files said is kept and confirmed, with one checksum on both sides', async () => {
    await read('a.csv', bookingRow('B-1'), bookingRow('B-2', { arrival: '2026-03-02' }), bookingRow('B-3'));
    // Said again, and differently: the newest word counts.
    await read('b.csv', bookingRow('B-3', { total: '120.00' }));
    await arrived(4);
    const made = await compare();
    const sums = made.parts.flatMap((part) =>
      part.lines.map(
        ({ sourceSum, keptSum, deliveries }) =>
          sourceSum === keptSum && sourceSum === deliveries[0]?.sum && sourceSum !== '0000000000000000',
      ),
    );
    expect([made.state, made.records, made.parts[0]?.files, made.parts[0]?.rows, lines(made), sums]).toEqual([
      'complete',
      3,
      2,
      4,
      [
        ['booking', '2026-03-01', 2, 2, 0, 0, [[2, 0, 'complete']]],
        ['booking', '2026-03-02', 1, 1, 0, 0, [[1, 0, 'complete']]],
      ],
      [true, true],
    ]);
  });

  it('names a record that is lost from the ledger, reads it again from its copy, and the next comparison is complete', async () => {
    await read('a.csv', bookingRow('B-1'), bookingRow('B-2'), bookingRow('B-3'));
    await arrived(3);
    await change((db) => db.exec("delete from records where external_id = 'B-2'"));
    const made = await compare();
    const next = await compare();
    const last = arrivedAt(test.upstream).at(-1)?.externalId;
    const { rows, sums } = await test.client.records.list({ entity: 'booking' });
    expect([named(made), made.found, made.mended, made.state, next.found, next.state, last, rows.length, sums]).toEqual([
      [['missing', 'B-2', 'a.csv:3', true]],
      1,
      1,
      'complete',
      0,
      'complete',
      'B-2',
      3,
      [{ currency: 'EUR', records: 3, sumMinor: '30000' }],
    ]);
  });

  it('does not believe the ledger: one that agrees with itself and not with the copy is found', async () => {
    await read('a.csv', bookingRow('B-1'), bookingRow('B-2'));
    await arrived(2);
    // Everything that the ledger says of the record is of one other content, which no file has ever said.
    await change((db) => db.exec("update records set hash = zeroblob(32) where external_id = 'B-1'"));
    const made = await compare();
    expect([named(made), made.state, (await compare()).found]).toEqual([[['changed', 'B-1', 'a.csv:2', true]], 'complete', 0]);
  });

  it('does not believe the ledger about what was sent: another text under its number is found', async () => {
    await read('a.csv', bookingRow('B-1'));
    await read('b.csv', bookingRow('B-1', { total: '120.00' }));
    await read('c.csv', bookingRow('B-2'));
    await arrived(3);
    await change((db) => db.exec("update records set seq = 1 where external_id = 'B-1'"));
    expect(named(await compare())).toEqual([['changed', 'B-1', 'b.csv:2', true]]);
  });

  it('says what a destination has not confirmed, and since when, and never calls it complete', async () => {
    await read('a.csv', bookingRow('B-1'));
    await arrived(1);
    await test.client.connections.tripBreaker({ id: 'hub', reason: 'the hub moves' });
    await read('b.csv', bookingRow('B-2', { arrival: '2026-03-02' }));
    const held = await compare();
    await test.client.connections.resetBreaker({ id: 'hub' });
    await arrived(2);
    const next = await compare();
    const [hub] = held.destinations;
    expect([held.state, held.waiting, lines(held), hub?.isStopped, (hub?.waitingSinceMs ?? 0) > 0, next.state, next.waiting]).toEqual([
      'not-compared',
      1,
      [
        ['booking', '2026-03-01', 1, 1, 0, 0, [[1, 0, 'complete']]],
        ['booking', '2026-03-02', 1, 1, 0, 0, [[0, 1, 'not-compared']]],
      ],
      true,
      true,
      'complete',
      0,
    ]);
  });

  it('names apart what was set aside and what a share withholds', async () => {
    await test.client.connections.setShare({ id: 'hub', percent: 50 });
    await read('a.csv', ...Array.from({ length: 20 }, (_, at) => bookingRow(`B-${at}`)), bookingRow('B-20', { total: 'many' }));
    await test.until(
      () => test.agent.heartbeat('hub').depth,
      (waiting) => waiting === 0,
    );
    const made = await compare();
    const [line] = made.parts[0]?.lines ?? [];
    const [to] = line?.deliveries ?? [];
    expect([
      made.state,
      made.parts[0]?.setAside,
      line?.source,
      (to?.confirmed ?? 0) + (to?.withheld ?? 0),
      (to?.withheld ?? 0) > 0,
    ]).toEqual(['complete', [{ rule: 'amount-unreadable', count: 1 }], 20, 20, true]);
  });

  it('finds a row that is neither kept nor set aside', async () => {
    await read('a.csv', bookingRow('B-1'), bookingRow('B-2', { total: 'many' }));
    await change((db) => db.exec('delete from dead_letters'));
    const made = await compare();
    const { letters } = await test.client.deadLetters.list({});
    expect([named(made), letters.map(({ line }) => line)]).toEqual([[['row-lost', 'B-2', 'a.csv:3', true]], [3]]);
  });

  it('warns of what is still missing after it was pulled again, and takes the warning back', async () => {
    await read('a.csv', bookingRow('B-1'), bookingRow('B-2'));
    await arrived(2);
    // The copy that would be read again is gone as well; what it said is known from the comparison before.
    await compare();
    await change((db) => db.exec("delete from records where external_id = 'B-2'; update files set raw_path = 'raw/gone.raw'"));
    const made = await compare();
    const warned = await codes();
    await read('b.csv', bookingRow('B-2', { total: '101.00' }));
    const next = await compare();
    expect([made.state, named(made), warned, next.state, await codes()]).toEqual([
      'different',
      [['missing', 'B-2', 'a.csv:3', false]],
      ['certificate-differs'],
      'complete',
      [],
    ]);
  });

  it('says of a source that is paused, of a hotel without a destination and of a damaged copy that nothing was compared', async () => {
    await read('a.csv', bookingRow('B-1'));
    await arrived(1);
    await test.client.connections.pause({ id: 'pms' });
    const paused = await compare();
    await test.client.connections.resume({ id: 'pms' });
    await test.client.connections.remove({ id: 'hub' });
    const alone = await compare();
    await test.client.connections.add({ ...hubDraft(test.upstream), id: 'other' });
    await change((db) => db.exec("update files set raw_path = 'raw/gone.raw', finished_at_ms = finished_at_ms + 1"));
    const damaged = await compare();
    expect([paused.state, paused.parts[0]?.notCompared?.reason, alone.state, damaged.state, damaged.parts[0]?.notCompared?.reason]).toEqual(
      ['not-compared', 'paused', 'not-compared', 'not-compared', 'damaged'],
    );
  });

  it('does not call corrected rows the word of the source', async () => {
    await read('a.csv', bookingRow('B-1'), bookingRow('B-2', { total: 'many' }));
    const { letters } = await test.client.deadLetters.list({});
    const order = { letters: { ids: letters.map(({ id }) => id) }, text: bookingRow('B-2') };
    for await (const _ of await test.client.deadLetters.replay(order));
    await arrived(2);
    const made = await compare();
    const [line] = made.parts[0]?.lines ?? [];
    expect([made.state, line?.source, line?.corrected, line?.deliveries[0]?.confirmed]).toEqual(['complete', 2, 1, 2]);
    // What the source says behind the correction counts again: the correction must not hide that it is lost.
    await read('b.csv', bookingRow('B-2', { total: '120.00' }));
    await arrived(3);
    await change((db) =>
      db.exec(
        "update records set (seq, hash, file_id) = (select o.seq, zeroblob(32), 1 from outbox o where o.external_id = 'B-2' and o.version = 1) where external_id = 'B-2'",
      ),
    );
    expect(named(await compare())).toEqual([['changed', 'B-2', 'b.csv:2', true]]);
  });

  it('forgets what another database has seen, and makes what cannot be opened anew', async () => {
    await read('a.csv', bookingRow('B-1'));
    await arrived(1);
    await compare();
    const path = join(test.home, 'seen.db');
    await change((db) => db.exec("update files set sha256 = 'of another'"));
    const seen = new Database(path);
    seen.exec("insert into rows (part_id, external_id, hash, file_id, said_at_ms, line) values (1, 'B-9', x'00', 1, 1, 9)");
    seen.close();
    const another = await compare();
    await test.agent.stop();
    writeFileSync(
      path,
      'no database at all, and as long as the head of one would be: more than a hundred bytes are to stand here, so they do.',
    );
    await test.restart();
    const anew = await compare();
    expect([another.found, another.state, anew.records, anew.state]).toEqual([0, 'complete', 1, 'complete']);
  });

  it('finds a lost word of a record that was mended before', async () => {
    await read('a.csv', bookingRow('B-1'), bookingRow('B-2'));
    await arrived(2);
    await change((db) => db.exec("delete from records where external_id = 'B-2'"));
    await compare();
    await read('b.csv', bookingRow('B-2', { total: '120.00' }));
    await arrived(4);
    await change((db) =>
      db.exec(
        "update records set (seq, hash, file_id) = (select o.seq, zeroblob(32), 1 from outbox o where o.external_id = 'B-2' and o.version = 2) where external_id = 'B-2'",
      ),
    );
    expect(named(await compare())).toEqual([['changed', 'B-2', 'b.csv:2', true]]);
  });
});

describe('the nights', { timeout: 60_000 }, () => {
  it('are made again where the agent was killed in one, and stand in the chain', async () => {
    await read('a.csv', bookingRow('B-1'));
    await arrived(1);
    await test.agent.stores.writer.step('saveSetting', ['certificate/under-way', { startedAtMs: 1 }]);
    await test.restart();
    const { certificates } = await test.until(
      () => test.client.certificates.standing({}),
      (standing) => standing.certificates.length === 1,
    );
    const { entries } = await test.client.audit.list({ action: 'certificate-made' });
    expect([certificates[0]?.cause, entries.map(({ detail }) => detail.digest), entries[0]?.detail.state]).toEqual([
      'night',
      [certificates[0]?.digest],
      'complete',
    ]);
  });

  it('can be ended before their end, which leaves no certificate and is written down', async () => {
    await read('a.csv', ...Array.from({ length: 20_000 }, (_, at) => bookingRow(`B-${at}`)));
    const told: string[] = [];
    const run = (async () => {
      for await (const { stage } of await test.client.certificates.now({})) {
        told.push(stage);
        if (told.length === 1) await test.client.certificates.cancel({});
      }
    })();
    const ended = await run.then(
      () => 'made',
      (error: { data?: { code?: string } }) => error.data?.code,
    );
    const { certificates, underWay } = await test.client.certificates.standing({});
    const { entries } = await test.client.audit.list({ action: 'certificate-cancelled' });
    expect([ended, certificates, underWay, entries.length, (await compare()).records]).toEqual(['stopped', [], null, 1, 20_000]);
  });

  it('come at the hour that is set, or not at all', async () => {
    const { plan, nextAtMs } = await test.client.certificates.standing({});
    const off = await test.client.certificates.setPlan({ at: null });
    const on = await test.client.certificates.setPlan({ at: '05:30' });
    const hour = (atMs: number | null) =>
      atMs === null ? null : new Date(atMs).toLocaleTimeString('en-GB', { timeZone: 'Europe/Amsterdam', timeStyle: 'short' });
    expect([plan.at, hour(nextAtMs), off.nextAtMs, hour(on.nextAtMs)]).toEqual(['06:00', '06:00', null, '05:30']);
  });

  it('say when what is kept of one was changed', async () => {
    await read('a.csv', bookingRow('B-1'));
    await compare();
    await change((db) => db.exec("update certificates set digest = 'x'"));
    expect((await test.client.certificates.get({})).opened?.isUnchanged).toBe(false);
  });
});

describe('bellhop certificate', { timeout: 60_000 }, () => {
  it('compares, prints the table, and exports it', async () => {
    await read('a.csv', bookingRow('B-1'));
    // Arrived and noted: without a running agent nothing is confirmed any more.
    await test.until(
      () => test.agent.heartbeat('hub').depth,
      (waiting) => waiting === 0,
    );
    await test.agent.stop();
    const printed: string[] = [];
    const line = {
      home: test.home,
      isJson: false,
      tell: () => undefined,
      readAll: async () => '',
      print: (_: unknown, words: string) => void printed.push(words),
    };
    const code = await manageCertificates({ ...line, arguments: ['now'] });
    await exportTo({ ...line, arguments: ['certificate'] });
    await test.restart();
    const [words, csv] = printed;
    expect([code, words?.includes('complete'), csv?.split('\r\n')[1]?.split(',').slice(2, 8)]).toEqual([
      0,
      true,
      ['"pms"', '"booking"', '"2026-03-01"', '"1"', expect.stringMatching(/^"[0-9a-f]{16}"$/), '"1"'],
    ]);
  });
});

describe('after a backup was restored', { timeout: 60_000 }, () => {
  /** The database is lost, and a backup of before takes its place. */
  async function restored(from: string): Promise<void> {
    const recoveryKey = test.agent.stores.secrets.recoveryKey();
    await test.agent.stop();
    await restoreBackup({ from, recoveryKey, home: test.home, replaces: true, nowMs: Date.now() });
    await test.restart();
  }
  async function backUp(): Promise<string> {
    const folder = join(test.folder, 'usb');
    mkdirSync(folder);
    let from = '';
    for await (const { result } of await test.client.backups.make({ folder })) from = result?.folder ?? from;
    return from;
  }

  it('nothing counts as missing because its content is not known any more, and no old state is sent again', async () => {
    await read('a.csv', bookingRow('B-1'), bookingRow('B-2'));
    await arrived(2);
    const from = await backUp();
    await restored(from);
    await test.agent.unnamed.done();
    const made = await compare();
    expect([made.state, made.found, made.records, named(made), arrivedAt(test.upstream).length]).toEqual(['complete', 0, 2, [], 2]);
  });

  it('nothing is claimed of files whose copies are still to be read again, or could not be', async () => {
    await read('a.csv', bookingRow('B-1'));
    await arrived(1);
    const from = await backUp();
    await read('b.csv', bookingRow('B-2'));
    const copy = rawFilesThere(test.home).at(-1)?.path ?? '';
    truncateSync(join(test.home, copy), 50);
    for (const name of readdirSync(test.drops)) rmSync(join(test.drops, name));
    await restored(from);
    await test.agent.unnamed.done();
    const unread = await compare();
    await test.client.alerts.acknowledge({ code: 'copies-unread' });
    await test.agent.stores.writer.step('saveSetting', ['unnamed-since', { madeAtMs: 1, newestFileId: 1 }]);
    const owed = await compare();
    const reasons = [unread, owed].map(({ state, parts }) => [state, parts[0]?.notCompared?.reason]);
    expect(reasons).toEqual([
      ['not-compared', 'damaged'],
      ['not-compared', 'being-read'],
    ]);
  });
});
