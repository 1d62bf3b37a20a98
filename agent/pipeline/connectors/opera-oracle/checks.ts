import { Fault } from '../../../../contract/faults.ts';
import type { OracleLine, WayIn } from '../../clients/oracle/line.ts';
import { wayInWords } from '../../clients/oracle/line.ts';
import type { Check, OpenContext } from '../../connector.ts';
import { addressesOf, reach } from '../../secure-line.ts';
import { readClock } from '../../watermark.ts';
import { differenceWords, neededTables } from './columns.ts';
import { chosenOwner, chosenResort, fingerprint, hasChangeIndex, rightsOf, unaccepted } from './dictionary.ts';
import { clockStatement, reservationsByKey } from './queries.ts';
import { isOldServer, lineOf, mayWrite } from './session.ts';
import { addressOf, type Settings } from './settings.ts';
import { openBusinessDate } from './tables.ts';

const firstRows = 20;

/** Faults that come before a password is looked at: a listener answered, but nobody was let in or turned away. */
const beforeLogin = new Set([
  'oracle-service',
  'oracle-too-old',
  'oracle-verifier',
  'oracle-address',
  'source-unreachable',
  'source-timeout',
  'tls-expired',
  'tls-wrong-host',
  'tls-untrusted',
  'tls-failed',
]);

/**
 * The connection doctor: name, port, protocol, login, place, rights, clock, columns, first rows. One login serves all of it, so that a
 * test never uses up the tries of an account; whatever ends it, the line is closed.
 */
export function checks(given: Settings, context: OpenContext): readonly Check[] {
  const visit = new Visit(given, context);
  const host = () => addressOf(given).shown;
  const steps: Check[] = [
    { step: 'address', title: 'Read the address', run: async () => ({ found: addressInWords(given) }) },
    { step: 'name', title: 'Find the server', run: async (signal) => ({ found: await asSource(addressesOf(addressOf(given), signal)) }) },
    {
      step: 'port',
      title: 'Reach its port',
      run: async (signal) => {
        (await asSource(reach(addressOf(given), signal))).destroy();
        return { found: host() };
      },
    },
    { step: 'protocol', title: 'Speak with the database', run: (signal) => visit.protocol(signal) },
    { step: 'login', title: 'Log in', run: (signal) => visit.login(signal) },
    { step: 'place', title: 'Find OPERA and the property', run: (signal) => visit.place(signal) },
    { step: 'rights', title: 'May it only read', run: (signal) => visit.rights(signal) },
    { step: 'clock', title: 'Read the clock and the business date', run: (signal) => visit.clock(signal) },
    { step: 'columns', title: 'Compare tables and columns', run: (signal) => visit.columns(signal) },
    { step: 'rows', title: 'Read the first rows', run: (signal) => visit.rows(signal) },
  ];
  return steps.map((one) => ({ ...one, close: () => visit.close() }));
}

function addressInWords(given: Settings): string {
  const { shown, kind, name, isEncrypted } = addressOf(given);
  return `${shown}, ${kind === 'sid' ? 'SID' : 'service'} ${name}, ${isEncrypted ? 'with TLS' : 'without TLS'}`;
}

/** The steps before the driver speak of the network in the words of a destination. */
async function asSource<T>(running: Promise<T>): Promise<T> {
  try {
    return await running;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { host = '', detail = '', seconds = '' } = error.detail;
    const because = { cause: error };
    if (error.code === 'upstream-name-unknown')
      throw new Fault('source-unreachable', { host, detail: 'there is no server of that name' }, because);
    if (error.code === 'upstream-timeout') throw new Fault('source-timeout', { host, seconds }, because);
    if (error.code === 'upstream-unreachable') throw new Fault('source-unreachable', { host, detail }, because);
    throw error;
  }
}

type Found = { found: string; isWarning?: boolean };

/** One visit to the database. */
class Visit {
  readonly #given: Settings;
  readonly #context: OpenContext;
  #line: OracleLine | null = null;
  #in: WayIn | null = null;
  #refusal: Fault | null = null;
  #owner = '';
  #resort = '';

  constructor(given: Settings, context: OpenContext) {
    this.#given = given;
    this.#context = context;
  }

