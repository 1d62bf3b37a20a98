import { offsetMinutes, wallDate, wallTimestamp, type Zone } from '../clock.ts';
import { oracleType } from '../constants.ts';
import type { OracleDatabase } from '../database.ts';
import { OracleError } from '../errors.ts';
import type { StoredValue } from '../ttc/answers.ts';
import type { BindValue } from '../ttc/requests.ts';
import { offsetText, timeParts, timeText, wallMsOf } from '../values.ts';

/** Values by the names that a translated statement has for them. */
export type Parameters = Record<string, StoredValue>;

type SettingsOptions = { readonly user: string; readonly zone: Zone; readonly environment: Readonly<Record<string, string>> };

/** What a session has set for itself: whose tables it means, its zone, and how it writes dates. */
export class Settings {
  readonly #user: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #nls: Record<string, string> = {
    NLS_DATE_FORMAT: 'DD-MON-RR',
    NLS_TIMESTAMP_FORMAT: 'DD-MON-RR HH.MI.SS.FF AM',
    NLS_SORT: 'BINARY',
    NLS_COMP: 'BINARY',
  };
  #zone: Zone;
  schema: string;

  constructor({ user, zone, environment }: SettingsOptions) {
    this.#user = user;
    this.#environment = environment;
    this.#zone = zone;
    this.schema = user;
  }

  get nls(): Readonly<Record<string, string>> {
    return this.#nls;
  }

  get masks(): { readonly dateMask: string; readonly timestampMask: string } {
    const { NLS_DATE_FORMAT: dateMask = '', NLS_TIMESTAMP_FORMAT: timestampMask = '' } = this.#nls;
    return { dateMask, timestampMask };
  }

  /** @throws {OracleError} for a setting or a zone that nobody knows. */
  alter(name: string, value: string): void {
    if (name === 'CURRENT_SCHEMA') this.schema = value;
    else if (name === 'TIME_ZONE') this.#zone = checkedZone(value);
    else if (name.startsWith('NLS_')) this.#nls[name] = value;
    else if (name !== 'ISOLATION_LEVEL') throw new OracleError(2248, 'invalid option for ALTER SESSION');
  }

  /** What SYS_CONTEXT('USERENV', …) says. */
  context(name: string): string | null {
    if (name === 'CURRENT_SCHEMA') return this.schema;
    if (name === 'SESSION_USER' || name === 'CURRENT_USER') return this.#user;
    return this.#environment[name] ?? null;
  }

  /** The clocks as one statement sees them: they stand still while it runs. */
  times({ now, zone }: OracleDatabase): Parameters {
    const atMs = now();
    const own = offsetMinutes(this.#zone, atMs);
    return {
      sysdate: wallDate(zone, atMs),
      systimestamp: wallTimestamp(zone, atMs),
      currentdate: wallDate(this.#zone, atMs),
      currenttimestamp: wallTimestamp(this.#zone, atMs),
      sessionzone: /^[+-]/.test(this.#zone) ? offsetText(own) : this.#zone,
      zone: own,
    };
  }

  bound(row: readonly BindValue[]): Parameters {
    return Object.fromEntries(row.map((bind, at) => [`p${at + 1}`, this.#stored(bind)]));
  }

  #stored({ type, value }: BindValue): StoredValue {
    if (value === '') return null;
    if (type !== oracleType.timestampTz && type !== oracleType.timestampLtz) return value;
    const time = timeParts(String(value));
    // It came as UTC; to a statement it is the session's wall clock.
    return time ? timeText(wallMsOf(time) + offsetMinutes(this.#zone, wallMsOf(time)) * 60_000, time.nanosecond) : null;
  }
}

function checkedZone(zone: string): Zone {
  const known = zone.toUpperCase() === 'UTC' ? '+00:00' : zone;
  try {
    offsetMinutes(known, 0);
    return known;
  } catch {
    throw new OracleError(1882, 'timezone region not found');
  }
}
