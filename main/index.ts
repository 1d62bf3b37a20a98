import { join } from 'node:path';
import { app, BrowserWindow, dialog, ipcMain, Menu, MessageChannelMain, Notification, protocol, screen, session, shell } from 'electron';
import runtime from '../resources/agent-runtime.json' with { type: 'json' };
import { AgentProcess } from './agent-process.ts';
import { consoleScheme, serveConsole } from './app-protocol.ts';
import { ConsoleLine } from './console-line.ts';
import { agentHome, askedHome } from './home.ts';
import { answerCalls } from './ipc.ts';
import { guardNavigation } from './navigation.ts';
import { nodeRuntime } from './node-runtime.ts';
import { openDocs, openOutside } from './outside.ts';
import { guardPermissions } from './permissions.ts';
import { shellCalls } from './shell-calls.ts';
import { openWindow } from './window.ts';
import { placeWindow, rememberPlace } from './window-place.ts';

const root = app.getAppPath();
const home = agentHome(process);
// A home of its own gets a shell of its own: the sandbox hotel must not share windows, or the lock, with the real one.
if (askedHome(process.argv) !== undefined) app.setPath('userData', join(home, 'shell'));

app.enableSandbox();
protocol.registerSchemesAsPrivileged([consoleScheme]);
guardNavigation(app, (address) => void openOutside(shell, address));

// What a second start was called with means nothing to us: it only says that somebody looks for the window.
if (app.requestSingleInstanceLock()) void app.whenReady().then(start);
else app.quit();

function start(): void {
  const agent = new AgentProcess({
    home,
    command: () => ({
      node: nodeRuntime({ platform: process.platform, arch: process.arch, env: process.env, resources: process.resourcesPath, root }),
      args: [...runtime.arguments, join(root, 'out', 'main', 'cli.js'), 'agent', '--home', home, '--json'],
      env: { ...runtime.environment, ...process.env },
    }),
  });
  const line = new ConsoleLine({ agent, MessageChannelMain });
  const placeFile = join(app.getPath('userData'), 'window.json');

  Menu.setApplicationMenu(process.platform === 'darwin' ? Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }]) : null);
  protocol.handle('app', serveConsole(join(root, 'out', 'renderer')));
  guardPermissions(session.defaultSession);

  const window = openWindow({
    BrowserWindow,
    preload: join(root, 'out', 'preload', 'index.cjs'),
    version: app.getVersion(),
    place: placeWindow(placeFile, screen.getAllDisplays()),
  });
  window.on('close', () => rememberPlace(placeFile, window));
  window.on('unresponsive', () => line.pause());
  window.on('responsive', () => line.resume());
  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore();
    window.focus();
  });

  const calls = shellCalls({
    connect: (frame) => line.connect(frame),
    async chooseFolder() {
      const chosen = await dialog.showOpenDialog(window, { properties: ['openDirectory'] });
      return chosen.filePaths[0] ?? null;
    },
    openDocs: (page) => openDocs(shell, { folder: join(root, 'docs'), page }),
    notify: (note) => new Notification(note).show(),
  });
  answerCalls(ipcMain, calls, (channel, error) => process.stderr.write(`${channel}: ${error instanceof Error ? error.name : 'failed'}\n`));

  app.on('window-all-closed', () => app.quit());
  let isStopped = false;
  app.on('before-quit', (event) => {
    if (isStopped) return;
    event.preventDefault();
    isStopped = true;
    line.close();
    void agent.stop().finally(() => app.quit());
  });
}
