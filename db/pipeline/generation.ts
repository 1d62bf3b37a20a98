import { type KeyObject, randomInt } from 'node:crypto';
import { Fault } from '../../contract/faults.ts';
import type { ReadDb, WriteDb } from '../open.ts';
import { isSetAside, openBlock, sealBlock } from './blocks.ts';
import { type KeptFor, withRank } from './event-text.ts';
import { contentForgotten } from './files.ts';
import { mendStatements } from './mend.ts';

/** What is noted of a restore: the lowest generation since, and the destinations that have not been met since. */
type RestoreNote = {
  readonly backupMadeAtMs: number;
  readonly restoredAtMs: number;
  readonly generation: number;
  readonly unmet: readonly string[];
};

/** Where it is noted that a shadow had something from elsewhere. */
const knewMore = (destinationId: string) => `shadow-knew-more/${destinationId}`;

/** When the first generation of a ledger began: with its data folder. */
export function firstBegunAtMs(db: ReadDb): number {
  return db.prepare<[], number>('select min(begun_at_ms) from generations').pluck().get() as number;
}

/**
 * The generations of the ledger. Every start of the agent begins a new one, so that a folder that was put back (a snapshot, a system
 * restore) can never give an id or a rank a second time to other content, even if nobody notices that it was put back.
 * docs/decisions/20261121-generation-raised.md tells why.
 */
