/**
 * Where the reading of a table stands, and from where on it is read again. Pure arithmetic: no database, no clock of this PC.
 *
 * A row that changes gets its stamp when the statement runs and becomes visible when it is committed, which may be much later. So a pass
 * does not start where the last one ended, but a window earlier, and the ledger of rows tells what is new. The window is counted on
 * the database's own clock, and on the smallest offset that its wall clock had in it: over the end of summer time the same hour
 * comes twice.
 *
 * @source ../shared "The Oracle watermark that never misses": coverage, paging and crash are argued in docs/decisions/20261129-tables-as-pages.md
 */

/** Seconds since 1970 by the calendar alone. A wall clock is counted as if it were UTC, so that two of them can be subtracted. */
export type Seconds = number;

/** What a database says of its clock, in one statement. @shape `2026-03-01 14:05:09`, with or without a fraction. */
export type SourceClock = { readonly utc: string; readonly local: string };

/** How far the wall clock of a database was off UTC, and from when to when it was seen so. */
type Offset = { readonly seconds: number; readonly fromUtc: Seconds; readonly toUtc: Seconds };

/** The largest lateness that one day has shown: from the stamp of a row to the pass that saw it first. */
type Lateness = { readonly day: number; readonly seconds: number };

/** A place between two rows, in the order (stamp, key). `key` null: before every row of that stamp. */
export type StampPlace = { readonly stamp: string; readonly key: string | null };

/** A pass that is under way. It keeps the time at which it has begun also over a crash. */
type RunningPoll = {
  readonly utc: Seconds;
  readonly local: Seconds;
  readonly part: 'stamped' | 'unstamped';
  readonly after: StampPlace | null;
  /** How many seconds back this pass looks: a wide one looks further. */
  readonly windowSeconds: number;
};

/** A walk over all keys. `isFirst`: the first load. */
type RunningSweep = { readonly utc: Seconds; readonly local: Seconds; readonly afterKey: string | null; readonly isFirst: boolean };

export type Watermark = {
  /** Whether it is read by stamp; otherwise every run compares all of it. */
  readonly isPolled: boolean;
  /** Compared at night alone. */
  readonly isNightly: boolean;
  /** The database's UTC at the start of the last finished pass. Null: never. */
  readonly passUtc: Seconds | null;
  readonly widePassUtc: Seconds | null;
  readonly offsets: readonly Offset[];
  readonly lateness: readonly Lateness[];
  readonly poll: RunningPoll | null;
  readonly sweep: RunningSweep | null;
  /** The number of the sweep that is under way, or of the last one. */
  readonly sweepNumber: number;
  readonly sweptUtc: Seconds | null;
  /** How many rows the last sweep missed at once, where that was too many to believe. A person decides. */
  readonly vanished: number | null;
  /** How many missing rows a person has called right: up to so many, the next sweep believes. */
  readonly believed: number;
  /** The sweep with which that ends. */
  readonly believedUntilSweep: number;
  /** Since the table was set up: how many rows were read, and how many of them had something new. */
  readonly rowsRead: number;
  readonly rowsChanged: number;
};

export const noWatermark: Watermark = {
  isPolled: false,
  isNightly: false,
  passUtc: null,
  widePassUtc: null,
  offsets: [],
  lateness: [],
  poll: null,
  sweep: null,
  sweepNumber: 0,
  sweptUtc: null,
  vanished: null,
  believed: 0,
  believedUntilSweep: 0,
  rowsRead: 0,
  rowsChanged: 0,
};

export const watermarkRules = {
  /** A1: nobody is believed to commit later than this after the statement, unless it was seen. */
  leastWindowSeconds: 15 * 60,
  /** Once an hour a pass looks this far back. */
  wideWindowSeconds: 24 * 3600,
  wideEverySeconds: 3600,
  /** A window is at least four times the largest lateness of the last 30 days. */
  /** A usual pass never looks further back than this: what is later still is found by the wide one, within the hour. */
  mostWindowSeconds: 4 * 3600,
  latenessFactor: 4,
  latenessDays: 30,
  /** A2: how far the stamps may be off the database's own clock. */
  skewSeconds: 2,
  /** After a gap this long the wall clock may have been elsewhere in between. */
  gapSeconds: 2 * 3600,
  keptOffsetSeconds: 50 * 3600,
  /** A clock that is set right may step back a little. */
  backSeconds: 60,
  /** More rows than this, or than this share of them, are not believed to be gone at once. A handful always is. */
  vanishedMost: 500,
  vanishedShare: 0.02,
  vanishedFew: 5,
} as const;

