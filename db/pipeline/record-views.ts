import { importedByHand } from '../../contract/dead-letter.ts';
import type { CurrencySum, RecordPage, RecordQuery, RecordRow, RecordSort } from '../../contract/record-view.ts';
import type { ReadDb } from '../open.ts';
import { sumsOf } from './ledger-sums.ts';
import { blockOf } from './outbox.ts';

/**
 * Lists of records that stand still while one moves through them, of a million too.
 *
 * A view is the numbers (`records.seq`) of all records that a query means, in its order: 8 bytes each, made by passes over the table.
 * No index of `records` is needed for it, so the import pays nothing. The row behind a number is found by three keys: the outbox names
 * the record, its block the ledger. A record that has got a newer version since is shown as it is now, at the place it had.
 *
 * The first rows of an order are found ten times as quickly as the whole order. So they are answered first, and the rest is put in
 * order a moment later or when it is asked for, still in the same transaction: first rows, number, sums and order are of one moment.
 */
type View = {
  readonly id: number;
  readonly name: string;
  readonly upToSeq: number;
  readonly total: number;
  readonly sums: readonly CurrencySum[];
  /** The first of them, or all. */
  seqs: Float64Array;
};

/** A hand that goes through the orders rests this long at the one it wants. */
const restMs = 300;
/** As many views are held as a person with two windows goes back and forth between. */
const mostViews = 3;

const columns: Record<RecordSort, string> = {
  kept: 'r.seq',
  key: 'r.external_id',
  day: 'r.day',
  until: 'r.until',
  state: 'r.state',
  title: 'r.title collate nocase',
  place: 'r.place collate nocase',
  amount: 'r.amount',
};

/** Text without case and accents, so that "Zoe" finds "Zoë". What differs in more than that is another name. */
export function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLocaleLowerCase('en')
    .replaceAll('ß', 'ss')
    .replaceAll('ø', 'o')
    .replaceAll('ł', 'l')
    .replaceAll('æ', 'ae')
    .replaceAll('đ', 'd');
}

/** Let a handle compare texts without case and accents. */
export function knowFolded(db: ReadDb): void {
  db.function('folded', { deterministic: true }, (text: unknown) => (typeof text === 'string' ? folded(text) : ''));
}

/**
 * Give the lists of records of a database. Each call may take a second on a large table: for the reader thread.
 * @param db a handle of its own: a transaction of it stays open between two calls.
 */
export function recordViews(
  db: ReadDb,
): (query: RecordQuery, window: { view?: number | undefined; offset: number; limit: number }) => RecordPage {
  knowFolded(db);
  const newest = db.prepare<[], number>('select coalesce(max(seq), 0) from outbox').pluck();
  const rowOf = db.prepare<[number], RecordRow>(
    'select r.ledger_id as ledgerId, r.external_id as externalId, l.source, r.version, r.day, r.until, r.state, r.title, r.place, ' +
      'r.amount as amountMinor, r.currency, r.kept_at_ms as keptAtMs from outbox o ' +
      `join blocks b on b.first_seq = ${blockOf('o.seq')} join ledgers l on l.id = b.ledger_id ` +
      'join records r on r.ledger_id = b.ledger_id and r.external_id = o.external_id where o.seq = ?',
  );
  const views: View[] = [];
  let lastId = 0;

  /** A view of which only the first rows are known, within the transaction in which they were found. */
  let begun: { readonly view: View; readonly order: () => Float64Array } | null = null;

  function end(): void {
    begun = null;
    db.exec('commit');
  }

  function finish(): void {
    if (!begun) return;
    const { view, order } = begun;
    try {
      view.seqs = order();
    } catch (error) {
      forget(view);
      throw error;
    } finally {
      end();
    }
  }

  // Half a list is no list: whoever asks for it next gets it anew, or hears what is wrong.
  const forget = (view: View) => void views.splice(views.indexOf(view), 1);

  function make(query: RecordQuery, name: string): View {
    // Who goes from one order to the next does not wait for those that were only looked at.
    if (begun) {
      forget(begun.view);
      end();
    }
    db.exec('begin');
    try {
      const upToSeq = newest.get() as number;
      const known = views.find((view) => view.name === name && view.upToSeq === upToSeq);
      if (known) return known;
      const { where, given } = condition(query);
      const alike = views.find((view) => filterName(view.name) === filterName(name) && view.upToSeq === upToSeq);
      const view = { id: ++lastId, name, upToSeq, ...firstOf(db, query, where, given, alike) };
      views.unshift(view);
      views.length = Math.min(views.length, mostViews);
      if (view.seqs.length < view.total) {
        begun = { view, order: () => ordered(db, query, where, given) };
        // It holds up no thread that is told to end.
        setTimeout(() => quietly(() => begun?.view === view && finish()), restMs).unref();
      }
      return view;
    } finally {
      if (!begun) db.exec('commit');
    }
  }

  return (query, window) => {
    const name = nameOf(query);
    const held = views.find((one) => one.name === name && one.id === window.view);
    const view = held ?? make(query, name);
    const isFurther = window.offset + window.limit > view.seqs.length && view.seqs.length < view.total;
    if (isFurther && begun?.view === view) finish();
    const rows: RecordRow[] = [];
    for (const seq of view.seqs.subarray(window.offset, window.offset + window.limit)) {
      const row = rowOf.get(seq);
      if (row) rows.push(row);
    }
    return { view: view.id, upToSeq: view.upToSeq, total: view.total, sums: [...view.sums], offset: window.offset, rows };
  };
}

