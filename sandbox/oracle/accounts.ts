import { OracleError } from './errors.ts';
import { makeVerifier, type Verifier } from './o5logon.ts';

/** What somebody may do: privileges on tables by `OWNER.TABLE`, and on the database. */
export type Rights = {
  readonly grants?: Readonly<Record<string, readonly string[]>>;
  readonly systemPrivileges?: readonly string[];
};

export type OracleUser = Rights & {
  readonly password: string;
  /** `expiring`: logs on, and is told that the password is good for seven more days. */
  readonly status?: 'open' | 'locked' | 'expired' | 'expiring';
  /** Roles by name; all of them are on after a logon. */
  readonly roles?: Readonly<Record<string, Rights>>;
  /** How many sessions at once; no limit where absent. */
  readonly mostSessions?: number;
};

export type Purpose = 'read' | 'lock' | 'insert' | 'update' | 'delete';
export type Verdict = 'yes' | 'forbidden' | 'invisible';

/** After so many wrong passwords an account is locked: what a hotel's DBA sets, Oracle's own default is 10. */
const mostFailures = 3;
const defaultPrivileges = ['CREATE SESSION'];

const neededFor: Readonly<Record<Purpose, readonly string[]>> = {
  read: ['READ', 'SELECT'],
  // READ shows rows and no more; SELECT also lets one hold them.
  lock: ['SELECT'],
  insert: ['INSERT'],
  update: ['UPDATE'],
  delete: ['DELETE'],
};

/** The accounts of a database, with what has become of them. */
export class Accounts {
  readonly #users = new Map<string, OracleUser>();
  readonly #verifiers = new Map<string, Verifier>();
  readonly #failures = new Map<string, number>();
  readonly #locked = new Set<string>();
  readonly #sessions = new Map<string, number>();

  constructor(users: Readonly<Record<string, OracleUser>>) {
    for (const [name, user] of Object.entries(users)) this.set(name, user);
  }

  /** Make an account, or give one other rights or another password. */
  set(name: string, user: OracleUser): void {
    const key = name.toUpperCase();
    if (this.#users.get(key)?.password !== user.password) this.#verifiers.delete(key);
    this.#users.set(key, user);
    if (user.status === 'locked') this.#locked.add(key);
    else this.#locked.delete(key);
    this.#failures.delete(key);
  }

  get(name: string): OracleUser | undefined {
    return this.#users.get(name);
  }

  get names(): readonly string[] {
    return [...this.#users.keys()];
  }

  /** Give what is kept of a password; somebody unknown has one that nothing fits. */
  verifierOf(name: string): Verifier {
    const known = this.#verifiers.get(name);
    if (known) return known;
    const user = this.#users.get(name);
    const verifier = makeVerifier(user?.password ?? crypto.randomUUID());
    if (user) this.#verifiers.set(name, verifier);
    return verifier;
  }

  isLocked(name: string): boolean {
    return this.#locked.has(name);
  }

  /**
   * Let somebody in, or count one more wrong password against them.
   * @throws {OracleError} as Oracle turns people away: with a wrong password always in the same words, also when it has locked the account.
   */
  admit(name: string, isProven: boolean): OracleUser {
    const user = this.#users.get(name);
    if (!user || !isProven) {
      const failures = (this.#failures.get(name) ?? 0) + 1;
      if (user) this.#failures.set(name, failures);
      if (user && failures >= mostFailures) this.#locked.add(name);
      throw new OracleError(1017);
    }
    if (user.status === 'expired') throw new OracleError(28001);
    if (!this.systemPrivilegesOf(name).includes('CREATE SESSION')) {
      throw new OracleError(1045, `user ${name} lacks CREATE SESSION privilege; logon denied`);
    }
    const sessions = (this.#sessions.get(name) ?? 0) + 1;
    if (sessions > (user.mostSessions ?? sessions)) throw new OracleError(2391);
    this.#failures.delete(name);
    this.#sessions.set(name, sessions);
    return user;
  }

  leave(name: string): void {
    this.#sessions.set(name, (this.#sessions.get(name) ?? 1) - 1);
  }

  systemPrivilegesOf(name: string): string[] {
    const user = this.#users.get(name);
    if (!user) return [];
    const fromRoles = Object.values(user.roles ?? {}).flatMap((role) => role.systemPrivileges ?? []);
    return [...new Set([...(user.systemPrivileges ?? defaultPrivileges), ...fromRoles])];
  }

  /** The privileges that somebody has on one thing, their own and those of their roles. */
  privilegesOn(name: string, thing: string): Set<string> {
    const user = this.#users.get(name);
    const rights = user ? [user, ...Object.values(user.roles ?? {})] : [];
    return new Set(rights.flatMap(({ grants }) => grants?.[thing] ?? []));
  }

  /** Say whether somebody may do this with a table; what they have no privilege on at all is invisible to them. */
  judge(name: string, table: { readonly owner: string; readonly name: string }, purpose: Purpose): Verdict {
    if (table.owner === name) return 'yes';
    const privileges = this.privilegesOn(name, `${table.owner}.${table.name}`);
    const anywhere = this.systemPrivilegesOf(name);
    const isAllowed = neededFor[purpose].some((one) => privileges.has(one) || anywhere.includes(`${one} ANY TABLE`));
    if (isAllowed) return 'yes';
    const isVisible = privileges.size > 0 || anywhere.some((one) => one.endsWith(' ANY TABLE'));
    return isVisible ? 'forbidden' : 'invisible';
  }
}
