import type { z } from 'zod';
import type { AdministratorLetter } from '../../contract/connection.ts';
import type { SettingChoices, UnderstoodAddress } from '../../contract/database-setup.ts';
import type { Fault } from '../../contract/faults.ts';
import type { Fingerprint } from '../../contract/fingerprint.ts';
import type { PartSet } from '../../contract/health.ts';
import type { EntityName } from '../../contract/record.ts';
import type { Schedule } from '../../contract/schedule.ts';
import type { SourceClock, StampPlace } from './watermark.ts';

/** A file at the source, complete and ready to be taken. */
export type SourceFile = {
  readonly name: string;
  /** Where it lies, for the archive and the log. */
  readonly path: string;
  readonly bytes: number;
  /** Changes whenever the file system can tell that the content may have changed. */
  readonly mark: string;
  /**
   * Whether the mark alone tells that the content is the one that was taken under it, so that it need not be read to be recognised.
   * On a far server reading all of it again would take hours.
   */
  readonly isMarkProof: boolean;
  /** Read it from its start. */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Tell whether it is still what was listed: same size, same time. */
  isUnchanged(signal: AbortSignal): Promise<boolean>;
};

/** What the files of a connection are: which kind of record, by which mapping, from which source. */
export type FilePlan = {
  readonly entity: EntityName;
  readonly mapping: string;
  readonly source: string;
  readonly hidesCardNumbers: boolean;
  readonly afterwards: Afterwards | null;
};

/**
 * What becomes of a file once every row of it is kept: it is moved to a folder of this PC, or put away at its source by the session.
 * null leaves it where it is.
 */
export type Afterwards = { readonly kind: 'archive-file'; readonly to: string } | { readonly kind: 'put-away-file' };

/** A file of a source whose every row is kept. */
export type KeptFile = {
  readonly fileId: number;
  readonly path: string;
  readonly mark: string;
  readonly isMarkProof: boolean;
  readonly sha256: string;
};

/** One step of a connection test: what it found, or the fault it throws. */
export type Check = {
  readonly step: string;
  readonly title: string;
  run(signal: AbortSignal): Promise<{ found: string; isWarning?: boolean }>;
  /** Lets go of what the steps have opened, also when the rest of them is never run. Called with the last one, whichever that is. */
  close?(): Promise<void>;
};

/** A row of a table as the source gives it: every cell as text, in the order of the columns. `stamp` null: the row has none. */
export type SourceRow = { readonly key: string; readonly stamp: string | null; readonly cells: readonly (string | null)[] };

/** The rows of one look, and rows of other tables of the session that were read together with them, by the name of the table. */
export type TablePage = {
  readonly rows: readonly SourceRow[];
  readonly beside?: ReadonlyMap<string, readonly SourceRow[]>;
  /** Where some of the rows that were looked at are none of ours: whether there were more, and the place of the last one. */
  readonly isEnd?: boolean;
  readonly last?: Pick<SourceRow, 'key' | 'stamp'> | null;
};

/**
 * A table, view or question of a database whose rows become one kind of record. Each page is a statement of its own, ordered by what is
 * asked for; where a page ends short of `limit`, the rows are at their end.
 */
export type SourceTable = {
  /** Names the table to people, and its watermark. It never changes. */
  readonly name: string;
  readonly mapping: string;
  readonly columns: readonly string[];
  /** null where no column tells that a row has changed, or no index leads with it: then every run compares all of it. */
  readonly stamp: { readonly column: string; readonly grainSeconds: 0 | 1 } | null;
  /** Rows that come with those of another table are not read by themselves but in sweeps. */
  readonly isReadBeside?: boolean;
  /** Its rows make no records: each says that a guest (first column) has become another (second column). They are never gone. */
  readonly isGuestMerges?: boolean;
  /** The rows behind a place in the order (stamp, key); `key` null takes those of the very stamp too. */
  pageByStamp(after: StampPlace, limit: number, signal: AbortSignal): Promise<TablePage>;
  /** The rows without a stamp, in the order of their keys. */
  pageUnstamped(afterKey: string | null, limit: number, signal: AbortSignal): Promise<TablePage>;
  /** All rows, in the order of their keys. */
  pageByKey(afterKey: string | null, limit: number, signal: AbortSignal): Promise<TablePage>;
};

/** A source that is a database. */
export type TableSession = {
  /** What decides which rows there are: the database and the questions. With another one every table is read from its start. */
  readonly identity: string;
  readonly source: string;
  readonly hidesCardNumbers: boolean;
  /** When the tables are read whole, in the hotel's time: what has changed without a stamp, and what is gone, is found then. */
  readonly sweepAt: string;
  /** The tables to read now, and what is wrong with those that are left out. `isAsked`: a person waits for it, whatever the hour. */
  tables(
    signal: AbortSignal,
    options?: { readonly isAsked: boolean },
  ): Promise<{ readonly tables: readonly SourceTable[]; readonly faults: readonly Fault[] }>;
  /** How the columns compared with those that are needed, when {@link tables} last looked at them. Null: it has not yet. */
  compared?(): Fingerprint | null;
  clock(signal: AbortSignal): Promise<SourceClock>;
  close(): Promise<void>;
};

