import type { KeyObject } from 'node:crypto';
import type { WriteDb } from '../open.ts';
import { openBlock, sealBlock } from './blocks.ts';
import { withRank } from './event-text.ts';

/**
 * The generations of the ledger. Every start of the agent begins a new one, so that a folder that was put back (a snapshot, a system
 * restore) can never give an id or a rank a second time to other content, even if nobody notices that it was put back.
 * docs/decisions/20261121-generation-raised.md tells why.
 */
export function generations(db: WriteDb, key: KeyObject) {
  const newest = db.prepare<[], number>('select coalesce(max(generation), 0) from generations').pluck();
  const add = db.prepare('insert into generations (generation, begun_at_ms) values (?, ?) on conflict do nothing');
  const isOurs = db.prepare('select 1 from generations where generation = ?').pluck();
  const isAnythingConfirmed = db.prepare('select 1 from deliveries where confirmed_seq > 0').pluck();
  const confirmed = db.prepare<[string], number>('select confirmed_seq from deliveries where destination_id = ?').pluck();
  // An empty hash is that of no content: whatever the source says next is kept and sent as a new version.
  const forgetContent = db.prepare("update records set hash = x''");
  const noteRestore = db.prepare(
    "insert into settings (key, json) values ('restored', ?) on conflict (key) do update set json = excluded.json",
  );
  const isFreshlyRestored = db
    .prepare<[], number>(
      "select 1 from settings s where s.key = 'restored' and not exists " +
        "(select 1 from deliveries d where d.last_confirmed_at_ms >= json_extract(s.json, '$.restoredAtMs'))",
    )
    .pluck();

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
    type Block = { firstSeq: number; rows: number; entity: string; sealed: Buffer };
    const next = db.prepare<[number, number], Block>(
      'select b.first_seq as firstSeq, b.rows, b.sealed, l.entity from blocks b join ledgers l on l.id = b.ledger_id ' +
        'where b.first_seq > ? and b.first_seq + b.rows - 1 > ? order by b.first_seq limit 1',
    );
    const change = db.prepare('update blocks set sealed = ?, generation = ? where first_seq = ?');
    // A block is made anew as a whole, also when only its last rows lie behind the position.
    let from: number | null = null;
    for (let block = next.get(0, position); block; block = next.get(block.firstSeq, position)) {
      const { firstSeq, rows, entity, sealed } = block;
      from ??= firstSeq;
      const texts = openBlock(key, firstSeq, rows, sealed);
      const raised = texts.map((text, at) => `${withRank(text.toString('utf8'), entity, generation, firstSeq + at)},\n`);
      change.run(sealBlock(key, firstSeq, rows, Buffer.from(raised.join(''))), generation, firstSeq);
    }
    db.prepare('update outbox set version = seq where seq >= ?').run(from);
    // The next version of a record goes on counting from what its last event says.
    db.prepare('update records set generation = ?, version = seq where seq >= ?').run(generation, from);
  }

  /**
   * Compare with the newest generation that a destination has seen of the hotel, before anything is sent to it.
   *
   * - `well`: it came from this ledger, or nothing of ours counts anywhere yet and ours now ranks above.
   * - `put-back`: it came from elsewhere since our last start. This folder was put back, or another PC has sent for a while. What we
   *   remember may not be what the destination has: every record is sent again when its source next names it.
   *   A backup that was restored on a PC whose clock is behind is put back too: it takes a generation above the one seen.
   * - `ahead`: it ranks above us, and things of ours are confirmed: somebody else is sending now, and a person has to look.
   */
  const meet = db.transaction((seen: number, nowMs: number): 'well' | 'put-back' | 'ahead' => {
    if (seen === 0 || isOurs.get(seen)) return 'well';
    if (isAnythingConfirmed.get() === undefined) {
      raiseBehind(0, seen, nowMs);
      return 'well';
    }
    const isAhead = seen > (newest.get() as number);
    if (isAhead && isFreshlyRestored.get() === undefined) return 'ahead';
    forgetContent.run();
    add.run(seen, nowMs);
    if (isAhead) add.run(seen + 1, nowMs);
    return 'put-back';
  });

  /**
   * Rank above what a destination has seen, whoever has sent it: what waits for it is made anew, and every record is sent again when its
   * source next names it.
   */
  const takeOver = db.transaction((destinationId: string, seen: number, nowMs: number): void => {
    raiseBehind(confirmed.get(destinationId) ?? 0, seen, nowMs);
    forgetContent.run();
  });

  /**
   * Mark a database as restored from a backup. What was delivered after the backup is not known to it, so no content counts as known:
   * every record is sent again when its source next names it.
   */
  const restored = db.transaction((backupMadeAtMs: number, nowMs: number): void => {
    forgetContent.run();
    noteRestore.run(JSON.stringify({ backupMadeAtMs, restoredAtMs: nowMs }));
  });

  return { restored, newest: () => newest.get() as number, begin, meet, takeOver };
}
