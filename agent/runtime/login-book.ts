import { createHmac, type KeyObject } from 'node:crypto';
import type { ReadDb } from '../../db/open.ts';
import { setting, settingsByKey } from '../../db/pipeline/connections.ts';
import type { Writer } from '../../db/writer.ts';
import type { Logins } from '../pipeline/connector.ts';
import { sleep } from '../resilience/policies.ts';

/**
 * What is kept of an account. `secretMark` tells the password that was tried from any other, and nothing more; `outcome` is what came of
 * its last try, and `before` what had come of the one before, while one is under way.
 */
type Entry = {
  readonly secretMark: string;
  readonly outcome: Outcome | 'under-way';
  readonly before: Outcome | null;
  readonly detail: string;
  readonly failedAtMs: readonly number[];
  readonly triedAtMs: readonly number[];
};
/** `lifted`: it was refused, and a person has entered it once more. `unanswered`: nobody knows whether it was judged. */
type Outcome = 'good' | 'refused' | 'lifted' | 'unanswered';
const noAnswer = 'the server did not answer the login in time';

const dayMs = 24 * 3_600_000;
/** Oracle's own default locks after ten, hotels set three: the third try stays with a person. */
const mostFailures = 2;
/** However many ask, an account sees no more logins than this in a minute. */
const mostLogins = 6;
const loginsWithinMs = 60_000;
const forgetCutShortMs = 3_600_000;

type Tools = { readonly key: KeyObject; readonly read: ReadDb; readonly writer: Writer; readonly now: () => number };

/**
 * The book of logins, kept in the database: what was refused is not tried again by itself, over a restart too, and by hand only while the
 * account is safe. A try is written down before it is made, so one that was cut short counts as well.
 */
