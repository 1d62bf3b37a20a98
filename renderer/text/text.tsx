import { createContext, type ReactNode, useContext, useMemo } from 'react';
import { type FaultReport, fillText } from '../../contract/faults.ts';
import { usePreferences } from '../preferences.ts';
import { type Clock, clockFor } from './clock.ts';
import { de } from './de.ts';
import { en, type Text } from './en.ts';

export type { Text };

const tables: Record<'en' | 'de', Text> = { en, de };
const Zone = createContext('UTC');

/** Everything below reads and writes in this hotel's time. */
export function HotelZone({ zone, children }: { readonly zone: string; readonly children: ReactNode }) {
  return <Zone value={zone}>{children}</Zone>;
}

export function useText(): Text {
  return tables[usePreferences((preferences) => preferences.language)];
}

export function useClock(): Clock {
  const language = usePreferences((preferences) => preferences.language);
  const zone = useContext(Zone);
  return useMemo(() => clockFor(language, zone), [language, zone]);
}

/** The three sentences of a failure, filled. */
export function faultText(text: Text, fault: FaultReport): { what: string; safe: string; next: string } {
  const { what, safe, next } = text.faults[fault.code];
  return { what: fillText(what, fault.detail), safe: fillText(safe, fault.detail), next: fillText(next, fault.detail) };
}
