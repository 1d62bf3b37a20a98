import { hash, type KeyObject } from 'node:crypto';
import type { AuditDetail, AuditDraft, AuditEntry, AuditFilter, AuditFlaw, AuditPage } from '../../contract/audit.ts';
import type { ReadDb, WriteDb } from '../open.ts';
import { seal, unseal } from '../seal.ts';

/** What the first entry of a chain is written behind. */
export const auditRoot = hash('sha256', 'bellhop audit chain 1');
const headContext = 'audit-head';

/** An entry as it lies in the table: the detail is the very text that was hashed. */
type AuditRow = Omit<AuditEntry, 'detail'> & { readonly detail: string };

const columns =
  'seq, at_ms as atMs, at, actor_id as actorId, actor_name as actorName, door, action, target_kind as targetKind, target_id as targetId, ' +
  'detail, correlation_id as correlationId, previous_hash as previousHash, hash';

/** Hash everything of an entry, the hash of the one before it first. @shape SHA-256 over a JSON list in this fixed order. */
function hashOf(row: Omit<AuditRow, 'hash'>, seq = row.seq): string {
  const { previousHash, atMs, at, actorId, actorName, door, action, targetKind, targetId, detail, correlationId } = row;
  return hash(
    'sha256',
    JSON.stringify([previousHash, seq, atMs, at, actorId, actorName, door, action, targetKind, targetId, detail, correlationId]),
  );
}

/** Where a chain ends. */
export type AuditHead = { readonly seq: number; readonly hash: string };

/** Open what says where the chain ends; null where it is gone or was not sealed with this key. */
function openHead(key: KeyObject, sealed: Uint8Array | undefined): AuditHead | null {
  if (!sealed) return null;
  try {
    return JSON.parse(unseal(key, sealed, headContext).toString('utf8')) as AuditHead;
  } catch {
    return null;
  }
}

/** Prepare the step that writes an entry at the end of the chain. It belongs into the transaction of the act itself. */
export function auditStatements(db: WriteDb, key: KeyObject) {
  const readHead = db.prepare<[], Buffer>('select sealed from audit_head').pluck();
  const newest = db.prepare<[], AuditHead>('select seq, hash from audit order by seq desc limit 1');
  const insert = db.prepare(
    'insert into audit (seq, at_ms, at, actor_id, actor_name, door, action, target_kind, target_id, detail, correlation_id, previous_hash, hash) ' +
      'values (@seq, @atMs, @at, @actorId, @actorName, @door, @action, @targetKind, @targetId, @detail, @correlationId, @previousHash, @hash)',
  );
  const saveHead = db.prepare('insert into audit_head (one, sealed) values (1, ?) on conflict do update set sealed = excluded.sealed');

  /** The place behind which the next entry stands, and its number. */
  function end(): AuditHead & { next: number } {
    const last = newest.get();
    const head = openHead(key, readHead.get());
    if (!last && !head) return { seq: 0, hash: auditRoot, next: 1 };
    if (last && head?.seq === last.seq && head.hash === last.hash) return { ...last, next: last.seq + 1 };
    // Somebody has cut the chain or written into it. A number is left out for good, so that no later entry covers that up.
    const seq = Math.max(last?.seq ?? 0, head?.seq ?? 0);
    return { seq, hash: head?.hash ?? last?.hash ?? auditRoot, next: seq + 2 };
  }

  /** Write entries at the end of the chain. */
  function append(drafts: readonly AuditDraft[]): void {
    for (const draft of drafts) {
      const { hash: previousHash, next: seq } = end();
      const texts = Object.fromEntries(
        // A text that SQLite would store otherwise than it was hashed would look changed.
        Object.entries(draft).map(([name, value]) => [name, typeof value === 'string' ? value.toWellFormed() : value]),
      ) as AuditDraft;
      const row = { ...texts, seq, detail: JSON.stringify(draft.detail), previousHash };
      const ownHash = hashOf(row);
      insert.run({ ...row, hash: ownHash });
      saveHead.run(seal(key, JSON.stringify({ seq, hash: ownHash } satisfies AuditHead), headContext));
    }
  }
  return { append };
}