const stampShape = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?)?$/;

/** Count the seconds of a wall clock's text; what is behind the second is cut off. Null when it is none. */
export function secondsOf(text: string): Seconds | null {
  const parts = stampShape.exec(text);
  if (!parts) return null;
  const [, year, month, day, hours = '0', minutes = '0', seconds = '0'] = parts;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hours), Number(minutes), Number(seconds));
  return Number.isNaN(ms) ? null : ms / 1000;
}

/** Write seconds as `2026-03-01 14:05:09`. */
export function stampOf(seconds: Seconds): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** @throws {RangeError} when the database gives no time that can be read. */
export function readClock({ utc, local }: SourceClock): { utc: Seconds; local: Seconds } {
  const read = { utc: secondsOf(utc), local: secondsOf(local) };
  if (read.utc === null || read.local === null) throw new RangeError(`no time: ${utc} / ${local}`);
  return { utc: read.utc, local: read.local };
}

/** How far back a usual pass looks: never less than a quarter of an hour, and four times what was seen of lateness. */
export function windowSeconds(mark: Watermark): number {
  const { leastWindowSeconds, latenessFactor, mostWindowSeconds } = watermarkRules;
  const latest = Math.max(0, ...mark.lateness.map((one) => one.seconds));
  return Math.min(mostWindowSeconds, Math.max(leastWindowSeconds, Math.ceil(latest * latenessFactor)));
}

/**
 * From which stamp on a pass has to read, so that it misses nothing that the last finished pass could not see yet.
 *
 * It may lie before the start of the last pass: when the wall clock was set back, or summer time has ended.
 * @param grainSeconds 1 where a stamp holds whole seconds.
 * @source coverage: L = (last start - window - skew - grain) + the smallest offset of the wall clock in the window.
 */
export function lowerBound(mark: Watermark, passUtc: Seconds, window: number, grainSeconds: number): Seconds {
  const { skewSeconds, gapSeconds } = watermarkRules;
  const from = passUtc - window;
  let smallest = Number.POSITIVE_INFINITY;
  // The newest first: those in the window, and the one in force when it opened.
  for (const offset of mark.offsets.toReversed()) {
    smallest = Math.min(smallest, offset.seconds);
    if (offset.fromUtc <= from) break;
  }
  const last = mark.offsets.at(-1);
  // Between two looks that lie far apart the clock may have gone away and come back.
  const unseen = mark.offsets.some(
    (one, at) => at > 0 && one.fromUtc > from && one.fromUtc - (mark.offsets[at - 1]?.toUtc ?? 0) > gapSeconds,
  );
  const isGap = unseen || (last !== undefined && last.toUtc - passUtc > gapSeconds);
  return from - skewSeconds - grainSeconds + (Number.isFinite(smallest) ? smallest : 0) - (isGap ? gapSeconds : 0);
}

/** Remember what the clock said. Looks that agree are one entry. */
export function withClock(mark: Watermark, clock: { readonly utc: Seconds; readonly local: Seconds }): Watermark {
  const seconds = clock.local - clock.utc;
  const last = mark.offsets.at(-1);
  const isSame = last?.seconds === seconds && clock.utc >= last.fromUtc && clock.utc - last.toUtc <= watermarkRules.gapSeconds;
  const now = isSame ? { ...last, toUtc: clock.utc } : { seconds, fromUtc: clock.utc, toUtc: clock.utc };
  const before = isSame ? mark.offsets.slice(0, -1) : mark.offsets;
  const kept = before.filter((offset) => offset.toUtc > clock.utc - watermarkRules.keptOffsetSeconds);
  return { ...mark, offsets: [...kept, now] };
}

/** Whether a source stands clearly before the time of the last pass: it was restored, or another one answers in its place. */
export function wentBack(mark: Watermark, utc: Seconds): boolean {
  const newest = Math.max(mark.passUtc ?? utc, mark.poll?.utc ?? utc);
  return utc < newest - watermarkRules.backSeconds;
}

