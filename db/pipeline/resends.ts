import { type Resend, ResendSelection } from '../../contract/resend.ts';
import type { ReadDb, WriteDb } from '../open.ts';
import { attemptStatements, type NewAttempt, outcomeOf, runsOf, type Tried } from './attempts.ts';
import type { letterStatements } from './letter-steps.ts';
import { misledStatements } from './misled.ts';
import { type RefusedRow, sentLater } from './outbox.ts';
import type { ResendChoice } from './resend-walk.ts';

type Kept = Omit<Resend, 'selection'> & { readonly selection: string };

const columns =
  "s.id, s.destination_id as destinationId, json_extract(c.doc, '$.title') as destinationTitle, s.selection, s.ordered_at_ms as orderedAtMs, " +
  's.actor_id as actorId, s.actor_name as actorName, s.total, s.confirmed, s.refused, s.newer, s.on_its_way as onItsWay, s.damaged, s.withheld, s.state, s.finished_at_ms as finishedAtMs';
const joined = 'from resends s left join connections c on c.id = s.destination_id';
const whole = (row: Kept): Resend => ({ ...row, selection: ResendSelection.parse(JSON.parse(row.selection)) });

/** Orders, newest first; those that are not over before all others. */
export function resends(db: ReadDb, limit: number): Resend[] {
  return db
    .prepare<[number], Kept>(`select ${columns} ${joined} order by s.state in ('running', 'paused') desc, s.id desc limit ?`)
    .all(limit)
    .map(whole);
}

export function resendById(db: ReadDb, id: number): Resend | undefined {
  const row = db.prepare<[number], Kept>(`select ${columns} ${joined} where s.id = ?`).get(id);
  return row && whole(row);
}

/** An order as carrying it out needs it. */
export type OpenResend = Pick<Resend, 'id' | 'total' | 'confirmed' | 'refused'> & {
  readonly choice: ResendChoice;
  readonly upToSeq: number;
  readonly position: number;
  readonly correlationId: string;
};

/** The oldest order of a destination that runs. */
export function runningResend(db: ReadDb, destinationId: string): OpenResend | null {
  type Row = Omit<OpenResend, 'choice'> & { choice: string };
  const row = db
    .prepare<[string], Row>(
      'select id, choice, up_to_seq as upToSeq, position, total, confirmed, refused, correlation_id as correlationId from resends ' +
        "where destination_id = ? and state in ('running', 'paused') and state = 'running' order by id limit 1",
    )
    .get(destinationId);
  return row ? { ...row, choice: JSON.parse(row.choice) as ResendChoice } : null;
}

/** How many records a destination confirms in a second, by its latest confirmations; null where too few lie close together. */
export function sendRate(db: ReadDb, destinationId: string): number | null {
  const rows = db
    .prepare<[string], { seq: number; atMs: number }>(
      'select up_to_seq as seq, at_ms as atMs from confirmations where destination_id = ? order by up_to_seq desc limit 200',
    )
    .all(destinationId);
  const withheldBetween = db
    .prepare<[string, number, number], number>('select count(*) from withheld where destination_id = ? and seq > ? and seq <= ?')
    .pluck();
  let records = 0;
  let ms = 0;
  for (const [at, row] of rows.entries()) {
    const before = rows[at + 1];
    // What lies further apart says how seldom something waited, not how fast it went.
    if (!before || row.atMs - before.atMs > closeTogetherMs || row.atMs < before.atMs) continue;
    records += row.seq - before.seq - (withheldBetween.get(destinationId, before.seq, row.seq) ?? 0);
    ms += row.atMs - before.atMs;
  }
  return ms === 0 ? null : (records * 1000) / ms;
}

const closeTogetherMs = 10_000;

/** An order as it is given. */
export type NewResend = {
  readonly destinationId: string;
  readonly selection: ResendSelection;
  readonly choice: ResendChoice;
  readonly actorId: string;
  readonly actorName: string;
  readonly correlationId: string;
  readonly upToSeq: number;
  readonly total: number;
};

/** What came of a part of an order: the walk stands at `position`. */
export type ResentPart = {
  readonly id: number;
  readonly destinationId: string;
  /** Where the order stood when the part was begun: what was counted from there is not counted twice. */
  readonly after: number;
  readonly position: number;
  readonly confirmed: readonly number[];
  readonly refused: readonly RefusedRow[];
  readonly onItsWay: number;
  readonly damaged: number;
  readonly withheld?: number;
  /** Refusals behind which the destination has confirmed a newer version. */
  readonly overtaken: readonly number[];
  readonly isEnd: boolean;
  /** When it was sent, and the correlation id of its order; absent where nothing of the part was sent. */
  readonly tried?: Tried | undefined;
};

function attemptOf({ id, destinationId, refused }: ResentPart, tried: Tried, seqs: readonly number[]): NewAttempt {
  const of = { destinationId, resendId: id, fromSeq: seqs[0] as number, toSeq: seqs.at(-1) as number, runs: runsOf(seqs) };
  return { ...of, records: seqs.length, ...outcomeOf(seqs.length, refused), ...tried };
}

type Aside = { setAside(row: RefusedRow, destinationId: string, nowMs: number): boolean };

