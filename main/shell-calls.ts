import { z } from 'zod';
import type { FaultReport } from '../contract/faults.ts';
import { shellChannels } from '../contract/shell.ts';
import { type CallingFrame, type ShellCall, shellCall } from './ipc.ts';

/** What the calls of `contract/shell.ts` are answered with. */
export type ShellAnswers = {
  readonly connect: (frame: CallingFrame) => Promise<FaultReport | null>;
  readonly chooseFolder: () => Promise<string | null>;
  readonly openDocs: (page: string) => Promise<void>;
  readonly notify: (note: { readonly title: string; readonly body: string }) => void;
};

const nothing = z.tuple([]);
const DocsPage = z.tuple([z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}(?:\/[a-z0-9][a-z0-9-]{0,59}){0,3}$/)]);
const Note = z.tuple([z.strictObject({ title: z.string().min(1).max(120), body: z.string().max(500) })]);

/** List every channel with what it takes: the whole surface between a page and the shell. */
export function shellCalls(answers: ShellAnswers): Readonly<Record<string, ShellCall>> {
  return {
    [shellChannels.connect]: shellCall(nothing, (frame) => answers.connect(frame)),
    [shellChannels.chooseFolder]: shellCall(nothing, () => answers.chooseFolder()),
    [shellChannels.openDocs]: shellCall(DocsPage, (_, page) => answers.openDocs(page)),
    [shellChannels.notify]: shellCall(Note, (_, note) => answers.notify(note)),
  };
}
