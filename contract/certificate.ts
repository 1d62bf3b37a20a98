import { z } from 'zod';
import { csvRow } from './csv.ts';
import { FaultReport } from './faults.ts';
import { ClockTime } from './property.ts';
import { entityNames } from './record.ts';

/**
 * What a comparison has come to. `different`: something is missing here, also after it was pulled again. `not-compared`: a part was not
 * looked at. `refused`: a destination has refused some of it. `waiting`: all of it is kept here, and a destination has not confirmed all of it
 * yet.
 */
export const certificateStates = ['complete', 'waiting', 'refused', 'different', 'not-compared'] as const;
export const CertificateState = z.enum(certificateStates);
export type CertificateState = z.infer<typeof CertificateState>;

/**
 * Why something was not compared: its source is paused, was removed or was never read; its first load is under way; it is not asked for this kind
 * of record any more; its night audit runs;
 * files of it are being read at this moment, or their copies are damaged; or what the fault says.
 */
export const notComparedReasons = [
  'paused',
  'removed',
  'never-read',
  'first-load',
  'not-asked',
  'night-audit',
  'being-read',
  'damaged',
  'fault',
] as const;
export const NotCompared = z.strictObject({ reason: z.enum(notComparedReasons), fault: FaultReport.nullable() });
export type NotCompared = z.infer<typeof NotCompared>;

/** A checksum over records in no order: the sum of their keyed hashes. @shape 16 hex digits. */
const Sum = z.string().regex(/^[0-9a-f]{16}$/);

/** What of a line one destination has confirmed: in the order of the certificate's destinations. */
export const CertificateDelivery = z.strictObject({
  confirmed: z.int(),
  /** Over the texts that were confirmed, as they lie sealed. */
  sum: Sum,
  waiting: z.int(),
  withheld: z.int(),
  refused: z.int(),
  state: CertificateState,
});
export type CertificateDelivery = z.infer<typeof CertificateDelivery>;

/**
 * One kind of record of one source on one hotel date.
 *
 * - `source`, `sourceSum`: records there. 0 where the part was not compared: nothing is known of them.
 * - `kept`, `keptSum`: of those, how many this PC keeps with that very content.
 * - `missing`, `changed`: not kept at all, or kept or sent with another content.
 * - `corrected`: kept as a person or another mapping has read a row that was set aside; counted in `kept`, and in no checksum.
 * - `gone`: kept here, and no longer at the source.
 * - `later`: kept while the sources were read, and so no part of the comparison: the next one has them.
 */
export const CertificateLine = z.strictObject({
  day: z.string().nullable(),
  source: z.int(),
  sourceSum: Sum,
  kept: z.int(),
  keptSum: Sum,
  missing: z.int(),
  changed: z.int(),
  corrected: z.int(),
  gone: z.int(),
  later: z.int(),
  deliveries: z.array(CertificateDelivery),
});
export type CertificateLine = z.infer<typeof CertificateLine>;

/** One kind of record of one source. `rows`: all rows that were read for it, with those that said a record again. */
export const CertificatePart = z.strictObject({
  source: z.string(),
  entity: z.enum(entityNames),
  connectionIds: z.array(z.string()),
  notCompared: NotCompared.nullable(),
  files: z.int(),
  rows: z.int(),
  setAside: z.array(z.strictObject({ rule: z.string(), count: z.int() })),
  lines: z.array(CertificateLine),
});
export type CertificatePart = z.infer<typeof CertificatePart>;

/** A destination as it stood at the end. `isStopped`: a person has stopped sending to it. */
export const CertificateDestination = z.strictObject({
  id: z.string(),
  title: z.string(),
  isShadow: z.boolean(),
  isStopped: z.boolean(),
  waitingSinceMs: z.int().nullable(),
  state: CertificateState,
});
export type CertificateDestination = z.infer<typeof CertificateDestination>;

export const CertificateSource = z.strictObject({
  id: z.string(),
  title: z.string(),
  isDatabase: z.boolean(),
  notCompared: NotCompared.nullable(),
});
export type CertificateSource = z.infer<typeof CertificateSource>;

/**
 * A record or row that was not the same on both sides, and was pulled again. `row-lost`: a row that could not be read and is not among
 * those set aside. `where`: the file and line, or the table and key, that said it.
 */
