import { z } from 'zod';

/** Everything that stands in the audit chain, in the order in which a console offers it. */
export const auditActions = [
  'record-opened',
  'row-shown',
  'letter-opened',
  'letters-rehearsed',
  'letters-tried-again',
  'letters-settled',
  'resend-rehearsed',
  'resend-ordered',
  'resend-paused',
  'resend-resumed',
  'resend-cancelled',
  'resend-finished',
  'file-import-begun',
  'file-imported',
  'connection-added',
  'connection-changed',
  'connection-removed',
  'connection-restored',
  'connection-paused',
  'connection-resumed',
  'connection-tested',
  'rows-previewed',
  'site-reported',
  'connection-started',
  'source-compared',
  'rows-called-gone',
  'breaker-tripped',
  'breaker-reset',
  'schedule-set',
  'shadow-set',
  'share-set',
  'same-record-rule-set',
  'keep-days-set',
  'figures-anew',
  'taken-over',
  'leaves-changed',
  'exception-allowed',
  'secret-made',
  'secret-handed-over',
  'mapping-saved',
  'hotel-changed',
  'recovery-key-shown',
  'recovery-key-kept',
  'alert-acknowledged',
  'check-ordered',
  'certificate-ordered',
  'certificate-made',
  'certificate-cancelled',
  'certificate-exported',
  'certificate-plan-set',
  'backup-plan-set',
  'backup-begun',
  'backup-made',
  'backup-restored',
  'agent-stopped',
  'audit-exported',
] as const;
export type AuditAction = (typeof auditActions)[number];

export const auditTargets = [
  'connection',
  'draft',
  'mapping',
  'record',
  'letter',
  'letters',
  'file',
  'hotel',
  'agent',
  'audit',
  'backup',
  'certificate',
] as const;
export type AuditTarget = (typeof auditTargets)[number];

/** Through which door somebody came; `agent` is the agent by itself. */
export const auditDoors = ['console', 'cli', 'agent'] as const;

/** What is said of an act beside who, what and when: names, counts and hashes. Never guest data, never a secret. */
export const AuditDetail = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]));
export type AuditDetail = z.infer<typeof AuditDetail>;

/**
 * One entry of the audit chain: who did or saw what, when, and through which door.
 *
 * @shape `at` is the hotel's clock with its offset, `2026-11-21T10:02:03.004+01:00`; `hash` and `previousHash` are SHA-256 in hex, and
 *   `hash` runs over everything else of the entry (db/pipeline/audit.ts).
 */
export const AuditEntry = z.strictObject({
  seq: z.int(),
  atMs: z.int(),
  at: z.string(),
  actorId: z.string(),
  actorName: z.string(),
  door: z.enum(auditDoors),
  action: z.enum(auditActions),
  targetKind: z.enum(auditTargets),
  targetId: z.string(),
  detail: AuditDetail,
  correlationId: z.string(),
  previousHash: z.string(),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** An entry before it has its place in the chain. */
export type AuditDraft = Omit<AuditEntry, 'seq' | 'previousHash' | 'hash'>;

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

/** Which entries are meant. @shape days are the hotel's, both inclusive; `target` is the whole id of what was acted on. */
export const AuditFilter = z.strictObject({
  action: z.enum(auditActions).optional(),
  actor: z.string().min(1).max(80).optional(),
  target: z.string().min(1).max(200).optional(),
  from: day.optional(),
  to: day.optional(),
});
export type AuditFilter = z.infer<typeof AuditFilter>;

/** Entries, newest first; `nextBelowSeq` asks for the page behind, null after the last. */
export const AuditPage = z.strictObject({ entries: z.array(AuditEntry), nextBelowSeq: z.int().nullable() });
export type AuditPage = z.infer<typeof AuditPage>;

/**
 * Why an entry does not fit: what it says was `changed`; it is `missing`; it stands at another place than it was written (`moved`); the one
 * before it is not the one it was written behind (`unlinked`); it stands behind the end of the chain (`added`); or what says where the
 * chain ends is gone or no seal of this agent (`head`).
 */
export const auditFlaws = ['changed', 'missing', 'moved', 'unlinked', 'added', 'head'] as const;
export const AuditFlaw = z.strictObject({ seq: z.int(), kind: z.enum(auditFlaws) });
export type AuditFlaw = z.infer<typeof AuditFlaw>;

/** How far a check of the chain is. `headSeq` and `headHash` name its newest entry, to be noted outside of this PC. */
export const AuditCheck = z.strictObject({
  checked: z.int(),
  total: z.int(),
  headSeq: z.int(),
  headHash: z.string(),
  flaw: AuditFlaw.nullable(),
  isOver: z.boolean(),
});
export type AuditCheck = z.infer<typeof AuditCheck>;
