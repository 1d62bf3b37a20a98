import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Logger } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { cleanLine, errorFields, neverLog, openLog } from './log.ts';

const known = 'correct-horse-battery';
const knownLong = 'correct-horse-battery-staple-end99';
const knownOdd = 'p&ss w"rd/ü?x';
neverLog([known, knownLong, knownOdd, 'short']);

const error = (message: string, more: object = {}) => Object.assign(new Error(message), more);
const parseError = (text: string) => {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    return thrown;
  }
};

/** A way in which something may get into a log line, and what must not be in the file afterwards. */
type Leak = readonly [name: string, fields: unknown, text: string, canaries: readonly string[]];

const leaks: readonly Leak[] = [
  ['a field that is not allowed', { guestName: 'Zoe Canary' }, 'x', ['Zoe Canary', 'guestName']],
  ['a body', { body: '{"guest":"Zoe Canary"}' }, 'x', ['Zoe Canary']],
  ['headers', { headers: { authorization: 'Bearer abc.def-ghi' } }, 'x', ['abc.def']],
  ['a request', { req: { url: '/x', headers: { cookie: 'sid=canary99' } } }, 'x', ['canary99']],
  ['the arguments of the process', { argv: ['--password', 'canary99'] }, 'x', ['canary99']],
  ['the environment', { env: { ORACLE_PASSWORD: 'canary99' } }, 'x', ['canary99']],
  ['what was bound to a statement', { binds: { name: 'Zoe Canary' } }, 'x', ['Zoe Canary']],
  ['an object in an allowed field', { code: { guest: 'Zoe Canary' } }, 'x', ['Zoe Canary']],
  ['a list in an allowed field', { file: ['Zoe Canary'] }, 'x', ['Zoe Canary']],
  ['an object in the detail', { detail: { guest: { name: 'Zoe Canary' } } }, 'x', ['Zoe Canary']],
  ['a list in the detail', { detail: { guests: ['Zoe Canary'] } }, 'x', ['Zoe Canary']],
  ['a list for a detail', { detail: [{ name: 'Zoe Canary' }] }, 'x', ['Zoe Canary']],
  ['a name of the detail', { detail: { 'zoe@canary.example': 'x' } }, 'x', ['zoe@canary']],
  ['an e-mail in the text', {}, 'cannot read zoe.o+tag@canary.example here', ['zoe.o', 'canary.example']],
  ['an e-mail in the detail', { detail: { detail: 'zoe@canary.example' } }, 'x', ['zoe@', 'canary.example']],
  [
    'an e-mail with letters of other languages',
    {},
    'josé.núñez@canary.example and zoe@cänary.example',
    ['núñez@', 'canary.example', 'zoe@'],
  ],
  ['an e-mail in an address', {}, 'GET /guests?mail=zoe%40canary.example', ['canary.example', 'zoe%40']],
  ['an e-mail with an apostrophe', {}, "<o'canary@mail.example>", ["o'canary", 'mail.example']],
  ['a phone number', {}, 'call +31 6 1234 5678 now', ['1234', '5678']],
  ['a phone number at the end of a sentence', {}, 'The guest has +31612345678.', ['612345678']],
  ['a phone number with its code in brackets', {}, 'is (020) 123-4567, or 020/1234567', ['123-4567', '1234567']],
  ['a phone number with a zero in brackets', {}, '+31 (0) 20 123 4567', ['123 4567']],
  ['a phone number with dots', {}, 'is 020.123.45.67 at home', ['123.45']],
  ['a phone number behind a colon', {}, 'tel:0612345678,', ['0612345678']],
  ['the number of a card', {}, 'refused 4111 1111 1111 1111 and 4111-1111-1111-1111 and 4111111111111111', ['1111']],
  ['a signing secret', {}, 'secret whsec_Y2FuYXJ5Y2FuYXJ5 refused', ['Y2FuYXJ5']],
  ['a signing secret in an address', {}, 'GET /?k=whsec_Y2Fu%2FYXJ5%3D', ['YXJ5']],
  ['a bearer', {}, 'sent authorization: bearer eyJhbGci.canary99._-~+/=', ['canary99', 'eyJhbGci']],
  ['a basic login', {}, 'Proxy-Authorization: Basic em9lOmNhbmFyeQ==', ['em9lOmNhbmFyeQ']],
  ['a digest login', {}, 'authorization: Digest username="nutcracker", response="canary99"', ['canary99', 'nutcracker']],
  ['a cookie', {}, 'set-cookie: sid=canary99; Path=/', ['canary99']],
  ['a token in an address', {}, 'http://127.0.0.1:80/#token=canary99&x=1', ['canary99']],
  ['a token as JSON', {}, 'answered {"access_token":"canary99","n":1}', ['canary99']],
  ['a token as a protocol', {}, 'protocols bellhop.v1, token.canary99', ['canary99']],
  ['a web token by itself', {}, 'got eyJhbGciOiJIUzI1NiJ9.eyJuYW1lIjoiWm9lIn0.c2lnbmF0dXJl', ['eyJuYW1l', 'c2lnbmF0dXJl']],
  ['a password in a connection text', {}, 'user=zoe;password=canary99;x', ['canary99']],
  ['a key in a query', {}, 'GET /v1?api_key=canary99', ['canary99']],
  ['a login in an address', {}, 'http://nutcracker:canary99@proxy.example:3128/x', ['canary99', 'nutcracker']],
  ['a login with odd signs in an address', {}, 'http://nutcracker:can@ary/99@proxy.example', ['ary/99', 'nutcracker']],
  ['a login without a name', {}, 'amqps://:canary99@mq.example and https://canary99@x.example', ['canary99']],
  ['a private key', {}, '-----BEGIN RSA PRIVATE KEY-----\nY2FuYXJ5\n-----END RSA PRIVATE KEY----- rest', ['Y2FuYXJ5']],
  ['a private key that is cut off', { detail: { pem: '-----BEGIN PRIVATE KEY-----\nY2FuYXJ5' } }, 'x', ['Y2FuYXJ5']],
  ['a known secret inside a text', {}, `it was "${known}", he said`, [known]],
  ['a known secret that holds another', { detail: { a: `<${knownLong}>` } }, 'x', [known, 'staple', 'end99']],
  ['a known secret with odd signs', {}, `is ${knownOdd}!`, ['p&ss', 'w"rd']],
  ['a known secret in an address', {}, `GET /?p=${encodeURIComponent(knownOdd)}`, ['p%26ss']],
  ['a known secret in a name of the detail', { detail: { [known]: 'x' } }, 'x', [known]],
  ['a known secret in every allowed text', { file: known, call: known, actor: known, home: known, code: known }, known, [known]],
  ['an error itself', error('zoe@canary.example', { request: { body: 'Zoe Canary' } }), 'x', ['zoe@canary', 'Zoe Canary']],
  ['an error under its own name', { err: error('Zoe Canary') }, 'x', ['Zoe Canary']],
  [
    'the cause of an error',
    errorFields(new Fault('internal', {}, { cause: error('no zoe@canary.example', { sql: 'Zoe Canary' }) })),
    'x',
    ['zoe@', 'Zoe Canary'],
  ],
  ['the cause of a cause', errorFields(error('a', { cause: error('b', { cause: error('Zoe Canary') }) })), 'x', ['Zoe Canary']],
  ['the stack of an error', errorFields(error(`cannot send ${known} to zoe@canary.example`)), 'x', [known, 'zoe@']],
  ['what a parser could not read', errorFields(parseError('Zoe Canary was here')), 'x', ['Zoe Canary']],
  [
    'a long text that a parser could not read',
    errorFields(parseError(`{"name":"Zoe Canary",\n "x": Zoe Canary ${'y'.repeat(99)}}`)),
    'x',
    ['Zoe Canary', 'Canary'],
  ],
  [
    'what a driver hung on an error',
    errorFields(error('x', { detail: 'Key (mail)=(Zoe Canary) exists', bind: ['Zoe Canary'] })),
    'x',
    ['Zoe Canary'],
  ],
  ['something thrown that is no error', errorFields({ name: 'Zoe Canary' }), 'x', ['Zoe Canary']],
];

