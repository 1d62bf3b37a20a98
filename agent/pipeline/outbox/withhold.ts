import type { ReadDb } from '../../../db/open.ts';
import type { OutboxRow } from '../../../db/pipeline/blocks.ts';
import { settingsBelow } from '../../../db/pipeline/connections.ts';
import type { WithheldRow } from '../../../db/pipeline/outbox.ts';
import { isAnythingWithheld, type WithheldFrom, withholding } from '../../../db/pipeline/withheld.ts';

/** Rows that are sent, and rows that are kept back from one destination on purpose. */
export type Judged = { readonly send: readonly OutboxRow[]; readonly withheld: readonly WithheldRow[] };

/** The rules for two sources as they stand, to tell whether they have changed since rows were judged. */
export function rulesNow(read: ReadDb): string {
  return JSON.stringify(settingsBelow(read, 'same-record/'));
}

/** Judge rows by the rules as they are now: the share of the destination, and what holds where two sources speak of one record. */
export function judge(read: ReadDb, rows: readonly OutboxRow[], to: WithheldFrom): Judged {
  if (rows.length === 0 || !isAnythingWithheld(read, to.sharePercent)) return { send: rows, withheld: [] };
  const whyNot = withholding(read, to);
  const send: OutboxRow[] = [];
  const withheld: WithheldRow[] = [];
  for (const row of rows) {
    const why = whyNot(row.seq);
    if (why) withheld.push(why);
    else send.push(row);
  }
  return { send, withheld };
}
