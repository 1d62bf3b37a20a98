import { z } from 'zod';
import { FaultReport } from './faults.ts';

/** A trouble that stands right now: one per connection and fault, from the first time seen until it heals. */
export const Alert = z.strictObject({
  connectionId: z.string().nullable(),
  fault: FaultReport,
  severity: z.enum(['critical', 'warning']),
  sinceMs: z.int(),
  lastSeenMs: z.int(),
  count: z.int().min(1),
});
export type Alert = z.infer<typeof Alert>;
