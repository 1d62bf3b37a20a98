import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemKind } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import { entityNames } from '../../contract/record.ts';
import { inTime } from '../testing.ts';
import { type Check, type Connector, type OpenContext, readsTables } from './connector.ts';
import { connectors, settingsSchema, systemKinds, upstreams } from './registry.ts';

/**
 * What every connector has to keep to, whatever system it reads. A new file in connectors/ is held to it by itself.
 */

const here = dirname(fileURLToPath(import.meta.url));
const filesOf = (folder: string) =>
  readdirSync(join(here, folder), { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() || /^(?!.*\.test).*\.ts$/.test(entry.name),
  );

it('every file of the folder is a connector under its own name, and is found without editing anything else', () => {
  const names = filesOf('connectors').map((entry) => entry.name.replace(/\.ts$/, ''));
  expect([...connectors.keys()].sort()).toEqual(names.sort());
});

it('no connector and no destination have the same name', () => {
  const ids = [...connectors.keys(), ...upstreams.keys()];
  expect(new Set(ids).size).toBe(ids.length);
});

it('forms are told of every one of them, and of nothing else', () => {
  const kinds = systemKinds();
  expect(kinds.map((kind) => SystemKind.safeParse(kind).success)).toEqual(kinds.map(() => true));
  expect(kinds.filter((kind) => kind.direction === 'source').map((kind) => kind.kind)).toEqual([...connectors.keys()]);
});

it('a schema goes over the wire as it is', () => {
  for (const kind of systemKinds()) expect(JSON.parse(JSON.stringify(kind))).toEqual(kind);
});

describe.each([...connectors.values()].map((connector): [string, Connector] => [connector.id, connector]))(
  'the connector %s',
  (_id, connector) => {
    const context: OpenContext = { secrets: Object.fromEntries(Object.keys(connector.secrets).map((name) => [name, 'x'])), now: Date.now };
    const schema = settingsSchema(connector.settings, connector.secrets) as {
      properties: Record<string, Record<string, unknown>>;
      required: string[];
    };
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'bellhop-connector-'));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    /** The sample, with its folders where this PC has one: a connector that reads folders has to find them. */
    const settings = () => {
      const parsed = connector.settings.parse(connector.sample) as Record<string, unknown>;
      for (const [name, property] of Object.entries(schema.properties)) if (property['x-widget'] === 'folder') parsed[name] = folder;
      return parsed;
    };

    it('says what it is in words', () => {
      expect([connector.id, connector.title.length > 0, /\.$/.test(connector.summary)]).toEqual([
        expect.stringMatching(/^[a-z0-9][a-z0-9-]{0,39}$/),
        true,
        true,
      ]);
    });

    it('reads at least one kind of record, and only kinds that there are', () => {
      expect([
        connector.entities.length > 0,
        connector.entities.filter((name) => !(entityNames as readonly string[]).includes(name)),
      ]).toEqual([true, []]);
    });

    it('has settings that can be drawn: every one with a title, none open to anything', () => {
      const properties = Object.entries(schema.properties);
      const untitled = properties
        .filter(([, property]) => typeof property.title !== 'string' || property.title === '')
        .map(([name]) => name);
      const shapeless = properties.filter(
        ([, property]) => property.type === undefined && property.oneOf === undefined && property.enum === undefined,
      );
      expect([
        properties.length > 0,
        untitled,
        shapeless.map(([name]) => name),
        (schema as { additionalProperties?: unknown }).additionalProperties,
      ]).toEqual([true, [], [], false]);
    });

    it('has words for every choice that it offers', () => {
      const choices = Object.values(schema.properties).flatMap((property) => (property.oneOf ?? []) as { const: string; title: string }[]);
      expect(choices.filter((choice) => choice.title === '' || choice.title === undefined)).toEqual([]);
    });

    it('takes its own sample, and refuses what it does not know', () => {
      expect([
        connector.settings.safeParse(connector.sample).success,
        connector.settings.safeParse({ ...connector.sample, colourOfTheDoor: 'red' }).success,
        connector.settings.safeParse({}).success && (schema.required ?? []).length > 0,
      ]).toEqual([true, false, false]);
    });

    it('marks its secrets and never lets one stand among the settings', () => {
      const marked = Object.entries(schema.properties).filter(([, property]) => property['x-secret'] === true);
      const inSettings = Object.keys(connector.secrets).filter((name) => name in connector.settings.shape);
      const suspicious = Object.keys(connector.settings.shape).filter((name) => /pass(word|phrase)|secret|token|apikey/i.test(name));
      expect([marked.map(([name]) => name).sort(), inSettings, suspicious]).toEqual([Object.keys(connector.secrets).sort(), [], []]);
    });

    it('tests itself in steps that can be told apart', () => {
      const checks = connector.checks(settings(), context);
      const steps = checks.map((check: Check) => check.step);
      expect([steps.length > 0, new Set(steps).size, checks.every((check) => check.title !== '')]).toEqual([true, steps.length, true]);
    });

    it('ends every step of its test in time, also when it is stopped, with an answer or a fault that has a name', async () => {
      const stopped = AbortSignal.abort();
      for (const signal of [new AbortController().signal, stopped]) {
        for (const check of connector.checks(settings(), context)) {
          const ended = await inTime(
            check
              .run(signal)
              .catch((error: unknown) => (error instanceof Fault ? { found: error.code } : { found: `not named: ${error}` })),
          );
          expect(ended).toMatchObject({ found: expect.not.stringContaining('not named') });
        }
      }
    }, 60_000);

    it('opens and closes in time, closes twice, and leaves nothing running', async () => {
      const session = await inTime(connector.open(settings(), context));
      if (session === 'too late') throw new Error('it did not open in time');
      const source = readsTables(session) ? session.source : session.plan.source;
      expect([
        readsTables(session) === (connector.isDatabase === true),
        readsTables(session) || session.plan.mapping !== '',
        readsTables(session) || connector.entities.includes(session.plan.entity),
        /^[a-z0-9][a-z0-9-]{0,39}$/.test(source),
      ]).toEqual([true, true, true, true]);
      expect([await inTime(session.close()), await inTime(session.close())]).toEqual([undefined, undefined]);
    });

    it('stops looking for files or tables when it is told to, and then offers none that may still be written', async () => {
      writeFileSync(join(folder, 'a.csv'), 'x');
      const session = await connector.open(settings(), context);
      const stop = new AbortController();
      const looked = readsTables(session) ? session.tables(stop.signal) : session.files(stop.signal);
      const looking = looked.catch((error: unknown) => (error instanceof Fault ? [] : error));
      stop.abort();
      expect(await inTime(looking)).toEqual([]);
      await session.close();
    });
  },
);
