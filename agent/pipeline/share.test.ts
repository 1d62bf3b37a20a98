import { userInfo } from 'node:os';
import { expect, it } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { connectShare, driveOf, missingFolder, ownAccount, runScript, shareOf } from './share.ts';

const anyTime = new AbortController().signal;
const account = { user: "HOTEL\\bell'hop", password: `it's "$(secret)"; \`n ü €` };
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fine',
    (error: unknown) => (error instanceof Fault ? [error.code, error.detail] : `not named: ${error}`),
  );

it('knows the share of a UNC path and the drive of a path', () => {
  const paths = [
    '\\\\nas01\\exports\\pms\\out',
    '//nas01/exports',
    '\\\\nas01',
    '\\\\?\\C:\\x',
    '\\\\.\\pipe\\x',
    'Z:\\exports',
    'z:',
    '/exports',
  ];
  expect(paths.map((path) => [shareOf(path), driveOf(path)])).toEqual([
    ['\\\\nas01\\exports', null],
    ['\\\\nas01\\exports', null],
    [null, null],
    [null, null],
    [null, null],
    [null, 'Z:'],
    [null, 'Z:'],
    [null, null],
  ]);
});

it('gives PowerShell one statement by standard input, in which nothing that was entered can be a command', async () => {
  const scripts: string[] = [];
  await connectShare('\\\\nas01\\exports', account, anyTime, async (script) => {
    scripts.push(script);
    return 'bellhop-connected\r\n';
  });
  const [script = ''] = scripts;
  const given = /FromBase64String\('([A-Za-z0-9+/=]+)'\)/.exec(script)?.[1] ?? '';
  expect([
    script.split('\n').length,
    script.endsWith('}\n\n'),
    JSON.parse(Buffer.from(given, 'base64').toString('utf8')),
    script.includes('secret'),
    script.includes('New-SmbMapping -RemotePath $g.share -UserName $g.user -Password $g.password'),
  ]).toEqual([3, true, { share: '\\\\nas01\\exports', ...account }, false, true]);
});

it('says in words what Windows says in numbers', async () => {
  const answers = [1326, 86, 5, 1909, 1219, 53, 67].map((code) => `Windows System Error ${code},New-SmbMapping\r\n`);
  const found: unknown[] = [];
  for (const answer of [...answers, 'CommandNotFoundException', ''])
    found.push(await codeOf(connectShare('\\\\nas01\\exports', account, anyTime, async () => answer)));
  const share = '\\\\nas01\\exports';
  const refused = ['share-login-refused', { share, user: account.user }];
  const unreachable = (detail: string) => ['share-unreachable', { share, detail }];
  expect(found).toEqual([
    refused,
    refused,
    refused,
    refused,
    ['share-other-login', { share, user: account.user }],
    unreachable('Windows error 53'),
    unreachable('Windows error 67'),
    unreachable('no reason was given'),
    unreachable('no reason was given'),
  ]);
});

it('never puts the password into a fault, whatever goes wrong', async () => {
  const failing = async (script: string) => Promise.reject(new Error(script));
  const fault = await connectShare('\\\\nas01\\exports', account, anyTime, failing).catch((error: Fault) => error);
  expect([(fault as Fault).code, JSON.stringify((fault as Fault).report()).includes('secret')]).toEqual(['share-unreachable', false]);
});

it('stops at once when it is told to', async () => {
  const stop = new AbortController();
  const hanging = (_script: string, signal: AbortSignal) =>
    new Promise<string>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  const connecting = codeOf(connectShare('\\\\nas01\\exports', account, stop.signal, hanging));
  stop.abort();
  expect(await connecting).toEqual(['stopped', {}]);
});

it('hands a script to a program by its standard input alone, and ends with it', async () => {
  const echo = ['-e', 'process.stdin.on("data", (part) => process.stdout.write(JSON.stringify([process.argv.length, String(part)])))'];
  const said = await runScript(process.execPath, echo, 'the script', anyTime);
  const missing = await runScript('/nowhere/powershell.exe', [], 'the script', anyTime).catch((error: { code?: string }) => error.code);
  expect([JSON.parse(said), missing]).toEqual([[1, 'the script'], 'ENOENT']);
});

it('says of a drive letter that is not there that a service does not see those of a person', () => {
  const seen = { isWindows: true, hasDrive: false, account: 'HOTEL\\svc' };
  expect([
    missingFolder('z:\\exports', seen).report(),
    missingFolder('C:\\exports', { ...seen, hasDrive: true }).code,
    missingFolder('\\\\nas01\\exports', seen).code,
    missingFolder('/exports', { ...seen, isWindows: false }).code,
    ownAccount(),
  ]).toEqual([
    { code: 'drive-missing', detail: { drive: 'Z:', account: 'HOTEL\\svc' } },
    'folder-missing',
    'folder-missing',
    'folder-missing',
    userInfo().username,
  ]);
});
