import type { FaultReport } from '../../contract/faults.ts';
import { Run, type RunCause, type RunOutcome, type RunPage } from '../../contract/run.ts';
import type { ReadDb, WriteDb } from '../open.ts';

/** Whose run begins, and why. `reads` says what is counted: rows that changed at a database, or files. */
export type NewRun = {
  readonly connectionId: string;
  readonly cause: RunCause;
  readonly reads: 'files' | 'tables';
  readonly startedAtMs: number;
};

/** How a run has ended. @units `tookMs` by a clock that nobody sets. */
export type RunEnd = {
  readonly id: number;
  readonly endedAtMs: number;
  readonly tookMs: number;
  readonly outcome: Exclude<RunOutcome, 'agent-ended'>;
  readonly fault: FaultReport | null;
};

/** What is older is dropped, and what lies behind so many newer runs of its connection: two weeks of runs that bring something each minute. */
const keptMs = 90 * 86_400_000;
const mostKept = 20_000;

/** Prepare the steps that note the runs of sources. */
export function runStatements(db: WriteDb) {
  const begin = db.prepare(
    'insert into runs (connection_id, cause, started_at_ms, last_started_at_ms, files, rows_changed) ' +
      'values (@connectionId, @cause, @startedAtMs, @startedAtMs, @files, @rowsChanged)',
  );
  const end = db.prepare(
    'update runs set ended_at_ms = @endedAtMs, took_ms = @tookMs, outcome = @outcome, fault = @fault where id = @id and outcome is null',
  );
  // A row that is read once more because it lies within the window is nothing.
  const broughtNothing = (of: 'runs' | 'b') =>
    ['kept', 'unchanged', 'duplicates', 'set_aside', 'files', 'rows_changed'].map((name) => `coalesce(${of}.${name}, 0) = 0`).join(' and ');
  const quiet = db
    .prepare<[number], string>(
      `select connection_id from runs where id = ? and outcome in ('well', 'failed') and ${broughtNothing('runs')}`,
    )
    .pluck();
  const alike = db
    .prepare<[object], number>(
      'select b.id from runs b join runs r on r.id = @id where b.id = (select max(id) from runs where connection_id = @connectionId and id < @id) ' +
        `and b.outcome = r.outcome and b.fault is r.fault and b.cause = r.cause and ${broughtNothing('b')}`,
    )
    .pluck();
  const fold = db.prepare(
    'update runs set count = runs.count + 1, last_started_at_ms = r.started_at_ms, ended_at_ms = r.ended_at_ms, took_ms = runs.took_ms + r.took_ms, ' +
      'rows_read = runs.rows_read + r.rows_read from (select * from runs where id = @id) r where runs.id = @into',
  );
  const drop = db.prepare('delete from runs where id = ?');
  const cutShort = db.prepare("update runs set outcome = 'agent-ended' where outcome is null");
  const addRows = db.prepare(
    // The rows of a database are counted where they are read there; its pages are not its files.
    'update runs set rows_read = rows_read + iif(files is null, 0, @rows), kept = kept + @kept, unchanged = unchanged + @unchanged, ' +
      'duplicates = duplicates + @duplicates, set_aside = set_aside + @setAside where id = @id',
  );
  const addFile = db.prepare('update runs set files = files + 1 where id = ?');
  const addLook = db.prepare('update runs set rows_read = rows_read + @read, rows_changed = rows_changed + @changed where id = @id');
  const dropOld = db.prepare<[number]>('delete from runs where coalesce(ended_at_ms, last_started_at_ms) < ? and outcome is not null');
  const connections = db.prepare<[], string>('select distinct connection_id from runs').pluck();
  const dropMost = db.prepare<[string, string, number]>(
    'delete from runs where connection_id = ? and outcome is not null and ' +
      'id <= (select id from runs where connection_id = ? order by id desc limit 1 offset ?)',
  );

  return {
    /** Note that a run has begun. @returns its id, under which what it brings is counted. */
    beginRun: ({ connectionId, cause, reads, startedAtMs }: NewRun): number => {
      const isFiles = reads === 'files';
      const run = { connectionId, cause, startedAtMs, files: isFiles ? 0 : null, rowsChanged: isFiles ? null : 0 };
      return Number(begin.run(run).lastInsertRowid);
    },
    /**
     * Note that a run has ended. One that brought nothing, behind one of the same cause that ended alike and brought nothing, only counts up:
     * a quiet night of a database is one line, and so is a night in which it was away.
     */
    endRun: db.transaction(({ id, fault, ...ended }: RunEnd): void => {
      if (end.run({ id, fault: fault && JSON.stringify(fault), ...ended }).changes === 0) return;
      const connectionId = quiet.get(id);
      const into = connectionId === undefined ? undefined : alike.get({ id, connectionId });
      if (into === undefined) return;
      fold.run({ id, into });
      drop.run(id);
    }),
    /** Close what was under way when the agent ended. Called before the first run of a start. */
    closeRuns: (): void => {
      cutShort.run();
    },
    /** Drop the runs that nobody asks for any more. */
    pruneRuns: db.transaction((nowMs: number): void => {
      dropOld.run(nowMs - keptMs);
      for (const id of connections.all()) dropMost.run(id, id, mostKept);
    }),
    countRows: (
      id: number,
      rows: {
        readonly rows: number;
        readonly kept: number;
        readonly unchanged: number;
        readonly duplicates: number;
        readonly setAside: number;
      },
    ): void => {
      addRows.run({ id, ...rows });
    },
    countFile: (id: number): void => {
      addFile.run(id);
    },
    countLook: (id: number, look: { readonly read: number; readonly changed: number }): void => {
      addLook.run({ id, ...look });
    },
  };
}

/** Whether the newest run of a connection did not come to its end: it was stopped, or the agent was gone before it. */
export function wasCutShort(db: ReadDb, connectionId: string): boolean {
  const newest = db.prepare<[string], string | null>('select outcome from runs where connection_id = ? order by id desc limit 1').pluck();
  const outcome = newest.get(connectionId);
  return outcome === 'stopped' || outcome === 'agent-ended';
}

type Row = Omit<Run, 'fault'> & { readonly fault: string | null };
const columns =
  'id, cause, count, started_at_ms as startedAtMs, last_started_at_ms as lastStartedAtMs, ended_at_ms as endedAtMs, took_ms as tookMs, outcome, ' +
  'fault, files, rows_read as rowsRead, rows_changed as rowsChanged, kept, unchanged, duplicates, set_aside as setAside';

/**
 * The runs of a connection, the newest first.
 *
 * @param runningId the run that is under way. It is told once it has brought something: a look that finds nothing is over in a moment. Any
 *   other without an end is one whose end could not be noted yet, and is left out until it is.
 */
export function runsOf(
  db: ReadDb,
  connectionId: string,
  { runningId, belowId, limit }: { readonly runningId: number | null; readonly belowId?: number | undefined; readonly limit: number },
): RunPage {
  const rows = db
    .prepare<[object], Row>(
      `select ${columns} from runs where connection_id = @connectionId and id < @belowId and (outcome is not null or id = @runningId and ` +
        'kept + unchanged + set_aside + coalesce(files, 0) + coalesce(rows_changed, 0) > 0) order by id desc limit @limit',
    )
    .all({ connectionId, runningId, belowId: belowId ?? Number.MAX_SAFE_INTEGER, limit: limit + 1 });
  const runs = rows.slice(0, limit).map((row) => Run.parse({ ...row, fault: row.fault && JSON.parse(row.fault) }));
  return { runs, nextBelowId: rows.length > limit ? (runs.at(-1)?.id ?? null) : null };
}
