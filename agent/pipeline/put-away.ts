import { Fault, sidelines } from '../../contract/faults.ts';
import type { ReadDb } from '../../db/open.ts';
import { filesToPutAway } from '../../db/pipeline/intents.ts';
import type { Writer } from '../../db/writer.ts';
import type { FileSession } from './connector.ts';

export type PutAwayTools = {
  readonly read: ReadDb;
  readonly writer: Writer;
  readonly onBeside: (connectionId: string, fault: Fault) => void;
};

/** What may stand from an earlier run; it ends when everything is put away, or when nothing is to be any more. */
const ended = ['archive-refused', 'archive-unsure', 'removal-refused'] as const;
/** A single file may be held open by another program; so many in a row say that it is the folder. */
const mostRefusals = 20;
/** What does not fit into this time follows with the next run: what has come meanwhile must not wait for tidying. */
const mostMs = 60_000;

/**
 * Put the files away at their source whose rows are all kept. A file that the source does not let go is told beside the reading and
 * tried again with the next run; a line that breaks is what the next run meets by itself.
 *
 * @param failed the names of the files that this run could not take.
 *
 * What was to be put away is forgotten when the settings say that files stay: nothing is deleted after a person has said so.
 */
export async function putAwayKept(
  tools: PutAwayTools,
  session: FileSession,
  connectionId: string,
  failed: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (session.plan.afterwards?.kind !== 'put-away-file') await tools.writer.step('withdrawIntents', ['put-away-file', connectionId]);
  const refusals: Fault[] = [];
  const startedAtMs = performance.now();
  for (const { id, file } of filesToPutAway(tools.read, connectionId)) {
    if (signal.aborted) return;
    if (performance.now() - startedAtMs > mostMs) break;
    if (session.isHeld?.(file.path, failed)) continue;
    try {
      await session.putAway?.(file, signal);
      await tools.writer.step('intentDone', [id]);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (!sidelines.includes(error.code)) return;
      refusals.push(error);
      if (refusals.length === mostRefusals) break;
    }
  }
  const [first] = refusals;
  if (first) tools.onBeside(connectionId, first);
  else for (const code of ended) await tools.writer.step('clearAlert', [connectionId, code]);
}
