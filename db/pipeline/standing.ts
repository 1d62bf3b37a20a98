import { Alert } from '../../contract/alert.ts';
import { type FaultReport, sidelines } from '../../contract/faults.ts';
import type { ReadDb, WriteDb } from '../open.ts';

/** How a connection's syncs stand: kept over a restart, so that "failing since" and "late" stay true. */
export type SyncRow = { readonly lastStartedAtMs: number | null; readonly lastOkAtMs: number | null };

export function syncOf(db: ReadDb, connectionId: string): SyncRow {
  const found = db
    .prepare<[string], SyncRow>(
      'select last_started_at_ms as lastStartedAtMs, last_ok_at_ms as lastOkAtMs from syncs where connection_id = ?',
    )
    .get(connectionId);
  return found ?? { lastStartedAtMs: null, lastOkAtMs: null };
}

type AlertRow = {
  connection_id: string;
  code: string;
  detail: string;
  severity: string;
  since_ms: number;
  last_seen_ms: number;
  count: number;
};

/** Under which connection id the troubles of the agent itself stand. */
export const agentItself = '';

/** The troubles that stand now, the longest first. */
export function standingAlerts(db: ReadDb): Alert[] {
  const rows = db.prepare<[], AlertRow>('select * from alerts order by since_ms, connection_id').all();
  return rows.map((row) =>
    Alert.parse({
      connectionId: row.connection_id === '' ? null : row.connection_id,
      fault: { code: row.code, detail: JSON.parse(row.detail) },
      severity: row.severity,
      sinceMs: row.since_ms,
      lastSeenMs: row.last_seen_ms,
      count: row.count,
    }),
  );
}

/** What stands beside the syncs, which go on well; each ends by itself, not with the next sync. */
const beside = sidelines.map((code) => `'${code}'`).join(', ');
const healsWithTheSync = `code not in (${beside})`;

/** Prepare the steps that note syncs and troubles. */
export function standingStatements(db: WriteDb) {
  const start = db.prepare(
    'insert into syncs (connection_id, last_started_at_ms) values (?, ?) on conflict do update set last_started_at_ms = excluded.last_started_at_ms',
  );
  const succeed = db.prepare(
    'insert into syncs (connection_id, last_ok_at_ms) values (?, ?) on conflict do update set last_ok_at_ms = excluded.last_ok_at_ms',
  );
  const raise = db.prepare(
    'insert into alerts (connection_id, code, detail, severity, since_ms, last_seen_ms, count) values (?, ?, ?, ?, ?, ?, 1) ' +
      'on conflict do update set detail = excluded.detail, last_seen_ms = excluded.last_seen_ms, count = count + 1',
  );
  const clearOthers = db.prepare(`delete from alerts where connection_id = ? and code <> ? and ${healsWithTheSync}`);
  const clear = db.prepare(`delete from alerts where connection_id = ? and ${healsWithTheSync}`);
  const clearOne = db.prepare('delete from alerts where connection_id = ? and code = ?');
  return {
    noteSyncStarted: (connectionId: string, nowMs: number): void => {
      start.run(connectionId, nowMs);
    },
    noteSyncOk: db.transaction((connectionId: string, nowMs: number): void => {
      succeed.run(connectionId, nowMs);
      clear.run(connectionId);
    }),
    /** One trouble a connection at a time: the newest says what is wrong now. */
    raiseAlert: db.transaction((connectionId: string, fault: FaultReport, severity: Alert['severity'], nowMs: number): void => {
      clearOthers.run(connectionId, fault.code);
      raise.run(connectionId, fault.code, JSON.stringify(fault.detail), severity, nowMs, nowMs);
    }),
    clearAlert: (connectionId: string, code: FaultReport['code']): void => {
      clearOne.run(connectionId, code);
    },
    clearAlerts: (connectionId: string): void => {
      clear.run(connectionId);
    },
  };
}
