import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { inTime as within } from '../testing.ts';
import type { OpenContext } from './connector.ts';
import { settingsSchema, systemKinds, upstreams } from './registry.ts';
import { DataRefused, type OutgoingBatch, type Upstream } from './upstream.ts';

/**
 * What every destination has to keep to, whatever it speaks. A new file in upstream/ is held to it by itself.
 */

const here = dirname(fileURLToPath(import.meta.url));
/** The hub answers every question of the protocol. A database has no place for signs of life, and a broker cannot be asked at all. */
const notAsked: Readonly<Record<string, readonly string[]>> = { postgres: ['heartbeat'], rabbitmq: ['highWater', 'heartbeat'] };
/** A destination may wait for the five seconds that a line has to be made. */
const inTime = <T>(promise: Promise<T>, ms = 8000) => within(promise, ms);

it('every file of the folder is a destination under its own name, and is found without editing anything else', () => {
  const names = readdirSync(join(here, 'upstream'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || /^(?!.*\.test).*\.ts$/.test(entry.name))
    .map((entry) => entry.name.replace(/\.ts$/, ''));
  expect([...upstreams.keys()].sort()).toEqual(names.sort());
});

it('forms are told of every one of them', () => {
  const kinds = systemKinds().filter((kind) => kind.direction === 'destination');
  expect(kinds.map((kind) => kind.kind)).toEqual([...upstreams.keys()]);
});

describe.each([...upstreams.values()].map((upstream): [string, Upstream] => [upstream.id, upstream]))(
  'the destination %s',
  (_id, upstream) => {
    const schema = settingsSchema(upstream.settings, upstream.secrets) as {
      properties: Record<string, Record<string, unknown>>;
      required?: string[];
      additionalProperties?: unknown;
    };
    const secrets = Object.fromEntries(
      Object.keys(upstream.secrets).map((name) => [name, `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`]),
    );
    const heartbeat = {
      hotelId: 'ALDQ',
      version: '1',
      sentAt: new Date(0).toISOString(),
      lagSeconds: 0,
      depth: 0,
      deadLetters: 0,
      entities: {},
    };
    const context: OpenContext & { hotelId: string; heartbeat: typeof heartbeat } = { secrets, now: Date.now, hotelId: 'ALDQ', heartbeat };
    const batch: OutgoingBatch = {
      source: 'opera',
      entity: 'booking',
      records: [{ eventId: '00000000-0000-5000-8000-000000000001', seq: 1, text: Buffer.from('{"eventId":"x","a":1}') }],
    };

    /** Something that takes every connection and never says a word: the worst that a destination can be. */
    let silent: ReturnType<typeof createServer>;
    let port: number;
    beforeEach(async () => {
      silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      port = (silent.address() as AddressInfo).port;
    });
    afterEach(() => {
      silent.closeAllConnections();
      return new Promise((resolve) => silent.close(resolve));
    });

    /** The sample, led to the silent one wherever it holds an address. */
    const settings = () => {
      const sample = JSON.parse(JSON.stringify(upstream.sample).replaceAll(/hub\.example\.com/g, `127.0.0.1:${port}`));
      const to = 'port' in sample ? { ...sample, host: '127.0.0.1', port } : sample;
      return upstream.settings.parse(to) as Record<string, unknown>;
    };

    it('says what it is in words', () => {
      expect([upstream.id, upstream.title.length > 0, /\.$/.test(upstream.summary)]).toEqual([
        expect.stringMatching(/^[a-z0-9][a-z0-9-]{0,39}$/),
        true,
        true,
      ]);
    });

    it('has settings that can be drawn: every one with a title, none open to anything', () => {
      const properties = Object.entries(schema.properties);
      const untitled = properties
        .filter(([, property]) => typeof property.title !== 'string' || property.title === '')
        .map(([name]) => name);
      const shapeless = properties.filter(
        ([, property]) => property.type === undefined && property.oneOf === undefined && property.enum === undefined,
      );
      expect([properties.length > 0, untitled, shapeless.map(([name]) => name), schema.additionalProperties]).toEqual([
        true,
        [],
        [],
        false,
      ]);
    });

    it('takes its own sample, and refuses what it does not know', () => {
      expect([
        upstream.settings.safeParse(upstream.sample).success,
        upstream.settings.safeParse({ ...upstream.sample, colourOfTheDoor: 'red' }).success,
      ]).toEqual([true, false]);
    });

    it('marks its secrets, asks for those that it needs, and never lets one stand among the settings', () => {
      const marked = Object.entries(schema.properties).filter(([, property]) => property['x-secret'] === true);
      const needed = Object.entries(upstream.secrets).filter(([, field]) => field.isRequired);
      const inSettings = Object.keys(upstream.secrets).filter((name) => name in upstream.settings.shape);
      const suspicious = Object.keys(upstream.settings.shape).filter((name) => /pass(word|phrase)|secret|token|apikey/i.test(name));
      expect([
        marked.map(([name]) => name).sort(),
        needed.every(([name]) => schema.required?.includes(name)),
        inSettings,
        suspicious,
      ]).toEqual([Object.keys(upstream.secrets).sort(), true, [], []]);
    });

    it('tests itself in steps that can be told apart, and ends each when it is stopped', async () => {
      const checks = upstream.checks(settings(), context);
      const steps = checks.map((check) => check.step);
      expect([steps.length > 0, new Set(steps).size, checks.every((check) => check.title !== '')]).toEqual([true, steps.length, true]);
      for (const check of checks) {
        const stop = new AbortController();
        const running = check
          .run(stop.signal)
          .catch((error: unknown) => (error instanceof Fault ? { found: error.code } : { found: `not named: ${error}` }));
        stop.abort();
        expect(await inTime(running)).toMatchObject({ found: expect.not.stringContaining('not named') });
      }
    });

    it('says by its name which needed secret is not there', async () => {
      for (const [name, field] of Object.entries(upstream.secrets).filter(([, one]) => one.isRequired)) {
        const { [name]: _missing, ...others } = secrets;
        const outcome = await upstream.open(settings(), { ...context, secrets: others }).then(
          () => 'opened',
          (error: unknown) => (error instanceof Fault ? [error.code, error.detail.field] : `not named: ${error}`),
        );
        expect(outcome).toEqual(['secret-missing', field.title]);
      }
    });

    it('opens and closes in time without asking anybody, and closes twice', async () => {
      const session = await inTime(upstream.open(settings(), context));
      if (session === 'too late') throw new Error('it did not open in time');
      expect([
        session.host.length > 0,
        session.batchRecords >= 1,
        await inTime(session.close()),
        await inTime(session.close().catch(() => undefined)),
      ]).toEqual([true, true, undefined, undefined]);
    });

    it('gives up whatever it is at when it is stopped, with a fault that has a name', async () => {
      const session = await upstream.open(settings(), context);
      const said = (question: string) => (notAsked[upstream.id]?.includes(question) ? /^went$/ : /^named$/);
      const named = (error: unknown) => (error instanceof Fault || error instanceof DataRefused ? 'named' : `not named: ${error}`);
      for (const signal of [AbortSignal.abort(), AbortSignal.timeout(50)]) {
        session.prepare(batch);
        const outcomes = await inTime(
          Promise.all(
            [session.send(batch, signal), session.highWater('ALDQ', signal), session.heartbeat(heartbeat, signal)].map((one) =>
              one.then(() => 'went', named),
            ),
          ),
        );
        // What a destination cannot be asked for is answered at once, stopped or not; records are never said to have gone.
        expect(outcomes).toEqual(['named', expect.stringMatching(said('highWater')), expect.stringMatching(said('heartbeat'))]);
      }
      expect(await inTime(session.close())).toBeUndefined();
    });
  },
);
