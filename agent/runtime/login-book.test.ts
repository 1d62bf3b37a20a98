import { createSecretKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openForReading, type ReadDb } from '../../db/open.ts';
import { Writer } from '../../db/writer.ts';
import { LoginBook } from './login-book.ts';

const key = createSecretKey(Buffer.alloc(32, 7));
const never = new AbortController().signal;
const account = 'db:1521/opera reader';
let folder: string;
let writer: Writer;
let read: ReadDb;
let nowMs = 0;
const book = () => new LoginBook({ key, read, writer, now: () => nowMs });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-logins-'));
  writer = await Writer.open(join(folder, 'pipeline.db'), key);
  read = openForReading(join(folder, 'pipeline.db'));
  nowMs = Date.UTC(2026, 4, 1, 10);
});
afterEach(async () => {
  read.close();
  await writer.close();
  rmSync(folder, { recursive: true, force: true });
});

it('lets a password that was refused rest, and every agent that comes after it', async () => {
  const first = book().for(false);
  expect(await first.begin(account, 'wrong', never)).toBeNull();
  await first.refused(account, 'wrong', 'ORA-01017');
  nowMs += 3_600_000;
  expect([await first.begin(account, 'wrong', never), await book().for(false).begin(account, 'wrong', never)]).toEqual([
    { detail: 'ORA-01017' },
    { detail: 'ORA-01017' },
  ]);
});

it('lets a person try once more, and keeps the third try for them', async () => {
  const byHand = book().for(true);
  for (let press = 0; press < 2; press++) {
    expect(await byHand.begin(account, 'wrong', never)).toBeNull();
    await byHand.refused(account, 'wrong', 'ORA-01017');
  }
  expect([await byHand.begin(account, 'wrong', never), byHand.failedToday(account)]).toEqual([
    { detail: expect.stringContaining('2 tries failed within a day') },
    2,
  ]);
});

it('counts a try that was cut short, as a kill does', async () => {
  for (let start = 0; start < 2; start++) expect(await book().for(false).begin(account, 'wrong', never)).toBeNull();
  expect(await book().for(false).begin(account, 'wrong', never)).toEqual({ detail: expect.stringContaining('cut short') });
});

it('takes another password, one that has worked, and one that a person has entered anew', async () => {
  const own = book();
  const scheduled = own.for(false);
  await scheduled.begin(account, 'wrong', never);
  await scheduled.refused(account, 'wrong', 'ORA-01017');
  const another = await scheduled.begin(account, 'right', never);
  await scheduled.succeeded(account, 'right');
  nowMs += 61_000;
  const again = await scheduled.begin(account, 'right', never);
  await scheduled.refused(account, 'right', 'ORA-28000');
  const rests = await scheduled.begin(account, 'right', never);
  await own.forgive(['right']);
  expect([another, again, rests, await scheduled.begin(account, 'right', never)]).toEqual([null, null, { detail: 'ORA-28000' }, null]);
});

it('makes no more than six logins in a minute, whoever asks', async () => {
  const shared = book().for(false);
  for (let login = 0; login < 6; login++) {
    await shared.begin(account, 'right', never);
    await shared.succeeded(account, 'right');
  }
  const stop = new AbortController();
  const seventh = book()
    .for(true)
    .begin(account, 'right', stop.signal)
    .then(() => 'through');
  expect(await Promise.race([seventh, new Promise((resolve) => setTimeout(() => resolve('waits'), 200))])).toBe('waits');
  stop.abort();
  await seventh;
});

it('counts a login from when it was over: the server saw it later than it was asked for', async () => {
  const shared = book().for(false);
  await shared.begin(account, 'right', never);
  nowMs += 30_000;
  await shared.succeeded(account, 'right');
  for (let login = 0; login < 5; login++) {
    await shared.begin(account, 'right', never);
    await shared.succeeded(account, 'right');
  }
  const isWaiting = async () => {
    const stop = new AbortController();
    const seventh = book().for(true).begin(account, 'right', stop.signal);
    const first = await Promise.race([seventh.then(() => false), new Promise((resolve) => setTimeout(() => resolve(true), 200))]);
    stop.abort();
    await seventh;
    return first;
  };
  nowMs += 40_000;
  const isEarly = await isWaiting();
  nowMs += 21_000;
  expect([isEarly, await isWaiting()]).toEqual([true, false]);
});