export function generations(db: WriteDb, key: KeyObject) {
  const { setDamagedAside } = mendStatements(db, key);
  const newest = db.prepare<[], number>('select coalesce(max(generation), 0) from generations').pluck();
  const add = db.prepare('insert into generations (generation, begun_at_ms) values (?, ?) on conflict do nothing');
  const isOurs = db.prepare('select 1 from generations where generation = ?').pluck();
  const isShadow = db.prepare<[string], number>("select 1 from connections where id = ? and json_extract(doc, '$.isShadow') = 1").pluck();
  // What a shadow has confirmed decides nothing.
  const isAnythingConfirmed = db
    .prepare(
      'select 1 from deliveries d where confirmed_seq > 0 and not exists ' +
        "(select 1 from connections c where c.id = d.destination_id and json_extract(c.doc, '$.isShadow') = 1)",
    )
    .pluck();
  const confirmed = db.prepare<[string], number>('select confirmed_seq from deliveries where destination_id = ?').pluck();
  // An empty hash is that of no content.
  const forgetRecords = db.prepare("update records set hash = x''");
  const forgetRows = db.prepare("update source_rows set hash = x''");
  const sweepAgain = db.prepare("update source_tables set watermark = json_set(watermark, '$.sweptUtc', null)");
  const forgetFiles = db.prepare(
    `insert into settings (key, json) values ('${contentForgotten}', ?) on conflict (key) do update set json = excluded.json`,
  );
  const noteRestore = db.prepare(
    "insert into settings (key, json) values ('restored', ?) on conflict (key) do update set json = excluded.json",
  );
  const restoreNote = db.prepare<[], string>("select json from settings where key = 'restored'").pluck();
  const noteKnewMore = db.prepare("insert into settings (key, json) values (?, 'true') on conflict do nothing");
  const forgetKnewMore = db.prepare('delete from settings where key = ?');
  const firstOfGeneration = db.prepare<[number], number | null>('select min(first_seq) from blocks where generation >= ?').pluck();
  const lastSeq = db.prepare<[], number>('select coalesce(max(seq), 0) from outbox').pluck();
  const destinations = db.prepare<[], string>("select id from connections where json_extract(doc, '$.direction') = 'destination'").pluck();
  const cancelResends = db.prepare("update resends set state = 'cancelled', finished_at_ms = ? where state in ('running', 'paused')");

  /**
   * Forget which content is known: whatever a source says next is kept and sent as a new version, be it in a row of a table, which is walked
   * through whole for it, or in a file whose bytes had come before.
   */
  function forgetContent(nowMs: number): void {
    forgetRecords.run();
    forgetRows.run();
    sweepAgain.run();
    forgetFiles.run(JSON.stringify(nowMs));
  }

  /** Begin a generation. A clock that runs back cannot make it lower. @returns its number. */
  function begin(nowMs: number): number {
    const generation = Math.max(Math.floor(nowMs / 1000), (newest.get() as number) + 1);
    add.run(generation, nowMs);
    return generation;
  }

  /**
   * Make the events behind a position anew, under a new generation above `seen` and above all of ours. Events of several starts meet in
   * it, so their versions are their numbers in the outbox: those rise for every key.
   */
  function raiseBehind(position: number, seen: number, nowMs: number): void {
    const generation = Math.max(newest.get() as number, seen) + 1;
    // What was met once is no news the next time.
    add.run(seen, nowMs);
    add.run(generation, nowMs);
    type Block = { firstSeq: number; rows: number; entity: string; reason: KeptFor | null; sealed: Buffer };
    const next = db.prepare<[number, number], Block>(
      'select b.first_seq as firstSeq, b.rows, b.reason, b.sealed, l.entity from blocks b join ledgers l on l.id = b.ledger_id ' +
        'where b.first_seq > ? and b.first_seq + b.rows - 1 > ? order by b.first_seq limit 1',
    );
    const change = db.prepare('update blocks set sealed = ?, generation = ? where first_seq = ?');
    // A block is made anew as a whole, also when only its last rows lie behind the position.
    let from: number | null = null;
    const wasDamaged = isSetAside(db);
    for (let block = next.get(0, position); block; block = next.get(block.firstSeq, position)) {
      const { firstSeq, rows, entity, reason, sealed } = block;
      from ??= firstSeq;
      // What was damaged has been set aside.
      if (wasDamaged(firstSeq)) continue;
      const texts = opened(firstSeq, rows, sealed, nowMs);
      if (!texts) continue;
      // What was pruned has left its place, and keeps it.
      const raise = (text: Buffer, seq: number) =>
        text.length === 0 ? '' : withRank(text.toString('utf8'), entity, generation, seq, reason);
      const raised = texts.map((text, at) => `${raise(text, firstSeq + at)},\n`);
      change.run(sealBlock(key, firstSeq, rows, Buffer.from(raised.join(''))), generation, firstSeq);
    }
    db.prepare('update outbox set version = seq where seq >= ?').run(from);
    // The next version of a record goes on counting from what its last event says.
    db.prepare('update records set generation = ?, version = seq where seq >= ?').run(generation, from);
  }

  /** The texts of a block; null of one that is damaged, and set aside by that: it holds up neither the others nor whoever sends now. */
  function opened(firstSeq: number, rows: number, sealed: Buffer, nowMs: number): Buffer[] | null {
    try {
      return openBlock(key, firstSeq, rows, sealed);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'database-damaged' || !setDamagedAside(firstSeq, nowMs)) throw error;
      return null;
    }
  }

  /**
   * Compare with the newest generation that a destination has seen of the hotel, before anything is sent to it.
   *
   * - `well`: it came from this ledger, or nothing of ours counts anywhere yet and ours now ranks above.
   * - `put-back`: it came from elsewhere since our last start. This folder was put back, or another PC has sent for a while. What we
   *   remember may not be what the destination has: every record is sent again when its source next names it.
   * - `ahead`: it ranks above us, and things of ours are confirmed: somebody else is sending now, and a person has to look.
   *
   * A shadow decides nothing: what it has seen sends nothing again to the others, and makes nothing anew.
   *
   * A backup that was restored has been put back knowingly, so it never is `ahead`: what it has kept since goes above what was seen.
   */
  const meet = db.transaction((destinationId: string, seen: number, nowMs: number): 'well' | 'put-back' | 'ahead' => {
    if (seen === 0) return 'well';
    const note = unmetRestore(destinationId);
    if (isShadow.get(destinationId) !== undefined) return meetShadow(note, destinationId, seen, nowMs);
    if (note) return meetAfterRestore(note, destinationId, seen, nowMs);
    if (isOurs.get(seen)) return 'well';
    if (isAnythingConfirmed.get() === undefined) {
      raiseBehind(0, seen, nowMs);
      return 'well';
    }
    if (seen > (newest.get() as number)) return 'ahead';
    forgetContent(nowMs);
    add.run(seen, nowMs);
    return 'put-back';
  });

  /**
   * What a shadow has seen is not noted as ours: the destination that leads may have it from elsewhere too, and that is news then. It is
   * noted of the shadow itself, for the day on which it leads: by then it has seen ours above, and could not tell any more.
   */
  function meetShadow(note: RestoreNote | null, destinationId: string, seen: number, nowMs: number): 'well' | 'ahead' {
    if (note) noteMet(note, destinationId);
    // After a restore also a number that looks like ours may be of the old PC.
    const isFromElsewhere = note ? seen >= note.generation : isOurs.get(seen) === undefined;
    if (isFromElsewhere) noteKnewMore.run(knewMore(destinationId));
    if (seen <= (newest.get() as number)) return 'well';
    if (!note) return 'ahead';
    riseAbove(seen, nowMs);
    return 'well';
  }

  /**
   * A shadow leads from now on. Where it had anything from elsewhere, what it has confirmed may not be what it holds: every record is sent
   * again when its source next names it.
   */
  function beginToLead(destinationId: string, nowMs: number): void {
    if (forgetKnewMore.run(knewMore(destinationId)).changes > 0) forgetContent(nowMs);
  }

  /** What is kept from now on ranks above what was seen; what was kept before stays as it is. */
  function riseAbove(seen: number, nowMs: number): void {
    add.run(Math.max(newest.get() as number, seen) + 1, nowMs);
  }

  function noteMet(note: RestoreNote, destinationId: string): void {
    noteRestore.run(JSON.stringify({ ...note, unmet: note.unmet.filter((id) => id !== destinationId) }));
  }

  /** What was noted of a restore, if the destination has not been met since. */
  function unmetRestore(destinationId: string): RestoreNote | null {
    const json = restoreNote.get();
    const note = json === undefined ? null : (JSON.parse(json) as RestoreNote);
    return note?.unmet.includes(destinationId) ? note : null;
  }

  /**
   * Only what was kept since the restore is made anew above what was seen: what waited at the time of the backup may be older than what
   * the destination has got since. Also a number that looks like ours may be of the old PC, which began its own after the backup.
   */
  function meetAfterRestore(note: RestoreNote, destinationId: string, seen: number, nowMs: number): 'well' | 'put-back' {
    noteMet(note, destinationId);
    if (seen < note.generation) {
      add.run(seen, nowMs);
      return 'well';
    }
    const first = firstOfGeneration.get(note.generation) ?? null;
    raiseBehind(first === null ? (lastSeq.get() as number) : first - 1, seen, nowMs);
    return 'put-back';
  }

  /**
   * Rank above what a destination has seen, whoever has sent it: what waits for it is made anew, and every record is sent again when its
   * source next names it. Above what a shadow has seen ranks only what is kept from now on.
   */
  const takeOver = db.transaction((destinationId: string, seen: number, nowMs: number): void => {
    if (isShadow.get(destinationId) !== undefined) {
      riseAbove(seen, nowMs);
      return;
    }
    raiseBehind(confirmed.get(destinationId) ?? 0, seen, nowMs);
    forgetContent(nowMs);
  });

  /**
   * Mark a database as restored from a backup. What was delivered after the backup is not known to it, so no content counts as known:
   * every record is sent again when its source next names it. Orders to send again are of the time before, and end.
   *
   * It takes a generation far above the last it knows: the old PC may have begun some since, and not every destination can be asked.
   */
  const restored = db.transaction((backupMadeAtMs: number, nowMs: number): void => {
    const generation = Math.max(Math.floor(nowMs / 1000), (newest.get() as number) + randomInt(100_000, 1_000_000));
    add.run(generation, nowMs);
    forgetContent(nowMs);
    cancelResends.run(nowMs);
    const note: RestoreNote = { backupMadeAtMs, restoredAtMs: nowMs, generation, unmet: destinations.all() };
    noteRestore.run(JSON.stringify(note));
  });

  return { restored, newest: () => newest.get() as number, begin, meet, takeOver, beginToLead };
}
