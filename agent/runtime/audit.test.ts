import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { api } from '../../contract/api.ts';
import type { AuditAction, AuditCheck, AuditEntry } from '../../contract/audit.ts';
import type { ConnectionDraft } from '../../contract/connection.ts';
import { startOracle } from '../../sandbox/oracle/index.ts';
import { csvLine } from '../commands/audit.ts';
import { noWatermark } from '../pipeline/watermark.ts';
import { bookingRow, bookingsFile, hotel, hubDraft, sourceDraft, type TestHotel, testHotel } from '../testing.ts';

/** Who did and saw what: from the call to the chain. */

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
});
afterEach(() => test.close());

const entries = async () => (await test.client.audit.list({ limit: 500 })).entries;
const actions = async () => (await entries()).map(({ action }) => action);

async function verdict(): Promise<AuditCheck | null> {
  let last: AuditCheck | null = null;
  for await (const step of await test.client.audit.verify({}, { signal: new AbortController().signal })) last = step;
  return last;
}

async function drained(steps: Promise<AsyncIterable<unknown>>): Promise<void> {
  for await (const step of await steps) void step;
}

/** A hotel with a record that was delivered, one that was refused, and a row that was set aside. */
async function settled(): Promise<{ ledgerId: number; letterId: number; refusedId: number; seq: number }> {
  await test.connect();
  test.upstream.faults.refuseKeys = ['A-2'];
  test.drop('a.csv', bookingsFile(bookingRow('A-1'), bookingRow('A-2'), bookingRow('A-3', { total: 'a lot' })));
  await test.sync();
  const { letters } = await test.until(
    () => test.client.deadLetters.list({}),
    (page) => page.total === 2,
  );
  test.upstream.faults.refuseKeys = [];
  const [row] = (await test.client.records.list({ entity: 'booking', key: 'A-1' })).rows;
  const ledgerId = row?.ledgerId ?? 0;
  const idOf = (rule: string) => letters.find((one) => one.rule === rule)?.id ?? 0;
  const { versions } = await test.client.records.get({ ledgerId, externalId: 'A-1' });
  return {
    ledgerId,
    letterId: idOf('amount-unreadable'),
    refusedId: idOf('refused-by-destination'),
    seq: versions[0]?.seq ?? 0,
  };
}

/** Calls that leave no entry, each with its reason. */
const unaudited: Record<string, string> = {
  'agent.facts': 'says how the agent stands',
  'sandbox.explore': 'starts a hotel of its own, far from this home',
  'systems.kinds': 'the same for every hotel',
  'leaves.report': 'rules, and samples that hold nothing of a person',
  'leaves.preview': 'the same',
  'mappings.list': 'holds no guest data',
  'connections.list': 'holds no secrets and no guest data',
  'connections.tables': 'counts and times',
  'connections.runs': 'counts, times and faults, which hold nothing of a guest',
  'connections.fingerprint': 'names of columns of the hotel system',
  'connections.understand': 'reads an address and calls nobody',
  'connections.letter': 'a script that holds no secret',
  'schedule.preview': 'keeps nothing',
  'files.list': 'counts and names of files',
  'deadLetters.list': 'holds no bytes of a row',
  'deadLetters.counts': 'counts',
  'records.list': 'open columns only; who opens one of them is written down',
  'trace.find': 'open columns only; who follows one of them is written down',
  'records.counts': 'counts',
  'records.since': 'counts',
  'audit.list': 'the chain holds no guest data; an entry for each look at it would only make it longer',
  'audit.verify': 'keeps nothing and shows no entry',
  'resends.list': 'counts',
  'backups.get': 'counts and times',
  'certificates.standing': 'when certificates were made, and counts',
  'certificates.get': 'dates, counts and keys of records; no field of one',
  'checks.get': 'counts, and keys of records',
  'sameRecords.list': 'counts and names of sources',
  'overview.get': 'counts',
  'live.events': 'says that something has changed, not what',
};

/** A table of a database that was read, of which rows are missing. */
function readTable(): Promise<unknown> {
  const watermark = JSON.stringify({ ...noWatermark, vanished: 700 });
  const nothing = { sweep: 1, changed: [], seen: [], missed: [], gone: [], file: null };
  return test.agent.stores.writer.step('keepTable', [
    { connectionId: 'pms', runId: null, rowsRead: 0, table: 'bookings', identity: 'x', watermark, ...nothing },
  ]);
}

