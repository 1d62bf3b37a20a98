import { createHmac, type KeyObject } from 'node:crypto';
import type { ReadDb } from '../../db/open.ts';
import { setting, settingsByKey } from '../../db/pipeline/connections.ts';
import type { Writer } from '../../db/writer.ts';
import type { Logins } from '../pipeline/connector.ts';
import { sleep } from '../resilience/policies.ts';

/** What is kept of an account. `secretMark` tells the password that was tried from any other, and nothing more. */
type Entry = {
  readonly secretMark: string;
  readonly outcome: 'good' | 'refused' | 'under-way';
  readonly detail: string;
  readonly failedAtMs: readonly number[];
  readonly triedAtMs: readonly number[];
};

const dayMs = 24 * 3_600_000;
/** Oracle's own default locks after ten, hotels set three: the third try stays with a person. */
const mostFailures = 2;
/** However many ask, an account sees no more logins than this in a minute. */
const mostLogins = 6;
const loginsWithinMs = 60_000;

/**
 * The book of logins, kept in the database: what was refused is not tried again by itself, over a restart too, and by hand only while the
 * account is safe. A try is written down before it is made, so one that was cut short counts as well.
 */
export class LoginBook {
  readonly #tools: { readonly key: KeyObject; readonly read: ReadDb; readonly writer: Writer; readonly now: () => number };

  constructor(tools: { readonly key: KeyObject; readonly read: ReadDb; readonly writer: Writer; readonly now: () => number }) {
    this.#tools = tools;
  }

  /** The book as a source or a test sees it. `isByHand`: a person waits for the answer. */
  for(isByHand: boolean): Logins {
    return {
      begin: (account, secret, signal) => this.#begin(account, secret, isByHand, signal),
      succeeded: (account, secret) => this.#note(account, secret, { outcome: 'good', detail: '', failedAtMs: [] }),
      refused: (account, secret, detail) =>
        this.#note(account, secret, { outcome: 'refused', detail, failedAtMs: [...this.#failed(account), this.#tools.now()] }),
      failedToday: (account) => this.#failed(account).length,
    };
  }

  /** A person has entered these passwords anew: what was refused with them before is forgotten, as the other side may have changed it. */
  async forgive(secrets: readonly string[]): Promise<void> {
    for (const [key, entry] of settingsByKey(this.#tools.read, prefix) as Map<string, Entry>) {
      const account = key.slice(prefix.length);
      if (secrets.some((secret) => this.#mark(account, secret) === entry.secretMark))
        await this.#tools.writer.step('saveSetting', [key, { ...entry, outcome: 'good', failedAtMs: [] }]);
    }
  }

  async #begin(account: string, secret: string, isByHand: boolean, signal: AbortSignal): Promise<{ detail: string } | null> {
    const entry = this.#entry(account);
    const isSame = entry?.secretMark === this.#mark(account, secret);
    if (entry && isSame && entry.outcome !== 'good') {
      const failed = this.#failed(account).length + (entry.outcome === 'under-way' ? 1 : 0);
      const why = entry.outcome === 'under-way' ? 'the last try was cut short' : entry.detail;
      if (failed >= mostFailures)
        return { detail: `${why}; ${failed} tries failed within a day, so that no other is made with this password` };
      if (!isByHand && entry.outcome === 'refused') return { detail: why };
    }
    await this.#turn(account, signal);
    const cutShort = isSame && entry?.outcome === 'under-way' ? [this.#tools.now()] : [];
    const outcome = isSame && entry?.outcome === 'good' ? 'good' : 'under-way';
    const triedAtMs = [...this.#recent(account), this.#tools.now()];
    await this.#note(account, secret, { outcome, detail: '', failedAtMs: [...this.#failed(account), ...cutShort], triedAtMs });
    return null;
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

  async #note(
    account: string,
    secret: string,
    said: Omit<Entry, 'secretMark' | 'triedAtMs'> & Partial<Pick<Entry, 'triedAtMs'>>,
  ): Promise<void> {
    const entry: Entry = { secretMark: this.#mark(account, secret), triedAtMs: this.#recent(account), ...said };
    if (JSON.stringify(entry) !== JSON.stringify(this.#entry(account)))
      await this.#tools.writer.step('saveSetting', [keyOf(account), entry]);
  }

  #mark(account: string, secret: string): string {
    return createHmac('sha256', this.#tools.key).update(`${account}\n${secret}`).digest('base64url').slice(0, 22);
  }
}

const prefix = 'login ';

function keyOf(account: string): string {
  return `${prefix}${account}`;
}
