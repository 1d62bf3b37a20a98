import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { implement, ORPCError } from '@orpc/server';
import { api } from '../../contract/api.ts';
import type { Connection, ConnectionDraft } from '../../contract/connection.ts';
import { importedByHand } from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import { entityOf } from '../../contract/record.ts';
import { connections, isIdUsed, property } from '../../db/pipeline/connections.ts';
import { recentFiles } from '../../db/pipeline/counts.ts';
import { openLetter } from '../../db/pipeline/dead-letters.ts';
import { openRecord, recordCounts } from '../../db/pipeline/record-page.ts';
import type { Agent } from '../index.ts';
import { importFile, rehearseImport } from '../pipeline/import-file.ts';
import { systemKinds } from '../pipeline/registry.ts';
import { mappingFor, replayLetters } from '../pipeline/replay-letters.ts';
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
import { runChecks } from './connection-test.ts';
import { type Actor, type CallContext, correlationIdOf } from './context.ts';
import { overview } from './health.ts';
import { errorFields } from './log.ts';
import { handOverOf, makeSecret } from './made-secrets.ts';
import { allMappings, mappingNamed, saveMapping } from './mappings.ts';
import { previewMs } from './schedule.ts';
import { sourceRow } from './source-row.ts';

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
      recoveryKey: os.agent.recoveryKey.handler(({ context }) => {
        stores.log.info({ actor: context.actor.id, correlationId: context.correlationId }, 'the recovery key was shown');
        return { recoveryKey: stores.secrets.recoveryKey() };
      }),
      confirmRecoveryKey: os.agent.confirmRecoveryKey.handler(() => {
        stores.secrets.confirmRecoveryKept();
        agent.live.tell('property');
        return {};
      }),
      stop: os.agent.stop.handler(() => {
        agent.requestStop();
        return {};
      }),
    },
    property: {
      save: os.property.save.handler(async ({ input }) => {
        const before = property(stores.read);
        if (before && before.hotelId !== input.hotelId && agent.hasRecords()) {
          throw new Fault('input-wrong', {
            detail: 'the code of the hotel stands on every record that was kept and cannot change any more',
          });
        }
        await stores.writer.step('saveSetting', ['property', input]);
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
        return saveMapping(stores, input);
      }),
    },
    connections: {
      list: os.connections.list.handler(() => connections(stores.read)),
      add: os.connections.add.handler(async ({ input, context }) => noted(agent, await addConnection(agent, draftOf(input)), context)),
      change: os.connections.change.handler(async ({ input, context }) =>
        noted(agent, await changeConnection(agent, draftOf(input)), context),
      ),
      remove: os.connections.remove.handler(async ({ input }) => {
        await removeConnection(agent, input.id);
        return {};
      }),
      restore: os.connections.restore.handler(({ input }) => restoreConnection(agent, input.id)),
      // Not a generator itself: what is wrong with the draft must be thrown while the call still can be answered with its fault.
      test: os.connections.test.handler(({ input, signal }) => {
        const what = 'draft' in input ? { draft: draftOf<ConnectionDraft>(input.draft) } : input;
        return runChecks(checksOf(agent, what), signal ?? agent.signal);
      }),
      makeSecret: os.connections.makeSecret.handler(({ input }) => makeSecret(agent, input.kind, input.field, secretFields(input.kind))),
      handOver: os.connections.handOver.handler(({ input }) => {
        const { id, kind } = existing(agent, input.id);
        return { handOver: handOverOf(agent, id, input.field, secretFields(kind)) };
      }),
      letter: os.connections.letter.handler(({ input }) =>
        letterOf(agent, 'draft' in input ? { draft: draftOf<ConnectionDraft>(input.draft) } : input),
      ),
      pause: os.connections.pause.handler(async ({ input }) => {
        const connection = { ...existing(agent, input.id), isPaused: true };
        await agent.saveConnection(connection);
        await agent.sources.stopOne(input.id);
        return connection;
      }),
      resume: os.connections.resume.handler(async ({ input }) => {
        const connection = { ...existing(agent, input.id), isPaused: false };
        await agent.saveConnection(connection);
        return connection;
      }),
      syncNow: os.connections.syncNow.handler(({ input }) => {
        const connection = existing(agent, input.id);
        if (connection.direction === 'source') void agent.sources.syncNow(connection);
        else agent.destinations.urge(input.id);
        return {};
      }),
      takeOver: os.connections.takeOver.handler(({ input }) => {
        const connection = existing(agent, input.id);
        if (connection.direction !== 'destination') throw new Fault('input-wrong', { detail: `${connection.title} is no destination` });
        agent.destinations.takeOver(connection.id);
        return {};
      }),
      setSchedule: os.connections.setSchedule.handler(async ({ input }) => {
        previewMs(input.schedule, property(stores.read)?.timeZone ?? 'UTC', agent.now(), 1);
        const connection = { ...existing(agent, input.id), schedule: input.schedule };
        await agent.saveConnection(connection);
        return connection;
      }),
    },
    schedule: {
      preview: os.schedule.preview.handler(({ input }) => ({
        nextMs: previewMs(input.schedule, property(stores.read)?.timeZone ?? 'UTC', agent.now(), 3),
      })),
    },
    files: {
      list: os.files.list.handler(({ input }) => recentFiles(stores.read, input.limit)),
      import: os.files.import.handler(async ({ input, context, signal }) => {
        // A path of this PC comes from the person at its command line, never from a page.
        if (context.client !== 'cli') throw new Fault('input-wrong', { detail: 'files are imported at the command line of this PC' });
        const mapping = typeof input.mapping === 'string' ? mappingNamed(stores.read, input.mapping) : input.mapping;
        if (mapping.entity !== input.entity)
          throw new Fault('input-wrong', { detail: `the mapping ${mapping.name} is for ${entityOf(mapping.entity).plural}` });
        const hotelId = input.hotelId ?? property(stores.read)?.hotelId;
        if (!hotelId) throw new Fault('input-wrong', { detail: 'name the hotel with --hotel' });
        const days = input.from || input.to ? { from: input.from ?? '0000-01-01', to: input.to ?? '9999-12-31' } : null;
        const order = { path: input.path, mapping, source: input.source, hotelId, days };
        const tools = { ...agent.pullTools(), lettersByRule: stores.reads.fileLettersByRule };
        return input.isDryRun ? rehearseImport(tools, order, signal ?? agent.signal) : importFile(tools, order, signal ?? agent.signal);
      }),
    },
    deadLetters: {
      list: os.deadLetters.list.handler(({ input }) => {
        const { connectionId: id } = input;
        if (id !== undefined && id !== importedByHand && !isIdUsed(stores.read, id)) throw new Fault('connection-not-found', { id });
        return stores.reads.letterPage(input);
      }),
      counts: os.deadLetters.counts.handler(() => stores.reads.letterCounts()),
      get: os.deadLetters.get.handler(({ input }) => {
        const letter = openLetter(stores.read, stores.secrets.dataKey, input.id);
        return { ...letter, mapping: letter.destinationId === null ? mappingFor(agent.replayTools(), input.id) : null };
      }),
      rehearse: os.deadLetters.rehearse.handler(({ input, context, signal }) =>
        faultsNamed(agent, replayLetters(agent.replayTools(), input, 'rehearse', signal ?? agent.signal), {
          ...context,
          call: 'deadLetters.rehearse',
        }),
      ),
      replay: os.deadLetters.replay.handler(({ input, context, signal }) => {
        stores.log.info({ actor: context.actor.id, correlationId: context.correlationId }, 'rows that were set aside are tried again');
        return faultsNamed(agent, replayLetters(agent.replayTools(), input, 'replay', signal ?? agent.signal), {
          ...context,
          call: 'deadLetters.replay',
        });
      }),
    },
    records: {
      list: os.records.list.handler(({ input: { view, offset, limit, ...query } }) =>
        stores.reads.recordPage(query, { view, offset, limit }),
      ),
      counts: os.records.counts.handler(() => recordCounts(stores.read)),
      since: os.records.since.handler(async ({ input }) => ({ kept: await stores.reads.keptSince(input.entity, input.seq) })),
      get: os.records.get.handler(({ input }) => openRecord(stores.read, stores.secrets.dataKey, input.ledgerId, input.externalId)),
      row: os.records.row.handler(({ input }) => sourceRow(stores, input.seq)),
    },
    overview: { get: os.overview.get.handler(() => overview({ ...agent, home: stores.home, read: stores.read, reads: stores.reads })) },
    live: {
      events: os.live.events.handler(({ input, signal }) => agent.live.follow(input.afterId, signal)),
    },
  });
}