/** A draft of an OPERA database that answers. */
async function withOpera(call: (draft: ConnectionDraft) => Promise<void>): Promise<void> {
  const server = await startOracle();
  const settings = { address: server.url, user: 'HOTEL_READER' };
  try {
    await call({ kind: 'opera-oracle', title: 'OPERA', settings, secrets: { databasePassword: 'Lobby-3-kings' } });
  } finally {
    await server.close();
  }
}

type Given = Awaited<ReturnType<typeof settled>>;
/** Every other call, with what it has to leave behind. Those that stop something stand last. */
const audited: Record<string, readonly [action: AuditAction, call: (given: Given) => Promise<unknown>]> = {
  'agent.recoveryKey': ['recovery-key-shown', () => test.client.agent.recoveryKey({})],
  'agent.confirmRecoveryKey': ['recovery-key-kept', () => test.client.agent.confirmRecoveryKey({})],
  'property.save': ['hotel-changed', () => test.client.property.save({ ...hotel, name: 'Another' })],
  'mappings.save': [
    'mapping-saved',
    async () => {
      const mapping = (await test.client.mappings.list({})).find(({ name }) => name === 'generic-pms-bookings');
      if (mapping) await test.client.mappings.save(mapping);
    },
  ],
  'connections.add': ['connection-added', () => test.client.connections.add({ ...sourceDraft(test.drops), id: 'second' })],
  'connections.change': [
    'connection-changed',
    () => test.client.connections.change({ ...hubDraft(test.upstream, { batchRecords: 7 }), id: 'hub' }),
  ],
  'connections.setShadow': ['shadow-set', () => test.client.connections.setShadow({ id: 'hub', isShadow: false })],
  'connections.setShare': ['share-set', () => test.client.connections.setShare({ id: 'hub', percent: 100 })],
  'figures.anew': ['figures-anew', () => test.client.figures.anew({})],
  'alerts.acknowledge': ['alert-acknowledged', () => test.client.alerts.acknowledge({ code: 'database-restored' })],
  'checks.run': ['check-ordered', () => drained(test.client.checks.run({}))],
  'outbox.setKeepDays': ['keep-days-set', () => test.client.outbox.setKeepDays({ days: 400 })],
  'sameRecords.save': ['same-record-rule-set', () => test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'newest' } })],
  'connections.remove': ['connection-removed', () => test.client.connections.remove({ id: 'second' })],
  'connections.restore': ['connection-restored', () => test.client.connections.restore({ id: 'second' })],
  'connections.test': ['connection-tested', () => drained(test.client.connections.test({ id: 'hub' }))],
  'connections.choices': ['connection-tested', () => withOpera(async (draft) => void (await test.client.connections.choices({ draft })))],
  'connections.siteReport': [
    'site-reported',
    () =>
      withOpera(async (draft) => {
        await test.client.connections.add({ ...draft, id: 'opera', schedule: { kind: 'manual' } });
        await test.client.connections.siteReport({ id: 'opera' });
      }),
  ],
  'connections.preview': ['rows-previewed', () => withOpera(async (draft) => void (await test.client.connections.preview({ draft })))],
  'connections.makeSecret': ['secret-made', () => test.client.connections.makeSecret({ kind: 'sftp-csv', field: 'privateKey' })],
  'connections.handOver': [
    'secret-handed-over',
    async () => {
      const { reference } = await test.client.connections.makeSecret({ kind: 'sftp-csv', field: 'privateKey' });
      test.agent.stores.secrets.put('sftp', test.agent.stores.secrets.of(reference));
      const settings = { host: 'sftp.example', user: 'u', hostKey: `ssh-ed25519 SHA256:${'A'.repeat(43)}`, entity: 'booking' };
      await test.client.connections.add({
        id: 'sftp',
        kind: 'sftp-csv',
        title: 'S',
        settings,
        secrets: { privateKey: reference },
        schedule: { kind: 'manual' },
      });
      await test.client.connections.handOver({ id: 'sftp', field: 'privateKey' });
    },
  ],
  'connections.pause': ['connection-paused', () => test.client.connections.pause({ id: 'pms' })],
  'connections.resume': ['connection-resumed', () => test.client.connections.resume({ id: 'pms' })],
  'connections.syncNow': ['connection-started', () => test.client.connections.syncNow({ id: 'hub' })],
  'connections.compareNow': [
    'source-compared',
    async () => {
      await readTable();
      await test.client.connections.compareNow({ id: 'pms' });
    },
  ],
  'connections.believeGone': [
    'rows-called-gone',
    async () => {
      await readTable();
      await test.client.connections.believeGone({ id: 'pms', table: 'bookings' });
    },
  ],
  'connections.takeOver': ['taken-over', () => test.client.connections.takeOver({ id: 'hub' })],
  'connections.tripBreaker': ['breaker-tripped', () => test.client.connections.tripBreaker({ id: 'hub', reason: 'a move' })],
  'connections.resetBreaker': ['breaker-reset', () => test.client.connections.resetBreaker({ id: 'hub' })],
  'connections.setSchedule': ['schedule-set', () => test.client.connections.setSchedule({ id: 'pms', schedule: { kind: 'manual' } })],
  'files.import': [
    'file-imported',
    () =>
      test.client.files.import({ path: join(test.drops, 'a.csv'), entity: 'booking', mapping: 'generic-pms-bookings', source: 'import' }),
  ],
  'deadLetters.get': ['letter-opened', ({ letterId }) => test.client.deadLetters.get({ id: letterId })],
  'deadLetters.rehearse': [
    'letters-rehearsed',
    ({ letterId }) => drained(test.client.deadLetters.rehearse({ letters: { ids: [letterId] } })),
  ],
  'deadLetters.replay': ['letters-settled', ({ letterId }) => drained(test.client.deadLetters.replay({ letters: { ids: [letterId] } }))],
  'records.get': ['record-opened', ({ ledgerId }) => test.client.records.get({ ledgerId, externalId: 'A-2' })],
  'trace.get': [
    'record-opened',
    async ({ ledgerId }) => {
      // A record that nobody has looked at yet: a second look at the same leaves no entry.
      test.drop('b.csv', bookingsFile(bookingRow('A-7')));
      await test.sync();
      await test.client.trace.get({ ledgerId, externalId: 'A-7' });
    },
  ],
  'records.row': ['row-shown', ({ seq }) => test.client.records.row({ seq })],
  'resends.rehearse': [
    'resend-rehearsed',
    () => drained(test.client.resends.rehearse({ destinationId: 'hub', selection: { kind: 'range', by: 'kept' } })),
  ],
  'resends.order': [
    'resend-ordered',
    async () => {
      await test.client.connections.pause({ id: 'hub' });
      await test.client.resends.order({ destinationId: 'hub', selection: { kind: 'range', by: 'kept' } });
    },
  ],
  'resends.pause': ['resend-paused', () => test.client.resends.pause({ id: 1 })],
  'resends.resume': ['resend-resumed', () => test.client.resends.resume({ id: 1 })],
  'resends.cancel': ['resend-cancelled', () => test.client.resends.cancel({ id: 1 })],
  'leaves.save': [
    'leaves-changed',
    () => test.client.leaves.save({ id: 'hub', entity: 'booking', rules: { guestPhone: 'drop' }, version: 0 }),
  ],
  'certificates.now': ['certificate-ordered', () => drained(test.client.certificates.now({}))],
  'certificates.cancel': [
    'certificate-cancelled',
    async () => {
      const run = await test.client.certificates.now({});
      await run.next();
      await test.client.certificates.cancel({});
    },
  ],
  'certificates.export': ['certificate-exported', () => test.client.certificates.export({ format: 'csv' })],
  'certificates.setPlan': ['certificate-plan-set', () => test.client.certificates.setPlan({ at: '05:00' })],
  'backups.setPlan': [
    'backup-plan-set',
    async () => {
      mkdirSync(join(test.folder, 'safe'));
      await test.client.backups.setPlan({ plan: { folder: join(test.folder, 'safe') } });
      await test.until(
        () => test.client.backups.get({}),
        ({ lastVerifiedAtMs, underWay }) => lastVerifiedAtMs !== null && underWay === null,
      );
    },
  ],
  'backups.now': ['backup-made', () => drained(test.client.backups.now({}))],
  'backups.make': ['backup-made', () => drained(test.client.backups.make({ folder: join(test.folder, 'usb') }))],
  'audit.export': ['audit-exported', () => drained(test.client.audit.export({}))],
  'agent.stop': ['agent-stopped', () => test.client.agent.stop({})],
};

