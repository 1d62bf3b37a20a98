import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { RecordQuery, RecordRow } from '../../contract/record-view.ts';
import { useClient } from '../line.tsx';

/** So many rows are asked for at once: about two screens. */
const pageRows = 100;
/** A page that is scrolled out of sight is forgotten after this time; it is asked for again in some milliseconds. */
const forgetAfterMs = 30_000;

/**
 * The list that a query means, of which the rows from `first` to before `end` are needed. What is on the screen stands still until
 * somebody asks for it anew, also while records come in.
 */
export function useRecordList(query: RecordQuery, first: number, end: number) {
  const client = useClient();
  const queries = useQueryClient();
  const queryKey = ['records', query];
  const head = useQuery({
    queryKey,
    queryFn: async ({ signal }) => client.records.list({ ...query, limit: pageRows }, { signal }),
    gcTime: 0,
  });
  const view = head.data?.view;
  const startAgain = () => void queries.resetQueries({ queryKey, exact: true });
  const pages: number[] = [];
  const lastPage = Math.floor(Math.max(0, Math.min(end, head.data?.total ?? 0) - 1) / pageRows);
  for (let page = Math.max(1, Math.floor(first / pageRows)); page <= lastPage; page++) pages.push(page);
  const more = useQueries({
    queries: pages.map((page) => ({
      queryKey: ['records-page', view, page],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const found = await client.records.list({ ...query, view, offset: page * pageRows, limit: pageRows }, { signal });
        // The list was forgotten there and is another one now: from the start, or rows of two lists would stand side by side.
        if (found.view !== view) startAgain();
        return found.view === view ? found.rows : [];
      },
      enabled: view !== undefined,
      gcTime: forgetAfterMs,
    })),
  });
  const since = useQuery({
    queryKey: ['records-since', query.entity, head.data?.upToSeq],
    queryFn: ({ signal }) => client.records.since({ entity: query.entity, seq: head.data?.upToSeq ?? 0 }, { signal }),
    enabled: head.data !== undefined,
    gcTime: 0,
  });
  const counts = useQuery({ queryKey: ['record-counts'], queryFn: ({ signal }) => client.records.counts({}, { signal }) });
  const total = head.data?.total ?? 0;
  const kept = since.data?.kept ?? 0;
  // Where there is nothing, nothing can be moved from under the pointer.
  useEffect(() => {
    if (kept > 0 && total === 0) void queries.resetQueries({ queryKey: ['records'] });
  }, [kept, total, queries]);
  const rowAt = (index: number): RecordRow | undefined => {
    const page = Math.floor(index / pageRows);
    const rows = page === 0 ? head.data?.rows : more[pages.indexOf(page)]?.data;
    return rows?.[index % pageRows];
  };
  return {
    rowAt,
    total,
    sums: head.data?.sums ?? [],
    view,
    kept: total > 0 ? kept : 0,
    counts: counts.data ?? [],
    isLoading: head.isPending,
    error: head.error ?? more.find((one) => one.error)?.error ?? null,
    tryAgain: () =>
      void queries.refetchQueries({
        predicate: ({ queryKey: [name], state }) => String(name).startsWith('records') && state.error !== null,
      }),
    startAgain,
  };
}

export type RecordList = ReturnType<typeof useRecordList>;
