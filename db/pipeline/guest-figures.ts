import { type KeyObject, randomUUID } from 'node:crypto';
import { Fault } from '../../contract/faults.ts';
import type { ReadDb, WriteDb } from '../open.ts';
import { openBlock, rowReader } from './blocks.ts';
import { confirmationNumbers } from './confirmation-numbers.ts';
import { headNames } from './event-text.ts';
import { bookingFigures, type Figures, guestFigures, type Stay } from './figures.ts';
import { type GuestScope, guestKeys } from './guest-keys.ts';
import type { NewVersion, recordStatements } from './records.ts';

/** Who has more bookings than this is no guest but a house account, and has no figures. */
const mostStays = 2000;
/** So long one step of the writing thread may take: an import waits behind it. */
const stepMs = 15;

type Block = { firstSeq: number; rows: number; ledgerId: number; reason: string | null; sealed: Buffer; entity: string } & GuestScope;
type Document = Readonly<Record<string, unknown>>;
type Key = { readonly ledgerId: number; readonly externalId: string };
type Booking = Stay & Key & { readonly seq: number; readonly fileId: number | null };
type Kept = { readonly seq: number; readonly hash: Buffer; readonly fields: string };
type Subject = Key & { readonly seq: number; readonly fileId: number | null; readonly kind: 'booking' | 'guest'; readonly wanted: Figures };

/**
 * Figures that follow from several bookings: what a guest has spent, how often they came, how often before a booking.
 *
 * The log is followed like a destination follows it, behind the imports: first what bookings say of whose they are, block by block, then the
 * figures of every guest of whom something has changed. Each step is one transaction that holds what was read and where it stands, so a kill
 * leaves all of it or none. A version that is kept for its figures says nothing new of any booking and is passed over, so it never causes
 * another one.
 */
