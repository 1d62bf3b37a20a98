import type { KeyObject } from 'node:crypto';
import type { AuditDraft } from '../contract/audit.ts';
import type { WriteDb } from './open.ts';
import { attemptStatements, type Tried } from './pipeline/attempts.ts';
import { auditStatements } from './pipeline/audit.ts';
import { certificateStatements, type PullAgain } from './pipeline/certificates.ts';
import { checkStatements } from './pipeline/check.ts';
import { connectionStatements } from './pipeline/connections.ts';
import { fileStatements } from './pipeline/files.ts';
import { fingerprintStatements } from './pipeline/fingerprints.ts';
import { generations } from './pipeline/generation.ts';
import { guestFigureStatements } from './pipeline/guest-figures.ts';
import { holdStatements, type NewHold } from './pipeline/held-sending.ts';
import { type IntentOf, intentStatements } from './pipeline/intents.ts';
import { letterStatements } from './pipeline/letter-steps.ts';
import { mendStatements } from './pipeline/mend.ts';
import { deliveryStatements } from './pipeline/outbox.ts';
import { pruneStatements } from './pipeline/prune.ts';
import { type Batch, recordStatements, type Stored } from './pipeline/records.ts';
import { replayStatements } from './pipeline/replay.ts';
import { type NewResend, type ResentPart, resendStatements } from './pipeline/resends.ts';
import { runStatements } from './pipeline/runs.ts';
import { type TableStep, tableStatements } from './pipeline/source-tables.ts';
import { standingStatements } from './pipeline/standing.ts';

/**
 * Everything the writing thread can do: whole steps, each one transaction. Nobody else writes.
 *
 * @param now gives UTC milliseconds; a test may hand in its own clock.
 */
