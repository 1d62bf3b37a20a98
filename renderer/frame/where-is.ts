import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { visibleText } from '../../contract/raw-bytes.ts';
import { type TraceFound, type TraceHit, type TraceLetter, traceQueryOf } from '../../contract/trace.ts';
import { useClient } from '../line.tsx';
import { goTo, recordName } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { faultText, type Text, useClock, useText } from '../text/text.tsx';

/** A line of the palette that leads to a record or to a row that was set aside. */
export type Found = { readonly id: string; readonly group: string; readonly words: string; readonly run: () => void };

/** Who types on is not asked for every letter. */
const restMs = 250;
const leastSigns = 2;

/** What was found, what is to be said below it, and whether more may come. */
type WhereIs = { readonly found: readonly Found[]; readonly note: readonly string[]; readonly isSearching: boolean };

/** Look for records by what is typed into the palette. */
export function useWhereIs(typed: string, isOpen: boolean): WhereIs {
  const text = useText();
  const clock = useClock();
  const client = useClient();
  const asked = useRested(typed.trim());
  const query = asked.length < leastSigns ? null : traceQueryOf(asked);
  const { data, error } = useQuery({
    queryKey: ['trace-find', query],
    queryFn: ({ signal }) => client.trace.find(query ?? {}, { signal }),
    enabled: isOpen && query !== null,
    // Guest data: forgotten as soon as something else is asked.
    gcTime: 0,
  });
  if (!isOpen || typed.trim().length < leastSigns) return { found: [], note: [], isSearching: false };
  if (error) return { found: [], note: [faultText(text, faultOf(error)).what], isSearching: false };
  if (!data || asked !== typed.trim()) return { found: [], note: [text.trace.searching], isSearching: true };
  const found = [...data.hits.map((hit) => recordLine(text, clock.date, hit)), ...data.letters.map((letter) => letterLine(text, letter))];
  const note = found.length === 0 ? absenceWords(text, data) : data.isMore ? [text.trace.isMore] : [];
  return { found, note, isSearching: false };
}

function useRested(typed: string): string {
  const [asked, setAsked] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed), restMs);
    return () => clearTimeout(timer);
  }, [typed]);
  return asked;
}

function recordLine({ trace }: Text, date: (day: string) => string, { entity, by, seq, row }: TraceHit): Found {
  const { ledgerId, externalId, title, place, day } = row;
  const parts = [trace.hit(trace.kinds[entity], externalId), title, place, day && date(day)];
  return {
    id: `record-${ledgerId}-${externalId}`,
    group: trace.by[by],
    words: visibleText(parts.filter(Boolean).join(' · ')),
    run: () =>
      goTo('records', recordName(row), {
        kind: entity === 'booking' ? undefined : entity,
        version: seq === null ? undefined : String(seq),
      }),
  };
}

/** One that is settled has no page of its own any more: its record has. */
function letterLine({ trace, rules }: Text, { id, rule, externalId, line, settledAs }: TraceLetter): Found {
  const isOpen = settledAs === null;
  return {
    id: `letter-${id}`,
    group: rules[rule].title,
    words: visibleText(isOpen ? trace.aside(externalId, line === null ? null : String(line)) : trace.wasAside(externalId)),
    run: () => (isOpen ? goTo('set-aside', String(id), { rule }) : goTo('records', undefined, { q: externalId ?? undefined })),
  };
}

function absenceWords({ trace }: Text, { absence }: TraceFound): string[] {
  const { filesToday, newestFile, setAside, setAsideWithoutKey } = absence;
  return [
    trace.nowhere,
    trace.today(filesToday, newestFile && visibleText(newestFile.name)),
    trace.withoutKey(setAside, setAsideWithoutKey),
  ];
}
