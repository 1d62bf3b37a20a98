import { access, mkdir, rename } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { Fault } from '../../contract/faults.ts';
import type { ReadDb } from '../../db/open.ts';
import { type IntentOf, type OpenIntent, openIntents } from '../../db/pipeline/intents.ts';
import type { Writer } from '../../db/writer.ts';
import { lookAtFile } from '../pipeline/local-file.ts';
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
      await moveFile(intent);
      return;
    default: {
      const never: never = intent;
      throw new Error(`no intent ${JSON.stringify(never)}`);
    }
  }
}

/**
 * Move a taken file, with its done-file, into the archive. Only the very file that was taken: the hotel system may have written the
 * next export under the same name meanwhile, and that one has not been read. One that is gone was moved before or by somebody else.
 */
async function moveFile({ path, mark, to, fileId }: IntentOf<'archive-file'>): Promise<void> {
  if ((await lookAtFile(path))?.mark !== mark) return;
  try {
    await mkdir(to, { recursive: true });
    for (const from of [path, `${path}.done`]) {
      if (await isThere(from)) await rename(from, await freeName(join(to, basename(from)), fileId));
    }
  } catch (error) {
    throw new Fault('folder-unwritable', { folder: to }, { cause: error });
  }
}

/** A hotel system may use a name again: the archived file of the same name is never overwritten. */
async function freeName(path: string, fileId: number): Promise<string> {
  if (!(await isThere(path))) return path;
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${fileId}${extension}`;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
