import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { Fault } from '../../../contract/faults.ts';
import type { FieldKind } from '../../../contract/field.ts';
import { ingestBodies } from '../../../contract/ingest.ts';
import { type Leaving, type LeavingRule, leavingRules } from '../../../contract/leaves.ts';
import { type EntityName, entityNames, entityOf } from '../../../contract/record.ts';
import type { OutboxRow } from '../../../db/pipeline/blocks.ts';
import { eventHead, eventIdOf } from '../../../db/pipeline/event-text.ts';
import { eventId, recordUuid } from '../../../db/pipeline/ids.ts';
import { leaveBy } from './leaving.ts';
import { allowedRules, assertLeaving } from './leaving-rules.ts';
import { sampleOf } from './masks.ts';
import { outgoingBatches } from './outgoing.ts';
import { tokenOf } from './tokens.ts';

/** What leaves by which rule: for every kind of record, with every value that a field can hold. */

const key = createSecretKey(Buffer.alloc(32, 7));
const anotherKey = createSecretKey(Buffer.alloc(32, 8));
/** Letters that occur in no mask, no token and no name of a field, so that finding three of them in a row is a leak. */
const secretText = (max: number) =>
  fc.string({ unit: fc.constantFrom('Ω', 'Ж', 'Ю', 'Я', 'Щ'), minLength: 4, maxLength: Math.max(4, Math.min(max, 60)) });

const anyOf: Record<FieldKind, (entity: EntityName, field: string) => fc.Arbitrary<unknown>> = {
  id: () => secretText(100),
  text: (entity, field) => secretText(field === 'currency' ? 3 : mostOf(entity, field)).map((text) => text.slice(0, mostOf(entity, field))),
  // The schema takes any text for an address: what stands behind the sign need not be a domain.
  email: () =>
    fc
      .tuple(secretText(60), secretText(60), fc.constantFrom('plain', 'words behind', 'no domain'))
      .map(
        ([local, words, form]) =>
          ({ plain: `${local}@example.com`, 'words behind': `${local}@example.com (${words})`, 'no domain': `@${words}` })[form],
      ),
  phone: () => fc.stringMatching(/^\+49 [1-9][0-9]{6,12}$/),
  day: () => fc.constant('2026-03-01'),
  moment: () => fc.constant('2026-03-01T14:05:00'),
  money: () => fc.integer(),
  integer: () => fc.integer({ min: 0, max: 200 }),
  decimal: () => fc.constantFrom(1, 0.5, 0.25),
  choice: () => fc.constant(''),
  list: () => fc.array(secretText(40), { minLength: 1, maxLength: 3 }),
};

function mostOf(entity: EntityName, field: string): number {
  const fits = (length: number) => (entityOf(entity).schema.shape[field] as z.ZodType).safeParse('x'.repeat(length)).success;
  return [20_000, 4000, 300, 200, 100, 80, 40, 20, 3].find(fits) ?? 3;
}

function valueIn(entity: EntityName, { name, kind, choices }: { name: string; kind: FieldKind; choices?: readonly string[] }) {
  if (kind === 'choice') return fc.constantFrom(...(choices ?? []));
  return name === 'rating' ? fc.constantFrom(1, 4.5) : anyOf[kind](entity, name);
}

const entityAndRecord = fc.constantFrom(...entityNames).chain((entity) => {
  const { fields } = entityOf(entity);
  const required = fields.filter((field) => field.isRequired).map(({ name }) => name);
  const values = Object.fromEntries(fields.map((field) => [field.name, valueIn(entity, field)]));
  return fc.record(values, { requiredKeys: required }).map((given) => ({ entity, fields: given as Record<string, unknown> }));
});

function rowOf(entity: EntityName, fields: Record<string, unknown>, seq = 5): OutboxRow {
  const of = { hotelId: 'ALDQ', source: 'pms', entity, externalId: String(fields.externalId) };
  const hash = 'ab'.repeat(32);
  const head = eventHead(eventId(of, 7, 1, hash), 7, 1, '2026-03-01T10:00:00.000Z', hash);
  const { externalId, ...others } = fields;
  const document = JSON.stringify({ id: recordUuid(of), hotelId: 'ALDQ', source: 'pms', externalId, ...others });
  return { seq, source: 'pms', entity, text: Buffer.from(head + document.slice(1)) };
}