export function pipelineSteps(db: WriteDb, key: KeyObject, now: () => number = Date.now) {
  const ledger = generations(db, key);
  ledger.begin(now());
  const connections = connectionStatements(db);
  const files = fileStatements(db);
  const tables = tableStatements(db, files);
  const intents = intentStatements(db);
  const standing = standingStatements(db);
  const records = recordStatements(db, key, ledger.newest);
  const { replayBatch, replayStructure, overtaken, stillAside } = replayStatements(db, records);
  const { confirm, setAside } = deliveryStatements(db);
  const sendingAgain = resendStatements(db, letterStatements(db), { setAside });
  const audit = auditStatements(db, key);
  const attempts = attemptStatements(db);
  const holds = holdStatements(db);
  const { pruneNext } = pruneStatements(db, key);
  const { setDamagedAside } = mendStatements(db, key);
  const { noteDamagedRaw, rawIsWhole } = checkStatements(db);
  const { keepCertificate, pullAgain } = certificateStatements(db);
  const figures = guestFigureStatements(db, key, records);
  const { countRows, countFile, countLook, ...runs } = runStatements(db);

  const removeConnection = db.transaction((id: string, forgetSecretsAtMs: number): boolean => {
    intents.addIntent({ kind: 'forget-secrets', connectionId: id }, forgetSecretsAtMs);
    const removedAtMs = now();
    sendingAgain.cancelResends(id, removedAtMs);
    return connections.removeConnection(id, removedAtMs);
  });
  const confirmAndOrder = db.transaction(
    (...[destinationId, upTo, refused, tried, nowMs, passedOver]: Parameters<typeof confirm>): void => {
      if (confirm(destinationId, upTo, refused, tried, nowMs, passedOver)) sendingAgain.orderMisled(destinationId, refused, nowMs);
    },
  );
  const lastSeq = db.prepare<[], number>('select coalesce(max(seq), 0) from outbox').pluck();
  const setShare = db.transaction((id: string, percent: number, again: NewResend | null): boolean => {
    if (!connections.changeConnection(id, { sharePercent: percent })) return false;
    if (again) sendingAgain.orderResend({ ...again, upToSeq: lastSeq.get() as number }, now());
    return true;
  });
  const setShadow = db.transaction((id: string, isShadow: boolean): boolean => {
    if (!connections.changeConnection(id, { isShadow })) return false;
    if (!isShadow) ledger.beginToLead(id, now());
    return true;
  });
  const removedAtMs = db.prepare<[string], number | null>('select removed_at_ms from connections where id = ?').pluck();
  const restoreConnection = db.transaction((id: string): boolean => {
    intents.withdrawIntents('forget-secrets', id);
    // An order may be all that brings what a share has left out.
    const atMs = removedAtMs.get(id);
    if (atMs != null) sendingAgain.resumeResends(id, atMs);
    return connections.restoreConnection(id);
  });
  type Afterwards = IntentOf<'archive-file'> | IntentOf<'put-away-file'>;
  const finishFile = db.transaction((fileId: number, afterwards: Afterwards | null, runId: number | null = null): void => {
    files.finishFile(fileId, now());
    if (afterwards) intents.addIntent(afterwards, now());
    if (runId !== null) countFile(runId);
  });
  // What a run brings is counted in the commit that keeps it: a crash leaves its numbers as true as the records.
  const storeCounted = db.transaction((batch: Batch, startsAt: number, correlationId: string, runId: number | null): Stored => {
    const stored = records.storeBatch(batch, startsAt, correlationId, now());
    if (runId !== null) countRows(runId, { rows: batch.rows, setAside: batch.letters.length, ...stored });
    return stored;
  });
  const keepTable = db.transaction((step: TableStep): number | null => {
    if (step.runId !== null) countLook(step.runId, { read: step.rowsRead, changed: step.changed.length });
    return tables.keepTable(step, now());
  });

  const steps = {
    ...connections,
    ...standing,
    ...fingerprintStatements(db),
    removeConnection,
    restoreConnection,
    /** Set the share of a destination; where it has grown, with the order by which what is missing is sent. False where there is none. */
    setShare,
    setShadow,
    registerFile: (file: Parameters<typeof files.registerFile>[0]) => files.registerFile(file, now()),
    finishFile,
    keepTable,
    setWatermark: tables.setWatermark,
    forgetPage: tables.forgetPage,
    /** Keep a batch, and count it for the run that has read it; null where no run has. */
    storeBatch: (batch: Batch, startsAt: number, correlationId: string, runId: number | null = null) =>
      records.numbersBack(() => storeCounted(batch, startsAt, correlationId, runId)),
    replayBatch: (batch: Parameters<typeof replayBatch>[0], letterIds: readonly number[], correlationId: string) =>
      replayBatch(batch, letterIds, correlationId, now()),
    replayStructure: (rows: Parameters<typeof replayStructure>[0]) => replayStructure(rows, now()),
    overtaken: (ids: readonly number[]) => overtaken(ids, now()),
    stillAside,
    reopenFile: files.reopenFile,
    confirm: (
      destinationId: string,
      upTo: number,
      refused: Parameters<typeof confirm>[2],
      tried: Tried | null = null,
      passedOver?: Parameters<typeof confirm>[5],
    ) => confirmAndOrder(destinationId, upTo, refused, tried, now(), passedOver),
    noteFailedAttempt: attempts.noteFailedAttempt,
    pruneAttempts: () => attempts.pruneAttempts(now()),
    ...runs,
    pruneRuns: () => runs.pruneRuns(now()),
    holdSending: (held: NewHold) => holds.holdSending(held, now()),
    releaseSending: holds.releaseSending,
    orderResend: (order: NewResend) => sendingAgain.orderResend(order, now()),
    changeResend: (
      id: number,
      from: Parameters<typeof sendingAgain.changeResend>[1],
      to: Parameters<typeof sendingAgain.changeResend>[2],
    ) => sendingAgain.changeResend(id, from, to, now()),
    resent: (part: ResentPart) => sendingAgain.resent(part, now()),
    /** Forget the secrets of a connection, or what was made for none yet, in due time. */
    planForgetting: (connectionId: string, dueAtMs: number) => intents.addIntent({ kind: 'forget-secrets', connectionId }, dueAtMs),
    withdrawIntents: intents.withdrawIntents,
    intentDone: (id: number) => intents.intentDone(id, now()),
    generation: ledger.newest,
    meetGeneration: (destinationId: string, seen: number) => ledger.meet(destinationId, seen, now()),
    takeOver: (destinationId: string, seen: number) => ledger.takeOver(destinationId, seen, now()),
    pruneNext,
    setDamagedAside: (seq: number) => setDamagedAside(seq, now()),
    noteDamagedRaw: (fileId: number) => noteDamagedRaw(fileId, now()),
    rawIsWhole,
    keepCertificate,
    pullAgain: (order: PullAgain) => pullAgain(order, now()),
    readForFigures: figures.readForFigures,
    workOutFigures: () => records.numbersBack(() => figures.workOutFigures(now())),
    mergeGuests: figures.mergeGuests,
    figuresAnew: figures.figuresAnew,
    /** Write down what was seen, or done elsewhere than in this database. */
    writeAudit: db.transaction(audit.append),
  };

  const auditedWhole = db.transaction((entries: readonly AuditDraft[], name: keyof typeof steps, args: readonly unknown[]): unknown => {
    const step = steps[name] as ((...given: readonly unknown[]) => unknown) | undefined;
    if (!step) throw new Error(`no step ${name}`);
    const done = step(...args);
    // A step that says that there was nothing to do has done nothing.
    if (done !== false) audit.append(entries);
    return done;
  });

  /**
   * Carry out a step and write down who did it, in one transaction: an act that failed leaves no entry, and none is done without one.
   */
  const audited = (...args: Parameters<typeof auditedWhole>): unknown => records.numbersBack(() => auditedWhole(...args));
  return { ...steps, audited };
}

export type PipelineSteps = ReturnType<typeof pipelineSteps>;