export class LoginBook {
  readonly #tools: Tools;
  /** When the tries of this process began that have no outcome yet: what is under way otherwise was cut short. */
  readonly #active = new Map<string, number[]>();
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  /** The book as a source or a test sees it. `isByHand`: a person waits for the answer. */
  for(isByHand: boolean): Logins {
    const settle = (account: string, secret: string, said: (entry: Entry) => Partial<Entry>) => {
      const [began, ...others] = this.#active.get(account) ?? [];
      this.#active.set(account, others);
      // One whose line took its time came to the server later than it was asked for: it counts from when it was over.
      return this.#change(account, secret, (entry) => {
        const at = began === undefined ? -1 : entry.triedAtMs.indexOf(began);
        return { triedAtMs: at < 0 ? entry.triedAtMs : [...entry.triedAtMs.toSpliced(at, 1), this.#tools.now()], ...said(entry) };
      });
    };
    return {
      begin: (account, secret, signal) => this.#begin(account, secret, isByHand, signal),
      succeeded: (account, secret) => settle(account, secret, () => ({ outcome: 'good', before: null, detail: '', failedAtMs: [] })),
      // Of two tries under way, what the other has come to stands.
      ended: (account, secret) =>
        settle(account, secret, ({ outcome, before }) => (outcome === 'under-way' ? { outcome: before ?? 'lifted', before: null } : {})),
      unanswered: (account, secret) =>
        settle(account, secret, ({ before, failedAtMs }) => {
          if (before === 'good') return { outcome: before, before: null };
          return { outcome: 'unanswered', before: null, detail: noAnswer, failedAtMs: [...failedAtMs, this.#tools.now()] };
        }),
      refused: (account, secret, detail) =>
        settle(account, secret, ({ failedAtMs }) => ({
          outcome: 'refused',
          before: null,
          detail,
          failedAtMs: [...failedAtMs, this.#tools.now()],
        })),
      failedToday: (account) => this.#failed(account).length,
    };
  }

  /** A person has entered these passwords anew: each may be tried once more, as the other side may have lifted what it had refused. */
  async forgive(secrets: readonly string[]): Promise<void> {
    for (const key of settingsByKey(this.#tools.read, prefix).keys()) {
      const account = key.slice(prefix.length);
      const secret = secrets.find((one) => this.#mark(account, one) === this.#entry(account)?.secretMark);
      if (secret !== undefined) await this.#change(account, secret, () => ({ outcome: 'lifted', before: null }));
    }
  }

  async #begin(account: string, secret: string, isByHand: boolean, signal: AbortSignal): Promise<{ detail: string } | null> {
    await this.#turn(account, signal);
    let rests: string | null = null;
    await this.#change(account, secret, (entry) => {
      const isCutShort = entry.outcome === 'under-way' && (this.#active.get(account) ?? []).length === 0;
      const before = entry.outcome === 'under-way' ? entry.before : entry.outcome;
      // What a person has lifted holds for one try.
      const was = isCutShort && before === 'lifted' ? null : before;
      const failedAtMs = isCutShort ? [...entry.failedAtMs, this.#tools.now()] : entry.failedAtMs;
      rests = this.#whyNot({ ...entry, failedAtMs }, was, isByHand);
      if (rests !== null) return isCutShort ? { outcome: was ?? 'refused', before: null, detail: rests, failedAtMs } : {};
      const nowMs = this.#tools.now();
      this.#active.set(account, [...(this.#active.get(account) ?? []), nowMs]);
      return { outcome: 'under-way', before: was, failedAtMs, triedAtMs: [...this.#recent(account), nowMs] };
    });
    return rests === null ? null : { detail: rests };
  }

  /** Why a password is not tried now; null where it may be. */
  #whyNot({ failedAtMs, detail }: Entry, was: Outcome | null, isByHand: boolean): string | null {
    // A person has just entered it once more.
    if (was === 'lifted') return null;
    // One that has worked is not given up because the agent was ended twice in the middle of a login.
    const sinceMs = was === 'good' ? this.#tools.now() - forgetCutShortMs : 0;
    const failed = failedAtMs.filter((atMs) => atMs > sinceMs).length;
    const why = detail === '' ? 'the last tries were cut short' : detail;
    if (failed >= mostFailures) return `${why}; ${failed} tries failed within a day, so that no other is made with this password`;
    return was === 'refused' && !isByHand ? why : null;
  }

  async #turn(account: string, signal: AbortSignal): Promise<void> {
    const { now } = this.#tools;
    for (;;) {
      const recent = this.#recent(account);
      const [oldest] = recent;
      if (recent.length < mostLogins || oldest === undefined || signal.aborted) return;
      await sleep(Math.max(50, oldest + loginsWithinMs - now()), signal);
    }
  }

  #recent(account: string): readonly number[] {
    const now = this.#tools.now();
    // A clock that was set back must not make anybody wait for the old future.
    return (this.#entry(account)?.triedAtMs ?? []).filter((atMs) => atMs > now - loginsWithinMs && atMs <= now);
  }

  #failed(account: string): readonly number[] {
    return (this.#entry(account)?.failedAtMs ?? []).filter((atMs) => atMs > this.#tools.now() - dayMs);
  }

  #entry(account: string): Entry | undefined {
    return setting(this.#tools.read, keyOf(account)) as Entry | undefined;
  }

  /** Change what is kept of an account, one change after the other: two at once would count as one. */
  #change(account: string, secret: string, said: (entry: Entry) => Partial<Entry>): Promise<void> {
    const changing = (this.#queues.get(account) ?? Promise.resolve()).then(async () => {
      const secretMark = this.#mark(account, secret);
      const kept = this.#entry(account);
      const failedAtMs = this.#failed(account);
      const entry: Entry =
        kept?.secretMark === secretMark
          ? { ...kept, failedAtMs }
          : // Another password: somebody has entered it.
            { secretMark, outcome: 'lifted', before: null, detail: '', failedAtMs, triedAtMs: this.#recent(account) };
      await this.#tools.writer.step('saveSetting', [keyOf(account), { ...entry, ...said(entry) }]);
    });
    this.#queues.set(
      account,
      changing.catch(() => undefined),
    );
    return changing;
  }

  #mark(account: string, secret: string): string {
    return createHmac('sha256', this.#tools.key).update(`${account}\n${secret}`).digest('base64url').slice(0, 22);
  }
}

const prefix = 'login ';

function keyOf(account: string): string {
  return `${prefix}${account}`;
}
