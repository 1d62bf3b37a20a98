import { OracleError } from './errors.ts';

/** A call of a session, before it is answered. */
export type Call = {
  readonly name: 'connect' | 'logon' | 'execute' | 'fetch' | 'commit' | 'rollback' | 'ping' | 'lob' | 'logoff';
  readonly user: string;
  /** The statement it is about, where there is one. */
  readonly sql: string | undefined;
};

/** What goes wrong with a call: all that is given, in this order. */
export type Fault = {
  /** Answer later. A break from the client ends the waiting. */
  readonly latencyMs?: number;
  /** Answer with this ORA- error; the sentence is Oracle's own where none is given. */
  readonly error?: number | { readonly number: number; readonly text: string };
  /** Never answer. */
  readonly hangs?: boolean;
  /** Say ORA-00028 and cut the line, as after ALTER SYSTEM KILL SESSION. */
  readonly killsSession?: boolean;
  /** Cut the line: before the call is done, or when it is done and before that is said. */
  readonly cutsLine?: 'before' | 'after';
};

/** A fault that is set until it has happened often enough. */
export type SetFault = Fault & {
  /** Only calls of this name; every call of a session but its logon and logoff where absent. An error at `connect` is the listener's. */
  readonly on?: Call['name'];
  /** Only calls about statements that this fits. */
  readonly sql?: RegExp;
  /** So often, then never more; for ever where absent. */
  readonly times?: number;
};

/** The faults that are set, with how often they may still happen. */
export class Faults {
  #set: { fault: SetFault; left: number }[] = [];

  /** Set one fault more; null takes all away. */
  set(fault: SetFault | null): void {
    if (fault === null) this.#set = [];
    else this.#set.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  take(call: Call): Fault | null {
    const found = this.#set.find(({ fault, left }) => left > 0 && fits(fault, call));
    if (!found) return null;
    found.left -= 1;
    return found.fault;
  }
}

const atTheDoor: readonly Call['name'][] = ['connect', 'logon', 'logoff'];

function fits({ on, sql }: SetFault, call: Call): boolean {
  if (on === undefined ? atTheDoor.includes(call.name) : on !== call.name) return false;
  return sql === undefined || (call.sql !== undefined && sql.test(call.sql));
}

export function faultError({ error, killsSession }: Fault): OracleError | null {
  if (killsSession) return new OracleError(28);
  if (error === undefined) return null;
  return typeof error === 'number' ? new OracleError(error) : new OracleError(error.number, error.text);
}

/** What lies between a call and its answer: nothing as a rule, some time or all of it where a fault says so. */
export class Pause {
  #cancel: (() => void) | null = null;

  /** Cut the line, never answer, or answer in time. */
  until({ cutsLine, hangs, latencyMs }: Fault, { cut, answer }: { readonly cut: () => void; readonly answer: () => void }): void {
    if (cutsLine === 'before') cut();
    else if (hangs) this.#cancel = () => undefined;
    else if (latencyMs === undefined) answer();
    else {
      const timer = setTimeout(() => {
        this.#cancel = null;
        answer();
      }, latencyMs);
      this.#cancel = () => clearTimeout(timer);
    }
  }

  /** Give up what is waited for; false when nothing is. */
  end(): boolean {
    const cancel = this.#cancel;
    this.#cancel = null;
    cancel?.();
    return cancel !== null;
  }
}
