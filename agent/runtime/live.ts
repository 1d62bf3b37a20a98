import type { LiveEvent } from '../../contract/api.ts';

const keptEvents = 500;
const holdMs = 250;

/**
 * Tells consoles what has changed. A console that comes back says the last id it has and gets what came since;
 * when that is too long ago, or of another start, it gets `resync`.
 */
export class Live {
  readonly #now: () => number;
  #events: LiveEvent[] = [];
  #nextId: number;
  readonly #listeners = new Set<() => void>();
  readonly #held = new Map<LiveEvent['topic'], boolean>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
    // Ids of a later start are higher than those of an earlier one, so an old id is recognised.
    this.#nextId = now() * 1000;
  }

  /** Tell a change that may come many times a second: the first at once, then at most four times a second. */
  tellSoon(topic: LiveEvent['topic']): void {
    if (this.#held.has(topic)) {
      this.#held.set(topic, true);
      return;
    }
    this.tell(topic);
    this.#held.set(topic, false);
    setTimeout(() => {
      const isAgain = this.#held.get(topic);
      this.#held.delete(topic);
      if (isAgain) this.tellSoon(topic);
    }, holdMs).unref();
  }

  tell(topic: LiveEvent['topic']): void {
    this.#events.push({ id: this.#nextId++, atMs: this.#now(), topic });
    if (this.#events.length > keptEvents) this.#events = this.#events.slice(-keptEvents);
    for (const listener of this.#listeners) listener();
  }

  async *follow(afterId: number | undefined, signal: AbortSignal | undefined): AsyncGenerator<LiveEvent> {
    const first = this.#events[0]?.id ?? this.#nextId;
    let at = afterId ?? this.#nextId - 1;
    yield { id: this.#nextId - 1, atMs: this.#now(), topic: 'hello' };
    if (at < first - 1 || at >= this.#nextId) {
      at = this.#nextId - 1;
      yield { id: at, atMs: this.#now(), topic: 'resync' };
    }
    while (!signal?.aborted) {
      const fresh = this.#events.filter((event) => event.id > at);
      for (const event of fresh) {
        at = event.id;
        yield event;
      }
      if (fresh.length === 0) await this.#wait(signal);
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#listeners.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.#listeners.add(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }
}
