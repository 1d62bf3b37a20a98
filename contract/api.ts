import { type AnySchema, eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { AuditCheck, AuditEntry, AuditFilter, AuditPage } from './audit.ts';
import { BackupPlan, BackupProgress, BackupStanding } from './backup.ts';
import { CertificatePlan, CertificateProgress, CertificateStanding, OpenedCertificate } from './certificate.ts';
import { CheckProgress, CheckStanding } from './check.ts';
import { AdministratorLetter, Connection, ConnectionDraft, ConnectionId, SystemKind, TestStep } from './connection.ts';
import { SettingChoices, SourcePreview, UnderstoodAddress } from './database-setup.ts';
import { LetterCount, LetterFilter, LetterPage, OpenedLetter } from './dead-letter.ts';
import { acknowledged, FaultReport } from './faults.ts';
import { Fingerprint } from './fingerprint.ts';
import { FileReport, Overview } from './health.ts';
import { LeavingDestination, LeavingDraft, LeavingPreview, LeavingReport } from './leaves.ts';
import { Mapping } from './mapping.ts';
import { Property } from './property.ts';
import { entityNames } from './record.ts';
import { OpenedRecord, RecordCount, RecordPage, RecordQuery, SourceRow } from './record-view.ts';
import { ReplayOrder, ReplayProgress } from './replay.ts';
import { Resend, ResendOrder, ResendRehearsal } from './resend.ts';
import { RunPage } from './run.ts';
import { SameRecordRule, SameRecords } from './same-record.ts';
import { Schedule } from './schedule.ts';
import { TableStanding } from './source-table.ts';
import { Trace, TraceFound, TraceQuery } from './trace.ts';

/**
 * One call: its REST route, what goes in, what comes out. The only place that writes route metadata.
 * Every call may end in a named fault.
 */
function call<I extends AnySchema, O extends AnySchema>(route: `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`, input: I, output: O) {
  const [method, path] = route.split(' ') as ['GET' | 'POST' | 'PUT' | 'DELETE', `/${string}`];
  return oc
    .route({ method, path })
    .errors({ FAULT: { status: 422, data: FaultReport } })
    .input(input)
    .output(output);
}

const nothing = z.strictObject({});
const resendById = z.strictObject({ id: z.coerce.number().int().positive() });
const byId = z.strictObject({ id: ConnectionId });

/** Something happened. `id` counts up; a console that comes back says the last one it has. */
export const LiveEvent = z.strictObject({
  id: z.int(),
  atMs: z.int(),
  topic: z.enum(['hello', 'resends', 'overview', 'connections', 'property', 'files', 'resync']),
});
export type LiveEvent = z.infer<typeof LiveEvent>;

export const AgentFacts = z.strictObject({
  version: z.string(),
  startedAtMs: z.int(),
  home: z.string(),
  isSandbox: z.boolean(),
  property: Property.nullable(),
  recoveryKeyShown: z.boolean(),
  actor: z.strictObject({ id: z.string(), name: z.string() }),
});
export type AgentFacts = z.infer<typeof AgentFacts>;

/** Every call and live event between a console (or the command line) and the agent. */
export const api = {
  agent: {
    facts: call('GET /agent', nothing, AgentFacts),
    /** The recovery key, shown once at set-up; afterwards only to the person at this PC who asks for it again. */
    recoveryKey: call('POST /agent/recovery-key', nothing, z.strictObject({ recoveryKey: z.string() })),
    confirmRecoveryKey: call('POST /agent/recovery-key/confirm', nothing, nothing),
    stop: call('POST /agent/stop', nothing, nothing),
  },
  property: {
    save: call('PUT /property', Property, Property),
  },
  sandbox: {
    /** Start the sandbox hotel as a process of its own and give the address of its console. */
    explore: call('POST /sandbox', nothing, z.strictObject({ url: z.string() })),
  },
  systems: {
    kinds: call('GET /systems/kinds', nothing, z.array(SystemKind)),
  },
  mappings: {
    list: call('GET /mappings', nothing, z.array(Mapping)),
    /** Keep a mapping of the hotel, in the place of any other of its name. It applies from the next file on. */
    save: call('PUT /mappings/{name}', Mapping, Mapping),
  },
  connections: {
    list: call('GET /connections', nothing, z.array(Connection)),
    add: call('POST /connections', ConnectionDraft, Connection),
    change: call('PUT /connections/{id}', ConnectionDraft.extend({ id: ConnectionId }), Connection),
    /** Remove a connection; what it has brought stays. `undo` within 10 s is `connections.restore`. */
    remove: call('DELETE /connections/{id}', byId, nothing),
    restore: call('POST /connections/{id}/restore', byId, Connection),
    /** Test a connection as it is stored, or a draft before it is; each step arrives as it starts and as it ends. */
    test: call('POST /connections/test', z.union([byId, z.strictObject({ draft: ConnectionDraft })]), eventIterator(TestStep)),
    /** Say what the address in the settings of a database was read as. Nothing is called there. */
    understand: call(
      'POST /connections/understand',
      z.strictObject({ kind: z.string().max(40), settings: z.record(z.string(), z.unknown()) }),
      UnderstoodAddress,
    ),
    /** Ask the system itself what some settings of a draft can be. It logs in once. */
    choices: call('POST /connections/choices', z.strictObject({ draft: ConnectionDraft }), z.array(SettingChoices)),
    /** Read the first rows by a draft as they would be kept, with what names a person masked. Keeps nothing. */
    preview: call('POST /connections/preview', z.strictObject({ draft: ConnectionDraft }), SourcePreview),
    /** Make a secret that never leaves the agent. Its reference stands for it in a draft; the other half is to be handed over. */
    makeSecret: call(
      'POST /connections/made-secrets',
      z.strictObject({ kind: z.string(), field: z.string() }),
      z.strictObject({ reference: z.string(), handOver: z.string() }),
    ),
    /** The half of a stored secret that is for the other side; null where none is stored or it has none. */
    handOver: call(
      'GET /connections/{id}/hand-over/{field}',
      byId.extend({ field: z.string() }),
      z.strictObject({ handOver: z.string().nullable() }),
    ),
    /** The text for the administrator of the other side, of a connection as it is stored or of a draft. */
    letter: call('POST /connections/letter', z.union([byId, z.strictObject({ draft: ConnectionDraft })]), AdministratorLetter),
    /** Look at a system that was never seen before: one page of counts and codes, without data of any guest. */
    siteReport: call('POST /connections/{id}/site-report', byId, AdministratorLetter),
    pause: call('POST /connections/{id}/pause', byId, Connection),
    resume: call('POST /connections/{id}/resume', byId, Connection),
    syncNow: call('POST /connections/{id}/sync', byId, nothing),
    /** How the tables of a database that is read stand. */
    tables: call('GET /connections/{id}/tables', byId, z.array(TableStanding)),
    /** How the columns of a database compared with those that are needed; null for what has none, or was not compared with these settings yet. */
    fingerprint: call('GET /connections/{id}/fingerprint', byId, z.strictObject({ fingerprint: Fingerprint.nullable() })),
    /** The runs of a source, the newest first. */
    runs: call(
      'GET /connections/{id}/runs',
      byId.extend({
        belowId: z.coerce.number().int().positive().optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
      RunPage,
    ),
    /** Read a database now and compare everything, whatever the hour. */
    compareNow: call('POST /connections/{id}/compare', byId, nothing),
    /** Say that the missing rows of a table are really gone: the answer to the fault `source-rows-vanished`. */
    believeGone: call('POST /connections/{id}/tables/{table}/gone', byId.extend({ table: z.string().min(1).max(128) }), nothing),
    /** Send for this hotel from here, whoever has sent since: the answer to the fault `upstream-ahead`. */
    takeOver: call('POST /connections/{id}/take-over', byId, nothing),
    /** Stop sending to a destination, from the next batch on and over a restart: until it is let go on, or for as long as a breaker rests. */
    tripBreaker: call(
      'POST /connections/{id}/breaker/trip',
      byId.extend({ reason: z.string().trim().min(1).max(200), until: z.enum(['reset', 'trial']).default('reset') }),
      nothing,
    ),
    /** Let sending go on, whoever or whatever has stopped it, and try at once. */
    resetBreaker: call('POST /connections/{id}/breaker/reset', byId, nothing),
    /** Make a destination a shadow, which gets everything and decides nothing, or a destination like the others again. */
    setShadow: call('PUT /connections/{id}/shadow', byId.extend({ isShadow: z.boolean() }), Connection),
    /** Send so many of a hundred records to a destination. A larger share is filled up by an order to send again. */
    setShare: call('PUT /connections/{id}/share', byId.extend({ percent: z.int().min(1).max(100) }), Connection),
    setSchedule: call('PUT /connections/{id}/schedule', byId.extend({ schedule: Schedule }), Connection),
  },
  schedule: {
    /** The next times a schedule would run, in hotel time, so that a form can show them. */
    preview: call('POST /schedule/preview', z.strictObject({ schedule: Schedule }), z.strictObject({ nextMs: z.array(z.int()) })),
  },
  files: {
    list: call('GET /files', z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) }), z.array(FileReport)),
    /** Import one file of this PC by hand. Resolves when everything of it is kept. */
    import: call(
      'POST /files/import',
      z.strictObject({
        path: z.string().min(1),
        entity: z.enum(entityNames),
        mapping: z.union([z.string(), Mapping]),
        source: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
          .default('import'),
        hotelId: z.string().optional(),
        from: z.iso.date().optional(),
        to: z.iso.date().optional(),
        isDryRun: z.boolean().default(false),
      }),
      z.strictObject({
        file: FileReport.omit({ id: true, connectionId: true }),
        skippedOutsideDays: z.int(),
        duplicates: z.int(),
        deadLettersByRule: z.record(z.string(), z.int()),
        wasSeenBefore: z.boolean(),
      }),
    ),
  },
  deadLetters: {
    list: call(
      'GET /dead-letters',
      LetterFilter.extend({
        belowId: z.coerce.number().int().positive().optional(),
        limit: z.coerce.number().int().min(1).max(200).default(100),
      }),
      LetterPage,
    ),
    /** How many there are by connection and reason. */
    counts: call('GET /dead-letters/counts', nothing, z.array(LetterCount)),
    /** One of them with what it holds: the only call whose answer holds the bytes of a row. */
    get: call('GET /dead-letters/{id}', z.strictObject({ id: z.coerce.number().int().positive() }), OpenedLetter),
    /** Say what would become of rows if they were tried again. Keeps nothing. */
    rehearse: call('POST /dead-letters/rehearse', ReplayOrder, eventIterator(ReplayProgress)),
    /** Try rows again and keep those that can be read now. Stops with the caller; what was done until then stands. */
    replay: call('POST /dead-letters/replay', ReplayOrder, eventIterator(ReplayProgress)),
  },
  records: {
    /** Rows of a list that stands still: asked with the `view` of an earlier answer, they are of the same list. */
    list: call(
      'GET /records',
      RecordQuery.extend({
        view: z.coerce.number().int().positive().optional(),
        offset: z.coerce.number().int().min(0).default(0),
        limit: z.coerce.number().int().min(1).max(500).default(100),
      }),
      RecordPage,
    ),
    counts: call('GET /records/counts', nothing, z.array(RecordCount)),
    /** How many versions of a kind of record were kept since a list was made. */
    since: call(
      'GET /records/since',
      z.strictObject({ entity: z.enum(entityNames), seq: z.coerce.number().int().min(0) }),
      z.strictObject({ kept: z.int() }),
    ),
    get: call(
      'GET /records/{ledgerId}/{externalId}',
      z.strictObject({ ledgerId: z.coerce.number().int().positive(), externalId: z.string().min(1).max(128) }),
      OpenedRecord,
    ),
    /** The row of the source that a version came from, and the mapping it was read with. */
    row: call('GET /record-versions/{seq}/row', z.strictObject({ seq: z.coerce.number().int().positive() }), SourceRow),
  },
  trace: {
    /** Find a record by anything somebody knows of it; rows that were set aside count, and where nothing is found it says what has come in. */
    find: call('POST /trace/find', TraceQuery, TraceFound),
    /** The way of one version of a record, the newest where none is named. */
    get: call(
      'GET /trace/{ledgerId}/{externalId}',
      z.strictObject({
        ledgerId: z.coerce.number().int().positive(),
        externalId: z.string().min(1).max(128),
        seq: z.coerce.number().int().positive().optional(),
      }),
      Trace,
    ),
  },
  backups: {
    /** Make a backup in a folder of this PC or of the network, while everything goes on. */
    make: call('POST /backups', z.strictObject({ folder: z.string().min(1) }), eventIterator(BackupProgress)),
    /** Which backups lie in the folder that is set, what their drills have found, and when the next is made. */
    get: call('GET /backups', nothing, BackupStanding),
    /** Have backups made by themselves from now on; without a plan none are. The first is made at once. */
    setPlan: call('PUT /backups/plan', z.strictObject({ plan: BackupPlan.nullable() }), BackupStanding),
    /** Make one now in the folder that is set. It goes on when the caller goes. */
    now: call('POST /backups/now', nothing, eventIterator(BackupProgress)),
  },
  checks: {
    /** The last check of everything that is kept, and how far one is that is under way. */
    get: call('GET /checks', nothing, CheckStanding),
    /** Check everything now. It goes on when the caller goes. */
    run: call('POST /checks', nothing, eventIterator(CheckProgress)),
  },
  certificates: {
    /** The newest certificates, when the next is made, and how far one is that is under way. */
    standing: call(
      'GET /certificates',
      z.strictObject({ limit: z.coerce.number().int().min(1).max(400).default(60) }),
      CertificateStanding,
    ),
    /** One of them whole, the newest where none is named. */
    get: call(
      'GET /certificates/one',
      z.strictObject({ id: z.coerce.number().int().positive().optional() }),
      z.strictObject({ opened: OpenedCertificate.nullable() }),
    ),
    /** Compare now. It goes on when the caller goes. */
    now: call('POST /certificates', nothing, eventIterator(CertificateProgress)),
    /** End the comparison that is under way; what it has pulled again stands. */
    cancel: call('POST /certificates/cancel', nothing, nothing),
    setPlan: call('PUT /certificates/plan', CertificatePlan, CertificateStanding),
    /** One of them as a file that leaves this PC: written down before it is given. */
    export: call(
      'POST /certificates/export',
      z.strictObject({ id: z.coerce.number().int().positive().optional(), format: z.enum(['csv', 'json']) }),
      z.strictObject({ fileName: z.string(), text: z.string() }),
    ),
  },
  resends: {
    /** Say what would come of sending records again, and how long it takes. Sends nothing. */
    rehearse: call('POST /resends/rehearse', ResendOrder, eventIterator(ResendRehearsal)),
    /** Have records sent again. The order outlives the agent; it is carried out while nothing new waits. */
    order: call('POST /resends', ResendOrder, Resend),
    list: call('GET /resends', z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(20) }), z.array(Resend)),
    pause: call('POST /resends/{id}/pause', resendById, Resend),
    resume: call('POST /resends/{id}/resume', resendById, Resend),
    /** End an order after the request that is under way; what was sent stands. */
    cancel: call('POST /resends/{id}/cancel', resendById, Resend),
  },
  leaves: {
    /** What leaves this hotel, by destination, kind of record and field. No value in it names a person. */
    report: call('GET /leaves', nothing, LeavingReport),
    /** How the newest record of a kind would leave by other rules. Changes nothing. */
    preview: call('POST /leaves/{id}/preview', LeavingDraft, LeavingPreview),
    /** Set rules, from the next record that is sent on. `version` is the one they were chosen over: nobody overwrites another's unseen. */
    save: call('PUT /leaves/{id}', LeavingDraft.extend({ version: z.int().min(0) }), LeavingDestination),
  },
  figures: {
    /** Read the whole log for the figures of guests once more. What is right already is not sent again. */
    anew: call('POST /figures/anew', nothing, nothing),
  },
  outbox: {
    /** Say for how many days versions are kept that are not the newest of their record; null keeps them for ever. */
    setKeepDays: call('PUT /outbox/keep-days', z.strictObject({ days: z.int().min(90).max(3650).nullable() }), nothing),
  },
  sameRecords: {
    /** Where more than one source speaks of one record: the rule of each kind, and how many there are. */
    list: call('GET /same-records', nothing, z.array(SameRecords)),
    /** Set the rule of a kind of record, from the next record that is sent on. */
    save: call('PUT /same-records/{entity}', z.strictObject({ entity: z.enum(entityNames), rule: SameRecordRule }), nothing),
  },
  audit: {
    list: call(
      'GET /audit',
      AuditFilter.extend({
        belowSeq: z.coerce.number().int().positive().optional(),
        limit: z.coerce.number().int().min(1).max(500).default(100),
      }),
      AuditPage,
    ),
    /** Check the chain; each answer says how far it is, the last one what was found. */
    verify: call('POST /audit/verify', nothing, eventIterator(AuditCheck)),
    /** All entries of a filter, newest first, some hundred at a time. That they were taken is itself written down. */
    export: call('POST /audit/export', AuditFilter, eventIterator(z.array(AuditEntry))),
  },
  alerts: {
    /** Say that a warning was seen which stands until somebody does. */
    acknowledge: call('POST /alerts/acknowledge', z.strictObject({ code: z.enum(acknowledged) }), nothing),
  },
  overview: {
    get: call('GET /overview', nothing, Overview),
  },
  live: {
    /** Follow what happens from the event after `afterId`; `resync` means: some are gone, fetch everything again. */
    events: call('GET /live', z.strictObject({ afterId: z.coerce.number().int().optional() }), eventIterator(LiveEvent)),
  },
} as const;

export type Api = typeof api;
