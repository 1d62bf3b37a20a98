import type { RuleId } from '../../contract/dead-letter.ts';
import { FileReport, RepeatedFile } from '../../contract/health.ts';
import type { ReadDb } from '../open.ts';

export type EntityCount = {
  readonly connectionId: string;
  readonly entity: string;
  readonly records: number;
  readonly deadLetters: number;
  readonly lastKeptAtMs: number | null;
  readonly keptLast24h: number;
};

/** Counts per connection and kind of record. They are kept up to date with every batch, so reading them costs nothing. */
export function entityCounts(db: ReadDb, nowMs: number): EntityCount[] {
  return db
    .prepare<[number], EntityCount>(
      'select c.connection_id as connectionId, c.entity, c.records, c.dead_letters as deadLetters, c.last_kept_at_ms as lastKeptAtMs, ' +
        'coalesce((select sum(h.kept) from kept_hours h where h.connection_id = c.connection_id and h.entity = c.entity and h.hour > ?), 0) as keptLast24h ' +
        'from entity_counts c order by c.connection_id, c.entity',
    )
    .all(Math.floor(nowMs / 3_600_000) - 24);
}

/** How many rows are set aside for each reason. Long on a large table: for the reader thread. */
export function setAsideByRule(db: ReadDb): { rule: RuleId; count: number }[] {
  return db
    .prepare<[], { rule: RuleId; count: number }>(
      'select rule, count(*) as count from dead_letters group by rule order by count(*) desc, rule',
    )
    .all();
}

/** Dead letters of one file by reason. */
export function fileLettersByRule(db: ReadDb, fileId: number): Record<string, number> {
  const rows = db
    .prepare<[number], { rule: string; count: number }>('select rule, count(*) as count from dead_letters where file_id = ? group by rule')
    .all(fileId);
  return Object.fromEntries(rows.map((row) => [row.rule, row.count]));
}

const reportColumns =
  'id, connection_id as connectionId, entity, name as fileName, taken_at_ms as takenAtMs, finished_at_ms as finishedAtMs, layout, bytes, ' +
  'bytes_normalised as bytesNormalised, bytes_dead_letters as bytesDeadLetters, bytes_structural as bytesStructural, rows, kept, unchanged, ' +
  'dead_letters as deadLetters, seen_before as seenBefore';

type ReportRow = { readonly layout: string };
const reportOf = (row: ReportRow): FileReport => FileReport.parse({ ...row, layout: JSON.parse(row.layout) });

/** The files that came in last. */
export function recentFiles(db: ReadDb, limit: number): FileReport[] {
  return db.prepare<[number], ReportRow>(`select ${reportColumns} from files order by id desc limit ?`).all(limit).map(reportOf);
}

/**
 * The files whose content had been taken before, the newest first. One that lies where it lay and as it was is none of them.
 * The last of them belong to the contents that were seen again last, so no more of those are looked at.
 */
export function repeatedFiles(db: ReadDb, limit: number): RepeatedFile[] {
  type Sighting = Omit<RepeatedFile, 'fileName'> & { readonly path: string };
  return db
    .prepare<[number, number], Sighting>(
      'select s.connection_id as connectionId, s.path, s.seen_at_ms as seenAtMs, f.name as firstName, f.taken_at_ms as firstTakenAtMs ' +
        'from (select * from files where seen_before > 0 order by last_seen_at_ms desc limit ?) f join sightings s on s.file_id = f.id ' +
        'where s.path <> f.path or s.seen_at_ms > f.taken_at_ms order by s.seen_at_ms desc limit ?',
    )
    .all(limit, limit)
    .map(({ path, ...found }) => RepeatedFile.parse({ ...found, fileName: path.split(/[\\/]/).at(-1) ?? path }));
}

/** One file's account, with how often a row of it came again. */
export function fileReport(db: ReadDb, id: number): { report: FileReport; duplicates: number } {
  const row = db.prepare<[number], ReportRow>(`select ${reportColumns} from files where id = ?`).get(id);
  if (!row) throw new Error(`no file ${id}`);
  const duplicates = db.prepare<[number], number>('select duplicates from files where id = ?').pluck().get(id) ?? 0;
  return { report: reportOf(row), duplicates };
}
