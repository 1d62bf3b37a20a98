import type { FaultReport } from './faults.ts';

/** The few calls that only the desktop shell can answer. In a browser `window.bellhopShell` is absent. */
export type Shell = {
  readonly platform: string;
  readonly version: string;
  /** Ask for a fresh port to the agent; it arrives as a window message `bellhop:port`. Null when connected, a fault when the agent is away. */
  connect(): Promise<FaultReport | null>;
  chooseFolder(): Promise<string | null>;
  openDocs(page: string): Promise<void>;
  notify(note: { readonly title: string; readonly body: string }): Promise<void>;
};

/** Channel names between main and preload: one list, used by both. */
export const shellChannels = {
  connect: 'shell:connect',
  chooseFolder: 'shell:choose-folder',
  openDocs: 'shell:open-docs',
  notify: 'shell:notify',
  port: 'bellhop:port',
} as const;
