import type { KeyObject } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { EntityName } from '../contract/record.ts';
import type { TraceQuery } from '../contract/trace.ts';
import type { ReadDb } from './open.ts';
import { type AuditHead, auditPage, checkAudit } from './pipeline/audit.ts';
import { type Certifier, type CertifyOrder, certifier, sealedHashes } from './pipeline/certify.ts';
import { checkBlocks, isDatabaseSound, isTableSound, keysOfFile, tablesToCheck } from './pipeline/check.ts';
import { fileLettersByRule, setAsideByRule } from './pipeline/counts.ts';
import { type LetterQuery, letterCounts, letterPage } from './pipeline/dead-letters.ts';
import { outboxLook } from './pipeline/outbox-size.ts';
import { keptSince } from './pipeline/record-page.ts';
import { knowFolded, recordViews } from './pipeline/record-views.ts';
import { type CountFrom, type CountQuery, countBite, type ResendWindow, resendBite } from './pipeline/resend-walk.ts';
import { countRows, unmetRows } from './pipeline/source-tables.ts';
import { traceFind } from './pipeline/trace-find.ts';
import { sameRecords } from './pipeline/withheld.ts';
import { snapshotInto } from './snapshot.ts';
import { type Remote, ThreadCaller } from './thread-calls.ts';
import { threadFile } from './thread-file.ts';

/** The reads that grow with the table. They run in the reader thread, never in the agent's own. */
export function longReads(path: string, db: ReadDb, forRecords: ReadDb) {
  const recordPage = recordViews(forRecords);
  knowFolded(db);
  let certify: Certifier | null = null;
  function seen(): Certifier {
    if (!certify) throw new Error('nothing was seen');
    return certify;
  }
  return {
    recordPage,
    keptSince: (entity: EntityName, seq: number) => keptSince(db, entity, seq),
    setAsideByRule: () => setAsideByRule(db),
    fileLettersByRule: (fileId: number) => fileLettersByRule(db, fileId),
    letterPage: (query: LetterQuery) => letterPage(db, query),
    letterCounts: () => letterCounts(db),
    snapshotInto: (target: string) => snapshotInto(path, target),
    resendBite: (window: ResendWindow) => resendBite(db, window),
    countBite: (query: CountQuery, from: CountFrom) => countBite(db, query, from),
    traceFind: (query: TraceQuery, dayStartMs: number) => traceFind(db, query, dayStartMs),
    auditPage: (query: Parameters<typeof auditPage>[1]) => auditPage(db, query),
    checkAudit: (after: AuditHead, upToSeq: number) => checkAudit(db, after, upToSeq),
    unmetRows: (tableId: number, sweep: number, limit: number) => unmetRows(db, tableId, sweep, limit),
    countRows: (tableId: number) => countRows(db, tableId),
    outboxLook: () => outboxLook(db),
    sameRecords: (entities: readonly EntityName[]) => sameRecords(db, entities),
    tablesToCheck: () => tablesToCheck(db),
    isTableSound: (table: string) => isTableSound(db, table),
    isDatabaseSound: () => isDatabaseSound(db),
    checkBlocks: (key: KeyObject, fromSeq: number) => checkBlocks(db, key, fromSeq),
    keysOfFile: (fileId: number) => keysOfFile(db, fileId),
    sealedHashes: (key: KeyObject, fromSeq: number) => sealedHashes(db, key, fromSeq),
    /** Make ready to compare with what was seen. */
    openSeen: (seenPath: string, key: KeyObject): void => {
      certify = certifier(db, seenPath, key);
    },
    isSeenOfAnother: () => seen().isOfAnother(),
    filesToSee: () => seen().filesToSee(),
    certify: (order: CertifyOrder) => seen().bite(order),
    partsToCertify: () => seen().parts(),
  };
}

export type LongReads = ReturnType<typeof longReads>;

type Table = LongReads & { open: () => void; close: () => void };

/** Start the reader thread on a database that the writing thread has opened. */
export async function startReader(path: string): Promise<{ reads: Remote<LongReads>; close: () => Promise<unknown> }> {
  const worker = new Worker(threadFile('reader'), { workerData: { path }, name: 'reader' });
  const caller = new ThreadCaller<Table>(worker);
  // A thread that is ended while it loads the driver takes the whole process with it: only an open one is ever closed.
  await caller.call('open', []);
  return {
    reads: {
      recordPage: (...args) => caller.call('recordPage', args),
      keptSince: (...args) => caller.call('keptSince', args),
      setAsideByRule: () => caller.call('setAsideByRule', []),
      fileLettersByRule: (fileId) => caller.call('fileLettersByRule', [fileId]),
      letterPage: (query) => caller.call('letterPage', [query]),
      letterCounts: () => caller.call('letterCounts', []),
      snapshotInto: (target) => caller.call('snapshotInto', [target]),
      resendBite: (window) => caller.call('resendBite', [window]),
      countBite: (...args) => caller.call('countBite', args),
      traceFind: (...args) => caller.call('traceFind', args),
      auditPage: (query) => caller.call('auditPage', [query]),
      checkAudit: (...args) => caller.call('checkAudit', args),
      unmetRows: (...args) => caller.call('unmetRows', args),
      countRows: (tableId) => caller.call('countRows', [tableId]),
      outboxLook: () => caller.call('outboxLook', []),
      sameRecords: (entities) => caller.call('sameRecords', [entities]),
      tablesToCheck: () => caller.call('tablesToCheck', []),
      isTableSound: (table) => caller.call('isTableSound', [table]),
      isDatabaseSound: () => caller.call('isDatabaseSound', []),
      checkBlocks: (...args) => caller.call('checkBlocks', args),
      keysOfFile: (fileId) => caller.call('keysOfFile', [fileId]),
      sealedHashes: (...args) => caller.call('sealedHashes', args),
      openSeen: (...args) => caller.call('openSeen', args),
      isSeenOfAnother: () => caller.call('isSeenOfAnother', []),
      filesToSee: () => caller.call('filesToSee', []),
      certify: (order) => caller.call('certify', [order]),
      partsToCertify: () => caller.call('partsToCertify', []),
    },
    close: () => caller.end(),
  };
}
