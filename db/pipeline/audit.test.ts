import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditDraft } from '../../contract/audit.ts';
import { openForWriting, type WriteDb } from '../open.ts';
import { sealingKey } from '../seal.ts';
import { type PipelineSteps, pipelineSteps } from '../steps.ts';
import { auditEnd, auditPage, auditRoot, checkAudit } from './audit.ts';
import { setting } from './connections.ts';

const key = sealingKey(Buffer.alloc(32, 7));
let folder: string;
let db: WriteDb;
let steps: PipelineSteps;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-audit-'));
  db = openForWriting(join(folder, 'pipeline.db'));
  steps = pipelineSteps(db, key);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const draft = (targetId: string, more: Partial<AuditDraft> = {}): AuditDraft => ({
  atMs: 1_770_000_000_000,
  at: '2026-02-02T03:40:00.000+01:00',
  actorId: 'local-operator',
  actorName: 'Local operator',
  door: 'console',
  action: 'record-opened',
  targetKind: 'record',
  targetId,
  detail: { ledgerId: 1 },
  correlationId: '6a6a6a6a-0000-4000-8000-000000000000',
  ...more,
});
const write = (count: number, from = 1) => steps.writeAudit(Array.from({ length: count }, (_, at) => draft(String(from + at))));

/** What a check says, as the agent asks for it: bite by bite, then where the chain ends. */
function flaw(): unknown {
  const { head, newestSeq } = auditEnd(db, key);
  let last = { seq: 0, hash: auditRoot };
  for (;;) {
    const bite = checkAudit(db, last, head?.seq ?? newestSeq);
    if (bite.flaw) return bite.flaw;
    last = bite.last;
    if (bite.isEnd) break;
  }
  if (head === null) return newestSeq > 0 ? { seq: newestSeq, kind: 'head' } : null;
  if (last.seq < head.seq) return { seq: last.seq + 1, kind: 'missing' };
  if (last.hash !== head.hash) return { seq: head.seq, kind: 'changed' };
  return newestSeq > head.seq ? { seq: head.seq + 1, kind: 'added' } : null;
}

