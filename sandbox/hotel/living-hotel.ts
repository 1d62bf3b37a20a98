import { setTimeout as delay } from 'node:timers/promises';
import { dropExport, type ExportPlace } from './export-file.ts';
import { openHotel } from './hotel.ts';
import { seededRandom } from './random.ts';

export type HotelTotals = { readonly files: number; readonly rows: number; readonly badRows: number };

export type LivingHotel = ExportPlace & {
  readonly seed: number;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly onExport?: (file: { readonly name: string; readonly rows: number }) => void;
};

/**
 * Let a hotel live until the signal: every `everyMs` its PMS drops an export of 20 to 80 rows.
 * An export that has begun is finished first, so that the truth never knows a file that nobody can find.
 */
export async function runHotel(living: LivingHotel): Promise<HotelTotals> {
  const hotel = openHotel({ seed: living.seed, today: new Date().toISOString().slice(0, 10) });
  // The size of a file comes from a stream of its own: the same seed gives the same guests however long it runs.
  const random = seededRandom(living.seed + 1);
  const totals = { files: 0, rows: 0, badRows: 0 };
  while (!living.signal.aborted) {
    const bad = random.chance(0.35) ? 1 : 0;
    const rows = hotel.nextExport({ rows: random.between(20, 80), changes: totals.files === 0 ? 0 : 0.4, bad });
    totals.files += 1;
    totals.rows += rows.length;
    totals.badRows += bad;
    const name = dropExport(living, { rows, number: totals.files, at: new Date() });
    living.onExport?.({ name, rows: rows.length });
    await delay(living.everyMs, undefined, { signal: living.signal }).catch(() => undefined);
  }
  return totals;
}

/** Drop one export with `rows` rows and be done: a hotel's first full export, a hundredth of it bad on purpose at most ten rows. */
export function dropOnce(
  place: ExportPlace,
  { seed, rows }: { readonly seed: number; readonly rows: number },
): HotelTotals & { readonly name: string } {
  const bad = Math.min(10, Math.floor(rows / 100));
  const hotel = openHotel({ seed, today: new Date().toISOString().slice(0, 10) });
  const name = dropExport(place, { rows: hotel.nextExport({ rows, changes: 0.05, bad }), number: 1, at: new Date() });
  return { files: 1, rows, badRows: bad, name };
}
