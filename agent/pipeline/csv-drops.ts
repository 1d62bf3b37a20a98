import { z } from 'zod';
import { entityNames } from '../../contract/record.ts';
import type { Afterwards, FilePlan } from './connector.ts';

/** What every source of dropped CSV files is asked, wherever the files lie: what they hold, what they are called, when one is complete. */
export const dropSettings = {
  entity: z.enum(entityNames).default('booking').meta({ title: 'What the files hold' }),
  mapping: z
    .string()
    .min(1)
    .default('generic-pms-bookings')
    .meta({ title: 'Mapping', description: 'Which column of the export is which field.', 'x-widget': 'mapping' }),
  source: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
    .default('pms')
    .meta({
      title: 'Name of the system',
      description: 'Stands on every record: small letters, digits and hyphens.',
      examples: ['opera', 'protel'],
    }),
  pattern: z
    .string()
    .min(1)
    .max(100)
    .default('*.csv')
    .meta({ title: 'File names', description: 'An asterisk stands for any text.', 'x-advanced': true }),
  completeWhen: z
    .enum(['still', 'done-file'])
    .default('still')
    .meta({
      title: 'A file is complete when',
      'x-titles': { still: 'it has not changed for a while', 'done-file': 'a second file NAME.done lies beside it' },
    }),
  waitsForParts: z.boolean().default(false).meta({
    title: 'Wait until all parts of an export are there',
    description: 'For names such as bookings_1of3.csv: none of them is read before the last has come.',
    'x-advanced': true,
  }),
  stillSeconds: z.int().min(1).max(3600).default(30).meta({ title: 'For how many seconds it must not change', 'x-advanced': true }),
} as const;

export const hideCardNumbers = z.boolean().default(true).meta({
  title: 'Hide card numbers',
  description: 'Switch this off only if your confirmation numbers look like card numbers.',
  'x-advanced': true,
});

type DropSettings = z.infer<z.ZodObject<typeof dropSettings & { hideCardNumbers: typeof hideCardNumbers }>>;

/** What the files are, as the pull wants to know it. */
export function dropPlan(given: DropSettings, afterwards: Afterwards | null): FilePlan {
  return { entity: given.entity, mapping: given.mapping, source: given.source, hidesCardNumbers: given.hideCardNumbers, afterwards };
}

/** Fit a name against a pattern with asterisks, part after part: no pattern takes longer than reading the name. */
export function nameMatcher(pattern: string): (name: string) => boolean {
  const parts = pattern.toLowerCase().split('*');
  return (name) => {
    const text = name.toLowerCase();
    const [first = '', ...rest] = parts;
    const last = rest.pop();
    if (last === undefined) return text === first;
    if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > text.length - last.length) return false;
      at = found + part.length;
    }
    return true;
  };
}
