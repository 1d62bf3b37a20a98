import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveEvent } from '../../contract/api.ts';
import { Live } from './live.ts';

let nowMs: number;
let live: Live;
beforeEach(() => {
  vi.useFakeTimers();
  nowMs = 1_770_000_000_000;
  live = new Live(() => nowMs);
});
afterEach(() => vi.useRealTimers());

/** A console that follows; `take` gives the next so many events. */
function console(afterId?: number, of = live) {
  const stop = new AbortController();
  const events = of.follow(afterId, stop.signal);
  return {
    stop,
    events,
    take: async (count: number): Promise<LiveEvent[]> => {
      const taken: LiveEvent[] = [];
      while (taken.length < count) {
        const { value, done } = await events.next();
        if (done) break;
        taken.push(value);
      }
      return taken;
    },
  };
}
const topics = (events: readonly LiveEvent[]) => events.map((event) => event.topic);

describe('a console that follows', () => {
  it('is greeted and then told what changes from now on, in order', async () => {
    live.tell('files');
    const one = console();
    const hello = await one.take(1);
    live.tell('overview');
    live.tell('connections');
    live.tell('property');
    const rest = await one.take(3);
    expect([topics(hello), topics(rest), rest.every((event, at) => event.id === (hello[0]?.id ?? 0) + 1 + at)]).toEqual([
      ['hello'],
      ['overview', 'connections', 'property'],
      true,
    ]);
  });

  it('hears of what changes while it waits', async () => {
    const one = console();
    await one.take(1);
    const waiting = one.take(1);
    live.tell('overview');
    expect(topics(await waiting)).toEqual(['overview']);
  });

  it('that comes back gets what it has missed, and not once more', async () => {
    const one = console();
    const [hello] = await one.take(1);
    live.tell('overview');
    live.tell('files');
    live.tell('connections');
    const again = console((hello?.id ?? 0) + 1);
    const seen = await again.take(3);
    live.tell('property');
    expect([topics(seen), topics(await again.take(1))]).toEqual([['hello', 'files', 'connections'], ['property']]);
  });

  it('that comes back and has missed nothing is only greeted', async () => {
    const [hello] = await console().take(1);
    const again = console(hello?.id);
    await again.take(1);
    live.tell('overview');
    expect(topics(await again.take(1))).toEqual(['overview']);
  });

  it('that was away for too long is told to look at everything anew', async () => {
    const [hello] = await console().take(1);
    for (let at = 0; at < 600; at++) live.tell('overview');
    const again = console(hello?.id);
    const seen = await again.take(2);
    live.tell('files');
    expect([topics(seen), topics(await again.take(1))]).toEqual([['hello', 'resync'], ['files']]);
  });

  it.each([
    ['of an earlier start', -3_600_000],
    ['of a start with a clock that was ahead', 3_600_000],
  ])('with an id %s is told to look at everything anew', async (_name, offsetMs) => {
    const other = new Live(() => nowMs + offsetMs);
    other.tell('overview');
    const [hello] = await console(undefined, other).take(1);
    const seen = await console(hello?.id).take(2);
    expect(topics(seen)).toEqual(['hello', 'resync']);
  });

  it('gets at least the last five hundred changes', async () => {
    const [hello] = await console().take(1);
    for (let at = 0; at < 500; at++) live.tell('overview');
    const seen = await console(hello?.id).take(501);
    expect([topics(seen)[0], seen.length, new Set(seen.map((event) => event.id)).size]).toEqual(['hello', 501, 501 - 1]);
  });

  it('ends when it goes, and costs nothing afterwards', async () => {
    const one = console();
    await one.take(1);
    const waiting = one.take(1);
    one.stop.abort();
    expect([await waiting, (await one.events.next()).done]).toEqual([[], true]);
    live.tell('overview');
  });

  it('that is slow holds up nobody', async () => {
    const slow = console();
    await slow.take(1);
    const fast = console();
    await fast.take(1);
    for (let at = 0; at < 50; at++) live.tell('files');
    expect([(await fast.take(50)).length, (await slow.take(50)).length]).toEqual([50, 50]);
  });
});

describe('a change that comes many times a second', () => {
  it('is told at once, and then at most four times a second, the last one always', async () => {
    const one = console();
    await one.take(1);
    const heard: LiveEvent[] = [];
    void (async () => {
      for await (const event of one.events) heard.push(event);
    })();
    for (let ms = 0; ms < 999; ms++) {
      live.tellSoon('overview');
      await vi.advanceTimersByTimeAsync(1);
      nowMs++;
    }
    const within = heard.length;
    await vi.advanceTimersByTimeAsync(1000);
    expect([within, heard.length]).toEqual([4, 5]);
  });

  it('that comes once is told once', async () => {
    const one = console();
    await one.take(1);
    live.tellSoon('overview');
    await vi.advanceTimersByTimeAsync(5000);
    live.tell('files');
    expect(topics(await one.take(2))).toEqual(['overview', 'files']);
  });

  it('holds up no other kind of change', async () => {
    const one = console();
    await one.take(1);
    live.tellSoon('overview');
    live.tellSoon('files');
    live.tellSoon('overview');
    expect(topics(await one.take(2))).toEqual(['overview', 'files']);
  });
});