/** Write down who allowed what is less safe than usual, and until when. */
function noted(
  agent: Agent,
  connection: Connection,
  { actor, correlationId }: { readonly actor: Actor; readonly correlationId: string },
): Connection {
  for (const exception of exceptionsOf(connection))
    agent.stores.log.warn({ actor: actor.id, correlationId, connectionId: connection.id, exception }, 'an exception was allowed');
  return connection;
}

/** Steps that may end in a fault when some of them are out already: it is answered by its name all the same. */
async function* faultsNamed<T>(
  agent: Agent,
  steps: AsyncIterable<T>,
  { actor, correlationId, call }: { readonly actor: Actor; readonly correlationId: string; readonly call: string },
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

/** Start the sandbox hotel as a program of its own, far from this home, and give the address of its console. */
async function exploreSandbox(agent: Agent): Promise<{ url: string }> {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'sandbox.js');
  const bundled = [script, join(dirname(script), '..', 'sandbox.js')].find((path) => existsSync(path));
  if (!bundled) throw new Fault('sandbox-failed');
  const child = spawn(process.execPath, [bundled, 'demo', '--no-open', '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
  });
  agent.signal.addEventListener('abort', () => child.kill(), { once: true });
  try {
    for await (const line of createInterface({ input: child.stdout, signal: AbortSignal.timeout(30_000) })) {
      const said = JSON.parse(line) as { console?: string };
      if (said.console) {
        child.stdout.resume();
        return { url: said.console };
      }
    }
  } catch (error) {
    child.kill();
    throw new Fault('sandbox-failed', {}, { cause: error });
  }
  throw new Fault('sandbox-failed');
}
