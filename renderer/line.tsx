import { QueryClient, QueryClientProvider, useMutation, useQuery } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import type { LiveEvent } from '../contract/api.ts';
import { type Client, type Connected, connect, type NoLine } from './rpc.ts';

/** How the line to the agent stands, and since when it is gone. */
export type LineState = {
  readonly state: 'connecting' | 'open' | NoLine;
  readonly client: Client | null;
  readonly lostAtMs: number | null;
};

const tryAgainMs = 3000;
const Line = createContext<LineState>({ state: 'connecting', client: null, lostAtMs: null });

const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: Number.POSITIVE_INFINITY } },
});

const followed: Record<LiveEvent['topic'], readonly string[] | 'all'> = {
  hello: [],
  resends: ['resends', 'trace'],
  overview: [
    'overview',
    'check',
    'backups',
    'certificates',
    'tables',
    'runs',
    'fingerprint',
    'letter-counts',
    'record-counts',
    'records-since',
    'record',
    'trace',
  ],
  files: ['overview', 'tables', 'runs', 'letter-counts', 'record-counts', 'records-since', 'record', 'trace'],
  connections: ['connections', 'overview', 'leaves', 'tables', 'runs', 'fingerprint'],
  property: ['facts', 'overview'],
  resync: 'all',
};

/** The last event this page has seen: what came after it is asked for when the line is back. */
let lastEventId: number | undefined;

async function follow(client: Client, signal: AbortSignal): Promise<void> {
  const events = await client.live.events(lastEventId === undefined ? {} : { afterId: lastEventId }, { signal });
  for await (const event of events) {
    lastEventId = event.id;
    const stale = followed[event.topic];
    if (stale === 'all') await queries.invalidateQueries();
    else for (const name of stale) void queries.invalidateQueries({ queryKey: [name] });
  }
}

/** Take the events up again when they end while the line stands. */
async function followOn({ client, closed }: Connected, signal: AbortSignal): Promise<void> {
  let isClosed = false;
  void closed.then(() => {
    isClosed = true;
  });
  while (!signal.aborted && !isClosed) {
    await follow(client, signal).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, tryAgainMs));
  }
}

/** Keeps the line to the agent open for as long as the page lives; a lost one is tried again every 3 s. */
export function LineProvider({ children }: { readonly children: ReactNode }) {
  const [line, setLine] = useState<LineState>({ state: 'connecting', client: null, lostAtMs: null });
  useEffect(() => {
    const stop = new AbortController();
    void keepOpen(stop.signal, setLine);
    return () => stop.abort();
  }, []);
  return (
    <Line value={line}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </Line>
  );
}

async function keepOpen(signal: AbortSignal, setLine: (change: (before: LineState) => LineState) => void): Promise<void> {
  while (!signal.aborted) {
    // Whatever goes wrong while connecting is the agent being away: it is tried again.
    const found: Connected | NoLine = await connect().catch(() => 'away' as const);
    if (typeof found === 'string') {
      setLine((before) => ({ state: found, client: before.client, lostAtMs: before.lostAtMs ?? Date.now() }));
    } else {
      setLine(() => ({ state: 'open', client: found.client, lostAtMs: null }));
      const ended = new AbortController();
      void followOn(found, ended.signal);
      void queries.invalidateQueries();
      const given = new Promise((resolve) => signal.addEventListener('abort', () => resolve('given up'), { once: true }));
      // A line that is closed has ended the events itself; over it nothing could be called off any more.
      if ((await Promise.race([found.closed, given])) === 'given up') ended.abort();
      setLine((before) => ({ ...before, state: 'away', lostAtMs: Date.now() }));
    }
    await new Promise((resolve) => setTimeout(resolve, tryAgainMs));
  }
}

export function useLine(): LineState {
  return useContext(Line);
}

/** The client; a call made while the line is gone fails as the agent being away. */
export function useClient(): Client {
  const { client } = useLine();
  if (!client) throw new Error('no screen is drawn before the first connection');
  return client;
}

export function useFacts() {
  const client = useClient();
  return useQuery({ queryKey: ['facts'], queryFn: ({ signal }) => client.agent.facts({}, { signal }) });
}

export function useOverview() {
  const client = useClient();
  // Told by events; the clock is only for what changes without one, such as the time since.
  return useQuery({ queryKey: ['overview'], queryFn: ({ signal }) => client.overview.get({}, { signal }), refetchInterval: 5000 });
}

export function useConnections() {
  const client = useClient();
  return useQuery({ queryKey: ['connections'], queryFn: ({ signal }) => client.connections.list({}, { signal }) });
}

export function useKinds() {
  const client = useClient();
  return useQuery({ queryKey: ['kinds'], queryFn: ({ signal }) => client.systems.kinds({}, { signal }) });
}

export function useMappings() {
  const client = useClient();
  return useQuery({ queryKey: ['mappings'], queryFn: ({ signal }) => client.mappings.list({}, { signal }) });
}

/** A change of something at the agent: afterwards every screen asks again. */
export function useChange<I, O>(run: (client: Client, input: I) => Promise<O>) {
  const client = useClient();
  return useMutation({ mutationFn: (input: I) => run(client, input), onSettled: () => queries.invalidateQueries() });
}
