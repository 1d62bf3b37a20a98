import { Fault } from '../../contract/faults.ts';
import type { ReadDb } from '../../db/open.ts';
import { type OpenIntent, openIntents } from '../../db/pipeline/intents.ts';
import type { Writer } from '../../db/writer.ts';
import { archiveHere } from '../pipeline/local-archive.ts';
import type { Secrets } from './secrets.ts';

export type IntentTools = {
  readonly read: ReadDb;
  readonly writer: Writer;
  readonly secrets: Secrets;
  readonly now: () => number;
  readonly onFault: (connectionId: string, fault: Fault) => void;
};

/**
 * Carry out what was decided in the database and must happen outside it. Each is done until it has worked; done twice, it comes
 * out the same.
 */
export async function carryOutIntents(tools: IntentTools): Promise<void> {
  for (const { id, intent } of openIntents(tools.read, tools.now())) {
    try {
      await carryOut(tools, intent);
      await tools.writer.step('intentDone', [id]);
      if (intent.kind === 'archive-file') await tools.writer.step('clearAlert', [intent.connectionId, 'folder-unwritable']);
    } catch (error) {
      if (error instanceof Fault) tools.onFault(intent.connectionId, error);
      else throw error;
    }
  }
}

async function carryOut(tools: IntentTools, intent: OpenIntent['intent']): Promise<void> {
  switch (intent.kind) {
    case 'forget-secrets':
      tools.secrets.forget(intent.connectionId);
      return;
    case 'archive-file':
      await archiveHere(intent);
      return;
    default: {
      const never: never = intent;
      throw new Error(`no intent ${JSON.stringify(never)}`);
    }
  }
}
