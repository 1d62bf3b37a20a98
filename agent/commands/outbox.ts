import { type CommandLine, UsageError, withAgent } from './command.ts';

/** `bellhop outbox`: how large it is; `bellhop outbox keep` says for how long old versions stay in it. */
export async function manageOutbox(line: CommandLine): Promise<number> {
  const [what, given, ...more] = line.arguments;
  if (what !== undefined && (what !== 'keep' || given === undefined || more.length > 0))
    throw new UsageError('outbox takes nothing, or: keep DAYS, keep ever');
  const days = given === 'ever' ? null : Number(given);
  if (what === 'keep' && days !== null && !Number.isInteger(days)) throw new UsageError('outbox keep takes a number of days, or ever');
  const { outbox } = await withAgent(line.home, async (client) => {
    if (what === 'keep') await client.outbox.setKeepDays({ days });
    return client.overview.get({});
  });
  const kept = outbox.keepDays === null ? 'for ever' : `for ${outbox.keepDays} days`;
  line.print(outbox, `${outboxText(outbox)} Versions that are not the newest of their record are kept ${kept}.`);
  return 0;
}

/** How large the outbox is. */
export function outboxText({ bytes, oldestAtMs }: { readonly bytes: number; readonly oldestAtMs: number | null }): string {
  if (oldestAtMs === null) return 'The outbox is empty.';
  return `The outbox takes ${megabytes(bytes)}; its oldest version is of ${new Date(oldestAtMs).toISOString().slice(0, 10)}.`;
}

export const megabytes = (bytes: number) => `${(bytes / 1_000_000).toFixed(1)} MB`;
