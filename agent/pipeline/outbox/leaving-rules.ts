import type { z } from 'zod';
import { Fault } from '../../../contract/faults.ts';
import { isFieldOf, type LeavingRule, leavingRules } from '../../../contract/leaves.ts';
import { type EntityName, entityOf } from '../../../contract/record.ts';
import { maskable } from './masks.ts';
import { tokenExample } from './tokens.ts';

const keyField = 'externalId';
/** The longest that a mask makes of a text which is no name: what is masked never becomes too long for its field. */
const longestMask = '[20000 characters]';

/** By which rules a field can leave, so that what leaves still is a record of its kind. */
export function allowedRules(entity: EntityName, field: string): LeavingRule[] {
  const { fields, schema } = entityOf(entity);
  const found = fields.find(({ name }) => name === field);
  if (!found || field === keyField) return ['send'];
  const fits = (value: string) => (schema.shape[field] as z.ZodType).safeParse(value).success;
  const can: Record<LeavingRule, boolean> = {
    send: true,
    mask: maskable.includes(found.kind) && fits(longestMask),
    tokenise: (maskable.includes(found.kind) || found.kind === 'id') && fits(tokenExample),
    drop: !found.isRequired,
  };
  return leavingRules.filter((rule) => can[rule]);
}

/**
 * Check the rules of one kind of record as a whole.
 * @throws {Fault} `leaving-rule-refused`, naming the field.
 */
export function assertLeaving(entity: EntityName, rules: Readonly<Record<string, LeavingRule>>): void {
  const refused = (field: string, rule: string) => new Fault('leaving-rule-refused', { entity, field, rule });
  for (const [field, rule] of Object.entries(rules)) {
    if (!isFieldOf(entity, field) || !allowedRules(entity, field).includes(rule)) throw refused(field, rule);
  }
  // An amount without its currency would be read in another one.
  const isAmountSent = entityOf(entity).fields.some(({ name, kind }) => kind === 'money' && rules[name] !== 'drop');
  if (isAmountSent && rules.currency === 'drop') throw refused('currency', 'drop');
}