describe('the audit chain', () => {
  it('holds each entry behind the one before it, from a known root on', () => {
    write(2);
    const [second, first] = auditPage(db, { limit: 10 }).entries;
    expect([first?.previousHash, second?.previousHash, first?.detail, flaw()]).toEqual([auditRoot, first?.hash, { ledgerId: 1 }, null]);
  });

  it('writes an act and its entry together, or neither', () => {
    steps.audited([draft('ALDQ', { action: 'hotel-changed' })], 'saveSetting', ['a', 1]);
    expect(() => steps.audited([draft('x')], 'storeBatch', [{ fileId: 99 }, 0, ''])).toThrow();
    db.exec("create trigger no_audit before insert on audit begin select raise(abort, 'no'); end");
    expect(() => steps.audited([draft('y')], 'saveSetting', ['a', 2])).toThrow('no');
    expect([setting(db, 'a'), auditPage(db, { limit: 10 }).entries.map(({ action }) => action)]).toEqual([1, ['hotel-changed']]);
  });

  it('leaves no entry for an act that had nothing to do', () => {
    steps.audited([draft('nobody', { action: 'connection-restored' })], 'restoreConnection', ['nobody']);
    expect(auditPage(db, { limit: 10 }).entries).toEqual([]);
  });

  it('finds by action, actor, target and hotel day, page by page, newest first', () => {
    write(5);
    steps.writeAudit([draft('hub', { action: 'connection-paused', targetKind: 'connection', at: '2026-02-03T00:10:00.000+01:00' })]);
    const first = auditPage(db, { action: 'record-opened', limit: 3 });
    const rest = auditPage(db, { action: 'record-opened', limit: 3, belowSeq: first.nextBelowSeq ?? 0 });
    const seqs = (query: object) => auditPage(db, { ...query, limit: 10 }).entries.map(({ seq }) => seq);
    expect([
      first.entries.map(({ seq }) => seq),
      rest.entries.map(({ seq }) => seq),
      rest.nextBelowSeq,
      seqs({ target: 'hub' }),
      seqs({ actor: 'somebody' }),
      seqs({ from: '2026-02-03', to: '2026-02-03' }),
    ]).toEqual([[5, 4, 3], [2, 1], null, [6], [], [6]]);
  });

  it('stays whole with texts that no database stores as they are', () => {
    steps.writeAudit([draft('a\ud800\u0000b', { actorName: '\udfff', detail: { title: '\ud800' } })]);
    expect(flaw()).toBeNull();
  });

  // Every way in which somebody with a program for databases may tamper with it.
  const columns = ['at_ms', 'at', 'actor_id', 'actor_name', 'door', 'action', 'target_kind', 'target_id', 'detail', 'correlation_id'];
  const ways: Record<string, (pick: (below: number) => number, of: number) => void> = {
    edit: (pick, of) => {
      const column = columns[pick(columns.length)] as string;
      const value = column === 'at_ms' ? 'at_ms + 1' : `${column} || 'x'`;
      db.exec(`update audit set ${column} = ${value} where seq = ${pick(of) + 1}`);
    },
    'hash edited': (pick, of) => db.exec(`update audit set hash = '${'0'.repeat(64)}' where seq = ${pick(of) + 1}`),
    delete: (pick, of) => db.exec(`delete from audit where seq = ${pick(of) + 1}`),
    'delete and close the gap': (pick, of) => {
      const seq = pick(of - 1) + 1;
      db.exec(
        `delete from audit where seq = ${seq}; update audit set seq = -seq where seq > ${seq}; update audit set seq = -seq - 1 where seq < 0`,
      );
    },
    reorder: (pick, of) => {
      const a = pick(of - 1) + 1;
      const b = a + 1 + pick(of - a);
      db.exec(
        `update audit set seq = -1 where seq = ${a}; update audit set seq = ${a} where seq = ${b}; update audit set seq = ${b} where seq = -1`,
      );
    },
    insert: (pick, of) => {
      const seq = pick(of) + 1;
      db.exec(
        `update audit set seq = -seq where seq >= ${seq}; update audit set seq = -seq + 1 where seq < 0; ` +
          `insert into audit select ${seq}, at_ms, at, actor_id, actor_name, door, action, target_kind, 'forged', detail, correlation_id, previous_hash, hash from audit where seq = ${seq + 1}`,
      );
    },
    truncate: (pick, of) => db.exec(`delete from audit where seq > ${pick(of)}`),
    'add at the end': (_pick, of) =>
      db.exec(
        `insert into audit select ${of + 1}, at_ms, at, actor_id, actor_name, door, action, target_kind, 'forged', detail, correlation_id, hash, hash from audit where seq = ${of}`,
      ),
    'take the head away': () => db.exec('delete from audit_head'),
    'forge the head': () => db.exec('update audit_head set sealed = randomblob(200)'),
  };
  const entries = 3000;
  const rounds = 12;

  it.each(Object.keys(ways))('notices every tampering of the kind: %s', (name) => {
    let seed = 4711;
    const pick = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    write(entries);
    const found: unknown[] = [];
    for (let round = 0; round < rounds; round++) {
      db.exec('begin');
      ways[name]?.(pick, entries);
      found.push(flaw());
      db.exec('rollback');
    }
    expect([found.filter((one) => one === null), found.length, flaw()]).toEqual([[], rounds, null]);
  });

  it('does not let later entries cover up that the newest were cut off', () => {
    write(10);
    db.exec('delete from audit where seq > 7');
    write(5, 100);
    const cut = flaw();
    db.exec('delete from audit; delete from audit_head');
    write(4);
    db.exec('update audit_head set sealed = zeroblob(9)');
    write(1);
    expect([cut, flaw()]).toEqual([
      { seq: 8, kind: 'missing' },
      { seq: 5, kind: 'missing' },
    ]);
  });
});
