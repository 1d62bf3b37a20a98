import { implement, ORPCError } from '@orpc/server';
import { api } from '../../contract/api.ts';
import type { Connection, ConnectionDraft } from '../../contract/connection.ts';
import { importedByHand } from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import { entityNames } from '../../contract/record.ts';
import { openCertificate } from '../../db/pipeline/certificates.ts';
import { connections, isIdUsed, property } from '../../db/pipeline/connections.ts';
import { recentFiles } from '../../db/pipeline/counts.ts';
import { openLetter } from '../../db/pipeline/dead-letters.ts';
import { fingerprintOf } from '../../db/pipeline/fingerprints.ts';
import { keyOfVersion, openRecord, recordCounts } from '../../db/pipeline/record-page.ts';
import { resends } from '../../db/pipeline/resends.ts';
import { runsOf } from '../../db/pipeline/runs.ts';
import { agentItself } from '../../db/pipeline/standing.ts';
import type { Agent } from '../index.ts';
import { keepDays, keepDaysSetting } from '../pipeline/pruning.ts';
import { systemKinds } from '../pipeline/registry.ts';
import { mappingFor, replayLetters } from '../pipeline/replay-letters.ts';
import { settingsHash } from '../pipeline/sources.ts';
import { type Caller, checkChain, entryOf, exportChain, writeDown } from './audit.ts';
import { backUp, backUpNow, planBackups } from './backups.ts';
import { assertNotHeld, resetBreaker, tripBreaker } from './breakers.ts';
import { exportCertificate } from './certificates.ts';
import {
  addConnection,
  changeConnection,
  checksOf,
  exceptionsOf,
  existing,
  letterOf,
  removeConnection,
  restoreConnection,
  secretFields,
} from './configuration.ts';
import { goingOn, runChecks } from './connection-test.ts';
import { type CallContext, correlationIdOf } from './context.ts';
import { choicesOf, previewOf, siteReportOf, understoodAddress } from './database-setup.ts';
import { exploreSandbox } from './explore-sandbox.ts';
import { overview } from './health.ts';
import { importByHand } from './import-by-hand.ts';
import { leavingPreview, leavingReport, saveLeaving } from './leaves.ts';
import { lettersOf, withOutcome } from './letters.ts';
import { errorFields } from './log.ts';
import { handOverOf, makeSecret } from './made-secrets.ts';
import { allMappings, saveMapping } from './mappings.ts';
import { changeResend, orderResend, rehearsal, samplesNoted, selectionDetail } from './resends.ts';
import { saveSameRecordRule } from './same-records.ts';
import { previewMs } from './schedule.ts';
import { setShadow, setShare } from './shadow.ts';
import { sourceRow } from './source-row.ts';
import { believeGone, compareNow, tableStandings } from './tables.ts';
import { findTraces, traceOf } from './trace.ts';

/** A draft as zod gives it back, without the keys that are there but undefined. */
type Parsed<T> = { [K in keyof T]: T[K] | undefined };
const draftOf = <D extends ConnectionDraft>(draft: Parsed<D>): D =>
  Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined)) as D;

