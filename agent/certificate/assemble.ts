import {
  type Certificate,
  type CertificateDestination,
  type CertificateDifference,
  type CertificateLine,
  type CertificatePart,
  type CertificateSource,
  type CertificateState,
  lineState,
  type NotCompared,
} from '../../contract/certificate.ts';
import type { Connection } from '../../contract/connection.ts';
import type { EntityName } from '../../contract/record.ts';
import type { CertifyBite, DaySums, FoundDifference, FoundPart } from '../../db/pipeline/certify.ts';

/** How bad a state is: the worst of many is that of the whole. */
const order: readonly CertificateState[] = ['complete', 'waiting', 'refused', 'not-compared', 'different'];
export function worst(states: readonly CertificateState[]): CertificateState {
  return order[Math.max(0, ...states.map((state) => order.indexOf(state)))] ?? 'complete';
}

const wrap = 2n ** 64n;
const hex = (sum: bigint) => (sum % wrap).toString(16).padStart(16, '0');

/** What a comparison has found of one part. Of many differences the first stand in it; `differing` counts all. */
export type PartComparison = {
  readonly part: FoundPart;
  readonly notCompared: NotCompared | null;
  readonly days: Map<string, DaySums>;
  readonly differences: FoundDifference[];
  lost: number;
};

/** Add what a bite has found. */
export function addBite(to: PartComparison, { days, differences }: CertifyBite, mostDifferences: number): void {
  for (const [day, more] of days) {
    const sums = to.days.get(day);
    if (!sums) {
      to.days.set(day, more);
      continue;
    }
    for (const name of ['source', 'kept', 'missing', 'changed', 'corrected', 'gone', 'later'] as const) sums[name] += more[name];
    for (const name of ['sourceSum', 'keptSum'] as const) sums[name] += more[name];
    for (const [at, one] of sums.deliveries.entries()) {
      const other = more.deliveries[at];
      if (!other) continue;
      for (const name of ['confirmed', 'waiting', 'withheld', 'refused'] as const) one[name] += other[name];
      one.sum += other.sum;
    }
  }
  to.differences.push(...differences.slice(0, Math.max(0, mostDifferences - to.differences.length)));
  to.lost += differences.filter(({ kind }) => kind === 'row-lost').length;
}

/** How many records and rows of a part differ. */
export function differing({ days, lost }: PartComparison): number {
  return [...days.values()].reduce((sum, { missing, changed }) => sum + missing + changed, lost);
}

export type DestinationFacts = {
  readonly connection: Connection;
  readonly isStopped: boolean;
  readonly waitingSinceMs: number | null;
};

function lineOf(day: string, sums: DaySums, notCompared: NotCompared | null, destinations: readonly DestinationFacts[]): CertificateLine {
  const { source, kept, missing, changed, corrected, gone, later } = sums;
  const line = { day: day || null, source, kept, missing, changed, corrected, gone, later };
  const [sourceSum, keptSum] = [hex(sums.sourceSum), hex(sums.keptSum)];
  const deliveries = sums.deliveries.map((to, at) => {
    const { confirmed, waiting, withheld, refused } = to;
    const isStopped = destinations[at]?.isStopped ?? false;
    return {
      confirmed,
      sum: hex(to.sum),
      waiting,
      withheld,
      refused,
      state: stateOf({ ...line, sourceSum }, { ...to, sum: hex(to.sum) }, { notCompared, isStopped }),
    };
  });
  return { ...line, sourceSum, keptSum, deliveries };
}

/** What a line comes to for a destination. It is complete only where every record is accounted for, and both sums agree where they can. */
function stateOf(
  line: Pick<CertificateLine, 'missing' | 'changed' | 'source' | 'kept' | 'sourceSum' | 'later'>,
  to: { confirmed: number; sum: string; waiting: number; withheld: number; refused: number },
  { notCompared, isStopped }: { readonly notCompared: NotCompared | null; readonly isStopped: boolean },
): CertificateState {
  const here = lineState(line, notCompared);
  if (here !== 'complete') return here;
  if (to.waiting > 0) return isStopped ? 'not-compared' : 'waiting';
  if (to.refused > 0) return 'refused';
  // Kept here, and no part of this comparison: nothing is claimed of it yet.
  if (line.later > 0) return 'waiting';
  const isWhole = to.confirmed + to.withheld === line.kept && line.kept === line.source;
  return isWhole && (to.withheld > 0 || to.sum === line.sourceSum) ? 'complete' : 'different';
}

export type Assembled = {
  readonly comparisons: readonly PartComparison[];
  readonly factsOf: (part: FoundPart) => Pick<CertificatePart, 'files' | 'rows' | 'setAside'>;
  readonly sources: readonly CertificateSource[];
  readonly destinations: readonly DestinationFacts[];
  readonly differences: readonly CertificateDifference[];
  readonly found: number;
  readonly mended: number;
  readonly head: Pick<Certificate, 'startedAtMs' | 'endedAtMs' | 'cause' | 'businessDate' | 'hotelId' | 'timeZone'>;
};

/** Put a certificate together. It claims no more than was compared: what was not makes the whole of it not compared. */
export function assemble({ comparisons, factsOf, sources, destinations, differences, found, mended, head }: Assembled): Certificate {
  const parts = comparisons.map(({ part, notCompared, days }): CertificatePart => {
    const lines = [...days].sort(([a], [b]) => a.localeCompare(b)).map(([day, sums]) => lineOf(day, sums, notCompared, destinations));
    const connectionIds = [...new Set([...part.fileConnections, ...part.tableConnections])];
    // What was lost of the rows set aside has no line to stand on.
    return { source: part.source, entity: part.entity as EntityName, connectionIds, notCompared, ...factsOf(part), lines };
  });
  const lines = parts.flatMap(({ lines: some }) => some);
  const toDestinations = destinations.map(({ connection, isStopped, waitingSinceMs }, at): CertificateDestination => {
    const state = worst(lines.map(({ deliveries }) => deliveries[at]?.state ?? 'not-compared'));
    const isShadow = connection.isShadow === true;
    return { id: connection.id, title: connection.title, isShadow, isStopped, waitingSinceMs, state };
  });
  const counted = toDestinations.filter(({ isShadow }) => !isShadow);
  const states = [
    ...counted.map(({ state }) => state),
    ...parts.flatMap(({ notCompared, lines: some }) => some.map((line) => lineState(line, notCompared))),
    ...[...sources, ...parts].map(({ notCompared }): CertificateState => (notCompared ? 'not-compared' : 'complete')),
    // Where nothing is sent to anyone, or there is no source, nothing was compared.
    ...(counted.length === 0 || sources.length === 0 ? (['not-compared'] as const) : []),
    // Found missing, and not seen to be there since: also where it could not be looked at a second time.
    ...(comparisons.some(({ lost }) => lost > 0) || found > mended ? (['different'] as const) : []),
  ];
  const waitingOn = (line: CertificateLine) =>
    Math.max(0, ...line.deliveries.filter((_, at) => !toDestinations[at]?.isShadow).map(({ waiting }) => waiting));
  return {
    ...head,
    state: worst(states),
    records: lines.reduce((sum, { source }) => sum + source, 0),
    found,
    mended,
    waiting: lines.reduce((sum, line) => sum + waitingOn(line), 0),
    sources: [...sources],
    destinations: toDestinations,
    parts,
    differences: [...differences],
  };
}
