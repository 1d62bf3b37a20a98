import type { KeyObject } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';
import { Fault } from '../../contract/faults.ts';
import { differences } from '../../contract/record-difference.ts';
import type { ResendRehearsal, ResendSample } from '../../contract/resend.ts';
import type { ReadDb } from '../../db/open.ts';
import { outboxText } from '../../db/pipeline/blocks.ts';
import { entityCounts } from '../../db/pipeline/counts.ts';
import { delivery } from '../../db/pipeline/outbox.ts';
import { type CountBite, type CountedRow, type CountFrom, countStart, type ResendChoice } from '../../db/pipeline/resend-walk.ts';
import { judgeWithheld, noneWithheld } from '../../db/pipeline/resend-withheld.ts';
import { sendRate } from '../../db/pipeline/resends.ts';
import type { LongReads } from '../../db/reader.ts';
import type { Remote } from '../../db/thread-calls.ts';

export type RehearsalTools = {
  readonly key: KeyObject;
  readonly read: ReadDb;
  readonly reads: Pick<Remote<LongReads>, 'countBite'>;
  readonly now: () => number;
};

type Meant = { readonly choice: ResendChoice; readonly destinationId: string; readonly upTo: number };

const mostSamples = 100;
/** So many of the examples are opened to know how long an event is. */
const measuredRows = 20;

type Counts = Omit<CountBite, 'rows' | 'next'>;
const counters = ['scanned', 'total', 'onItsWay', 'refused', 'older', 'withheld', 'released', 'releasedOlder'] as const;
const nothing: Counts = { scanned: 0, total: 0, onItsWay: 0, refused: 0, older: 0, ...noneWithheld };

/** Count what an order means. @throws {Fault} `stopped` when the signal fires. */
export async function countMeant(tools: RehearsalTools, meant: Meant, signal: AbortSignal): Promise<number> {
  let total = 0;
  for await (const { counts } of counted(tools, meant, 0, signal)) total = counts.total;
  return total;
}

/**
 * Say what would come of sending records again, by what the destination has confirmed, and how long it would take. Sends nothing.
 * @throws {Fault} `stopped` when the signal fires.
 */
export async function* rehearseResend(tools: RehearsalTools, meant: Meant, signal: AbortSignal): AsyncGenerator<ResendRehearsal> {
  const toScan = entityCounts(tools.read, tools.now()).reduce((sum, { records }) => sum + records, 0);
  let counts = nothing;
  const rows: CountedRow[] = [];
  const said = (samples: readonly ResendSample[], bytes: number | null, isOver: boolean): ResendRehearsal => {
    const { scanned, total, onItsWay, refused, older, withheld, released, releasedOlder } = counts;
    const sent = total - onItsWay - withheld;
    const rate = sendRate(tools.read, meant.destinationId);
    const ms = rate === null ? null : Math.ceil((sent * 1000) / rate);
    return {
      scanned,
      toScan: Math.max(toScan, scanned),
      total,
      insert: refused - older + released - releasedOlder,
      update: older + releasedOlder,
      skip: Math.max(0, sent - refused - released),
      onItsWay,
      withheld,
      refused,
      samples: [...samples],
      estimate: { bytes: bytes === null ? null : Math.round(bytes * sent), ms: sent === 0 ? 0 : ms },
      isOver,
    };
  };
  for await (const bite of counted(tools, meant, mostSamples, signal)) {
    counts = bite.counts;
    rows.push(...bite.rows);
    yield said([], null, false);
  }
  const examples = chosen(rows);
  const samples: ResendSample[] = [];
  let bytes = 0;
  const { confirmedSeq } = delivery(tools.read, meant.destinationId);
  const judged = judgeWithheld(tools.read, meant.destinationId, confirmedSeq);
  for (const [at, row] of examples.entries()) {
    if (signal.aborted) throw new Fault('stopped');
    if (at < measuredRows) bytes += textOf(tools, row.seq)?.length ?? 0;
    samples.push(sampleOf(tools, row, confirmedSeq, judged));
    await breath();
  }
  yield said(samples, examples.length === 0 ? 0 : bytes / Math.min(measuredRows, examples.length), true);
}

/** Go through everything that is meant, some ten thousand records at a time. */
async function* counted(
  { read, reads }: RehearsalTools,
  { choice, destinationId, upTo }: Meant,
  examples: number,
  signal: AbortSignal,
): AsyncGenerator<{ counts: Counts; rows: readonly CountedRow[] }> {
  const { confirmedSeq } = delivery(read, destinationId);
  const counts = { ...nothing };
  let plain = 0;
  let aside = 0;
  for (let from: CountFrom | null = countStart; from !== null; ) {
    if (signal.aborted) throw new Fault('stopped');
    const wanted = Math.max(0, examples - (from.at === 'records' ? plain : aside));
    const bite = await reads.countBite({ choice, destinationId, confirmedSeq, upTo, examples: wanted }, from);
    if (from.at === 'records') plain += bite.rows.length;
    else aside += bite.rows.length;
    for (const name of counters) counts[name] += bite[name];
    yield { counts: { ...counts }, rows: bite.rows };
    from = bite.next;
  }
}

/** Examples: what was refused first, because there most is to be seen, and each record once. */
function chosen(rows: readonly CountedRow[]): CountedRow[] {
  const refused = rows.filter(({ isRefused }) => isRefused === 1);
  const seqs = new Set(refused.map(({ seq }) => seq));
  return [...refused, ...rows.filter((row) => row.isRefused === 0 && !seqs.has(row.seq))].slice(0, mostSamples);
}

function sampleOf(tools: RehearsalTools, row: CountedRow, confirmedSeq: number, judged: ReturnType<typeof judgeWithheld>): ResendSample {
  const { ledgerId, externalId, entity, isRefused, seq } = row;
  const of = { ledgerId, externalId, entity, wasRefused: isRefused === 1 };
  if (seq > confirmedSeq) return { ...of, outcome: 'on-its-way', changes: [] };
  const withheld = isRefused === 0 ? (judged?.(seq) ?? null) : null;
  if (withheld?.isWithheld) return { ...of, outcome: 'withheld', changes: [] };
  if (isRefused === 0 && withheld === null) return { ...of, outcome: 'skip', changes: [] };
  const olderSeq = withheld ? withheld.olderSeq : row.olderSeq;
  if (olderSeq === null) return { ...of, outcome: 'insert', changes: [] };
  return { ...of, outcome: 'update', changes: changesBetween(tools, olderSeq, seq) };
}

function changesBetween(tools: RehearsalTools, olderSeq: number, seq: number): ResendSample['changes'] {
  const before = textOf(tools, olderSeq);
  const after = textOf(tools, seq);
  if (!before || !after) return [];
  const written = (value: unknown) => (value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value));
  return differences(JSON.parse(before.toString('utf8')), JSON.parse(after.toString('utf8'))).map((change) => ({
    field: change.field,
    before: written(change.before),
    after: written(change.after),
  }));
}

/** The text of a version; null where its block is damaged, which is said when it is its turn to be sent. */
function textOf({ read, key }: RehearsalTools, seq: number): Buffer | null {
  try {
    return outboxText(read, key, seq);
  } catch {
    return null;
  }
}
