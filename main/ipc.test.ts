import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shellChannels } from '../contract/shell.ts';
import { callingFrame, recordingIpc } from './electron-double.ts';
import { answerCalls } from './ipc.ts';
import { shellCalls } from './shell-calls.ts';

function shell() {
  const done: unknown[][] = [];
  const failures: unknown[] = [];
  const ipc = recordingIpc();
  const calls = shellCalls({
    connect: async () => null,
    chooseFolder: async () => '/exports',
    openDocs: async (page) => {
      done.push(['openDocs', page]);
      if (page === 'missing') throw new Error('/home/anna/docs is not there');
    },
    notify: (note) => void done.push(['notify', note]),
  });
  answerCalls(ipc.ipcMain, calls, (channel, error) => failures.push([channel, error]));
  return { ...ipc, done, failures };
}

it('answers exactly the calls of the contract', () => {
  const { connect, chooseFolder, openDocs, notify } = shellChannels;
  expect(shell().channels().sort()).toEqual([connect, chooseFolder, openDocs, notify].sort());
});

it('does what the console asks', async () => {
  const { invoke, done } = shell();
  const { frame } = callingFrame();
  const answers = [
    await invoke(shellChannels.connect, frame),
    await invoke(shellChannels.chooseFolder, frame),
    await invoke(shellChannels.openDocs, frame, 'operations/tls-pin'),
    await invoke(shellChannels.notify, frame, { title: 'Everything arrived', body: '' }),
  ];
  expect([answers, done]).toEqual([
    [
      { ok: true, value: null },
      { ok: true, value: '/exports' },
      { ok: true, value: undefined },
      { ok: true, value: undefined },
    ],
    [
      ['openDocs', 'operations/tls-pin'],
      ['notify', { title: 'Everything arrived', body: '' }],
    ],
  ]);
});

const strangers = [
  ['a frame that is gone', null],
  ['a frame inside the console', callingFrame({ parent: callingFrame().frame }).frame],
  ['another origin', callingFrame({ origin: 'https://example.com', url: 'https://example.com/' }).frame],
  ['an origin that claims to be ours on another page', callingFrame({ url: 'https://example.com/' }).frame],
  ['a blank page', callingFrame({ url: 'about:blank' }).frame],
  ['a sandboxed page', callingFrame({ origin: 'null' }).frame],
  ['a file', callingFrame({ origin: 'file://', url: 'file:///index.html' }).frame],
  ['a host that only starts like ours', callingFrame({ origin: 'app://bellhop.example', url: 'app://bellhop.example/' }).frame],
  ['another host of the scheme', callingFrame({ origin: 'app://other', url: 'app://other/index.html' }).frame],
] as const;

it.each(strangers)('refuses every call of %s', async (_, frame) => {
  const { channels, invoke, done } = shell();
  const answers = await Promise.all(channels().map((channel) => invoke(channel, frame, 'operations/tls-pin')));
  expect([answers, done]).toEqual([channels().map(() => ({ ok: false, reason: 'sender' })), []]);
});

it('tells the page that a call failed, and not the path that its error names', async () => {
  const { invoke, failures } = shell();
  const answer = await invoke(shellChannels.openDocs, callingFrame().frame, 'missing');
  expect([answer, failures.length]).toEqual([{ ok: false, reason: 'failed' }, 1]);
});

it.each([
  '../x',
  '/etc/passwd',
  'C:\\x',
  'https://evil.example',
  'operations/',
  'Operations/tls',
  '',
  'a'.repeat(70),
  '\\\\server\\x',
  'x.md',
])('takes "%s" for no page of the documentation', async (page) => {
  expect(await shell().invoke(shellChannels.openDocs, callingFrame().frame, page)).toEqual({ ok: false, reason: 'arguments' });
});

it('survives ten thousand made-up arguments on every channel: nothing thrown, nothing done, no prototype touched', async () => {
  const { channels, invoke, done } = shell();
  const { frame } = callingFrame();
  const seed = 20_261_121;
  const before = Object.getOwnPropertyNames(Object.prototype);
  const poison = fc.constantFrom<unknown[]>(
    [JSON.parse('{"__proto__":{"polluted":1},"title":"a","body":"b"}')],
    [{ title: 'a', body: 'b', extra: 1 }],
    [{ constructor: { prototype: { polluted: 1 } } }],
    [new Proxy({}, { ownKeys: () => ['title'] })],
    ['a/../../b'],
    [Symbol('page')],
    [new Map([['title', 'a']])],
  );
  const args = fc.oneof(
    { weight: 9, arbitrary: fc.array(fc.anything({ withBigInt: true, withDate: true, withMap: true }), { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: poison },
  );
  const samples = fc.sample(args, { numRuns: 10_000, seed });
  const answers: unknown[] = [];
  for (const channel of channels()) for (const sample of samples) answers.push(await invoke(channel, frame, ...sample));
  const others = answers.filter((answer) => JSON.stringify(answer) !== '{"ok":false,"reason":"arguments"}');
  const harmless = done.filter(([call]) => call === 'openDocs').length;
  expect({
    seed,
    answered: answers.length,
    others: others.length - harmless,
    done: done.length - harmless,
    polluted: 'polluted' in {},
    names: Object.getOwnPropertyNames(Object.prototype),
  }).toEqual({
    seed,
    answered: 40_000,
    others: 0,
    done: 0,
    polluted: false,
    names: before,
  });
});