function callsOf(table: object, path = ''): string[] {
  return Object.entries(table).flatMap(([name, inner]) =>
    '~orpc' in inner ? [`${path}${name}`] : callsOf(inner as object, `${path}${name}.`),
  );
}

it('every call either leaves an entry or is on the list of those that need none, with its reason', async () => {
  const given = await settled();
  const known = [...Object.keys(audited), ...Object.keys(unaudited)].sort();
  const silent: string[] = [];
  for (const [name, [action, call]] of Object.entries(audited)) {
    const before = (await actions()).filter((one) => one === action).length;
    await call(given);
    if ((await actions()).filter((one) => one === action).length <= before) silent.push(name);
  }
  expect([callsOf(api).sort(), silent, await verdict()]).toEqual([known, [], expect.objectContaining({ flaw: null, isOver: true })]);
});

it('says who, through which door, when by the clock of the hotel, and what was changed, but no value of it', async () => {
  await test.connect();
  await test.client.connections.change({ ...hubDraft(test.upstream, { batchRecords: 7 }), id: 'hub' });
  const [entry] = await entries();
  expect([entry, JSON.stringify(await entries()).includes(test.upstream.secret)]).toEqual([
    expect.objectContaining({
      actorId: 'local-operator',
      door: 'cli',
      action: 'connection-changed',
      targetKind: 'connection',
      targetId: 'hub',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0[12]:00$/),
      detail: {
        title: 'Group hub',
        kind: 'https-ingest',
        settings: ['batchRecords'],
        secrets: ['signingSecret'],
        before: expect.stringMatching(/^[0-9a-f]{64}$/),
        after: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    }),
    false,
  ]);
});

