import { visibleText } from '../../contract/raw-bytes.ts';
import type { EntityName } from '../../contract/record.ts';
import { entityOf } from '../../contract/record.ts';
import { type Text, useClock, useText } from '../text/text.tsx';

/** How a field is called. */
export function fieldWords(text: Text, field: string): string {
  return text.records.fields[field] ?? field;
}

/** Writes the values of one kind of record as people read them. */
export function useValues(entity: EntityName): (field: string, value: unknown, currency: unknown) => string {
  const text = useText();
  const clock = useClock();
  const kinds = new Map(entityOf(entity).fields.map(({ name, kind }) => [name, kind]));
  return (field, value, currency) => {
    if (value === undefined || value === null || value === '') return text.records.none;
    const kind = kinds.get(field);
    if (kind === 'money' && typeof value === 'number' && typeof currency === 'string') return clock.money(value, currency);
    if (kind === 'day' && typeof value === 'string') return clock.date(value);
    if (kind === 'moment' && typeof value === 'string')
      return [clock.date(value.slice(0, 10)), value.slice(11, 16)].filter(Boolean).join(', ');
    if (kind === 'choice' && typeof value === 'string') return text.records.choices[value] ?? value;
    if (typeof value === 'number') return clock.number(value);
    return visibleText(Array.isArray(value) ? value.join(', ') : String(value));
  };
}