it('tries at least forty ways to leak', () => {
  expect(leaks.length).toBeGreaterThanOrEqual(40);
});

describe('a line of the log holds none of', () => {
  it.each(leaks)('%s', (_name, fields, text, canaries) => {
    const entry = fields instanceof Error ? { err: { message: fields.message, stack: fields.stack } } : (fields as object);
    const line = cleanLine(JSON.stringify({ level: 30, time: 1, pid: 1, ...entry, msg: fields instanceof Error ? fields.message : text }));
    expect(canaries.filter((canary) => line.includes(canary) || line.includes(JSON.stringify(canary).slice(1, -1)))).toEqual([]);
  });
});

describe('the log of a home', () => {
  let home: string;
  let opened: { log: Logger; close: () => void };
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'bellhop-log-'));
    opened = await openLog(home);
  });
  afterEach(() => {
    opened.close();
    rmSync(home, { recursive: true, force: true });
  });

  const written = () =>
    readdirSync(join(home, 'logs'))
      .map((name) => readFileSync(join(home, 'logs', name), 'utf8'))
      .join('');
  const lines = (count: number) =>
    vi.waitFor(() => {
      const found = written().split('\n').filter(Boolean);
      expect(found.length).toBe(count);
      return found.map((line) => JSON.parse(line));
    });

  it('holds none of it either, on the disk, from any level and any child', async () => {
    for (const [, fields, text] of leaks) {
      opened.log.error(fields, text);
      opened.log.info(fields, '%s', text);
      opened.log.child(fields instanceof Error ? { err: fields } : (fields as object)).warn(text);
    }
    await lines(leaks.length * 3);
    const content = written();
    const hits = leaks.flatMap(([name, , , canaries]) =>
      canaries
        .filter((canary) => content.includes(canary) || content.includes(JSON.stringify(canary).slice(1, -1)))
        .map((canary) => `${name}: ${canary}`),
    );
    expect(hits).toEqual([]);
  });

  it('keeps every field that is allowed, and what is no secret in them', async () => {
    const fields = {
      correlationId: '12345678-1234-4234-8234-123456789012',
      connectionId: 'pms-2',
      code: 'upstream-timeout',
      detail: { host: 'hub.example.com:8443', seconds: '60', date: '2026-03-01', proxy: '192.168.100.200:3128' },
      actor: 'local-operator',
      call: 'connections.add',
      file: 'bookings_20260301-120000.csv',
      rows: 1_234_567_890_123,
      kept: 3,
      unchanged: 4,
      deadLetters: 5,
      bytes: 987_654_321_000,
      tookMs: 1.5,
      waitMs: 0,
      count: 9,
      version: '1.2.3',
      versions: 12,
      port: 49_152,
      home: '/var/lib/bellhop',
      cause: 'Error: SQLITE_FULL at 2026-03-01T10:00:00.123Z',
      stack: 'Error: x\n    at send (/srv/bellhop/agent/pipeline/push.ts:123:45)',
    };
    opened.log.warn(fields, 'The hub at 192.168.100.200 did not answer for 61 s.');
    const [line] = await lines(1);
    expect(line).toEqual({
      level: 40,
      time: expect.any(Number),
      pid: process.pid,
      msg: 'The hub at 192.168.100.200 did not answer for 61 s.',
      ...fields,
    });
  });

  it('names a fault of the product whole, so that a help desk can work with it', async () => {
    const fault = new Fault('tls-expired', { host: 'hub.example.com', date: '2026-03-01' });
    opened.log.warn({ code: fault.code, detail: fault.detail }, fault.message);
    expect(await lines(1)).toEqual([
      expect.objectContaining({
        code: 'tls-expired',
        detail: { host: 'hub.example.com', date: '2026-03-01' },
        msg: 'The certificate of hub.example.com has run out on 2026-03-01.',
      }),
    ]);
  });
});

