import { type CommandLine, UsageError, withAgent } from './command.ts';

/** `bellhop figures`: how far the figures of guests are; `bellhop figures anew` has them worked out from the whole log. */
export async function manageFigures(line: CommandLine): Promise<number> {
  const [what, ...more] = line.arguments;
  if ((what !== undefined && what !== 'anew') || more.length > 0) throw new UsageError('figures takes nothing, or: anew');
  const { figures } = await withAgent(line.home, async (client) => {
    if (what === 'anew') await client.figures.anew({});
    return client.overview.get({});
  });
  line.print(figures, figuresText(figures) ?? 'The figures of all guests are worked out.');
  return 0;
}

/** What of the figures is behind; null where nothing is. */
export function figuresText({ unread, due }: { readonly unread: number; readonly due: number }): string | null {
  return unread + due === 0
    ? null
    : `Figures of guests are worked out while nothing comes in: ${unread} versions to read, ${due} guests to go.`;
}