it('keeps no password, neither plain nor as a hash that others could make', async () => {
  await book().for(false).begin(account, 'a very secret word', never);
  const bytes = ['pipeline.db', 'pipeline.db-wal'].map((name) => readFileSync(join(folder, name)).toString('latin1')).join('');
  expect([bytes.includes('a very secret word'), bytes.includes('login db:1521')]).toEqual([false, true]);
});

it('does not count a try that ended before the password was looked at: the server was starting, or too old for the way in', async () => {
  const scheduled = book().for(false);
  for (let turn = 0; turn < 4; turn++) {
    expect(await scheduled.begin(account, 'right', never)).toBeNull();
    await scheduled.ended(account, 'right');
    nowMs += 61_000;
  }
  expect(scheduled.failedToday(account)).toBe(0);
});

it('counts a try that nobody answered, unless the password has worked before: behind a slow directory it is judged all the same', async () => {
  const scheduled = book().for(false);
  const tries: unknown[] = [];
  for (let turn = 0; turn < 3; turn++) {
    tries.push(await scheduled.begin(account, 'wrong', never));
    if (tries.at(-1) === null) await scheduled.unanswered(account, 'wrong');
    nowMs += 61_000;
  }
  const counted = scheduled.failedToday(account);
  nowMs += 24 * 3_600_000;
  await scheduled.begin(account, 'right', never);
  await scheduled.succeeded(account, 'right');
  for (let turn = 0; turn < 3; turn++) {
    nowMs += 61_000;
    tries.push(await scheduled.begin(account, 'right', never));
    await scheduled.unanswered(account, 'right');
  }
  expect([tries, counted, scheduled.failedToday(account)]).toEqual([
    [null, null, { detail: expect.stringMatching(/did not answer the login in time; 2 tries failed/) }, null, null, null],
    2,
    0,
  ]);
});

it('keeps a refusal that comes while another try is under way, whatever becomes of that one', async () => {
  const [one, other] = [book().for(true), book().for(true)];
  await Promise.all([one.begin(account, 'wrong', never), other.begin(account, 'wrong', never)]);
  const shared = book().for(false);
  await shared.refused(account, 'wrong', 'ORA-01017');
  await shared.ended(account, 'wrong');
  expect(await shared.begin(account, 'wrong', never)).toEqual({ detail: 'ORA-01017' });
});

it('counts two refusals at once as two', async () => {
  const [one, other] = [book().for(true), book().for(true)];
  await Promise.all([one.begin(account, 'wrong', never), other.begin(account, 'wrong', never)]);
  const shared = book().for(true);
  await Promise.all([shared.refused(account, 'wrong', 'ORA-01017'), shared.refused(account, 'wrong', 'ORA-01017')]);
  expect([shared.failedToday(account), await shared.begin(account, 'wrong', never)]).toEqual([
    2,
    { detail: expect.stringContaining('2 tries') },
  ]);
});

it('keeps the count of failures where a person enters the same password again, and tries it once', async () => {
  const own = book();
  const scheduled = own.for(false);
  for (const by of [scheduled, own.for(true)]) {
    await by.begin(account, 'wrong', never);
    await by.refused(account, 'wrong', 'ORA-01017');
  }
  await own.forgive(['wrong']);
  const once = await scheduled.begin(account, 'wrong', never);
  await scheduled.refused(account, 'wrong', 'ORA-01017');
  expect([once, scheduled.failedToday(account), await scheduled.begin(account, 'wrong', never)]).toEqual([
    null,
    3,
    { detail: expect.stringContaining('3 tries failed') },
  ]);
});
