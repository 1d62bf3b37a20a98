import { contextBridge, ipcRenderer } from 'electron';
import { type Shell, shellChannels } from '../contract/shell.ts';

const versionWord = '--bellhop-version=';

async function call<T>(channel: string, ...args: readonly unknown[]): Promise<T> {
  const answer = await ipcRenderer.invoke(channel, ...args);
  if (!answer.ok) throw new Error(`the shell refused ${channel}: ${answer.reason}`);
  return answer.value;
}

const shell: Shell = {
  platform: process.platform,
  version: process.argv.find((word) => word.startsWith(versionWord))?.slice(versionWord.length) ?? '',
  connect: () => call(shellChannels.connect),
  chooseFolder: () => call(shellChannels.chooseFolder),
  openDocs: (page) => call(shellChannels.openDocs, page),
  notify: ({ title, body }) => call(shellChannels.notify, { title, body }),
};

contextBridge.exposeInMainWorld('bellhopShell', shell);

// The bridge cannot carry a port; the window can. The page takes it only from itself.
ipcRenderer.on(shellChannels.port, (event) => window.postMessage(shellChannels.port, window.location.origin, event.ports));