/** Prepare the steps of sending again. */
export function resendStatements(db: WriteDb, letters: Pick<ReturnType<typeof letterStatements>, 'settle'>, { setAside }: Aside) {
  const add = db.prepare(
    'insert into resends (destination_id, selection, choice, ordered_at_ms, actor_id, actor_name, correlation_id, up_to_seq, total, state) ' +
      "values (@destinationId, @selection, @choice, @nowMs, @actorId, @actorName, @correlationId, @upToSeq, @total, 'running')",
  );
  const change = db.prepare<[object]>(
    'update resends set state = @to, finished_at_ms = @finishedAtMs where id = @id and state in (select value from json_each(@from))',
  );
  const cancelAll = db.prepare<[number, string]>(
    "update resends set state = 'cancelled', finished_at_ms = ? where destination_id = ? and state in ('running', 'paused')",
  );
  const resumeAll = db.prepare<[string, number]>(
    "update resends set state = 'running', finished_at_ms = null where destination_id = ? and state = 'cancelled' and finished_at_ms = ?",
  );
  const letterOf = db.prepare<[string, number], number>('select id from dead_letters where destination_id = ? and seq = ?').pluck();
  const again = db.prepare('update dead_letters set replays = replays + 1, field = @field, detail = @detail where id = @id');
  const move = db.prepare(
    'update resends set position = max(position, @position), confirmed = confirmed + @confirmed, refused = refused + @refused, ' +
      'newer = newer + @newer, on_its_way = on_its_way + @onItsWay, damaged = damaged + @damaged, withheld = withheld + @withheld where id = @id and position = @after',
  );
  const finish = db.prepare(
    // What was kept between the count and the order makes it larger than was counted.
    "update resends set state = 'done', total = max(total, confirmed + refused + on_its_way + damaged + withheld), finished_at_ms = @nowMs, newer = max(newer, total - confirmed - refused - on_its_way - damaged - withheld) " +
      "where id = @id and state in ('running', 'paused')",
  );
  const moveCounts = db.prepare(
    'update deliveries set confirmed = confirmed + @taken + @sent, refused = refused - @taken, withheld = withheld - @sent, last_confirmed_at_ms = coalesce(@confirmedAtMs, last_confirmed_at_ms) ' +
      'where destination_id = @destinationId',
  );

  // It stays written down that the watermark has passed it by: when that was is not when it was sent.
  const sentAfterAll = db.prepare(
    `update withheld set reason = '${sentLater}', other_ledger_id = null where destination_id = ? and seq = ? and reason <> '${sentLater}'`,
  );

  const { addAttempt } = attemptStatements(db);
  const { orderMisled } = misledStatements(db, orderResend);

  function orderResend({ selection, choice, ...order }: NewResend, nowMs: number): number {
    const given = { ...order, selection: JSON.stringify(selection), choice: JSON.stringify(choice), nowMs };
    return Number(add.run(given).lastInsertRowid);
  }

  /** Move an order from one of some states into another. @returns whether it was in one of them. */
  function changeResend(id: number, from: readonly Resend['state'][], to: Resend['state'], nowMs: number): boolean {
    return change.run({ id, from: JSON.stringify(from), to, finishedAtMs: to === 'cancelled' ? nowMs : null }).changes > 0;
  }

  /**
   * Keep what came of a part of an order: its place and counts, refusals that are settled and those that are new, in one transaction. An order
   * that was cancelled meanwhile keeps what was sent, and stays cancelled.
   * @returns false when this was its end and it was over before.
   */
  const resent = db.transaction((part: ResentPart, nowMs: number): boolean => {
    const { id, destinationId, after, position, confirmed, refused, onItsWay, damaged, withheld = 0, overtaken, isEnd } = part;
    let taken = 0;
    let sent = 0;
    for (const seq of confirmed) {
      sent += sentAfterAll.run(destinationId, seq).changes;
      const letter = letterOf.get(destinationId, seq);
      if (letter !== undefined && letters.settle(letter, 'confirmed', nowMs)) taken++;
    }
    for (const row of refused) {
      sent += sentAfterAll.run(destinationId, row.seq).changes;
      const letter = letterOf.get(destinationId, row.seq);
      if (letter !== undefined) again.run({ id: letter, field: row.field, detail: row.code.slice(0, 80) });
      else if (setAside(row, destinationId, nowMs)) taken--;
    }
    for (const letter of overtaken) letters.settle(letter, 'newer', nowMs);
    orderMisled(destinationId, refused, nowMs);
    moveCounts.run({ taken, sent, confirmedAtMs: confirmed.length > 0 ? nowMs : null, destinationId });
    move.run({
      id,
      after,
      position,
      confirmed: confirmed.length,
      refused: refused.length,
      newer: overtaken.length,
      onItsWay,
      damaged,
      withheld,
    });
    const seqs = [...confirmed, ...refused.map(({ seq }) => seq)].sort((a, b) => a - b);
    if (part.tried && seqs.length > 0) addAttempt(attemptOf(part, part.tried, seqs));
    return !isEnd || finish.run({ id, nowMs }).changes > 0;
  });

  return {
    orderResend,
    orderMisled,
    changeResend,
    resent,
    cancelResends: (destinationId: string, nowMs: number) => cancelAll.run(nowMs, destinationId),
    /** Go on with the orders that ended at a moment, because their destination was removed then. */
    resumeResends: (destinationId: string, endedAtMs: number) => resumeAll.run(destinationId, endedAtMs),
  };
}