/** Do something that nobody waits for: what goes wrong with it is met again by the call that needs it. */
function quietly(run: () => void): void {
  try {
    run();
  } catch {
    // Nobody is there to be told.
  }
}

/** How a query is told from others: what it filters by, then how it is sorted. */
function nameOf({ sort, direction, ...filter }: RecordQuery): string {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return `${JSON.stringify(given.sort(([a], [b]) => a.localeCompare(b)))}\n${sort} ${direction}`;
}
const filterName = (name: string) => name.slice(0, name.indexOf('\n'));

export type Given = Record<string, string | number>;

/** Which records are meant, whatever their order; without `entity` those of every kind. @units `kept…Ms` both inclusive. */
export type RecordFilter = Omit<RecordQuery, 'sort' | 'direction' | 'entity'> & {
  readonly entity?: RecordQuery['entity'] | undefined;
  readonly keptFromMs?: number | undefined;
  readonly keptToMs?: number | undefined;
};

/** Write a filter as a condition on the table of records, called `r`. */
export function condition(query: RecordFilter): { where: string; given: Given } {
  const parts: string[] = [];
  const given: Given = {};
  const narrow = (value: string | number | undefined, name: string, part: string) => {
    if (value === undefined) return;
    parts.push(part);
    given[name] = value;
  };
  narrow(query.entity, 'entity', 'r.ledger_id in (select id from ledgers where entity = @entity)');
  narrow(query.keptFromMs, 'keptFromMs', 'r.kept_at_ms >= @keptFromMs');
  narrow(query.keptToMs, 'keptToMs', 'r.kept_at_ms <= @keptToMs');
  narrow(query.key, 'key', 'r.external_id = @key');
  narrow(query.fileId, 'fileId', 'r.file_id = @fileId');
  narrow(query.state, 'state', 'r.state = @state');
  narrow(query.dayFrom, 'dayFrom', 'r.day >= @dayFrom');
  narrow(query.dayTo, 'dayTo', 'r.day <= @dayTo');
  narrow(query.connectionId, 'connectionId', `r.file_id in (select id from files where ${ofConnection(query.connectionId ?? '')})`);
  if (query.search !== undefined) {
    const words = folded(query.search.trim());
    parts.push(`(${['external_id', 'title', 'place'].map(found).join(' or ')})`);
    given.words = words;
    given.like = `%${words.replace(/[\\%_]/g, '\\$&')}%`;
  }
  return { where: parts.join(' and ') || 'true', given };
}

/** Imports of chosen days have their days behind the name; to whoever looks at the records they are all imports by hand. */
function ofConnection(id: string): string {
  return id === importedByHand
    ? 'connection_id >= @connectionId and connection_id < @connectionId || char(126)'
    : 'connection_id = @connectionId';
}

/** Plain letters are compared by SQLite itself; only what holds others is folded first, which costs ten times as much. */
function found(column: string): string {
  return `r.${column} like @like escape '\\' or (r.${column} glob '*[^ -~]*' and instr(folded(r.${column}), @words) > 0)`;
}

function orderOf({ sort, direction }: RecordQuery): string {
  const way = direction === 'up' ? 'asc' : 'desc';
  return `order by ${columns[sort]} ${way} nulls last, r.seq ${way}`;
}

/** So many rows are found at once: more than two screens. */
const firstRows = 200;

type Made = Pick<View, 'seqs' | 'total' | 'sums'>;

function firstOf(db: ReadDb, query: RecordQuery, where: string, given: Given, alike: View | undefined): Made {
  // Words are looked for in every record, which is most of the work: then one pass for everything is best.
  if (query.search !== undefined && !alike) return orderedAndAdded(db, query, where, given);
  const { total, sums } = alike ?? (isWhole(query) ? addedBefore(db, query) : added(db, where, given));
  const isNewestFirst = isWhole(query) && query.sort === 'kept' && query.direction === 'down';
  const seqs = isNewestFirst ? newestOf(db, query) : firstOfAll(db, query, where, given);
  return { seqs: Float64Array.from(seqs), total, sums };
}

/** The list that is opened first: everything of one kind. It is known without a pass over the table. */
function isWhole({ entity: _, sort: _sort, direction: _direction, ...filter }: RecordQuery): boolean {
  return Object.values(filter).every((value) => value === undefined);
}

