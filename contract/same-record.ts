import { z } from 'zod';
import { entityNames } from './record.ts';

/**
 * What is done where two sources of a hotel speak of one record: the same kind under the same key.
 *
 * `apart`: both are kept and sent, each as its source's own. `leads`: what another source says of a record that the leading one knows is
 * kept here and not sent. `newest`: a version is not sent where another source has said something newer of the record by then. What the
 * destination refuses takes the place of nothing, and what was sent before stays there.
 */
export const SameRecordRule = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('apart') }),
  z.strictObject({ rule: z.literal('leads'), source: z.string().min(1).max(40) }),
  z.strictObject({ rule: z.literal('newest') }),
]);
export type SameRecordRule = z.infer<typeof SameRecordRule>;

/** The rule of one kind of record, the sources that bring it, and how many records come from more than one of them. */
export const SameRecords = z.strictObject({
  entity: z.enum(entityNames),
  rule: SameRecordRule,
  sources: z.array(z.string()),
  shared: z.int(),
});
export type SameRecords = z.infer<typeof SameRecords>;

/** The same record from another source. */
export const OtherSource = z.strictObject({ ledgerId: z.int(), source: z.string(), keptAtMs: z.int() });
export type OtherSource = z.infer<typeof OtherSource>;

/** Why a version was kept and, on purpose, not sent: another source leads or had something newer, or it lies outside of the destination's share. */
export const withheldReasons = ['other-source-leads', 'other-source-newer', 'not-in-share'] as const;
export type WithheldReason = (typeof withheldReasons)[number];
export const Withheld = z.strictObject({ reason: z.enum(withheldReasons), otherSource: z.string().nullable() });
export type Withheld = z.infer<typeof Withheld>;
