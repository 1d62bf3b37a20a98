import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * The judge between what a hotel wrote down and what the receiver has. It shares no code with the agent, its database or its
 * contract, so that a mistake made there cannot be made here again; the names of the fields are the only thing both know.
 */
export type CheckInput = {
  /** NDJSON of the hotel, one line a row: `{entity, key, expected}` or `{entity, key, bad}`. */
  readonly truthFile: string;
  /** NDJSON of the receiver, one line an applied event in the order of applying: `{entity, record}`. */
  readonly receivedFile: string;
  readonly hotelId: string;
  /** What the agent says it has set aside, by rule. */
  readonly deadLettersByRule: Readonly<Record<string, number>>;
};

export type Verdict = {
  /** Different keys the hotel exported at least one good row of. */
  readonly keys: number;
  /** Different states in a row of those keys: what a perfect agent delivers. */
  readonly changes: number;
  /** Events the receiver applied. */
  readonly delivered: number;
  /** Keys whose last state is not what the receiver ended on. */
  readonly lost: number;
  /** Event ids, or versions of a key, applied more than once: every time beyond the first. */
  readonly twice: number;
  /** Events applied after a newer one of the same key. */
  readonly inverted: number;
  /** Events whose content the hotel never wrote for that key. */
  readonly corrupt: number;
  /** Bad rows that did not become dead letters. */
  readonly missed: number;
  /** Dead letters that no bad row accounts for. */
  readonly wronglySetAside: number;
  /** In-between states that were never delivered: no loss by the promise, but worth a look. */
  readonly skipped: number;
  /** The first findings in words, without guest data. */
  readonly findings: readonly string[];
};

type TruthLine = {
  readonly entity: string;
  readonly key: string | null;
  readonly expected?: Record<string, unknown>;
  readonly bad?: string;
};
type ReceivedLine = { readonly entity: string; readonly record: Readonly<Record<string, unknown>> };

/** What a record carries beside the fields of its source row: identity, order and arithmetic of the agent. */
const notFromTheRow = new Set(
  'id hotelId source externalId syncedAt version eventId generation hash leadTime lengthOfStay previousStays previousNoShows'.split(' '),
);

/** Compare what must have arrived with what did. Reads both files as streams. */
export async function check(input: CheckInput): Promise<Verdict> {
  const truth = await readTruth(input.truthFile);
  const received = await readReceived(input);
  const findings: string[] = [];
  const counts = { lost: 0, inverted: 0, corrupt: received.foreign, skipped: 0 };
  const find = (kind: 'lost' | 'inverted' | 'corrupt', key: string) => {
    counts[kind] += 1;
    if (findings.length < 20) findings.push(`${kind}: ${key}`);
  };

  for (const [key, events] of received.byKey) judgeEvents({ key, events, states: truth.statesOf.get(key) ?? [], find });
  let changes = 0;
  for (const [key, states] of truth.statesOf) {
    changes += states.length;
    const events = received.byKey.get(key) ?? [];
    if (events.at(-1)?.state !== states.at(-1)) find('lost', key);
    counts.skipped += Math.max(0, states.length - events.length);
  }
  return {
    keys: truth.statesOf.size,
    changes,
    delivered: received.delivered,
    ...counts,
    twice: received.twice,
    ...judgeDeadLetters(truth.badByRule, input.deadLettersByRule),
    findings: [...received.findings, ...findings].slice(0, 20),
  };
}

/** Say whether a verdict holds every promise. */
export function holds(verdict: Verdict): boolean {
  const { lost, twice, inverted, corrupt, missed, wronglySetAside } = verdict;
  return lost + twice + inverted + corrupt + missed + wronglySetAside === 0;
}

type Event = { readonly state: string; readonly generation: number; readonly version: number };
type Judging = {
  readonly key: string;
  readonly events: readonly Event[];
  readonly states: readonly string[];
  readonly find: (kind: 'inverted' | 'corrupt', key: string) => void;
};

/** Walk the events of one key along the states its hotel wrote: forwards only, nothing invented. */
function judgeEvents({ key, events, states, find }: Judging): void {
  let reached = 0;
  let newest: Event | undefined;
  for (const event of events) {
    const isOlder = newest !== undefined && isBefore(event, newest);
    const next = states.indexOf(event.state, reached);
    if (next >= 0) reached = next;
    if (next < 0 && !states.includes(event.state)) find('corrupt', key);
    // Both ways of going back count: by the numbers it carries, and by what it says.
    else if (isOlder || next < 0) find('inverted', key);
    if (!isOlder) newest = event;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.generation < other.generation || (one.generation === other.generation && one.version < other.version);
}

function judgeDeadLetters(expected: ReadonlyMap<string, number>, found: Readonly<Record<string, number>>) {
  let missed = 0;
  let wronglySetAside = 0;
  for (const rule of new Set([...expected.keys(), ...Object.keys(found)])) {
    const difference = (expected.get(rule) ?? 0) - (found[rule] ?? 0);
    if (difference > 0) missed += difference;
    else wronglySetAside -= difference;
  }
  return { missed, wronglySetAside };
}

async function readTruth(file: string) {
  const statesOf = new Map<string, string[]>();
  const badByRule = new Map<string, number>();
  for await (const line of linesOf<TruthLine>(file)) {
    if (line.bad !== undefined) badByRule.set(line.bad, (badByRule.get(line.bad) ?? 0) + 1);
    if (line.expected === undefined) continue;
    const states = listOf(statesOf, `${line.entity} ${line.key}`);
    const state = stateOf(line.expected);
    // The same row again is no change: nobody has to deliver it twice.
    if (states.at(-1) !== state) states.push(state);
  }
  return { statesOf, badByRule };
}

async function readReceived({ receivedFile, hotelId }: CheckInput) {
  const byKey = new Map<string, Event[]>();
  const seen = new Set<string>();
  const findings: string[] = [];
  let delivered = 0;
  let twice = 0;
  let foreign = 0;
  for await (const { entity, record } of linesOf<ReceivedLine>(receivedFile)) {
    const key = `${entity} ${record.externalId}`;
    const [generation, version] = [Number(record.generation), Number(record.version)];
    const marks = [`event ${record.eventId}`, `version ${record.source} ${key} ${generation} ${version}`];
    delivered += 1;
    if (marks.some((mark) => seen.has(mark))) {
      twice += 1;
      findings.push(`twice: ${key}`);
    }
    for (const mark of marks) seen.add(mark);
    if (record.hotelId !== hotelId) {
      foreign += 1;
      findings.push(`corrupt: ${key} belongs to another hotel`);
    } else listOf(byKey, key).push({ state: stateOf(record), generation, version });
  }
  return { byKey, delivered, twice, foreign, findings };
}

/** Write the fields of a row in one fixed way, so that equal states are equal texts. */
function stateOf(fields: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(fields).filter((name) => !notFromTheRow.has(name));
  return JSON.stringify(names.sort().map((name) => [name, fields[name]]));
}

function listOf<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** Read NDJSON line by line. A torn last line was never promised to anybody; a torn line before it is damage. */
async function* linesOf<T>(file: string): AsyncGenerator<T> {
  let pending: string | null = null;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (pending !== null) yield JSON.parse(pending) as T;
    pending = line;
  }
  if (pending === null || pending === '') return;
  let last: T;
  try {
    last = JSON.parse(pending) as T;
  } catch {
    return;
  }
  yield last;
}
