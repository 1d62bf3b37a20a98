import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type LetterFilter, ruleIds } from '../../contract/dead-letter.ts';
import { useClient } from '../line.tsx';
import type { Narrowing } from '../router.ts';

const pageRows = 100;

/** What the address narrows the list to; a rule that there is not narrows nothing. */
export function filterOf({ rule, connection }: Narrowing): LetterFilter {
  const known = ruleIds.find((id) => id === rule);
  return { ...(known ? { rule: known } : {}), ...(connection ? { connectionId: connection } : {}) };
}

export function narrowingOf({ rule, connectionId }: LetterFilter): Narrowing {
  return { rule, connection: connectionId };
}

/** The rows that a filter means, newest first, page by page. What is on the screen stays as it is until somebody asks for it anew. */
export function useLetters(filter: LetterFilter) {
  const client = useClient();
  const queries = useQueryClient();
  const queryKey = ['letters', filter.rule, filter.connectionId];
  const list = useInfiniteQuery({
    queryKey,
    queryFn: async ({ signal, pageParam }) => {
      const from = pageParam === null ? {} : { belowId: pageParam };
      return { ...(await client.deadLetters.list({ ...filter, limit: pageRows, ...from }, { signal })), gotAtMs: Date.now() };
    },
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.nextBelowId,
    gcTime: 0,
  });
  const counts = useQuery({ queryKey: ['letter-counts'], queryFn: ({ signal }) => client.deadLetters.counts({}, { signal }) });
  const [newest] = list.data?.pages ?? [];
  const total = newest?.total ?? 0;
  const counted = (counts.data ?? [])
    .filter((one) => (!filter.rule || one.rule === filter.rule) && (!filter.connectionId || one.connectionId === filter.connectionId))
    .reduce((sum, one) => sum + one.count, 0);
  // Counts that are older than the list say nothing about it.
  const hasChanged = newest !== undefined && counts.dataUpdatedAt > newest.gotAtMs && counted !== total;
  const startAgain = () => void queries.resetQueries({ queryKey, exact: true });
  // Where there is nothing, nothing can be moved from under the pointer.
  useEffect(() => {
    if (hasChanged && total === 0) void queries.resetQueries({ queryKey: ['letters'] });
  }, [hasChanged, total, queries]);
  return {
    letters: list.data?.pages.flatMap((page) => page.letters) ?? [],
    counts: counts.data ?? [],
    total,
    error: list.error,
    isLoading: list.isPending,
    isLoadingMore: list.isFetchingNextPage,
    hasChanged: hasChanged && total > 0,
    loadMore: () => void (list.hasNextPage && !list.isFetching && list.fetchNextPage()),
    tryAgain: () => void (list.data ? list.fetchNextPage() : list.refetch()),
    startAgain,
  };
}

export type Letters = ReturnType<typeof useLetters>;

/** One row with what it holds. That is guest data: it is forgotten as soon as another row is shown. */
export function useOpenedLetter(id: number) {
  const client = useClient();
  return useQuery({ queryKey: ['letter', id], queryFn: ({ signal }) => client.deadLetters.get({ id }, { signal }), gcTime: 0 });
}