function leaving(entity: EntityName, rules: Readonly<Record<string, LeavingRule>>, keptBackAfterSeq = 0): Leaving {
  const set = { sinceMs: 1, actorId: 'a', actorName: 'A' };
  const fields = Object.fromEntries(Object.entries(rules).map(([field, rule]) => [field, { rule, ...set }]));
  return { version: 3, entities: { [entity]: { keptBackAfterSeq, fields } } };
}

const left = (row: OutboxRow, rules: Leaving, by = key) => {
  const record = leaveBy(rules, by).record(row);
  return { ...record, json: JSON.parse(Buffer.from(record.text).toString('utf8')) as Record<string, unknown> };
};

describe('what leaves', () => {
  it('is byte for byte what was kept as long as nobody has set a rule, or none for this kind of record', () => {
    fc.assert(
      fc.property(entityAndRecord, ({ entity, fields }) => {
        const row = rowOf(entity, fields);
        const other = entityNames.find((one) => one !== entity) as EntityName;
        const texts = [null, leaveBy(leaving(other, {}), key), leaveBy(leaving(entity, { externalId: 'send' }, 5), key)].map(
          (leave) => outgoingBatches([row], leave)[0]?.records[0]?.text,
        );
        // The very bytes, not a copy: what nobody asked for costs nothing.
        expect(texts.every((text) => text === row.text)).toBe(true);
      }),
    );
  });

  it('still is a record of its kind by every rule that is allowed, for any value', () => {
    fc.assert(
      fc.property(entityAndRecord, fc.infiniteStream(fc.nat(3)), ({ entity, fields }, choices) => {
        const names = entityOf(entity).fields.map(({ name }) => name);
        const rules: Record<string, LeavingRule> = {};
        for (const name of names) {
          const allowed = allowedRules(entity, name);
          rules[name] = allowed[(choices.next().value ?? 0) % allowed.length] as LeavingRule;
        }
        const { plural } = entityOf(entity);
        const body = { source: 'pms', mode: 'upsert', [plural]: [left(rowOf(entity, fields), leaving(entity, rules)).json] };
        expect(ingestBodies[plural as keyof typeof ingestBodies].safeParse(body).error).toBe(undefined);
      }),
      { numRuns: 300 },
    );
  });

  it('holds nothing of a value that is masked, replaced or left out', () => {
    fc.assert(
      fc.property(entityAndRecord, ({ entity, fields }) => {
        const kept = Object.keys(fields).filter((name) => typeof fields[name] === 'string' && /[ΩЖЮЯЩ]|^\+49/.test(String(fields[name])));
        for (const name of kept) {
          for (const rule of allowedRules(entity, name).filter((one) => one !== 'send')) {
            const others = Object.keys(fields).filter((one) => one !== name && (kept.includes(one) || Array.isArray(fields[one])));
            const row = rowOf(entity, { ...fields, ...Object.fromEntries(others.map((one) => [one, 'x'])) });
            const { json } = left(row, leaving(entity, { [name]: rule }));
            const value = String(fields[name]).replace('@example.com', '');
            expect([name, rule, JSON.stringify(json).includes(value.slice(0, 4))]).toEqual([name, rule, false]);
          }
        }
      }),
    );
  });

  it('changes nothing but the fields that have a rule, and the ids that would confirm a guess of them', () => {
    const fields = {
      externalId: '0048213',
      guestName: 'Brandt, Jürgen',
      guestEmail: 'J.Brandt@example.com',
      guestPhone: '+49 151 23456789',
    };
    const stay = { checkInDate: '2026-03-01', checkOutDate: '2026-03-04', status: 'confirmed', totalAmountMinor: 37350, currency: 'EUR' };
    const row = rowOf('booking', { ...fields, ...stay, specialRequests: 'Anruf bei Frau Öz' });
    const before = JSON.parse(row.text.toString('utf8'));
    const { json, eventId: id } = left(
      row,
      leaving('booking', { guestName: 'mask', guestEmail: 'mask', guestPhone: 'mask', specialRequests: 'mask', totalAmountMinor: 'drop' }),
    );
    const { totalAmountMinor: _, ...others } = before;
    expect(json).toEqual({
      ...others,
      guestName: 'B. J.',
      guestEmail: 'J***@example.com',
      guestPhone: '***89',
      specialRequests: '[17 characters]',
      eventId: id,
      hash: json.hash,
    });
    expect([json.hash === before.hash, id === before.eventId]).toEqual([false, false]);
  });

  it('keeps the ids of what the destination may have whole, so that it is not refused as another content', () => {
    const row = rowOf('guest', { externalId: 'G-1', lastName: 'Brandt' }, 5);
    const { json, eventId: id } = left(row, leaving('guest', { lastName: 'mask' }, 5));
    const before = JSON.parse(row.text.toString('utf8'));
    expect([json, id]).toEqual([{ ...before, lastName: 'B.' }, before.eventId]);
  });

  it('gives a version one id and one hash, whatever the rules are and were', () => {
    const row = rowOf('guest', { externalId: 'G-1', lastName: 'Brandt', email: 'a.b@example.com' });
    const some = [leaving('guest', { lastName: 'mask' }), leaving('guest', { email: 'drop' }), leaving('guest', { lastName: 'send' })];
    const ids = some.map((rules) =>
      [left(row, rules).eventId, left(row, rules).json.hash, eventIdOf(Buffer.from(left(row, rules).text))].join(),
    );
    expect([new Set(ids).size, left(row, some[0] as Leaving, anotherKey).eventId === left(row, some[0] as Leaving).eventId]).toEqual([
      1,
      false,
    ]);
  });

  it('makes one token of one value wherever it stands, another one at another hotel, and none that says the value', () => {
    const email = (value: string, by = key) => tokenOf(by, 'email', value);
    expect([
      email('Ada@Example.com') === email('ada@example.com'),
      tokenOf(key, 'phone', '+49 151-2345') === tokenOf(key, 'phone', '+491512345'),
      email('ada@example.com') === tokenOf(key, 'text', 'ada@example.com'),
      email('ada@example.com') === email('ada@example.com', anotherKey),
      /^tok_[0-9a-f]{32}$/.test(email('ada@example.com')),
    ]).toEqual([true, true, false, false, true]);
  });
});