/** Begin a pass, or go on with the one that a crash has cut short. */
export function beginPoll(mark: Watermark, clock: { readonly utc: Seconds; readonly local: Seconds }, grainSeconds: number): Watermark {
  const isBack = wentBack(mark, clock.utc);
  // What was read of a state that is gone is read again; and what has no stamp of its own is looked for by a walk.
  const seen = { ...withClock(mark, clock), ...(isBack && { poll: null, sweep: null, sweptUtc: null }) };
  if (seen.poll || seen.passUtc === null) return seen;
  // By a clock that went back, the last wide pass lies in the future.
  const isWide = isBack || seen.widePassUtc === null || clock.utc - seen.widePassUtc >= watermarkRules.wideEverySeconds;
  const window = isWide ? watermarkRules.wideWindowSeconds : windowSeconds(seen);
  // A source that stands earlier than before was put back: what it has now is read from there on.
  const from = Math.min(seen.passUtc, clock.utc);
  const after = { stamp: stampOf(lowerBound(seen, from, window, grainSeconds)), key: null };
  return { ...seen, poll: { ...clock, part: 'stamped', after, windowSeconds: window } };
}

/** A pass is whole: what it could not see, the next one reads again. */
export function finishPoll(mark: Watermark): Watermark {
  if (!mark.poll) return mark;
  const isWide = mark.poll.windowSeconds >= watermarkRules.wideWindowSeconds;
  return { ...mark, passUtc: mark.poll.utc, ...(isWide && { widePassUtc: mark.poll.utc }), poll: null };
}

/**
 * Note how late rows came into sight whose stamps the last pass had already gone by.
 * @param stamps the stamps that were seen for the first time.
 */
export function withLateness(mark: Watermark, stamps: readonly (string | null)[]): Watermark {
  const { poll, passUtc } = mark;
  if (!poll || passUtc === null) return mark;
  let most = 0;
  for (const stamp of stamps) {
    const at = stamp === null ? null : secondsOf(stamp);
    if (at !== null) most = Math.max(most, latenessOf(at, passUtc, poll.utc, mark.offsets));
  }
  // What is older than the widest window was not late, it was written with an old stamp: only a sweep finds such.
  if (most === 0 || most > watermarkRules.wideWindowSeconds) return mark;
  const day = Math.floor(poll.utc / 86_400);
  const today = mark.lateness.find((one) => one.day === day)?.seconds ?? 0;
  const others = mark.lateness.filter((one) => one.day !== day && one.day > day - watermarkRules.latenessDays);
  return { ...mark, lateness: [...others, { day, seconds: Math.max(today, most) }] };
}

/** How late a stamp came into sight that the last pass had gone by; of the offsets that the wall clock had, the one that makes it least late counts. */
function latenessOf(at: Seconds, passUtc: Seconds, nowUtc: Seconds, offsets: readonly Offset[]): number {
  const agesOfPassed = offsets.map((offset) => at - offset.seconds).filter((utc) => utc <= nowUtc);
  const newest = Math.max(...agesOfPassed);
  return newest < passUtc && Number.isFinite(newest) ? nowUtc - newest : 0;
}

/** Begin a walk over all keys, or go on with the one under way. The first load is one. */
export function beginSweep(mark: Watermark, clock: { readonly utc: Seconds; readonly local: Seconds }): Watermark {
  const seen = withClock(mark, clock);
  if (seen.sweep) return seen;
  return { ...seen, sweepNumber: seen.sweepNumber + 1, sweep: { ...clock, afterKey: null, isFirst: seen.passUtc === null } };
}

/** A walk is whole. After the first load the passes begin where it has begun. */
export function finishSweep(mark: Watermark): Watermark {
  if (!mark.sweep) return mark;
  const { utc, isFirst } = mark.sweep;
  return { ...mark, sweep: null, sweptUtc: utc, ...(isFirst && { passUtc: utc, widePassUtc: utc }) };
}

/** How many rows may be missing at once before a person is asked. */
export function mostVanished(mark: Watermark, knownRows: number): number {
  const { vanishedMost, vanishedShare, vanishedFew } = watermarkRules;
  return Math.max(vanishedFew, mark.believed, Math.min(vanishedMost, Math.floor(knownRows * vanishedShare)));
}
