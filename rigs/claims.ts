import { join } from 'node:path';
import Database from 'better-sqlite3';

/**
 * Compare what an agent counts as delivered with what a destination has, both from outside: nothing of the agent's code is used. Ask
 * while the agent stands still.
 * @returns how many keys are counted as delivered in a version that the destination does not have, nor a newer one.
 */
export function claimedTooEarly(home: string, destinationId: string, known: ReadonlyMap<string, number>): number {
  const db = new Database(join(home, 'pipeline.db'), { readonly: true });
  try {
    const claimed = db
      .prepare(
        `select external_id as key, max(version) as version from outbox
         where seq <= (select confirmed_seq from deliveries where destination_id = ?) group by external_id`,
      )
      .all(destinationId) as { key: string; version: number }[];
    return claimed.filter(({ key, version }) => (known.get(key) ?? 0) < version).length;
  } finally {
    db.close();
  }
}
