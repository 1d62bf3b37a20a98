import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type {
  App,
  BrowserWindowConstructorOptions,
  Event,
  HandlerDetails,
  IpcMainInvokeEvent,
  MessagePortMain,
  WebContents,
  WebFrameMain,
  WindowOpenHandlerResponse,
} from 'electron';
import type { AskingSession } from './permissions.ts';
import type { ConsoleWindow } from './window.ts';

/**
 * Stand-ins for the parts of Electron that the shell touches. They record what was asked of them and let a test play the
 * browser's side. Each is typed by electron.d.ts, so a name that Electron does not have does not compile.
 */

/** A session that keeps the handlers it was given. */
export function recordingSession() {
  const events = new EventEmitter();
  type Kept = { [Name in Exclude<keyof AskingSession, 'on'>]?: Parameters<AskingSession[Name]>[0] };
  const kept: Kept = {};
  const keep =
    <Name extends keyof Kept>(name: Name) =>
    (handler: Kept[Name]) => {
      kept[name] = handler;
    };
  const session: AskingSession = {
    setPermissionRequestHandler: keep('setPermissionRequestHandler'),
    setPermissionCheckHandler: keep('setPermissionCheckHandler'),
    setDevicePermissionHandler: keep('setDevicePermissionHandler'),
    setDisplayMediaRequestHandler: keep('setDisplayMediaRequestHandler'),
    setBluetoothPairingHandler: keep('setBluetoothPairingHandler'),
    on: recordingOn<AskingSession['on']>(events),
  };
  return { session, kept, events };
}

/** An app that can be told that a page came to be. */
export function recordingApp() {
  const events = new EventEmitter();
  const app: Pick<App, 'on'> = { on: recordingOn<App['on']>(events) };
  return { app, events };
}

/** A page whose navigations a test can try. */
export function recordingContents() {
  const events = new EventEmitter();
  let openHandler: ((details: HandlerDetails) => WindowOpenHandlerResponse) | undefined;
  const contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'> = {
    on: recordingOn<WebContents['on']>(events),
    setWindowOpenHandler: (handler) => {
      openHandler = handler;
    },
  };
  return { contents, events, tryOpen: (url: string) => openHandler?.({ url } as HandlerDetails) };
}

/** An event that remembers whether it was prevented. */
export function preventable<T extends object>(details: T): Event<T> {
  const event = {
    ...details,
    defaultPrevented: false,
    preventDefault() {
      event.defaultPrevented = true;
    },
  };
  return event as Event<T>;
}

/** A BrowserWindow that only remembers what it was made with and what was called. */
export class RecordingWindow implements ConsoleWindow {
  static made: RecordingWindow[] = [];
  readonly options: BrowserWindowConstructorOptions;
  readonly calls: string[] = [];
  readonly events = new EventEmitter();
  readonly once = recordingOn<ConsoleWindow['once']>(this.events);

  constructor(options: BrowserWindowConstructorOptions) {
    this.options = options;
    RecordingWindow.made.push(this);
  }

  async loadURL(url: string): Promise<void> {
    this.calls.push(`loadURL ${url}`);
  }

  show(): void {
    this.calls.push('show');
  }

  maximize(): void {
    this.calls.push('maximize');
  }
}

/** The frame a call comes from: the console's own, unless something is changed about it. */
export function callingFrame(changes: Partial<Pick<WebFrameMain, 'parent' | 'origin' | 'url'>> = {}) {
  const posted: { channel: string; message: unknown; ports: readonly MessagePortMain[] }[] = [];
  const frame: Pick<WebFrameMain, 'parent' | 'origin' | 'url' | 'postMessage'> = {
    parent: null,
    origin: 'app://bellhop',
    url: 'app://bellhop/index.html',
    postMessage: (channel, message, ports = []) => void posted.push({ channel, message, ports }),
    ...changes,
  };
  return { frame: frame as WebFrameMain, posted };
}

type Listener = (event: IpcMainInvokeEvent, ...args: unknown[]) => unknown;

/** An ipcMain that a test can call as a page would. */
export function recordingIpc() {
  const listeners = new Map<string, Listener>();
  return {
    ipcMain: { handle: (channel: string, listener: Listener) => void listeners.set(channel, listener) },
    channels: () => [...listeners.keys()],
    invoke: async (channel: string, senderFrame: WebFrameMain | null, ...args: unknown[]) =>
      listeners.get(channel)?.({ senderFrame } as IpcMainInvokeEvent, ...args),
  };
}

/** Dress a port of worker_threads as Electron's: the same channel, with events that carry `data`. */
function electronPort(port: MessagePort): MessagePortMain {
  const dressed = {
    on(name: string, listener: (event?: unknown) => void) {
      // Node starts a port when somebody listens to it; Electron waits for start().
      if (name === 'message') port.addListener('message', (data: unknown) => listener({ data, ports: [] }));
      else port.addListener(name, () => listener());
      return dressed;
    },
    postMessage: (message: unknown) => port.postMessage(message),
    start: () => port.start(),
    close: () => port.close(),
  };
  return dressed as unknown as MessagePortMain;
}

/** A MessageChannelMain over worker_threads; `page` is the end that a page would get. */
export class RecordingChannel {
  static made: RecordingChannel[] = [];
  readonly page: MessagePort;
  readonly port1: MessagePortMain;
  readonly port2: MessagePortMain;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.page = port2;
    this.port1 = electronPort(port1);
    this.port2 = electronPort(port2);
    RecordingChannel.made.push(this);
  }
}

/** Listen through an emitter under Electron's own overloads, which say which events there are and what they carry. */
function recordingOn<On>(events: EventEmitter): On {
  return ((name: string, listener: (...args: unknown[]) => void) => events.on(name, listener)) as On;
}