/** A source that is a folder of files. */
export type FileSession = {
  readonly plan: FilePlan;
  /** The files that are complete now, in the order in which they are to be read. */
  files(signal: AbortSignal): Promise<readonly SourceFile[]>;
  /** Say that a file is in the store, so that it need not be offered again while it stays as it is. */
  taken(file: SourceFile): void;
  /** The exports in parts that are not whole, as of the last look. */
  waitsFor?(): readonly PartSet[];
  /** Tell whether a kept file has to stay where it is for now, because of others of this run that could not be taken. */
  isHeld?(path: string, failed: readonly string[]): boolean;
  /**
   * Move a kept file away at its source, or delete it, as the settings say. Done twice it comes out the same; a file that is no longer
   * the one that was taken is left where it is.
   * @throws {Fault} one that stands beside the reading, or what the line throws.
   */
  putAway?(file: KeptFile, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

export type SourceSession = FileSession | TableSession;

/** Whether a source is a database. */
export function readsTables(session: SourceSession): session is TableSession {
  return 'tables' in session;
}

/** A field whose value lies in the secret store, never in the settings. */
export type SecretField = {
  readonly title: string;
  readonly description: string;
  readonly isRequired: boolean;
  /** It has several lines, as a key file does. */
  readonly isLong?: boolean;
  readonly isAdvanced?: boolean;
  /** It can be made here, so that it never has to leave this PC. */
  readonly maker?: SecretMaker;
};

/** A secret that was made, and the half of it that is for the other side. */
export type MadeSecret = { readonly secret: string; readonly handOver: string };

/** Makes a secret for a hotel; `whose` is the name by which the other side can tell whom it belongs to. */
export type SecretMaker = {
  make(whose: string): MadeSecret;
  /** The half for the other side, from what is stored. @throws {Fault} when it cannot be read. */
  handOver(secrets: Readonly<Record<string, string>>, whose: string): string;
};

/**
 * The book of logins: an account that the other side locks after a few failed tries is never locked by us, whoever tries, also after a
 * restart.
 */
export type Logins = {
  /**
   * Ask for a try. Waits where there were many within a minute.
   * @returns null to go ahead, or why the account rests.
   */
  begin(account: string, secret: string, signal: AbortSignal): Promise<{ readonly detail: string } | null>;
  succeeded(account: string, secret: string): Promise<void>;
  /** A try that ended before the other side has judged the password: it counts for nothing. */
  ended(account: string, secret: string): Promise<void>;
  /** A try that got no answer in time: the other side may have judged the password, so it counts unless that has worked before. */
  unanswered(account: string, secret: string): Promise<void>;
  refused(account: string, secret: string, detail: string): Promise<void>;
  /** How many tries have failed within a day. */
  failedToday(account: string): number;
};

export type OpenContext = {
  /** Where somebody waits for the answer, a login that was refused before may be tried once more. Without a book there is nothing to lock. */
  readonly logins?: Logins;
  readonly secrets: Readonly<Record<string, string>>;
  readonly now: () => number;
  /** Tell whether the file that lies at a path under a mark was taken from there. A test of the connection knows of none. */
  readonly isTaken?: (path: string, mark: string) => boolean;
  /** Tell what a mapping needs of a header, and what the header lacks. A test of the connection needs it not. */
  readonly mappedColumns?: (mapping: string, header: readonly string[]) => MappedColumns;
};

/** The columns that a mapping reads, each once, and those of them that a header lacks or has twice: either sets all rows aside. */
export type MappedColumns = { readonly needed: readonly string[]; readonly missing: readonly string[]; readonly twice: readonly string[] };

/** Which hotel a report is of, and by which version of the product. */
export type ReportHotel = { readonly hotelId: string; readonly version: string };

/**
 * One kind of source. A file in connectors/ that exports one as its default is found by the registry and held to the
 * conformance suite; nothing else is edited.
 */
export type Connector<S extends z.ZodObject = z.ZodObject> = {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly settings: S;
  readonly secrets: Readonly<Record<string, SecretField>>;
  readonly entities: readonly EntityName[];
  /** Its session reads tables, not files. */
  readonly isDatabase?: true;
  checks(settings: z.infer<S>, context: OpenContext): readonly Check[];
  open(settings: z.infer<S>, context: OpenContext): Promise<SourceSession>;
  /** What the address in the settings was read as, of a form that is not filled in yet. @throws {Fault} where it cannot be read. */
  understand?(settings: Partial<z.infer<S>>): UnderstoodAddress;
  /** What the settings with the step `choose` can be. Those that have to be there and are not are those of {@link sample}. */
  choices?(settings: z.infer<S>, context: OpenContext, signal: AbortSignal): Promise<readonly SettingChoices[]>;
  /** How often it is read unless a person says otherwise; every quarter of an hour where absent. */
  readonly schedule?: Schedule;
  /** What has to be known of a system that was never seen before, on one page without data of any guest. */
  siteReport?(settings: z.infer<S>, context: OpenContext, hotel: ReportHotel, signal: AbortSignal): Promise<AdministratorLetter>;
  /** What the administrator of the system has to grant, and not one right more, as a script. */
  letter?(settings: z.infer<S>, hotel: { readonly hotelId: string }): AdministratorLetter;
  /** A settings object that its own schema takes: drawn in forms as an example, used by the conformance suite. */
  readonly sample: z.input<S>;
};

export function defineConnector<S extends z.ZodObject>(connector: Connector<S>): Connector<S> {
  return connector;
}