function addedBefore(db: ReadDb, query: RecordQuery): Omit<Made, 'seqs'> {
  const { total, sums } = sumsOf(db, query.entity);
  return { total, sums: sums.sort(mostFirst) };
}

function firstOfAll(db: ReadDb, query: RecordQuery, where: string, given: Given): number[] {
  return db
    .prepare<[Given], number>(`select r.seq from records r where ${where} ${orderOf(query)} limit ${firstRows}`)
    .pluck()
    .all(given);
}

/** The newest rows of the outbox that are still the newest of their record: nearly all at its end are. Blocks hold one ledger each. */
function newestOf(db: ReadDb, { entity }: RecordQuery): number[] {
  type Block = { firstSeq: number; rows: number; ledgerId: number };
  const blocks = db.prepare<[string], Block>(
    'select first_seq as firstSeq, rows, ledger_id as ledgerId from blocks where ledger_id in (select id from ledgers where entity = ?) ' +
      'order by first_seq desc',
  );
  const newestIn = db
    .prepare<[number, number, number], number>(
      'select o.seq from outbox o cross join records r on r.ledger_id = ? and r.external_id = o.external_id and r.seq = o.seq ' +
        'where o.seq >= ? and o.seq < ? order by o.seq desc',
    )
    .pluck();
  const seqs: number[] = [];
  for (const { firstSeq, rows, ledgerId } of blocks.iterate(entity)) {
    seqs.push(...newestIn.all(ledgerId, firstSeq, firstSeq + rows));
    if (seqs.length >= firstRows) break;
  }
  return seqs.slice(0, firstRows);
}

function ordered(db: ReadDb, query: RecordQuery, where: string, given: Given): Float64Array {
  // Whole numbers are sorted here in a tenth of the time.
  const isByNumber = query.sort === 'kept';
  const rows = db.prepare<[Given], number>(`select r.seq from records r where ${where} ${isByNumber ? '' : orderOf(query)}`).pluck();
  const seqs = Float64Array.from(rows.all(given));
  if (isByNumber) seqs.sort();
  if (isByNumber && query.direction === 'down') seqs.reverse();
  return seqs;
}

function orderedAndAdded(db: ReadDb, query: RecordQuery, where: string, given: Given): Made {
  const seqs: number[] = [];
  const sums = new Map<string, { records: number; sum: bigint }>();
  type Found = [seq: number, amount: number | null, currency: string | null];
  const rows = db.prepare<[Given], Found>(`select r.seq, r.amount, r.currency from records r where ${where} ${orderOf(query)}`).raw();
  for (const [seq, amount, currency] of rows.iterate(given) as Iterable<Found>) {
    seqs.push(seq);
    if (amount === null || currency === null) continue;
    const sum = sums.get(currency) ?? { records: 0, sum: 0n };
    sum.records++;
    sum.sum += BigInt(amount);
    sums.set(currency, sum);
  }
  const added = [...sums].map(([currency, { records, sum }]) => ({ currency, records, sumMinor: String(sum) }));
  return { seqs: Float64Array.from(seqs), total: seqs.length, sums: added.sort(mostFirst) };
}

const mostFirst = (a: CurrencySum, b: CurrencySum) => b.records - a.records || (a.currency < b.currency ? -1 : 1);

const half = 1n << 20n;

type Sum = { currency: string | null; all: bigint; records: bigint; high: bigint | null; low: bigint | null };

/**
 * How many records there are, and their sums by currency. Nearly always there is but one, and adding it up takes half the time of
 * telling several apart.
 */
function added(db: ReadDb, where: string, given: Given): Omit<Made, 'seqs'> {
  // In two halves: a sum of millions of large amounts would not fit into the 64 bits of SQLite, and would fail.
  const counted = 'count(*) as "all", count(r.amount) as records, sum(r.amount >> 20) as high, sum(r.amount & 1048575) as low';
  const from = `from records r where ${where}`;
  const any = db.prepare<[Given], string>(`select r.currency ${from} and r.currency is not null limit 1`).pluck().get(given) ?? null;
  const one = db
    .prepare<[Given], Sum & { others: bigint }>(`select ${counted}, count(*) filter (where r.currency <> @any) as others ${from}`)
    .safeIntegers()
    .get({ ...given, any: any ?? '' }) as Sum & { others: bigint };
  const groups =
    one.others === 0n
      ? [{ ...one, currency: any }]
      : db.prepare<[Given], Sum>(`select r.currency, ${counted} ${from} group by r.currency`).safeIntegers().all(given);
  const sums = groups.flatMap(({ currency, records, high, low }) =>
    currency === null || high === null || low === null ? [] : [{ currency, records: Number(records), sumMinor: String(high * half + low) }],
  );
  return { total: Number(one.all), sums: sums.sort(mostFirst) };
}
