import { once } from 'node:events';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { makeCertificates, type OracleCertificates } from '../../sandbox/oracle/certificates.ts';
import { type Front, startFront, type Trick } from './front.ts';

let certificates: OracleCertificates;
beforeAll(() => {
  certificates = makeCertificates();
});
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A hub that writes down the bodies it gets and answers each with ten letters. */
async function behind(): Promise<{ front: Front; bodies: string[] }> {
  const bodies: string[] = [];
  const hub = createServer(async (incoming, response) => {
    let body = '';
    for await (const bytes of incoming) body += bytes;
    bodies.push(body);
    response.end('abcdefghij');
  });
  hub.listen(0, '127.0.0.1');
  await once(hub, 'listening');
  const front = await startFront((hub.address() as AddressInfo).port, certificates.good);
  closers.push(() => new Promise((resolve) => hub.close(resolve)));
  closers.push(() => hub.closeAllConnections());
  closers.push(() => front.close());
  return { front, bodies };
}

function post(front: Front, body: string, path = '/records'): Promise<string> {
  return new Promise((resolve) => {
    const asking = request(
      {
        host: 'localhost',
        port: front.port,
        path,
        method: 'POST',
        ca: certificates.authority,
        agent: false,
        headers: { 'content-length': body.length },
      },
      async (answer) => {
        let got = '';
        try {
          for await (const bytes of answer) got += bytes;
          resolve(got);
        } catch {
          resolve(`cut after ${got}`);
        }
      },
    );
    asking.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asking.end(body);
  });
}

async function played(trick: Trick) {
  const { front, bodies } = await behind();
  const before = await post(front, 'old');
  const beat = post(front, 'beat', '/heartbeat');
  await beat;
  const done = front.play(trick, 3);
  const got = await post(front, 'records');
  await done;
  return { before, got, bodies: bodies.filter((body) => body !== 'beat') };
}

it.each<[Trick, string, string[]]>([
  ['lose the answer', 'ECONNRESET', ['old', 'records']],
  ['cut the answer', 'cut after abcd', ['old', 'records']],
  ['cut a chunked answer', 'cut after abcd', ['old', 'records']],
  ['send the request twice', 'abcdefghij', ['old', 'records', 'records']],
  ['send an old request again', 'abcdefghij', ['old', 'records', 'old']],
  ['change the request', 'abcdefghij', ['old', 'rec\u007frds']],
  ['change the answer', 'abctefghij', ['old', 'records']],
])('can %s, once, of a request for records', async (trick, got, bodies) => {
  expect(await played(trick)).toEqual({ before: 'abcdefghij', got, bodies });
});

it('counts what is said in the clear to a wrong certificate: nothing by whoever looks at it', async () => {
  const { front } = await behind();
  front.show(certificates.unknown);
  const refused = await post(front, 'records');
  const careful = front.bytesToStranger();
  front.show(certificates.otherKey);
  const said = await post(front, 'records');
  expect([refused, careful, said, front.bytesToStranger() > 0]).toEqual(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 0, 'abcdefghij', true]);
});