/** Answer every call of contract/api. A call without an answer does not compile. */
export function apiRouter(agent: Agent) {
  const os = implement(api)
    .$context<CallContext>()
    .use(async ({ context, path, next }) => {
      const correlationId = correlationIdOf(context);
      try {
        return await next({ context: { correlationId } });
      } catch (error) {
        throw answerable(agent, error, { correlationId, call: path.join('.'), actor: context.actor.id });
      }
    });
  const { stores } = agent;

  return os.router({
    agent: {
      facts: os.agent.facts.handler(({ context }) => ({
        version: agent.version,
        startedAtMs: agent.startedAtMs,
        home: stores.home,
        isSandbox: agent.isSandbox,
        property: property(stores.read),
        recoveryKeyShown: stores.secrets.isRecoveryKept,
        actor: context.actor,
      })),
      recoveryKey: os.agent.recoveryKey.handler(async ({ context }) => {
        await writeDown(agent, context, { action: 'recovery-key-shown', kind: 'agent', id: 'recovery-key' });
        stores.log.info({ actor: context.actor.id, correlationId: context.correlationId }, 'the recovery key was shown');
        return { recoveryKey: stores.secrets.recoveryKey() };
      }),
      confirmRecoveryKey: os.agent.confirmRecoveryKey.handler(async ({ context }) => {
        await writeDown(agent, context, { action: 'recovery-key-kept', kind: 'agent', id: 'recovery-key' });
        stores.secrets.confirmRecoveryKept();
        agent.live.tell('property');
        return {};
      }),
      stop: os.agent.stop.handler(async ({ context }) => {
        await writeDown(agent, context, { action: 'agent-stopped', kind: 'agent', id: 'agent' });
        agent.requestStop();
        return {};
      }),
    },
    property: {
      save: os.property.save.handler(async ({ input, context }) => {
        const before = property(stores.read);
        if (before && before.hotelId !== input.hotelId && agent.hasRecords()) {
          throw new Fault('input-wrong', {
            detail: 'the code of the hotel stands on every record that was kept and cannot change any more',
          });
        }
        const changed = Object.entries(input).filter(([name, value]) => before?.[name as keyof typeof input] !== value);
        const detail = { changed: changed.map(([name]) => name) };
        const entry = entryOf(agent, context, { action: 'hotel-changed', kind: 'hotel', id: input.hotelId, detail });
        await stores.writer.audited([entry], 'saveSetting', ['property', input]);
        await agent.configurationChanged();
        agent.live.tell('property');
        return input;
      }),
    },
    sandbox: {
      explore: os.sandbox.explore.handler(() => exploreSandbox(agent)),
    },
    systems: { kinds: os.systems.kinds.handler(() => systemKinds()) },
    mappings: {
      list: os.mappings.list.handler(() => allMappings(stores.read)),
      save: os.mappings.save.handler(({ input, context }) => {
        stores.log.info({ actor: context.actor.id, correlationId: context.correlationId, mapping: input.name }, 'a mapping was saved');
        return saveMapping(stores, input, (before, { name, version }) =>
          entryOf(agent, context, {
            action: 'mapping-saved',
            kind: 'mapping',
            id: name,
            detail: { before: before?.version ?? null, after: version },
          }),
        );
      }),
    },
    connections: {
      list: os.connections.list.handler(() => connections(stores.read)),
      add: os.connections.add.handler(async ({ input, context }) =>
        noted(agent, await addConnection(agent, draftOf(input), context), context),
      ),
      change: os.connections.change.handler(async ({ input, context }) =>
        noted(agent, await changeConnection(agent, draftOf(input), context), context),
      ),
      remove: os.connections.remove.handler(async ({ input, context }) => {
        await removeConnection(agent, input.id, context);
        return {};
      }),
      restore: os.connections.restore.handler(({ input, context }) => restoreConnection(agent, input.id, context)),
      // Not a generator itself: what is wrong with the draft must be thrown while the call still can be answered with its fault.
      test: os.connections.test.handler(async ({ input, context, signal }) => {
        const what = 'draft' in input ? { draft: draftOf<ConnectionDraft>(input.draft) } : input;
        const checks = checksOf(agent, what);
        const of =
          'draft' in what ? ({ kind: 'draft', id: what.draft.id ?? what.draft.kind } as const) : ({ kind: 'connection', ...what } as const);
        await writeDown(agent, context, { action: 'connection-tested', ...of });
        const steps = runChecks(checks, signal ?? agent.signal);
        return 'draft' in what ? steps : goingOn(agent, what.id, steps);
      }),
      understand: os.connections.understand.handler(({ input }) => understoodAddress(input)),
      choices: os.connections.choices.handler(({ input, context, signal }) =>
        choicesOf(agent, draftOf<ConnectionDraft>(input.draft), context, signal ?? agent.signal),
      ),
      preview: os.connections.preview.handler(({ input, context, signal }) =>
        previewOf(agent, draftOf<ConnectionDraft>(input.draft), context, signal ?? agent.signal),
      ),
      makeSecret: os.connections.makeSecret.handler(async ({ input, context }) => {
        const made = await makeSecret(agent, input.kind, input.field, secretFields(input.kind));
        await writeDown(agent, context, { action: 'secret-made', kind: 'draft', id: input.kind, detail: { field: input.field } });
        return made;
      }),
      handOver: os.connections.handOver.handler(async ({ input, context }) => {
        const { id, kind } = existing(agent, input.id);
        const handOver = handOverOf(agent, id, input.field, secretFields(kind));
        if (handOver !== null)
          await agent.views.note(agent, context, { action: 'secret-handed-over', kind: 'connection', id, detail: { field: input.field } });
        return { handOver };
      }),
      letter: os.connections.letter.handler(({ input }) =>
        letterOf(agent, 'draft' in input ? { draft: draftOf<ConnectionDraft>(input.draft) } : input),
      ),
      siteReport: os.connections.siteReport.handler(({ input, context, signal }) =>
        siteReportOf(agent, input.id, context, signal ?? agent.signal),
      ),
      pause: os.connections.pause.handler(async ({ input, context }) => {
        await agent.changeConnection(input.id, { isPaused: true }, [
          entryOf(agent, context, { action: 'connection-paused', kind: 'connection', id: input.id }),
        ]);
        await agent.sources.stopOne(input.id);
        return existing(agent, input.id);
      }),
      resume: os.connections.resume.handler(async ({ input, context }) => {
        await agent.changeConnection(input.id, { isPaused: false }, [
          entryOf(agent, context, { action: 'connection-resumed', kind: 'connection', id: input.id }),
        ]);
        return existing(agent, input.id);
      }),
      syncNow: os.connections.syncNow.handler(async ({ input, context }) => {
        const connection = existing(agent, input.id);
        assertNotHeld(agent, input.id);
        await writeDown(agent, context, { action: 'connection-started', kind: 'connection', id: input.id });
        if (connection.direction === 'source') void agent.sources.syncNow(connection);
        else agent.destinations.urge(input.id);
        return {};
      }),
      tables: os.connections.tables.handler(({ input }) => tableStandings(stores.read, existing(agent, input.id).id)),
      fingerprint: os.connections.fingerprint.handler(({ input }) => {
        const connection = existing(agent, input.id);
        return { fingerprint: fingerprintOf(stores.read, connection.id, settingsHash(connection)) };
      }),
      runs: os.connections.runs.handler(({ input: { id, ...page } }) => {
        const { runId: runningId } = agent.sources.state(existing(agent, id).id);
        return runsOf(stores.read, id, { runningId, ...page });
      }),
      compareNow: os.connections.compareNow.handler(async ({ input, context }) => {
        await compareNow(agent, input.id, context);
        return {};
      }),
      believeGone: os.connections.believeGone.handler(async ({ input, context }) => {
        await believeGone(agent, input, context);
        return {};
      }),
      takeOver: os.connections.takeOver.handler(async ({ input, context }) => {
        const connection = existing(agent, input.id);
        if (connection.direction !== 'destination') throw new Fault('input-wrong', { detail: `${connection.title} is no destination` });
        await writeDown(agent, context, { action: 'taken-over', kind: 'connection', id: input.id });
        agent.destinations.takeOver(connection.id);
        return {};
      }),
      tripBreaker: os.connections.tripBreaker.handler(async ({ input, context }) => {
        await tripBreaker(agent, input, context);
        return {};
      }),
      resetBreaker: os.connections.resetBreaker.handler(async ({ input, context }) => {
        await resetBreaker(agent, input.id, context);
        return {};
      }),
      setShadow: os.connections.setShadow.handler(({ input, context }) => setShadow(agent, input, context)),
      setShare: os.connections.setShare.handler(({ input, context, signal }) => setShare(agent, input, context, signal ?? agent.signal)),
      setSchedule: os.connections.setSchedule.handler(async ({ input, context }) => {
        previewMs(input.schedule, property(stores.read)?.timeZone ?? 'UTC', agent.now(), 1);
        const detail = { schedule: JSON.stringify(input.schedule) };
        await agent.changeConnection(input.id, { schedule: input.schedule }, [
          entryOf(agent, context, { action: 'schedule-set', kind: 'connection', id: input.id, detail }),
        ]);
        return existing(agent, input.id);
      }),
    },
    schedule: {
      preview: os.schedule.preview.handler(({ input }) => ({
        nextMs: previewMs(input.schedule, property(stores.read)?.timeZone ?? 'UTC', agent.now(), 3),
      })),
    },
    files: {
      list: os.files.list.handler(({ input }) => recentFiles(stores.read, input.limit)),
      import: os.files.import.handler(({ input, context, signal }) => importByHand(agent, input, context, signal ?? agent.signal)),
    },
    deadLetters: {
      list: os.deadLetters.list.handler(({ input }) => {
        const { connectionId: id } = input;
        if (id !== undefined && id !== importedByHand && !isIdUsed(stores.read, id)) throw new Fault('connection-not-found', { id });
        return stores.reads.letterPage(input);
      }),
      counts: os.deadLetters.counts.handler(() => stores.reads.letterCounts()),
      get: os.deadLetters.get.handler(async ({ input, context }) => {
        const letter = openLetter(stores.read, stores.secrets.dataKey, input.id);
        await agent.views.note(agent, context, { action: 'letter-opened', kind: 'letter', id: String(input.id) });
        return { ...letter, mapping: letter.destinationId === null ? mappingFor(agent.replayTools(), input.id) : null };
      }),
      rehearse: os.deadLetters.rehearse.handler(async ({ input, context, signal }) => {
        const steps = replayLetters(agent.replayTools(), input, 'rehearse', signal ?? agent.signal);
        await writeDown(agent, context, { action: 'letters-rehearsed', ...lettersOf(input) });
        return faultsNamed(agent, steps, { ...context, call: 'deadLetters.rehearse' });
      }),
      replay: os.deadLetters.replay.handler(async ({ input, context, signal }) => {
        const steps = replayLetters(agent.replayTools(), input, 'replay', signal ?? agent.signal);
        await writeDown(agent, context, { action: 'letters-tried-again', ...lettersOf(input) });
        stores.log.info({ actor: context.actor.id, correlationId: context.correlationId }, 'rows that were set aside are tried again');
        return faultsNamed(agent, withOutcome(agent, context, input, steps), { ...context, call: 'deadLetters.replay' });
      }),
    },
    records: {
      list: os.records.list.handler(({ input: { view, offset, limit, ...query } }) =>
        stores.reads.recordPage(query, { view, offset, limit }),
      ),
      counts: os.records.counts.handler(() => recordCounts(stores.read)),
      since: os.records.since.handler(async ({ input }) => ({ kept: await stores.reads.keptSince(input.entity, input.seq) })),
      get: os.records.get.handler(async ({ input: { ledgerId, externalId }, context }) => {
        const record = await openRecord(stores.read, stores.secrets.dataKey, ledgerId, externalId);
        await agent.views.note(agent, context, { action: 'record-opened', kind: 'record', id: externalId, detail: { ledgerId } });
        return record;
      }),
      row: os.records.row.handler(async ({ input: { seq }, context }) => {
        const row = await sourceRow(stores, seq);
        await agent.views.note(agent, context, {
          action: 'row-shown',
          kind: 'record',
          id: keyOfVersion(stores.read, seq),
          detail: { seq },
        });
        return row;
      }),
    },
    trace: {
      find: os.trace.find.handler(({ input, signal }) => findTraces(agent, input, signal ?? agent.signal)),
      get: os.trace.get.handler(async ({ input, context }) => {
        const trace = traceOf(agent, input);
        const { ledgerId, externalId } = input;
        await agent.views.note(agent, context, { action: 'record-opened', kind: 'record', id: externalId, detail: { ledgerId } });
        return trace;
      }),
    },
    resends: {
      rehearse: os.resends.rehearse.handler(async ({ input, context, signal }) => {
        const steps = rehearsal(agent, input, signal ?? agent.signal);
        const detail = selectionDetail(input.selection);
        await writeDown(agent, context, { action: 'resend-rehearsed', kind: 'connection', id: input.destinationId, detail });
        return faultsNamed(agent, samplesNoted(agent, steps, context), { ...context, call: 'resends.rehearse' });
      }),
      order: os.resends.order.handler(({ input, context, signal }) => orderResend(agent, input, context, signal ?? agent.signal)),
      list: os.resends.list.handler(({ input }) => resends(stores.read, input.limit)),
      pause: os.resends.pause.handler(({ input, context }) => changeResend(agent, input.id, 'pause', context)),
      resume: os.resends.resume.handler(({ input, context }) => changeResend(agent, input.id, 'resume', context)),
      cancel: os.resends.cancel.handler(({ input, context }) => changeResend(agent, input.id, 'cancel', context)),
    },
    leaves: {
      report: os.leaves.report.handler(() => leavingReport(agent)),
      preview: os.leaves.preview.handler(({ input }) => leavingPreview(agent, input)),
      save: os.leaves.save.handler(({ input, context }) => saveLeaving(agent, input, context)),
    },
    figures: {
      anew: os.figures.anew.handler(async ({ context }) => {
        await stores.writer.audited([entryOf(agent, context, { action: 'figures-anew', kind: 'agent', id: 'figures' })], 'figuresAnew', []);
        agent.figures.wake();
        agent.live.tell('overview');
        return {};
      }),
    },
    outbox: {
      setKeepDays: os.outbox.setKeepDays.handler(async ({ input: { days }, context }) => {
        const detail = { before: keepDays(stores.read), after: days };
        const entry = entryOf(agent, context, { action: 'keep-days-set', kind: 'agent', id: 'outbox', detail });
        await stores.writer.audited([entry], 'saveSetting', [keepDaysSetting, days]);
        agent.live.tell('overview');
        return {};
      }),
    },
    sameRecords: {
      list: os.sameRecords.list.handler(() => stores.reads.sameRecords(entityNames)),
      save: os.sameRecords.save.handler(async ({ input, context }) => {
        await saveSameRecordRule(agent, input, context);
        return {};
      }),
    },
    audit: {
      list: os.audit.list.handler(({ input }) => stores.reads.auditPage(input)),
      verify: os.audit.verify.handler(({ context, signal }) =>
        faultsNamed(agent, checkChain(stores, signal ?? agent.signal), { ...context, call: 'audit.verify' }),
      ),
      export: os.audit.export.handler(async ({ input, context, signal }) => {
        const { action = null, from = null, to = null } = input;
        await writeDown(agent, context, { action: 'audit-exported', kind: 'audit', id: 'audit', detail: { action, from, to } });
        return faultsNamed(agent, exportChain(stores, input, signal ?? agent.signal), { ...context, call: 'audit.export' });
      }),
    },
    checks: {
      get: os.checks.get.handler(() => agent.checking.standing()),
      run: os.checks.run.handler(async ({ context, signal }) => {
        await writeDown(agent, context, { action: 'check-ordered', kind: 'agent', id: 'check' });
        return faultsNamed(agent, agent.checking.now(signal ?? agent.signal), { ...context, call: 'checks.run' });
      }),
    },
    certificates: {
      standing: os.certificates.standing.handler(({ input }) => agent.certifying.standing(input.limit)),
      get: os.certificates.get.handler(({ input }) => ({ opened: openCertificate(stores.read, input.id ?? null) })),
      now: os.certificates.now.handler(async ({ context, signal }) => {
        await writeDown(agent, context, { action: 'certificate-ordered', kind: 'certificate', id: 'now' });
        return faultsNamed(agent, agent.certifying.now(signal ?? agent.signal), { ...context, call: 'certificates.now' });
      }),
      cancel: os.certificates.cancel.handler(async ({ context }) => {
        if (await agent.certifying.cancel())
          await writeDown(agent, context, { action: 'certificate-cancelled', kind: 'certificate', id: 'now' });
        return {};
      }),
      setPlan: os.certificates.setPlan.handler(async ({ input, context }) => {
        const detail = { at: input.at };
        await agent.certifying.setPlan(
          input,
          entryOf(agent, context, { action: 'certificate-plan-set', kind: 'certificate', id: 'plan', detail }),
        );
        return agent.certifying.standing(1);
      }),
      export: os.certificates.export.handler(({ input, context }) => exportCertificate(agent, input, context)),
    },
    backups: {
      make: os.backups.make.handler(({ input, context, signal }) => {
        return faultsNamed(agent, backUp(agent, input.folder, context, signal ?? agent.signal), { ...context, call: 'backups.make' });
      }),
      get: os.backups.get.handler(() => agent.backups.standing()),
      setPlan: os.backups.setPlan.handler(async ({ input: { plan }, context }) => {
        await planBackups(agent, plan, context);
        return agent.backups.standing();
      }),
      now: os.backups.now.handler(({ context, signal }) =>
        faultsNamed(agent, backUpNow(agent, context, signal ?? agent.signal), { ...context, call: 'backups.now' }),
      ),
    },
    alerts: {
      acknowledge: os.alerts.acknowledge.handler(async ({ input: { code }, context }) => {
        const entry = entryOf(agent, context, { action: 'alert-acknowledged', kind: 'agent', id: code });
        await stores.writer.audited([entry], 'clearAlert', [agentItself, code]);
        agent.live.tell('overview');
        return {};
      }),
    },
    overview: { get: os.overview.get.handler(() => overview({ ...agent, home: stores.home, read: stores.read, reads: stores.reads })) },
    live: {
      events: os.live.events.handler(({ input, signal }) => agent.live.follow(input.afterId, signal)),
    },
  });
}

