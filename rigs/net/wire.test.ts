import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { type Blow, startWire, type Wire } from './wire.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that answers `answer` to the first bytes it hears, and writes down everything. */
async function behind(answer: string) {
  const heard: Buffer[] = [];
  const ends: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => ends.push('reset'));
    socket.on('end', () => ends.push('end'));
    socket.once('data', () => socket.write(answer));
    socket.on('data', (bytes) => heard.push(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const wire = await startWire((server.address() as AddressInfo).port);
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  closers.push(() => wire.close());
  return { wire, ends, heard: () => Buffer.concat(heard).toString('latin1'), pieces: () => heard.length };
}

async function speaker(wire: Wire) {
  const socket = connect({ host: '127.0.0.1', port: wire.port, allowHalfOpen: true });
  const got: string[] = [];
  const ends: string[] = [];
  socket.on('data', (bytes) => got.push(bytes.toString('latin1')));
  socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? ''));
  socket.on('end', () => ends.push('end'));
  closers.push(() => socket.destroy());
  await once(socket, 'connect');
  return { socket, ends, got: () => got.join('') };
}

async function struck(blow: Omit<Blow, 'behindBytes'>) {
  const { wire, ...server } = await behind('0123456789');
  const client = await speaker(wire);
  const befallen = wire.strike({ ...blow, behindBytes: 4 });
  client.socket.write('abcdefgh');
  await befallen;
  await after(100);
  return { heard: server.heard(), got: client.got(), server: server.ends, client: client.ends };
}

it('passes everything on as it was said while nothing is armed', async () => {
  const { wire, heard } = await behind('0123456789');
  const client = await speaker(wire);
  client.socket.write('abcdefgh');
  await expect.poll(() => [heard(), client.got(), wire.lines()]).toEqual(['abcdefgh', '0123456789', 1]);
});

it('turns one bit of one byte over, of whichever side is meant, and lets the line go on', async () => {
  expect([await struck({ kind: 'flip', speaker: 'agent' }), await struck({ kind: 'flip', speaker: 'hub' })]).toEqual([
    { heard: 'abcdufgh', got: '0123456789', server: [], client: [] },
    { heard: 'abcdefgh', got: '0123$56789', server: [], client: [] },
  ]);
});

it('resets a line behind exactly so many bytes', async () => {
  expect(await struck({ kind: 'reset', speaker: 'hub' })).toMatchObject({ heard: 'abcdefgh', client: ['ECONNRESET'] });
});

it('ends one direction alone behind so many bytes', async () => {
  expect([await struck({ kind: 'finish', speaker: 'agent' }), await struck({ kind: 'finish', speaker: 'hub' })]).toEqual([
    { heard: 'abcd', got: '0123456789', server: ['end'], client: [] },
    { heard: 'abcdefgh', got: '0123', server: [], client: ['end'] },
  ]);
});

it('swallows what is said behind so many bytes, and the line stays', async () => {
  expect([await struck({ kind: 'silence', speaker: 'agent' }), await struck({ kind: 'silence', speaker: 'hub' })]).toEqual([
    { heard: 'abcd', got: '0123456789', server: [], client: [] },
    { heard: 'abcdefgh', got: '0123', server: [], client: [] },
  ]);
});

it('befalls one line once', async () => {
  const { wire, heard } = await behind('0');
  const client = await speaker(wire);
  const befallen = wire.strike({ kind: 'flip', speaker: 'agent', behindBytes: 0 });
  client.socket.write('a');
  await befallen;
  client.socket.write('a');
  await expect.poll(heard).toBe('qa');
});

it('brings everything in its order, in small pieces and late, in weather', async () => {
  const { wire, heard, pieces } = await behind('0123456789');
  wire.weather = { delayMs: 60, pieceBytes: 3 };
  const client = await speaker(wire);
  const startedAtMs = performance.now();
  const said = 'abcdefghijklmnopqrstuvwxyz'.repeat(20);
  client.socket.write(said);
  await expect.poll(() => heard() === said && client.got() === '0123456789', { timeout: 5000 }).toBe(true);
  expect([pieces() > 5, performance.now() - startedAtMs >= 115]).toEqual([true, true]);
});

it('takes a line and says nothing behind a deaf door, cuts it at a shut one, and both take what there was along', async () => {
  const { wire, heard } = await behind('0');
  const before = await speaker(wire);
  wire.setDoor('deaf');
  const deaf = await speaker(wire);
  deaf.socket.write('hello');
  await after(100);
  wire.setDoor('shut');
  const shut = await speaker(wire).catch(() => null);
  await expect.poll(() => [heard(), before.ends.length, deaf.got(), shut === null || shut.ends.length > 0]).toEqual(['', 1, '', true]);
});
