import type { OutboxSize, ShadowDifferences } from '../../contract/health.ts';
import type { ReadDb } from '../open.ts';
import { delivery, sentLater } from './outbox.ts';

/** How large the outbox is, what waits in it for each destination, and how shadows differ from the destination that leads. */
export type OutboxLook = OutboxSize & {
  readonly waitingBytes: Readonly<Record<string, number>>;
  readonly shadows: Readonly<Record<string, ShadowDifferences>>;
};

type Destination = { readonly id: string; readonly title: string; readonly isShadow: 0 | 1 };

/** Look at the outbox as a whole. It goes over all blocks, without opening any: for the reader thread. */
export function outboxLook(db: ReadDb): OutboxLook {
  const size = db.prepare<[number], OutboxSize>(
    'select coalesce(sum(length(sealed)), 0) as bytes, min(kept_at_ms) as oldestAtMs from blocks where first_seq + rows - 1 > ?',
  );
  const destinations = db
    .prepare<[], Destination>(
      "select id, json_extract(doc, '$.title') as title, coalesce(json_extract(doc, '$.isShadow'), 0) as isShadow from connections " +
        "where removed_at_ms is null and json_extract(doc, '$.direction') = 'destination' order by json_extract(doc, '$.createdAtMs'), id",
    )
    .all();
  const leading = destinations.find(({ isShadow }) => isShadow === 0) ?? null;
  const waiting = destinations.map(({ id }) => [id, size.get(delivery(db, id).confirmedSeq)?.bytes ?? 0] as const);
  const shadows = destinations.filter(({ isShadow }) => isShadow === 1).map(({ id }) => [id, differences(db, id, leading)] as const);
  return { ...(size.get(0) as OutboxSize), waitingBytes: Object.fromEntries(waiting), shadows: Object.fromEntries(shadows) };
}

/** Compare what a shadow has said with what the leading destination has, up to where both have come. */
function differences(db: ReadDb, id: string, leading: Destination | null): ShadowDifferences {
  const own = delivery(db, id);
  const nothing = { leadingTitle: null, onlyShadowRefused: 0, onlyLeadingRefused: 0, behind: 0, missed: own.missed };
  if (!leading) return nothing;
  const other = delivery(db, leading.id);
  const refusedByOne = db
    .prepare<[string, number, string, string], number>(
      // What was withheld from the other was not taken by it.
      'select count(*) from dead_letters d where d.destination_id = ? and d.seq <= ? and not exists ' +
        '(select 1 from dead_letters x where x.destination_id = ? and x.seq = d.seq) and not exists ' +
        '(select 1 from withheld w where w.destination_id = ? and w.seq = d.seq ' +
        `and w.reason <> '${sentLater}')`,
    )
    .pluck();
  const upTo = Math.min(own.confirmedSeq, other.confirmedSeq);
  return {
    leadingTitle: leading.title,
    onlyShadowRefused: refusedByOne.get(id, upTo, leading.id, leading.id) ?? 0,
    onlyLeadingRefused: refusedByOne.get(leading.id, upTo, id, id) ?? 0,
    behind: Math.max(0, other.confirmedSeq - own.confirmedSeq),
    missed: own.missed,
  };
}
