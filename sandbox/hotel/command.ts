import { parseArgs } from 'node:util';
import { required, tell, untilStopped, wholeNumber } from '../command.ts';
import { dropOnce, runHotel } from './living-hotel.ts';

/** Run a living hotel until it is stopped, or drop one export of a given size. */
export async function hotelCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      drop: { type: 'string' },
      truth: { type: 'string' },
      seed: { type: 'string', default: '1' },
      'every-ms': { type: 'string', default: '2000' },
      'stop-after-ms': { type: 'string' },
      once: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { json } = values;
  const place = { drop: required(values.drop, '--drop'), truth: required(values.truth, '--truth') };
  const seed = wholeNumber(values.seed, { name: '--seed' });
  if (values.once !== undefined) {
    const totals = dropOnce(place, { seed, rows: wholeNumber(values.once, { name: '--once', least: 1 }) });
    tell({
      json,
      event: { event: 'stopped', seed, ...totals },
      text: `${totals.name}: ${totals.rows} rows, ${totals.badRows} of them bad`,
    });
    return 0;
  }
  const stopAfter = values['stop-after-ms'];
  const totals = await runHotel({
    ...place,
    seed,
    everyMs: wholeNumber(values['every-ms'], { name: '--every-ms', least: 1 }),
    signal: untilStopped(stopAfter === undefined ? undefined : wholeNumber(stopAfter, { name: '--stop-after-ms' })),
    onExport: ({ name, rows }) => tell({ json, event: { event: 'export', name, rows }, text: `${name}: ${rows} rows` }),
  });
  tell({ json, event: { event: 'stopped', seed, ...totals }, text: `${totals.files} files, ${totals.rows} rows, ${totals.badRows} bad` });
  return 0;
}