  get #open(): OracleLine {
    this.#line ??= lineOf(this.#given, this.#context);
    return this.#line;
  }

  async close(): Promise<void> {
    await this.#line?.close();
    this.#line = null;
  }

  /** The login is part of the driver's first words with a server: what it says of the server is told here, what it says of the password next. */
  async protocol(signal: AbortSignal): Promise<Found> {
    try {
      this.#in = await this.#open.login(signal);
    } catch (error) {
      if (!(error instanceof Fault) || beforeLogin.has(error.code) || error.code === 'stopped') throw error;
      this.#refusal = error;
      return { found: 'it answers, and knows what is asked for' };
    }
    const { serverVersion, driver, way, tried, clientVersion } = this.#in;
    const client = clientVersion === null ? '' : ` ${clientVersion}`;
    const before = tried.length === 0 ? '' : `; before that ${tried.join(', ')}`;
    return { found: `Oracle ${serverVersion}, by ${wayInWords(way)}${client} (node-oracledb ${driver})${before}` };
  }

  async login(_signal: AbortSignal): Promise<Found> {
    const tries = this.#context.logins?.failedToday(this.#open.account) ?? 0;
    const said =
      tries === 0 ? '' : tries === 1 ? '; 1 try of this account has failed today' : `; ${tries} tries of this account have failed today`;
    if (this.#refusal) {
      const { detail = '' } = this.#refusal.detail;
      throw new Fault(this.#refusal.code, { ...this.#refusal.detail, detail: `${detail}${said}` }, { cause: this.#refusal });
    }
    const { user } = this.#given;
    const { isEncrypted } = addressOf(this.#given);
    if (this.#in?.warnsOfExpiry) return { found: `${user}; its password runs out soon (ORA-28002)${said}`, isWarning: true };
    if (!isEncrypted)
      return { found: `${user}, on a line without TLS: what is read can be read along in the network${said}`, isWarning: true };
    return { found: `${user}, on a secure line${said}` };
  }

  async place(signal: AbortSignal): Promise<Found> {
    return this.#open.readOnly(signal, async (ask) => {
      this.#owner = await chosenOwner(ask, this.#given, addressOf(this.#given).shown);
      this.#resort = await chosenResort(ask, this.#owner, this.#given);
      return { found: `owner ${this.#owner}, property ${this.#resort}` };
    });
  }

  async rights(signal: AbortSignal): Promise<Found> {
    const rights = await this.#open.readOnly(signal, (ask) => rightsOf(ask, this.#owner));
    const { user } = this.#given;
    const host = addressOf(this.#given).shown;
    const missing = neededTables.filter((table) => !rights.readable.includes(table));
    if (missing.length > 0)
      throw new Fault('source-rights', { host, user, place: missing.map((table) => `${this.#owner}.${table}`).join(', ') });
    const refused = unaccepted(rights, this.#given);
    if (refused.length > 0) throw mayWrite(refused, host, user);
    if (rights.writes.length > 0) return { found: `it may write, as you have accepted: ${rights.writes.join(', ')}`, isWarning: true };
    if (rights.beyond.length > 0)
      return { found: `it may only read, and more than is needed: ${rights.beyond.slice(0, 6).join(', ')}`, isWarning: true };
    return { found: `it may read the ${neededTables.length} tables that are needed, and write nothing` };
  }

  async clock(signal: AbortSignal): Promise<Found> {
    return this.#open.readOnly(signal, async (ask) => {
      const [row] = (await ask(clockStatement, {}, { doing: 'asking for the time' })).rows;
      const { utc, local } = readClock({ utc: row?.[0] ?? '', local: row?.[1] ?? '' });
      const today = await openBusinessDate(ask, { owner: this.#owner, resort: this.#resort, isOld: false }, addressOf(this.#given).shown);
      return { found: `${row?.[1]} there, ${Math.round((local - utc) / 60)} min from UTC; business date ${today}` };
    });
  }

  async columns(signal: AbortSignal): Promise<Found> {
    return this.#open.readOnly(signal, async (ask) => {
      const differences = await fingerprint(ask, this.#owner);
      const wrong = [...differences].map(([table, what]) => `${table}: ${differenceWords(what).slice(0, 3).join('; ')}`);
      if (wrong.length > 0) return { found: `what needs these is not read: ${wrong.join(' | ')}`, isWarning: true };
      if (!(await hasChangeIndex(ask, this.#owner)))
        return {
          found: 'all there, but no index leads with RESORT, UPDATE_DATE of RESERVATION_NAME: reservations are read at night only',
          isWarning: true,
        };
      return { found: `all ${neededTables.length} tables are as they have to be, and changes are found by an index` };
    });
  }

  async rows(signal: AbortSignal): Promise<Found> {
    const where = { owner: this.#owner, resort: this.#resort, isOld: this.#in ? isOldServer(this.#in) : false };
    return this.#open.readOnly(signal, async (ask) => {
      const { sql, binds } = reservationsByKey(where, null, firstRows, false);
      const { rows } = await ask(sql, binds, { doing: 'reading reservations', place: 'RESERVATION_NAME' });
      if (rows.length === 0) return { found: `no reservation of ${this.#resort} yet`, isWarning: true };
      return { found: rows.length === firstRows ? `${rows.length} reservations, and more` : `${rows.length} reservations` };
    });
  }
}
