import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as breath, setTimeout as delay } from 'node:timers/promises';

/** Who speaks: `agent` is what goes to the hub, `hub` what comes back. */
export type Speaker = 'agent' | 'hub';

/**
 * What befalls one line, once, behind so many bytes of a speaker.
 *
 * `reset`: both sides are told that the line was cut (RST). `finish`: the speaker has said its last word (FIN), the other may go on.
 * `silence`: what it says from now on is swallowed, and the line stays. `flip`: one bit of the next byte is another one.
 */
export type Blow = { readonly kind: 'reset' | 'finish' | 'silence' | 'flip'; readonly speaker: Speaker; readonly behindBytes: number };

/** How the line is for everybody until it is another. @units `delayMs` before each portion, `pieceBytes` at most in one write; 0 is none. */
export type Weather = { readonly delayMs: number; readonly pieceBytes: number };

/** What a new line meets: it is passed on, taken and never answered, or cut at once. */
export type Door = 'open' | 'deaf' | 'shut';

export const calm: Weather = { delayMs: 0, pieceBytes: 0 };

/** A line on which everything can be made to go wrong that needs no understanding of what is said. */
export type Wire = {
  readonly port: number;
  weather: Weather;
  /** Lines that were made so far, also those that met no open door. */
  lines(): number;
  /** Set the door, and cut what has come through it. */
  setDoor(door: Door): void;
  /** Let this befall whichever line next carries so many bytes of the speaker. Resolves when it has. */
  strike(blow: Blow): Promise<void>;
  close(): Promise<void>;
};

type Armed = { readonly blow: Blow; leftBytes: number; readonly done: () => void };

/** Stand between a client and a server of this PC. */
export async function startWire(serverPort: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let door: Door = 'open';
  let armed: Armed | null = null;
  let lines = 0;
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };

  /** Pass on what one side says, in its order. */
  async function pass(from: Socket, to: Socket, speaker: Speaker): Promise<void> {
    for await (const bytes of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (wire.weather.delayMs > 0) await delay(wire.weather.delayMs);
      const struck = armed && armed.blow.speaker === speaker && bytes.length > armed.leftBytes ? armed : null;
      if (!struck) {
        if (armed?.blow.speaker === speaker) armed.leftBytes -= bytes.length;
        await write(to, bytes, wire.weather.pieceBytes);
        continue;
      }
      armed = null;
      const at = struck.leftBytes;
      if (struck.blow.kind === 'flip') {
        await write(to, flipped(bytes, at), wire.weather.pieceBytes);
        struck.done();
        continue;
      }
      await write(to, bytes.subarray(0, at), wire.weather.pieceBytes);
      if (struck.blow.kind === 'reset') for (const socket of [from, to]) socket.resetAndDestroy();
      if (struck.blow.kind === 'finish') to.end();
      struck.done();
      return swallow(from, to);
    }
    to.end();
  }

  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    lines += 1;
    keep(client);
    if (door === 'shut') return client.resetAndDestroy();
    if (door === 'deaf') return client.resume();
    const upstream = connect({ host: '127.0.0.1', port: serverPort, allowHalfOpen: true });
    keep(upstream);
    // A side that is gone takes the other with it; a side that has only finished does not.
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    pass(client, upstream, 'agent').catch(() => undefined);
    pass(upstream, client, 'hub').catch(() => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const wire: Wire = {
    port: (server.address() as AddressInfo).port,
    weather: calm,
    lines: () => lines,
    setDoor: (next) => {
      door = next;
      cutAll();
    },
    strike: (blow) =>
      new Promise((done) => {
        armed = { blow, leftBytes: blow.behindBytes, done };
      }),
    close: async () => {
      cutAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return wire;
}

/** Give the bytes with one bit of the byte at `at` turned over. */
export function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 0x10;
  return changed;
}

/** Take what still comes, so that the speaker is not held up, and tell nobody. Its end ends the line. */
async function swallow(from: Socket, to: Socket): Promise<void> {
  for await (const bytes of from.iterator({ destroyOnReturn: false })) void bytes;
  to.destroy();
}

async function write(to: Socket, bytes: Buffer, pieceBytes: number): Promise<void> {
  const most = pieceBytes === 0 ? Math.max(1, bytes.length) : pieceBytes;
  for (let at = 0; at < bytes.length; at += most) {
    if (to.destroyed) return;
    const isRoom = to.write(bytes.subarray(at, at + most));
    if (!isRoom) await Promise.race([once(to, 'drain'), once(to, 'close')]);
    else if (pieceBytes > 0) await breath();
  }
}

function once(socket: Socket, event: 'drain' | 'close'): Promise<void> {
  return new Promise((resolve) => socket.once(event, () => resolve()));
}
