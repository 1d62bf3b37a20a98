import { hash } from 'node:crypto';
import type { AuditAction, AuditCheck, AuditDetail, AuditDraft, AuditEntry, AuditFilter, AuditTarget } from '../../contract/audit.ts';
import type { Connection } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import { type AuditHead, auditEnd, auditRoot } from '../../db/pipeline/audit.ts';
import { property } from '../../db/pipeline/connections.ts';
import type { Agent } from '../index.ts';
import type { Actor } from './context.ts';
import { hotelTime } from './hotel-clock.ts';
import type { Stores } from './stores.ts';

/** Who calls, through which door, and the id under which the call stands in the log. */
export type Caller = { readonly actor: Actor; readonly client: AuditDraft['door']; readonly correlationId: string };

/** What the agent does by itself. */
export const byItself = (correlationId: string): Caller => ({
  actor: { id: 'agent', name: 'Bellhop' },
  client: 'agent',
  correlationId,
});

type Act = {
  readonly action: AuditAction;
  readonly kind: AuditTarget;
  readonly id: string;
  readonly detail?: AuditDetail;
};

/** Say who does what, by the hotel's clock, as the writing thread writes it down. */
export function entryOf(
  { stores, now }: { readonly stores: Pick<Stores, 'read'>; readonly now: () => number },
  { actor, client, correlationId }: Caller,
  act: Act,
): AuditDraft {
  const atMs = now();
  const time = hotelTime(property(stores.read)?.timeZone ?? 'UTC', atMs);
  return {
    atMs,
    at: time.toString({ timeZoneName: 'never', smallestUnit: 'millisecond' }),
    actorId: actor.id,
    actorName: actor.name,
    door: client,
    action: act.action,
    targetKind: act.kind,
    targetId: act.id,
    detail: act.detail ?? {},
    correlationId,
  };
}

/** Write down what was done elsewhere than in the database, or is about to be. */
export async function writeDown(agent: Agent, caller: Caller, act: Act): Promise<void> {
  await agent.stores.writer.step('writeAudit', [[entryOf(agent, caller, act)]]);
}

/** Who looks at the same thing again within this time leaves no second entry: a page that follows what happens asks every second. */
const sameViewMs = 10 * 60_000;
const mostRemembered = 5000;

/** Remembers who has seen what lately. A start of the agent forgets it, so that an entry is rather written twice than not at all. */
export class Views {
  readonly #seen = new Map<string, number>();

  /** Write down that somebody sees something, before it is shown. */
  async note(agent: Agent, caller: Caller, act: Act): Promise<void> {
    const name = JSON.stringify([caller.actor.id, caller.client, act.action, act.kind, act.id, act.detail ?? {}]);
    const before = this.#seen.get(name);
    if (before !== undefined && Math.abs(agent.now() - before) < sameViewMs) return;
    await writeDown(agent, caller, act);
    this.#seen.delete(name);
    this.#seen.set(name, agent.now());
    const oldest = this.#seen.keys().next().value;
    if (this.#seen.size > mostRemembered && oldest !== undefined) this.#seen.delete(oldest);
  }
}

const hashOf = (connection: Connection) => hash('sha256', JSON.stringify(connection));

/** What is said of a connection that was added or changed: the names of its settings, never their values. */
export function connectionDetail(before: Connection | null, after: Connection, secrets: readonly string[]): AuditDetail {
  const names = [...new Set([...Object.keys(before?.settings ?? {}), ...Object.keys(after.settings)])].sort();
  const written = (connection: Connection | null, name: string) => JSON.stringify(connection?.settings[name]) ?? '';
  const changed = names.filter((name) => written(before, name) !== written(after, name));
  return {
    title: after.title,
    kind: after.kind,
    settings: changed,
    secrets: [...secrets].sort(),
    ...(before ? { before: hashOf(before) } : {}),
    after: hashOf(after),
  };
}

/**
 * Check the chain from its first entry to where it ended when the check began. It stops at the first entry that does not fit.
 * @throws {Fault} `stopped` when the signal fires.
 */
export async function* checkChain({ read, reads, secrets }: Stores, signal: AbortSignal): AsyncGenerator<AuditCheck> {
  const { head, isSealed, newestSeq } = auditEnd(read, secrets.dataKey);
  const end = head ?? { seq: newestSeq, hash: '' };
  let last: AuditHead = { seq: 0, hash: auditRoot };
  const said = (flaw: AuditCheck['flaw'], isOver: boolean): AuditCheck => ({
    checked: last.seq,
    total: end.seq,
    headSeq: end.seq,
    headHash: end.hash,
    flaw,
    isOver,
  });
  for (let isEnd = false; !isEnd; ) {
    if (signal.aborted) throw new Fault('stopped');
    const bite = await reads.checkAudit(last, end.seq);
    ({ last, isEnd } = bite);
    if (bite.flaw) return yield said(bite.flaw, true);
    yield said(null, false);
  }
  if (head === null) return yield said(newestSeq > 0 || isSealed ? { seq: newestSeq, kind: 'head' } : null, true);
  if (last.seq < head.seq) return yield said({ seq: last.seq + 1, kind: 'missing' }, true);
  if (last.hash !== head.hash) return yield said({ seq: head.seq, kind: 'changed' }, true);
  yield said(newestSeq > head.seq ? { seq: head.seq + 1, kind: 'added' } : null, true);
}

const exportedRows = 500;

/** Give all entries of a filter, newest first, page by page, up to those that were there at the start. */
export async function* exportChain({ reads }: Stores, filter: AuditFilter, signal: AbortSignal): AsyncGenerator<AuditEntry[]> {
  for (let belowSeq: number | undefined; ; ) {
    if (signal.aborted) throw new Fault('stopped');
    const page = await reads.auditPage({ ...filter, belowSeq, limit: exportedRows });
    yield page.entries;
    if (page.nextBelowSeq === null) return;
    belowSeq = page.nextBelowSeq;
  }
}
