import { z } from 'zod';

/**
 * What the sandbox receiver does wrong on purpose, so that a sender can be watched while it copes.
 *
 * The counted ones touch the next n requests to the four data paths and then stop by themselves, in this order of precedence:
 * `hang`, `status`, `captivePortal`; then `omitIds`, which overlooks the first record and names it nowhere, and `dropAnswers`, which
 * cuts the line after the batch has been applied.
 *
 * @units `latencyMs` is waited before a batch is looked at, `answerLatencyMs` between applying it and saying so;
 * `retryAfter` is sent as it is written.
 */
export const UpstreamFaults = z.strictObject({
  status: z.strictObject({ code: z.int().min(300).max(599), requests: z.int().min(0), retryAfter: z.string().optional() }).nullable(),
  captivePortal: z.int().min(0),
  dropAnswers: z.int().min(0),
  omitIds: z.int().min(0),
  hang: z.int().min(0),
  latencyMs: z.int().min(0).max(60_000),
  answerLatencyMs: z.int().min(0).max(60_000),
  maxRecords: z.int().min(1).nullable(),
  /** External ids, of any source or, as `source externalId`, of one. */
  refuseKeys: z.array(z.string()),
  /** Claim to have seen this generation of every hotel, as if another PC had sent. */
  highWater: z.int().nullable(),
});
export type UpstreamFaults = z.infer<typeof UpstreamFaults>;

/** Give a receiver that does nothing wrong. */
export function noFaults(): UpstreamFaults {
  return {
    status: null,
    captivePortal: 0,
    dropAnswers: 0,
    omitIds: 0,
    hang: 0,
    latencyMs: 0,
    answerLatencyMs: 0,
    maxRecords: null,
    refuseKeys: [],
    highWater: null,
  };
}

type Counted = 'captivePortal' | 'dropAnswers' | 'omitIds' | 'hang';

/** Use up one of the counted faults; false when none is left. */
export function takeFault(faults: UpstreamFaults, name: Counted): boolean {
  if (faults[name] === 0) return false;
  faults[name] -= 1;
  return true;
}

/** Use up one forced status; null when the request is to be answered properly. */
export function takeStatus(faults: UpstreamFaults): { readonly code: number; readonly retryAfter?: string | undefined } | null {
  if (!faults.status || faults.status.requests === 0) return null;
  faults.status.requests -= 1;
  return faults.status;
}