export const CertificateDifference = z.strictObject({
  source: z.string(),
  entity: z.enum(entityNames),
  kind: z.enum(['missing', 'changed', 'row-lost']),
  day: z.string().nullable(),
  key: z.string(),
  where: z.string(),
  isMended: z.boolean(),
});
export type CertificateDifference = z.infer<typeof CertificateDifference>;

/** What stands in the list of certificates. `digest`: SHA-256 over the rest of it, as it stands in the audit chain. */
export const CertificateSummary = z.strictObject({
  id: z.int(),
  startedAtMs: z.int(),
  endedAtMs: z.int(),
  cause: z.enum(['night', 'by-hand']),
  businessDate: z.string().nullable(),
  state: CertificateState,
  records: z.int(),
  found: z.int(),
  mended: z.int(),
  waiting: z.int(),
  digest: z.string(),
});
export type CertificateSummary = z.infer<typeof CertificateSummary>;

/** A certificate of completeness, whole. Of the differences the first 200 stand in it. */
export const Certificate = CertificateSummary.omit({ id: true, digest: true }).extend({
  hotelId: z.string(),
  timeZone: z.string(),
  sources: z.array(CertificateSource),
  destinations: z.array(CertificateDestination),
  parts: z.array(CertificatePart),
  differences: z.array(CertificateDifference),
});
export type Certificate = z.infer<typeof Certificate>;

export const OpenedCertificate = z.strictObject({ id: z.int(), digest: z.string(), isUnchanged: z.boolean(), certificate: Certificate });
export type OpenedCertificate = z.infer<typeof OpenedCertificate>;

/** How far a comparison is. `id` comes with the last word. */
export const CertificateProgress = z.strictObject({
  stage: z.enum(['files', 'tables', 'outbox', 'comparing', 'pulling', 'confirming', 'done']),
  done: z.int(),
  total: z.int().nullable(),
  id: z.int().nullable(),
});
export type CertificateProgress = z.infer<typeof CertificateProgress>;

/** When it is made: each night at a time of the hotel, or only when somebody asks. */
export const CertificatePlan = z.strictObject({ at: ClockTime.nullable() });
export type CertificatePlan = z.infer<typeof CertificatePlan>;

export const CertificateStanding = z.strictObject({
  plan: CertificatePlan,
  nextAtMs: z.int().nullable(),
  certificates: z.array(CertificateSummary),
  underWay: CertificateProgress.nullable(),
  lastFault: FaultReport.nullable(),
});
export type CertificateStanding = z.infer<typeof CertificateStanding>;

/** The table of a certificate as CSV: a row for each kind of record, hotel date and destination. */
export function certificateCsv({ certificate, id, digest }: Pick<OpenedCertificate, 'certificate' | 'id' | 'digest'>): string {
  const head =
    'certificate,business_date,source,kind,hotel_date,at_source,at_source_checksum,kept,kept_checksum,missing,changed,corrected,gone,later,destination,is_shadow,confirmed,confirmed_checksum,withheld,refused,waiting,state,certificate_state,digest';
  const { businessDate, destinations, parts, state } = certificate;
  const rows = parts.flatMap(({ source, entity, notCompared, lines }) =>
    lines.flatMap((line) => {
      // What was not compared has no number of the source: an empty cell is not 0.
      const there = notCompared ? ['', '', line.kept, line.keptSum, '', '', line.corrected, '', line.later] : known(line);
      const first = [id, businessDate ?? '', source, entity, line.day ?? '', ...there];
      const deliveries = line.deliveries.map((one, at) => [
        destinations[at]?.id ?? '',
        destinations[at]?.isShadow ? 1 : 0,
        one.confirmed,
        one.sum,
        one.withheld,
        one.refused,
        one.waiting,
        one.state,
      ]);
      return (deliveries.length > 0 ? deliveries : [['', '', '', '', '', '', '', lineState(line, notCompared)]]).map((delivery) =>
        csvRow([...first, ...delivery, state, digest].map(String)),
      );
    }),
  );
  return [csvRow(head.split(',')), ...rows].join('');
}

const known = ({ source, sourceSum, kept, keptSum, missing, changed, corrected, gone, later }: CertificateLine) => [
  source,
  sourceSum,
  kept,
  keptSum,
  missing,
  changed,
  corrected,
  gone,
  later,
];

/** What a line comes to for this PC alone. */
export function lineState(
  { missing, changed }: Pick<CertificateLine, 'missing' | 'changed'>,
  notCompared: NotCompared | null,
): CertificateState {
  if (notCompared) return 'not-compared';
  return missing + changed > 0 ? 'different' : 'complete';
}