/** Write down who allowed what is less safe than usual, and until when. */
function noted(agent: Agent, connection: Connection, { actor, correlationId }: Pick<Caller, 'actor' | 'correlationId'>): Connection {
  for (const exception of exceptionsOf(connection))
    agent.stores.log.warn({ actor: actor.id, correlationId, connectionId: connection.id, exception }, 'an exception was allowed');
  return connection;
}

/** Steps that may end in a fault when some of them are out already: it is answered by its name all the same. */
async function* faultsNamed<T>(
  agent: Agent,
  steps: AsyncIterable<T>,
  { actor, correlationId, call }: Pick<Caller, 'actor' | 'correlationId'> & { readonly call: string },
): AsyncGenerator<T> {
  try {
    yield* steps;
  } catch (error) {
    throw answerable(agent, error, { actor: actor.id, correlationId, call });
  }
}

/** Turn whatever a call ended in into an answer a person can act on. What has no name is logged whole and answered as `internal`. */
function answerable(agent: Agent, error: unknown, fields: { correlationId: string; call: string; actor: string }): Error {
  if (error instanceof ORPCError) return error;
  const fault =
    error instanceof Fault && error.code !== 'internal'
      ? error
      : new Fault('internal', { correlationId: fields.correlationId }, { cause: error });
  if (fault.code === 'internal') agent.stores.log.error({ ...fields, ...errorFields(error) }, 'a call failed');
  else agent.stores.log.warn({ ...fields, code: fault.code, detail: fault.detail }, fault.message);
  return new ORPCError('FAULT', { defined: true, status: 422, message: fault.message, data: fault.report() });
}
