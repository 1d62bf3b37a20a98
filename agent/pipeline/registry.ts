import { z } from 'zod';
import type { SystemKind } from '../../contract/connection.ts';
import type { Schedule } from '../../contract/schedule.ts';
import type { Connector, SecretField } from './connector.ts';
import type { Upstream } from './upstream.ts';

/**
 * Every connector and destination there is: each file of the two folders is one. Adding one edits nothing else.
 * The folders are read when the agent is built, so a bundle holds them all.
 */
const connectorFiles = import.meta.glob<Connector>(['./connectors/*.ts', './connectors/*/index.ts', '!**/*.test.ts'], {
  eager: true,
  import: 'default',
});
const upstreamFiles = import.meta.glob<Upstream>(['./upstream/*.ts', './upstream/*/index.ts', '!**/*.test.ts'], {
  eager: true,
  import: 'default',
});

export const connectors: ReadonlyMap<string, Connector> = byId(Object.values(connectorFiles));
export const upstreams: ReadonlyMap<string, Upstream> = byId(Object.values(upstreamFiles));

function byId<T extends { readonly id: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.id, item]));
}

/** How often a system is read that says nothing of it. */
export const usualSchedule: Schedule = { kind: 'every', interval: '15m' };

/** What a form needs to know of every kind of system: its settings as JSON Schema, secrets among them and marked. */
export function systemKinds(): SystemKind[] {
  return [
    ...[...connectors.values()].map((one) => ({ ...kindOf(one), direction: 'source' as const })),
    ...[...upstreams.values()].map((one) => ({ ...kindOf(one), direction: 'destination' as const })),
  ];
}

function kindOf(system: Connector | Upstream): Omit<SystemKind, 'direction'> {
  return {
    kind: system.id,
    title: system.title,
    summary: system.summary,
    settingsSchema: settingsSchema(system.settings, system.secrets),
    schedule: ('schedule' in system && system.schedule) || usualSchedule,
    hasLetter: system.letter !== undefined,
    isDatabase: 'isDatabase' in system && system.isDatabase === true,
    readsAddress: 'understand' in system && system.understand !== undefined,
    hasChoices: 'choices' in system && system.choices !== undefined,
    hasSiteReport: 'siteReport' in system && system.siteReport !== undefined,
  };
}

/** The JSON Schema of a system's form. Choices carry their words as `oneOf`, so that no screen has to know them. */
export function settingsSchema(settings: z.ZodObject, secrets: Readonly<Record<string, SecretField>>): Record<string, unknown> {
  const schema = z.toJSONSchema(settings, { io: 'input' }) as { properties: Record<string, Record<string, unknown>>; required?: string[] };
  const properties: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const { 'x-titles': titles, enum: choices, ...rest } = property as { 'x-titles'?: Record<string, string>; enum?: string[] };
    properties[name] =
      titles && choices ? { ...rest, oneOf: choices.map((choice) => ({ const: choice, title: titles[choice] ?? choice })) } : property;
  }
  for (const [name, field] of Object.entries(secrets)) {
    const widget = field.isLong ? { 'x-widget': 'textarea' } : {};
    const advanced = field.isAdvanced ? { 'x-advanced': true } : {};
    const made = field.maker ? { 'x-made-here': true } : {};
    properties[name] = {
      type: 'string',
      title: field.title,
      description: field.description,
      'x-secret': true,
      ...widget,
      ...advanced,
      ...made,
    };
  }
  const required = [...(schema.required ?? []), ...Object.keys(secrets).filter((name) => secrets[name]?.isRequired)];
  return { ...schema, properties, required };
}
