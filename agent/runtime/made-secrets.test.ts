import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openIntents } from '../../db/pipeline/intents.ts';
import { type SandboxSftp, startSftp } from '../../sandbox/sftp/server.ts';
import { hotel, type TestHotel, testHotel } from '../testing.ts';

let test: TestHotel;
let server: SandboxSftp;
let hostKey: string;
beforeEach(async () => {
  test = await testHotel({ withLoops: false });
  await test.client.property.save(hotel);
});
afterEach(async () => {
  await test.close();
  await server?.close();
});

const made = () => test.client.connections.makeSecret({ kind: 'sftp-csv', field: 'privateKey' });
const draft = (secrets: Record<string, string>) => ({
  id: 'pms',
  kind: 'sftp-csv',
  title: 'PMS server',
  settings: { host: '127.0.0.1', port: server.port, user: 'hotel', hostKey, serverFolder: '/exports' },
  schedule: { kind: 'manual' as const },
  secrets,
});
/** Start a server that knows a public half and nothing else. */
async function serve(publicKey: string): Promise<void> {
  server = await startSftp({ password: 'nobody knows', publicKey });
  const { hostKeyOf } = await import('../pipeline/connectors/sftp-csv/host-key.ts');
  hostKey = hostKeyOf(server.hostKeyBlob).text;
}
async function login(what: Parameters<typeof test.client.connections.test>[0]): Promise<string | undefined> {
  for await (const step of await test.client.connections.test(what))
    if (step.step === 'login' && step.state !== 'running') return step.state;
  return undefined;
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fine',
    (error: { data?: { code: string } }) => error.data?.code,
  );

it('logs in with a key pair that was made here: before it is saved, when it is saved, and after a restart', async () => {
  const { reference, handOver } = await made();
  await serve(handOver);
  const before = await login({ draft: draft({ privateKey: reference }) });
  const connection = await test.client.connections.add(draft({ privateKey: reference }));
  const saved = await login({ id: 'pms' });
  await test.restart();
  const again = await test.client.connections.handOver({ id: 'pms', field: 'privateKey' });
  expect([before, connection.secrets, saved, await login({ id: 'pms' }), again]).toEqual([
    'passed',
    ['privateKey'],
    'passed',
    'passed',
    { handOver },
  ]);
});

it('keeps one that is not used yet over a restart, so that the operator may take his time', async () => {
  const { reference, handOver } = await made();
  await serve(handOver);
  await test.restart();
  expect(await login({ draft: draft({ privateKey: reference }) })).toBe('passed');
});

it('takes a reference once, for nothing but what it was made for, and forgets what nobody has used', async () => {
  const { reference, handOver } = await made();
  await serve(handOver);
  // As a password it would be sent to the server as it is.
  await test.client.connections.add(draft({ password: reference }));
  const password = test.agent.stores.secrets.of('pms').password;
  await test.client.connections.change({ ...draft({ privateKey: reference }), id: 'pms' });
  const twice = await codeOf(test.client.connections.change({ ...draft({ privateKey: reference }), id: 'pms' }));
  const plannedMs = test.agent.now() + 61 * 86_400_000;
  const planned = openIntents(test.agent.stores.read, plannedMs).map(({ intent }) => [intent.kind, intent.connectionId]);
  expect([password, twice, test.agent.stores.secrets.of(reference), planned]).toEqual([
    reference,
    'input-wrong',
    {},
    [['forget-secrets', reference]],
  ]);
});

it('makes nothing that no connection has a use for', async () => {
  const { makeSecret } = test.client.connections;
  expect([
    await codeOf(makeSecret({ kind: 'sftp-csv', field: 'password' })),
    await codeOf(makeSecret({ kind: 'sftp-csv', field: 'constructor' })),
    await codeOf(makeSecret({ kind: 'fax', field: 'privateKey' })),
  ]).toEqual(['input-wrong', 'input-wrong', 'input-wrong']);
});

it('never lets the private half out: not in an answer, not in the data folder, not in the log', async () => {
  const { reference, handOver } = await made();
  await serve(handOver);
  const answers = [
    reference,
    handOver,
    await test.client.connections.add(draft({ privateKey: reference })),
    await test.client.connections.handOver({ id: 'pms', field: 'privateKey' }),
    await test.client.connections.list({}),
  ];
  const { privateKey = '' } = test.agent.stores.secrets.of('pms');
  const lines = privateKey.split('\n').slice(3, -2);
  await test.agent.stop();
  const files = readdirSync(test.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const written = files.map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1'));
  const leaks = [JSON.stringify(answers), ...written].filter((text) => lines.some((line) => text.includes(line)));
  expect([lines.length > 1, files.length > 3, leaks]).toEqual([true, true, []]);
});