export function guestFigureStatements(db: WriteDb, key: KeyObject, records: Pick<ReturnType<typeof recordStatements>, 'keepAgain'>) {
  const keys = guestKeys(key);
  const position = db.prepare<[], number>('select position from follower').pluck();
  const move = db.prepare('update follower set position = ?');
  const nextBlock = db.prepare<[{ at: number }], Block>(
    'select b.first_seq as firstSeq, b.rows, b.ledger_id as ledgerId, b.reason, b.sealed, l.entity, l.hotel_id as hotelId, l.source ' +
      'from blocks b join ledgers l on l.id = b.ledger_id where b.first_seq + b.rows - 1 > @at and b.first_seq >= ' +
      'coalesce((select max(first_seq) from blocks where first_seq <= @at + 1), 0) order by b.first_seq limit 1',
  );
  const due = db.prepare('insert into figures_due (guest) values (?) on conflict do nothing');
  const intoOf = db.prepare<[Buffer], Buffer>('select into_guest from guest_merges where guest = ?').pluck();
  type StayRow = { guest: Buffer | null; email: Buffer | null };
  const stayOf = db.prepare<[number, string], StayRow>('select guest, email from stays where ledger_id = ? and external_id = ?');
  const putStay = db.prepare(
    'insert into stays (ledger_id, external_id, guest, email, lead_days) values (?, ?, ?, ?, ?) on conflict do update set ' +
      'guest = excluded.guest, email = excluded.email, lead_days = excluded.lead_days',
  );
  const dropStay = db.prepare('delete from stays where ledger_id = ? and external_id = ?');
  type ProfileRow = { guest: Buffer; email: Buffer | null };
  const profileOf = db.prepare<[number, string], ProfileRow>('select guest, email from profiles where ledger_id = ? and external_id = ?');
  const putProfile = db.prepare(
    'insert into profiles (ledger_id, external_id, guest, email) values (?, ?, ?, ?) on conflict do update set email = excluded.email',
  );
  // One, several or none is all that matters, and one address may stand in thousands of records.
  const carriers = db
    .prepare<[Buffer], Buffer>(
      'select distinct coalesce(m.into_guest, p.guest) from profiles p left join guest_merges m on m.guest = p.guest where p.email = ? limit 3',
    )
    .pluck();

  /** Who a guest has become. */
  const becomes = (guest: Buffer): Buffer => intoOf.get(guest) ?? guest;
  /** Some of the guests whose records carry an address: all of them where it is one or two. */
  const carriersOf = (email: Buffer): Buffer[] => carriers.all(email);

  const numbers = confirmationNumbers(db);

  function readBooking(ledgerId: number, of: GuestScope, document: Document): void {
    const externalId = document.externalId as string;
    numbers.read(ledgerId, document);
    const before = stayOf.get(ledgerId, externalId);
    const { guestId, guestEmail, leadTime, goneAt } = document;
    // What the source has deleted is nobody's stay.
    const isThere = typeof goneAt !== 'string';
    const guest = isThere && typeof guestId === 'string' ? keys.guest(of, guestId) : null;
    const email = isThere && typeof guestEmail === 'string' ? keys.email(of, guestEmail) : null;
    if (guest ?? email) putStay.run(ledgerId, externalId, guest, email, typeof leadTime === 'number' ? leadTime : null);
    else if (before) dropStay.run(ledgerId, externalId);
    // A booking that goes from one guest to another changes the figures of both.
    for (const one of [guest ?? email, before?.guest ?? before?.email]) if (one) due.run(becomes(one));
  }

  function readProfile(ledgerId: number, of: GuestScope, document: Document): void {
    const externalId = document.externalId as string;
    const before = profileOf.get(ledgerId, externalId);
    const guest = before?.guest ?? keys.guest(of, externalId);
    const isThere = typeof document.goneAt !== 'string';
    const email = isThere && typeof document.email === 'string' ? keys.email(of, document.email) : null;
    const touched = [before?.email, email].filter((one) => one != null);
    for (const one of touched) for (const carrier of carriersOf(one)) due.run(carrier);
    putProfile.run(ledgerId, externalId, guest, email);
    for (const one of [guest, becomes(guest), ...touched]) due.run(one);
  }

  function readBlock({ firstSeq, rows, ledgerId, sealed, entity, hotelId, source }: Block): void {
    for (const text of openBlock(key, firstSeq, rows, sealed)) {
      // What was pruned has left its place.
      if (text.length === 0) continue;
      const document = JSON.parse(text.toString('utf8')) as Document;
      if (entity === 'booking') readBooking(ledgerId, { hotelId, source }, document);
      else readProfile(ledgerId, { hotelId, source }, document);
    }
  }

  /**
   * Read some more of the log for the figures.
   * @returns whether more may wait. A block that does not open is passed over: what it says is said where it is sent.
   */
  const readForFigures = db.transaction((): boolean => {
    const until = performance.now() + stepMs;
    const from = position.get() as number;
    let at = from;
    let block = nextBlock.get({ at });
    for (; block && performance.now() < until; block = nextBlock.get({ at })) {
      const isOfGuests = block.reason === null && (block.entity === 'booking' || block.entity === 'guest');
      if (isOfGuests) passingDamage(block, readBlock);
      at = block.firstSeq + block.rows - 1;
    }
    if (at > from) move.run(at);
    return block !== undefined;
  });

  const someDue = db.prepare<[], Buffer>('select guest from figures_due order by id limit 1').pluck();
  const done = db.prepare('delete from figures_due where guest = ?');
  const bookingColumns =
    's.ledger_id as ledgerId, s.external_id as externalId, s.lead_days as leadDays, r.seq, r.file_id as fileId, r.day, r.until, r.state, r.amount, r.currency ' +
    'from stays s join records r on r.ledger_id = s.ledger_id and r.external_id = s.external_id';
  const ofGuest = 's.guest = @guest or s.guest in (select guest from guest_merges where into_guest = @guest)';
  const byGuest = db.prepare<[object], Booking>(`select ${bookingColumns} where ${ofGuest} limit @most`);
  const byEmail = db.prepare<[Buffer, number], Booking>(`select ${bookingColumns} where s.guest is null and s.email = ? limit ?`);
  const emailsOf = db
    .prepare<[Buffer, Buffer], Buffer>(
      'select distinct email from profiles where email is not null and (guest = ? or guest in (select guest from guest_merges where into_guest = ?))',
    )
    .pluck();
  type Profile = Key & { seq: number; fileId: number | null };
  const profilesOf = db.prepare<[Buffer], Profile>(
    'select p.ledger_id as ledgerId, p.external_id as externalId, r.seq, r.file_id as fileId from profiles p ' +
      'join records r on r.ledger_id = p.ledger_id and r.external_id = p.external_id where p.guest = ?',
  );
  const keptOf = db.prepare<[number, string], Kept>('select seq, hash, fields from figures where ledger_id = ? and external_id = ?');
  const keep = db.prepare(
    'insert into figures (ledger_id, external_id, seq, hash, fields) values (?, ?, ?, ?, ?) on conflict do update set ' +
      'seq = excluded.seq, hash = excluded.hash, fields = excluded.fields',
  );
  const forget = db.prepare('delete from figures where ledger_id = ? and external_id = ?');

  /** All bookings of a guest; those of an address belong to the one guest whose record carries it, and to nobody where several do. */
  function bookingsOf(guest: Buffer): Booking[] {
    if (!becomes(guest).equals(guest)) return [];
    const emails = emailsOf.all(guest, guest).filter((email) => carriersOf(email).length === 1);
    return [...byGuest.all({ guest, most: mostStays + 1 }), ...emails.flatMap((email) => byEmail.all(email, mostStays + 1))];
  }

  /** What one guest, or the bookings of one address, should have by now. `due` is either kind of key. */
  function subjectsOf(dueKey: Buffer): Subject[] {
    const owners = carriersOf(dueKey);
    const [owner] = owners;
    if (owners.length > 1) return byEmail.all(dueKey, mostStays + 1).map((one) => ({ ...one, kind: 'booking', wanted: {} }));
    const guest = owner ?? dueKey;
    const owned = bookingsOf(guest);
    const bookings = owned.length > 0 || owner ? owned : byEmail.all(dueKey, mostStays + 1);
    const isHouseAccount = bookings.length > mostStays;
    const all = isHouseAccount ? [] : bookings;
    const figuresOfBooking = bookingFigures(all);
    return [
      ...bookings.map((one) => ({ ...one, kind: 'booking' as const, wanted: figuresOfBooking(one) })),
      ...profilesOf.all(guest).map((one) => ({ ...one, kind: 'guest' as const, wanted: guestFigures(all, ownCurrency(one)) })),
    ];
  }

  /** The currency that a guest record has from its source. */
  function ownCurrency({ ledgerId, externalId, seq }: Profile): string | null {
    const kept = keptOf.get(ledgerId, externalId);
    const isOurs = kept?.seq === seq && (JSON.parse(kept.fields) as string[]).includes('currency');
    const document = isOurs ? null : documentAt(seq);
    return typeof document?.currency === 'string' ? document.currency : null;
  }

  let reader = rowReader(db, key);
  function documentAt(seq: number): Document | null {
    try {
      return JSON.parse(reader.row(seq).text.toString('utf8')) as Document;
    } catch (error) {
      if (error instanceof Fault && error.code === 'database-damaged') return null;
      throw error;
    }
  }

  /** The version of a record with other figures; null where it has the right ones, or cannot be read. */
  function versionWith({
    ledgerId,
    externalId,
    seq,
    kind,
    wanted,
  }: Subject): { version: NewVersion; hash: Buffer; fields: string[] } | null {
    const kept = keptOf.get(ledgerId, externalId);
    const isCarried = kept?.seq === seq;
    const isEmpty = Object.keys(wanted).length === 0;
    const hash = keys.figures(JSON.stringify(wanted));
    if (isCarried ? kept.hash.equals(hash) : isEmpty) return null;
    const document = documentAt(seq);
    if (!document) return null;
    const ours = new Set<string>(isCarried ? (JSON.parse(kept.fields) as string[]) : []);
    const plain = Object.entries(document).filter(([name]) => !ours.has(name) && !(headNames as readonly string[]).includes(name));
    const base = Object.fromEntries(plain);
    // What the source says itself of a guest stands: it may know stays from before this PC.
    const added = Object.entries(wanted).filter(([name]) => base[name] === undefined);
    const fields = added.map(([name]) => name);
    if (fields.length === 0 && ours.size === 0) {
      keep.run(ledgerId, externalId, seq, hash, '[]');
      return null;
    }
    const whole = { ...base, ...Object.fromEntries(added) };
    const version = { externalId, hashHex: String(document.hash), document: Buffer.from(JSON.stringify(whole).slice(1)) };
    const columns = kind === 'guest' ? columnsOf(whole) : {};
    return { version: { ...version, ...columns }, hash, fields };
  }

  /**
   * Work out the figures of some guests of whom something has changed, and keep the records whose figures are others.
   * @returns how many guests were looked at; 0 when none is due.
   */
  const workOutFigures = db.transaction((nowMs: number): number => {
    let until = Number.POSITIVE_INFINITY;
    // Guests are due in the order in which they were read, so what they need lies close together more often than not.
    reader = rowReader(db, key);
    const made = new Map<string, { subject: Subject; version: NewVersion; hash: Buffer; fields: string[] }>();
    let looked = 0;
    for (let guest = someDue.get(); guest && performance.now() < until; guest = someDue.get()) {
      const subjects = subjectsOf(guest);
      // From here on: however long it took to find the first guest's records, or the thread was not given its time, the step gets on.
      if (looked === 0) until = performance.now() + stepMs;
      looked++;
      let isWhole = true;
      for (const subject of subjects) {
        const name = `${subject.ledgerId} ${subject.externalId}`;
        const version = versionWith(subject);
        // Two keys of one guest may be due: the same record is kept once.
        if (version) made.set(name, { subject, ...version });
        // Of a guest with very many stays only some are kept in a step; those have their figures then, and the guest stays due for the rest.
        isWhole = made.size === 0 || performance.now() < until;
        if (!isWhole) break;
      }
      if (!isWhole) break;
      done.run(guest);
    }
    const groups = Map.groupBy(made.values(), ({ subject }) => `${subject.ledgerId} ${subject.fileId}`);
    for (const group of groups.values()) {
      const [first] = group;
      if (!first) continue;
      const { ledgerId, fileId } = first.subject;
      const correlationId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex');
      const versions = group.map(({ version }) => version);
      const seqs = records.keepAgain({ ledgerId, fileId, reason: 'figures', keptAtMs: nowMs, correlationId }, versions);
      for (const [at, { subject, hash, fields }] of group.entries()) {
        if (fields.length === 0) forget.run(subject.ledgerId, subject.externalId);
        else keep.run(subject.ledgerId, subject.externalId, seqs[at], hash, JSON.stringify(fields));
      }
    }
    return looked;
  });

  const unmerge = db.prepare('delete from guest_merges where guest = ?');
  const mergedBefore = db.prepare('update guest_merges set into_guest = @into where into_guest = @guest');
  const mergeInto = db.prepare(
    'insert into guest_merges (guest, into_guest) values (@guest, @into) on conflict do update set into_guest = @into',
  );

  /**
   * Make one guest of two, as the hotel's system has done: all bookings of `from` count for `into` from now on, also those that are still to come
   * under its old number. Said again it changes nothing; said the other way round, the newer word counts.
   */
  const mergeGuests = db.transaction((of: GuestScope, from: string, into: string): void => {
    const guest = keys.guest(of, from);
    const named = keys.guest(of, into);
    if (guest.equals(named)) return;
    const isTurned = becomes(named).equals(guest);
    const target = isTurned ? named : becomes(named);
    for (const one of [guest, becomes(guest), named, target]) {
      due.run(one);
      for (const email of emailsOf.all(one, one)) due.run(email);
    }
    if (isTurned) unmerge.run(named);
    mergedBefore.run({ guest, into: target });
    mergeInto.run({ guest, into: target });
  });

  const clear = db.prepare('delete from stays');
  const clearProfiles = db.prepare('delete from profiles');
  /** Read the whole log for the figures once more. What the merges of guests have said stays. */
  const figuresAnew = db.transaction((): void => {
    clear.run();
    clearProfiles.run();
    move.run(0);
  });

  return { readForFigures, workOutFigures, mergeGuests, figuresAnew };
}

function passingDamage(block: Block, read: (block: Block) => void): void {
  try {
    read(block);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'database-damaged') throw error;
  }
}

/** The columns of a guest that may hold figures. */
function columnsOf({ lastStay, totalSpendMinor, currency }: Document): Pick<NewVersion, 'day' | 'amount' | 'currency'> {
  return {
    day: typeof lastStay === 'string' ? lastStay : null,
    amount: typeof totalSpendMinor === 'number' ? totalSpendMinor : null,
    currency: typeof currency === 'string' ? currency : null,
  };
}

/** How far the figures are behind: rows of the log that were not read for them yet, and guests whose figures have to be worked out. */
export type FiguresLag = { readonly unread: number; readonly due: number };

export function figuresLag(db: ReadDb): FiguresLag {
  const unread = db.prepare<[], number>('select coalesce((select max(seq) from outbox), 0) - position from follower').pluck().get() ?? 0;
  const due = db.prepare<[], number>('select count(*) from figures_due').pluck().get() ?? 0;
  return { unread: Math.max(0, unread), due };
}