it('a correlation id is never taken for a number, whatever its digits', () => {
  const digits = fc.stringMatching(/^\d{8}-\d{4}-4\d{3}-8\d{3}-\d{12}$/);
  fc.assert(
    fc.property(fc.oneof(fc.uuid(), digits), (correlationId) => {
      expect(JSON.parse(cleanLine(JSON.stringify({ correlationId, msg: `call ${correlationId} failed` })))).toEqual({
        correlationId,
        msg: `call ${correlationId} failed`,
      });
    }),
    { numRuns: 500, seed: 20_261_121 },
  );
});

it('a phone number is found however people write it', () => {
  const digit = fc.integer({ min: 0, max: 9 }).map(String);
  const groups = fc.array(fc.array(digit, { minLength: 2, maxLength: 4 }), { minLength: 4, maxLength: 5 });
  const between = fc.constantFrom(' ', '-', '.', '/', ' / ', ') ', '', ' (', '\u00a0');
  fc.assert(
    fc.property(
      groups,
      between,
      fc.constantFrom('', '+', '('),
      fc.constantFrom('', '.', ',', '!', ' ', ')', '"'),
      (parts, sign, before, behind) => {
        const digits = parts.flat().length;
        fc.pre(digits >= 9 && digits <= 15);
        const number = before + parts.map((part) => part.join('')).join(sign);
        fc.pre(!/^\(?\d{1,3}(\.\d{1,3}){3}$/.test(number));
        const { msg } = JSON.parse(cleanLine(JSON.stringify({ msg: `guest ${number}${behind} end` })));
        expect(msg).not.toMatch(/\d/);
      },
    ),
    { numRuns: 1000, seed: 20_261_121 },
  );
});

it('a very long text is cleaned in no time, however it is made', () => {
  const size = 100_000;
  const texts = [
    'a',
    '1',
    '1 ',
    'a@',
    '//',
    '//a:',
    'token',
    'token=',
    '"',
    '-',
    '.',
    'Bearer ',
    'whsec_',
    '%40',
    '-----BEGIN PRIVATE KEY-----',
  ];
  const slow = texts.filter((text) => {
    const startedAt = performance.now();
    cleanLine(JSON.stringify({ msg: text.repeat(Math.ceil(size / text.length)) }));
    return performance.now() - startedAt > 2000;
  });
  expect(slow).toEqual([]);
});
