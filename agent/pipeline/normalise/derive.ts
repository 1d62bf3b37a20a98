import { daysBetween } from '../../../contract/day.ts';
import type { RowProblem } from './row-mapper.ts';

/** Refuse a stay that ends before it begins. The same day in and out is a day use, and good. */
export function stayProblem(fields: Readonly<Record<string, unknown>>): RowProblem | null {
  const { checkInDate, checkOutDate } = fields;
  if (typeof checkInDate !== 'string' || typeof checkOutDate !== 'string' || checkOutDate >= checkInDate) return null;
  return { rule: 'stay-backwards', field: 'checkOutDate', column: null, detail: null };
}

/**
 * Work out what follows from a record's own fields: lead time and length of stay of a booking, in days.
 * They are sent with the record but stand outside its content hash.
 * @returns the members as JSON text, without braces; null when nothing follows.
 */
export function deriveFields(entity: string, fields: Readonly<Record<string, unknown>>): string | null {
  if (entity !== 'booking') return null;
  const checkIn = fields.checkInDate as string;
  const stay = `"lengthOfStay":${daysBetween(checkIn, fields.checkOutDate as string)}`;
  return typeof fields.bookedAt === 'string' ? `"leadTime":${daysBetween(fields.bookedAt.slice(0, 10), checkIn)},${stay}` : stay;
}
