import type { IpcMain, IpcMainInvokeEvent } from 'electron';
import type { z } from 'zod';
import { isConsoleOrigin } from './console-address.ts';

/** One thing the console may ask of the shell: what it must hand over, and what is done. */
export type ShellCall<Args extends readonly unknown[] = readonly unknown[]> = {
  readonly args: z.ZodType<Args>;
  readonly answer: (frame: CallingFrame, ...args: Args) => unknown;
};

/** The frame that asked: main answers it and nobody else. */
export type CallingFrame = NonNullable<IpcMainInvokeEvent['senderFrame']>;

/** What crosses to the preload. A refusal says of which kind it is and nothing more: an error's text could carry a path. */
type ShellAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: 'sender' | 'arguments' | 'failed' };

/** Make a call, so that what `answer` gets is what `args` has checked. */
export function shellCall<Args extends readonly unknown[]>(args: z.ZodType<Args>, answer: ShellCall<Args>['answer']): ShellCall {
  return { args, answer } as unknown as ShellCall;
}

/**
 * Answer the console's calls, and only the console's: top frame, own origin, every argument checked before it is used.
 * The one place that listens to a page.
 *
 * @param onFailure learns of a call that threw; the page learns only that it failed.
 */
export function answerCalls(
  ipcMain: Pick<IpcMain, 'handle'>,
  calls: Readonly<Record<string, ShellCall>>,
  onFailure: (channel: string, error: unknown) => void,
): void {
  for (const [channel, call] of Object.entries(calls)) {
    ipcMain.handle(channel, async (event, ...args: unknown[]): Promise<ShellAnswer> => {
      const frame = event.senderFrame;
      if (!frame || !isConsoleFrame(frame)) return { ok: false, reason: 'sender' };
      const checked = call.args.safeParse(args);
      if (!checked.success) return { ok: false, reason: 'arguments' };
      try {
        return { ok: true, value: await call.answer(frame, ...checked.data) };
      } catch (error) {
        onFailure(channel, error);
        return { ok: false, reason: 'failed' };
      }
    });
  }
}

function isConsoleFrame(frame: Pick<CallingFrame, 'parent' | 'origin' | 'url'>): boolean {
  // The origin of a sandboxed or about:blank child can look like its parent's: both the address and the place in the tree must fit.
  return frame.parent === null && isConsoleOrigin(frame.origin) && isConsoleOrigin(frame.url);
}