/** Where the chain ends by its seal, null where there is none that opens, and the number of the newest entry that there is, 0 for none. */
export function auditEnd(db: ReadDb, key: KeyObject): { head: AuditHead | null; isSealed: boolean; newestSeq: number } {
  // One statement, so that nothing comes in between.
  const both = db
    .prepare<[], { sealed: Buffer | null; newestSeq: number }>(
      'select (select sealed from audit_head) as sealed, (select coalesce(max(seq), 0) from audit) as newestSeq',
    )
    .get();
  return { head: openHead(key, both?.sealed ?? undefined), isSealed: !!both?.sealed, newestSeq: both?.newestSeq ?? 0 };
}

/** Entries of a filter, newest first, one page. Reads on until the page is full: for the reader thread. */
export function auditPage(db: ReadDb, query: AuditFilter & { belowSeq?: number | undefined; limit: number }): AuditPage {
  const parts: string[] = [];
  const given: Record<string, string | number> = { most: query.limit + 1 };
  const narrow = (name: string, value: string | number | undefined, part: string) => {
    if (value === undefined) return;
    parts.push(part);
    given[name] = value;
  };
  narrow('action', query.action, 'action = @action');
  narrow('actor', query.actor, 'actor_id = @actor');
  narrow('target', query.target, 'target_id = @target');
  narrow('from', query.from, 'substr(at, 1, 10) >= @from');
  narrow('to', query.to, 'substr(at, 1, 10) <= @to');
  narrow('belowSeq', query.belowSeq, 'seq < @belowSeq');
  const where = parts.length === 0 ? '' : `where ${parts.join(' and ')}`;
  const rows = db.prepare<[object], AuditRow>(`select ${columns} from audit ${where} order by seq desc limit @most`).all(given);
  const entries = rows.slice(0, query.limit).map((row) => ({ ...row, detail: detailOf(row) }));
  return { entries, nextBelowSeq: rows.length > query.limit ? (entries.at(-1)?.seq ?? null) : null };
}

function detailOf({ detail }: AuditRow): AuditDetail {
  try {
    return JSON.parse(detail) as AuditDetail;
  } catch {
    // Somebody has written into the table: the check says so, and the rest of the list can still be read.
    return {};
  }
}

const biteRows = 5000;
/** So many numbers are tried to tell an entry that was moved from one that was changed. */
const mostPlaces = 200_000;

/** How far a chain was checked: the entry behind which the next has to stand. */
export type AuditBite = { readonly last: AuditHead; readonly flaw: AuditFlaw | null; readonly isEnd: boolean };

/** Check the entries behind one, some thousand at a time. For the reader thread. */
export function checkAudit(db: ReadDb, after: AuditHead, upToSeq: number): AuditBite {
  const rows = db
    .prepare<[number, number, number], AuditRow>(`select ${columns} from audit where seq > ? and seq <= ? order by seq limit ?`)
    .all(after.seq, upToSeq, biteRows);
  let last = after;
  for (const row of rows) {
    const flaw = flawOf(row, last, upToSeq);
    if (flaw) return { last, flaw, isEnd: true };
    last = { seq: row.seq, hash: row.hash };
  }
  return { last, flaw: null, isEnd: rows.length < biteRows };
}

function flawOf(row: AuditRow, last: AuditHead, upToSeq: number): AuditFlaw | null {
  const seq = last.seq + 1;
  if (row.seq !== seq) return { seq, kind: 'missing' };
  if (hashOf(row) !== row.hash) return { seq, kind: isFromElsewhere(row, upToSeq) ? 'moved' : 'changed' };
  return row.previousHash === last.hash ? null : { seq, kind: 'unlinked' };
}

/** Tell whether an entry is whole, but was written under another number. */
function isFromElsewhere(row: AuditRow, upToSeq: number): boolean {
  for (let seq = 1; seq <= Math.min(upToSeq + 1, mostPlaces); seq++) if (hashOf(row, seq) === row.hash) return true;
  return false;
}
