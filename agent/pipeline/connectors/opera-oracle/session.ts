import { Fault } from '../../../../contract/faults.ts';
import type { Fingerprint } from '../../../../contract/fingerprint.ts';
import { OracleLine, type WayIn } from '../../clients/oracle/line.ts';
import { waysIn } from '../../clients/oracle/ways.ts';
import type { OpenContext, SourceTable, TableSession } from '../../connector.ts';
import { type SourceClock, secondsOf } from '../../watermark.ts';
import type { Difference, Kind, NeededTable } from './columns.ts';
import { chosenOwner, chosenResort, fingerprint, hasChangeIndex, rightsOf, shownFingerprint, stopsKind, unaccepted } from './dictionary.ts';
import { clockStatement, type Where } from './queries.ts';
import { addressOf, passwordOf, type Settings } from './settings.ts';
import { mergeTable, profileTable, reservationTable, roomTable } from './tables.ts';

/** While the night audit runs it is read so often. */
const auditEverySeconds = 15 * 60;

/** What was found when the line was opened: it holds until the line breaks. */
type Found = {
  readonly where: Where;
  readonly differences: ReadonlyMap<NeededTable, Difference>;
  readonly shown: Fingerprint;
  readonly isPolled: boolean;
};

/** Make the line to the database that the settings name. */
export function lineOf(given: Settings, context: OpenContext): OracleLine {
  return new OracleLine({
    address: addressOf(given),
    user: given.user,
    password: passwordOf(context.secrets, given),
    ways: waysIn(given.clientFolder),
    caPem: given.caPem,
    logins: context.logins,
  });
}

/** Whether the server has no FETCH FIRST yet. @shape `19.21.0.0.0` */
export function isOldServer({ serverVersion }: Pick<WayIn, 'serverVersion'>): boolean {
  return Number(serverVersion.split('.')[0]) < 12;
}

/** An OPERA V5 database, open for reading. */
export class OperaSession implements TableSession {
  readonly source: string;
  readonly hidesCardNumbers: boolean;
  readonly sweepAt: string;
  readonly identity: string;
  readonly #given: Settings;
  readonly #line: OracleLine;
  readonly #host: string;
  readonly #now: () => number;
  #loginOf: WayIn | null = null;
  #found: Found | null = null;
  #lastAudit: number | null = null;

  constructor(given: Settings, context: OpenContext) {
    const address = addressOf(given);
    this.#given = given;
    this.#line = lineOf(given, context);
    this.#host = address.shown;
    this.#now = context.now;
    this.source = given.source;
    this.hidesCardNumbers = given.hideCardNumbers;
    this.sweepAt = given.sweepAt;
    this.identity = JSON.stringify([address.shown, address.name, given.owner ?? null, given.resort ?? null]);
  }

  async tables(
    signal: AbortSignal,
    { isAsked } = { isAsked: false },
  ): Promise<{ tables: readonly SourceTable[]; faults: readonly Fault[] }> {
    const found = await this.#look(signal);
    if (!isAsked && (await this.#isAudit(signal))) return { tables: [], faults: [] };
    const { bookingMapping: bookings, guestMapping: guests, roomMapping: rooms, readsGuests, readsRooms } = this.#given;
    const reading = { line: this.#line, where: found.where, host: this.#host, mappings: { bookings, guests, rooms } };
    const tables: SourceTable[] = [];
    const faults: Fault[] = [];
    const add = (kind: Kind, table: () => SourceTable) => {
      const stopped = stopsKind(kind, found.differences);
      if (stopped) faults.push(new Fault('source-columns', { host: this.#host, ...stopped }));
      else tables.push(table());
    };
    if (readsRooms) add('rooms', () => roomTable(reading));
    // Profiles before reservations: a reservation that is read brings its guest along.
    if (readsGuests) add('profiles', () => profileTable(reading));
    add('reservations', () => reservationTable(reading, found.isPolled));
    // Behind the reservations, which are then known: a merge moves them.
    if (readsGuests) add('merges', () => mergeTable(reading));
    return { tables, faults };
  }

  compared(): Fingerprint | null {
    return this.#found?.shown ?? null;
  }

  clock(signal: AbortSignal): Promise<SourceClock> {
    return this.#line.readOnly(signal, async (ask) => {
      const [row] = (await ask(clockStatement, {}, { doing: 'asking for the time' })).rows;
      return { utc: row?.[0] ?? '', local: row?.[1] ?? '' };
    });
  }

  close(): Promise<void> {
    return this.#line.close();
  }

  get #kinds(): readonly Kind[] {
    const { readsGuests, readsRooms } = this.#given;
    return ['reservations', ...(readsGuests ? (['profiles', 'merges'] as const) : []), ...(readsRooms ? (['rooms'] as const) : [])];
  }

  /** What has to be known before a row is read: again after every login, so that a change there is noticed before data breaks. */
  async #look(signal: AbortSignal): Promise<Found> {
    const login = await this.#line.login(signal);
    if (this.#found && this.#loginOf === login) return this.#found;
    const found = await this.#line.readOnly(signal, async (ask) => {
      const owner = await chosenOwner(ask, this.#given, this.#host);
      const resort = await chosenResort(ask, owner, this.#given);
      const refused = unaccepted(await rightsOf(ask, owner), this.#given);
      if (refused.length > 0) throw mayWrite(refused, this.#host, this.#given.user);
      const where = { owner, resort, isOld: isOldServer(login) };
      const differences = await fingerprint(ask, owner);
      const shown = shownFingerprint(differences, this.#kinds, this.#now());
      return { where, differences, shown, isPolled: await hasChangeIndex(ask, owner) };
    });
    this.#loginOf = login;
    this.#found = found;
    return found;
  }

  /** Whether it is left alone now because the night audit runs and it was read a short while ago. */
  async #isAudit(signal: AbortSignal): Promise<boolean> {
    const { local } = await this.clock(signal);
    const now = secondsOf(local) ?? 0;
    const time = local.slice(11, 16);
    const { auditFrom: from, auditUntil: until } = this.#given;
    const isWithin = from <= until ? time >= from && time < until : time >= from || time < until;
    if (!isWithin) return false;
    if (this.#lastAudit !== null && now >= this.#lastAudit && now - this.#lastAudit < auditEverySeconds) return true;
    this.#lastAudit = now;
    return false;
  }
}

export function mayWrite(rights: readonly string[], host: string, user: string): Fault {
  const shown = rights.slice(0, 8).join(', ');
  return new Fault('source-may-write', { host, user, rights: rights.length > 8 ? `${shown} and ${rights.length - 8} more` : shown });
}