describe('a rule', () => {
  const refusal = (entity: EntityName, rules: Record<string, LeavingRule>) => {
    try {
      assertLeaving(entity, rules);
      return null;
    } catch (error) {
      return error instanceof Fault ? [error.code, error.detail.field, error.detail.rule] : String(error);
    }
  };

  it.each<[EntityName, string, LeavingRule]>([
    ['booking', 'externalId', 'drop'],
    ['booking', 'externalId', 'tokenise'],
    ['booking', 'checkInDate', 'drop'],
    ['booking', 'totalAmountMinor', 'mask'],
    ['booking', 'currency', 'mask'],
    ['booking', 'currency', 'drop'],
    ['booking', 'hotelId', 'drop'],
    ['guest', 'lastName', 'drop'],
    ['review', 'originalRating', 'tokenise'],
    ['room', 'nothing', 'drop'],
  ])('that would break a %s is refused by name: %s %s', (entity, field, rule) => {
    expect(refusal(entity, { [field]: rule })).toEqual(['leaving-rule-refused', field, rule]);
  });

  it('lets a currency go with the last of its amounts', () => {
    expect(refusal('booking', { currency: 'drop', totalAmountMinor: 'drop', depositPaidMinor: 'drop' })).toBe(null);
  });

  it('can hide every field that names or reaches a person, but the number of a record', () => {
    const cannot = entityNames.flatMap((entity) =>
      entityOf(entity)
        .fields.filter(({ kind }) => kind === 'email' || kind === 'phone' || kind === 'text')
        .filter(({ name }) => !allowedRules(entity, name).includes('mask'))
        .map(({ name }) => `${entity} ${name}`),
    );
    expect([leavingRules.length, cannot]).toEqual([4, ['booking currency', 'guest currency', 'room currency']]);
  });
});

it('shows samples that hold nothing of what a person has written', () => {
  fc.assert(
    fc.property(entityAndRecord, ({ entity, fields }) => {
      const shown = entityOf(entity)
        .fields.filter(({ name }) => fields[name] !== undefined)
        .map(({ name, kind }) => sampleOf(name, kind, fields[name]));
      expect(shown.filter((text) => /[ΩЖЮЯЩ]{3}|\+49/.test(text) || text === '2026-03-01')).toEqual([]);
    }),
  );
});
