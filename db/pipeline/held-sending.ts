import type { HeldSending } from '../../contract/health.ts';
import type { ReadDb, WriteDb } from '../open.ts';

/** A destination to which nothing is sent, because a person has said so. */
export type NewHold = Pick<HeldSending, 'reason' | 'actorName' | 'untilMs'> & { readonly destinationId: string };

/** Say whether a person has stopped sending to a destination, and until when. What is over is none any more. */
export function heldSending(db: ReadDb): (destinationId: string, nowMs: number) => HeldSending | null {
  const held = db.prepare<[string, number], HeldSending>(
    'select held_at_ms as heldAtMs, until_ms as untilMs, reason, actor_name as actorName from held_sending ' +
      'where destination_id = ? and (until_ms is null or until_ms > ?)',
  );
  return (destinationId, nowMs) => held.get(destinationId, nowMs) ?? null;
}

/** Prepare the steps that stop sending to a destination, and let it go on. */
export function holdStatements(db: WriteDb) {
  const hold = db.prepare(
    'insert into held_sending (destination_id, held_at_ms, until_ms, reason, actor_name) values (@destinationId, @nowMs, @untilMs, @reason, @actorName) ' +
      'on conflict do update set held_at_ms = excluded.held_at_ms, until_ms = excluded.until_ms, reason = excluded.reason, actor_name = excluded.actor_name',
  );
  const release = db.prepare<[string]>('delete from held_sending where destination_id = ?');
  return {
    holdSending: (held: NewHold, nowMs: number): void => {
      hold.run({ ...held, nowMs });
    },
    /** Let sending go on; where it was not stopped, nothing changes. */
    releaseSending: (destinationId: string): void => {
      release.run(destinationId);
    },
  };
}