it('an act that fails leaves no entry', async () => {
  await test.connect();
  const before = await actions();
  await expect(test.client.connections.remove({ id: 'nobody' })).rejects.toThrow();
  await expect(test.client.connections.restore({ id: 'nobody' })).rejects.toThrow();
  await expect(test.client.connections.add({ ...hubDraft(test.upstream), id: 'hub' })).rejects.toThrow();
  await expect(test.client.records.get({ ledgerId: 1, externalId: 'A-9' })).rejects.toThrow();
  expect(await actions()).toEqual(before);
});

it('who looks at the same record again within ten minutes leaves one entry, at another record another', async () => {
  const { ledgerId } = await settled();
  for (const externalId of ['A-1', 'A-1', 'A-2', 'A-1']) await test.client.records.get({ ledgerId, externalId });
  const seen = (await entries()).filter(({ action }) => action === 'record-opened').map(({ targetId }) => targetId);
  expect(seen).toEqual(['A-2', 'A-1']);
});

it('holds nothing that a guest or the hotel has written into a record', async () => {
  const { ledgerId, letterId } = await settled();
  await test.client.records.get({ ledgerId, externalId: 'A-1' });
  await drained(test.client.deadLetters.replay({ letters: { ids: [letterId] }, text: bookingRow('A-3', { name: 'Zoë Brouwer' }) }));
  const all = JSON.stringify(await entries());
  expect([all.includes('Almeida'), all.includes('Brouwer')]).toEqual([false, false]);
});

it('the check names the first entry that does not fit, and is well again with what was there', async () => {
  await test.connect();
  const whole = await verdict();
  await test.agent.stop();
  const db = new Database(join(test.home, 'pipeline.db'));
  db.exec("update audit set target_id = 'other' where seq = 2");
  db.close();
  await test.restart();
  expect([whole, await verdict()]).toEqual([
    expect.objectContaining({ flaw: null, isOver: true, checked: 3, headSeq: 3 }),
    expect.objectContaining({ flaw: { seq: 2, kind: 'changed' }, isOver: true }),
  ]);
});

it('a cell of the export is never a formula', () => {
  const entry: AuditEntry = {
    seq: 1,
    atMs: 0,
    at: '2026-02-02T03:40:00.000+01:00',
    actorId: '=cmd|1',
    actorName: ' +1',
    door: 'cli',
    action: 'record-opened',
    targetKind: 'record',
    targetId: '@sum("a")',
    detail: {},
    correlationId: '-1',
    previousHash: '0',
    hash: '1',
  };
  expect(csvLine(entry)).toBe(
    `"1","2026-02-02T03:40:00.000+01:00","'=cmd|1","' +1","cli","record-opened","record","'@sum(""a"")","{}","'-1","0","1"\r\n`,
  );
});
