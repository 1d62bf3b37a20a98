import type { SourceClock } from '../../watermark.ts';

/** A column of the question. `type`: as the engine tells it, `bytes` where it holds no text. `stampGrain`: how fine a stamp in it is; null where it holds none. */
export type Column = { readonly name: string; readonly type: string; readonly stampGrain: 0 | 1 | null };

/** What the login may do beyond reading. */
export type Rights = { readonly user: string; readonly version: string; readonly tooMuch: readonly string[] };

/**
 * One kind of database, spoken with by its own driver: at most one line, which only reads. Every value travels as text, as the database
 * writes it: no driver makes a number or a date of it.
 */
export type Engine = {
  /** Name a column in SQL. */
  name(column: string): string;
  /** The text of a stamp of the question q, of one length, so that texts sort as times do. */
  stampText(stamp: Column): string;
  /** The text of a column of the question q, where the database has to make it. */
  cellText?(column: Column): string;
  /** By what the rows of the question q are compared and put in order; the column itself where absent. */
  stampOrder?(stamp: Column): string;
  /** Whether a row of the question q has no stamp that can be compared. Each part of it can be answered by an index. */
  isUnstamped(stamp: Column): string;
  /** What a row needs besides lying behind a place, where that alone takes in unstamped ones. */
  isBeforeAllTimes?(stamp: Column): string;
  /** What an index answers, where {@link stampOrder} is no column: it takes in every row from the value number `at` on, and some before. */
  isAbout?(at: number, stamp: Column): string | null;
  /** A key as a text, where the database does not make one by itself. */
  keyText?(key: string): string;
  /** A place for the value number `at` (from 1): a stamp as {@link stampText} gives it, or a key. */
  stampPlace(at: number, stamp: Column): string;
  keyPlace(at: number, key: Column): string;
  /** How many rows at most. */
  limit(rows: number): string;
  /** The columns that a question gives, without running it to its end. */
  describe(question: string, signal: AbortSignal): Promise<readonly Column[]>;
  rows(text: string, values: readonly string[], signal: AbortSignal): Promise<readonly (readonly (string | null)[])[]>;
  /** `local`: the wall clock by which this column is stamped. */
  clock(stamp: Column | null, signal: AbortSignal): Promise<SourceClock>;
  rights(signal: AbortSignal): Promise<Rights>;
  close(): Promise<void>;
};
