import type { Attempt, AttemptOutcome } from '../../contract/trace.ts';
import type { ReadDb, WriteDb } from '../open.ts';

/** When something was sent, and the id under which it is found in the log and in the history, where it has one. */
export type Tried = { readonly startedAtMs: number; readonly endedAtMs: number; readonly correlationId?: string | null };

/**
 * What was tried with consecutive rows of the outbox, or with `runs` of them where an order sent them again.
 *
 * @shape `records` is 0 where the line failed before anything was sent: then `fromSeq` is the first row that waited.
 */
export type NewAttempt = Tried & {
  readonly destinationId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly records: number;
  readonly outcome: AttemptOutcome;
  readonly code: string | null;
  readonly resendId?: number | null;
  readonly runs?: string | null;
};
/** A try that came to nothing, with the code of its fault. */
export type FailedAttempt = Omit<NewAttempt, 'outcome' | 'code'> & { readonly code: string };

/** What is older, or lies behind so many newer ones of its destination, is dropped. */
const keptMs = 90 * 86_400_000;
const mostKept = 100_000;
/** No request holds rows further apart than this, so what holds a row begins at most so far before it. */
const widest = 10_000;

/** What came of records that were all answered. */
export function outcomeOf(
  records: number,
  refused: readonly { readonly code: string }[],
): { readonly outcome: AttemptOutcome; readonly code: string | null } {
  const code = refused[0]?.code.slice(0, 80) ?? null;
  return { outcome: refused.length === 0 ? 'confirmed' : refused.length < records ? 'partly' : 'refused', code };
}

/** Write ascending numbers as runs. @shape `[[4,2],[9,1]]` is 4, 5 and 9. */
export function runsOf(seqs: readonly number[]): string {
  const runs: [from: number, count: number][] = [];
  for (const seq of seqs) {
    const last = runs.at(-1);
    if (last && last[0] + last[1] === seq) last[1]++;
    else runs.push([seq, 1]);
  }
  return JSON.stringify(runs);
}

const isIn = (runs: string, seq: number) =>
  (JSON.parse(runs) as [number, number][]).some(([from, count]) => seq >= from && seq < from + count);

/** Prepare the steps that keep what was tried. */
export function attemptStatements(db: WriteDb) {
  const add = db.prepare(
    'insert into attempts (destination_id, from_seq, to_seq, records, outcome, code, started_at_ms, ended_at_ms, took_ms, resend_id, runs, correlation_id) ' +
      'values (@destinationId, @fromSeq, @toSeq, @records, @outcome, @code, @startedAtMs, @endedAtMs, @endedAtMs - @startedAtMs, @resendId, @runs, @correlationId)',
  );
  // By the order of the rows, not by the index: the newest of a destination lies near the end.
  type Last = { id: number; outcome: string; code: string | null; fromSeq: number; records: number; resendId: number | null };
  const last = db.prepare<[string], Last>(
    'select id, outcome, code, from_seq as fromSeq, records, resend_id as resendId from attempts where +destination_id = ? order by id desc limit 1',
  );
  const fold = db.prepare(
    'update attempts set to_seq = max(to_seq, @toSeq), records = @records, ended_at_ms = @endedAtMs, took_ms = @endedAtMs - @startedAtMs, count = count + 1 where id = @id',
  );
  const dropOld = db.prepare<[number]>('delete from attempts where ended_at_ms < ?');
  const destinations = db.prepare<[], string>('select distinct destination_id from attempts').pluck();
  const dropMost = db.prepare<[string, string, number]>(
    'delete from attempts where destination_id = ? and id <= (select id from attempts where +destination_id = ? order by id desc limit 1 offset ?)',
  );

  function addAttempt(attempt: NewAttempt): void {
    add.run({ resendId: null, runs: null, correlationId: null, ...attempt });
  }

  /** Note a try that came to nothing. Behind one of the same rows that failed alike it only counts up: an outage of a day is a few rows. */
  const noteFailedAttempt = db.transaction((attempt: FailedAttempt): void => {
    const before = last.get(attempt.destinationId);
    const isAlike =
      before?.outcome === 'failed' &&
      before.code === attempt.code &&
      before.fromSeq === attempt.fromSeq &&
      before.resendId === (attempt.resendId ?? null) &&
      (before.records === 0) === (attempt.records === 0);
    if (isAlike) fold.run({ id: before.id, toSeq: attempt.toSeq, records: attempt.records, ...timesOf(attempt) });
    else addAttempt({ ...attempt, outcome: 'failed' });
  });

  /** Drop what nobody asks for any more. Not part of any send. */
  const pruneAttempts = db.transaction((nowMs: number): void => {
    dropOld.run(nowMs - keptMs);
    for (const id of destinations.all()) dropMost.run(id, id, mostKept);
  });
  return { addAttempt, noteFailedAttempt, pruneAttempts };
}

const timesOf = ({ startedAtMs, endedAtMs }: Tried) => ({ startedAtMs, endedAtMs });

type Row = Attempt & { readonly runs: string | null };
const columns =
  'outcome, code, records, started_at_ms as startedAtMs, ended_at_ms as endedAtMs, took_ms as tookMs, count, resend_id as resendId, ' +
  'correlation_id as correlationId, runs';

/** So many are given of one version: the newest. */
const mostGiven = 20;

/**
 * What a destination has been tried with, for one row of the outbox: the requests that held it, those of orders to send it again, and the
 * times at which the line failed while it waited. Oldest first.
 */
export function attemptsOf(db: ReadDb, destinationId: string): (seq: number, keptAtMs: number) => Attempt[] {
  const held = db.prepare<[object], Row>(
    `select ${columns} from attempts where destination_id = @destinationId and from_seq between @seq - ${widest} and @seq and to_seq >= @seq ` +
      'and records > 0 and resend_id is null order by id desc limit @most',
  );
  const lineFailed = db.prepare<[object], Row>(
    `select ${columns} from attempts where destination_id = @destinationId and from_seq <= @seq and records = 0 and ended_at_ms >= @keptAtMs ` +
      'and started_at_ms <= @untilMs and resend_id is null order by id desc limit @most',
  );
  const confirmedAt = db
    .prepare<[string, number], number>(
      'select at_ms from confirmations where destination_id = ? and up_to_seq >= ? order by up_to_seq limit 1',
    )
    .pluck();
  const orders = db.prepare<[string], number>('select id from resends where destination_id = ? order by id desc limit 200').pluck();
  const again = db.prepare<[number, number], Row & { toSeq: number }>(
    `select ${columns}, to_seq as toSeq from attempts where resend_id = ? and from_seq <= ? order by from_seq desc, id desc limit 3`,
  );
  return (seq, keptAtMs) => {
    const given = {
      destinationId,
      seq,
      keptAtMs,
      untilMs: confirmedAt.get(destinationId, seq) ?? Number.MAX_SAFE_INTEGER,
      most: mostGiven,
    };
    const resent = orders
      .all(destinationId)
      .flatMap((id) => again.all(id, seq).filter(({ runs, toSeq }) => toSeq >= seq && (runs === null || isIn(runs, seq))));
    return [...held.all(given), ...lineFailed.all(given), ...resent]
      .sort((a, b) => a.startedAtMs - b.startedAtMs)
      .slice(-mostGiven)
      .map(({ outcome, code, records, startedAtMs, endedAtMs, tookMs, count, resendId, correlationId }) => ({
        outcome,
        code,
        records,
        startedAtMs,
        endedAtMs,
        tookMs,
        count,
        resendId,
        correlationId,
      }));
  };
}
