import type { LetterFilter } from '../../contract/dead-letter.ts';
import type { ReplayOrder, ReplayProgress } from '../../contract/replay.ts';
import type { Agent } from '../index.ts';
import { type Caller, writeDown } from './audit.ts';

/** Which rows an order means, as it is written down. What they hold and how one was corrected is not said. */
export function lettersOf({ letters, text, mapping }: ReplayOrder) {
  const how = { isCorrected: text !== undefined, mapping: mapping?.name ?? null };
  if (!('ids' in letters))
    return { kind: 'letters', id: 'filter', detail: { ...how, ...definedOf(letters.filter), upToId: letters.upToId } } as const;
  const [first] = letters.ids;
  return {
    kind: 'letters',
    id: letters.ids.length === 1 ? String(first) : 'chosen',
    detail: { ...how, ids: letters.ids.map(String) },
  } as const;
}

const definedOf = ({ rule, connectionId }: LetterFilter) => ({ rule: rule ?? null, connectionId: connectionId ?? null });

/** Write down what came of trying rows again, also when it ended early. */
export async function* withOutcome(
  agent: Agent,
  caller: Caller,
  order: ReplayOrder,
  steps: AsyncGenerator<ReplayProgress>,
): AsyncGenerator<ReplayProgress> {
  let last: ReplayProgress | null = null;
  try {
    for await (const step of steps) {
      last = step;
      yield step;
    }
  } finally {
    const { kind, id } = lettersOf(order);
    const { done = 0, kept = 0, newer = 0, structure = 0, stillAside = 0, isOver = false } = last ?? {};
    const detail = { done, kept, newer, structure, stillAside, isOver };
    await writeDown(agent, caller, { action: 'letters-settled', kind, id, detail });
  }
}
