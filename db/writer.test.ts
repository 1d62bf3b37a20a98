import { spawnSync } from 'node:child_process';
import { hash, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../contract/faults.ts';
import { openForReading } from './open.ts';
import { connections, setting } from './pipeline/connections.ts';
import { startReader } from './reader.ts';
import { sealingKey } from './seal.ts';
import { ThreadCaller, threadEnd } from './thread-calls.ts';
import { Writer } from './writer.ts';

const key = sealingKey(Buffer.alloc(32, 7));
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-writer-'));
  path = join(folder, 'pipeline.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const connection = (id: string) => ({
  id,
  kind: 'folder-csv',
  direction: 'source' as const,
  title: id,
  settings: {},
  secrets: [],
  schedule: { kind: 'manual' as const },
  isPaused: false,
  createdAtMs: 0,
});

function taken(sha256 = hash('sha256', 'a')) {
  return {
    connectionId: 'pms',
    hotelId: 'ALDQ',
    source: 'opera',
    entity: 'booking',
    name: 'a.csv',
    path: '/a.csv',
    mark: sha256,
    sha256,
    rawPath: 'raw',
    mappingJson: '{}',
    layoutJson: '{"encoding":"utf-8","otherEncodings":[],"delimiter":",","isFound":false}',
    bytes: 100,
  };
}

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => (error instanceof Fault ? { code: error.code, detail: error.detail } : { notNamed: String(error) }),
  );

/** Let no file of this process grow beyond so many bytes: SQLite is told of an I/O error. */
const growTo = (bytes: number | 'unlimited') => spawnSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]).status === 0;

describe.skipIf(process.platform !== 'linux')('a disk that does not answer', () => {
  it('is named for that, and the database is opened anew for the next step: what is kept before and after is there', async () => {
    const ignored = () => undefined;
    process.on('SIGXFSZ', ignored);
    const writer = await Writer.open(path, key);
    try {
      await writer.step('saveConnection', [connection('before')]);
      if (!growTo(statSync(`${path}-wal`).size)) throw new Error('prlimit is not there');
      const failed = await outcome(writer.step('saveConnection', [connection('during')]));
      growTo('unlimited');
      await writer.step('saveConnection', [connection('after')]);
      const db = openForReading(path);
      const kept = connections(db).map(({ id }) => id);
      const isWhole = db.pragma('integrity_check', { simple: true });
      db.close();
      const unanswered = {
        code: 'database-unreadable',
        detail: expect.objectContaining({ detail: expect.stringMatching(/^SQLITE_IOERR/) }),
      };
      expect([failed, kept.toSorted(), isWhole]).toEqual([unanswered, ['after', 'before'], 'ok']);
    } finally {
      growTo('unlimited');
      process.off('SIGXFSZ', ignored);
      await writer.close();
    }
  });
});

describe('the writing thread', () => {
  it('carries steps out in the order in which they are asked for', async () => {
    const writer = await Writer.open(path, key);
    const order: number[] = [];
    const asked = Array.from({ length: 200 }, (_, at) =>
      writer.step('saveSetting', ['counter', at]).then(() => {
        order.push(at);
      }),
    );
    await Promise.all(asked);
    const read = openForReading(path);
    expect([order, setting(read, 'counter')]).toEqual([Array.from({ length: 200 }, (_, at) => at), 199]);
    read.close();
    await writer.close();
  });

  it('has committed a step when it says so', async () => {
    const writer = await Writer.open(path, key);
    const read = openForReading(path);
    await writer.step('saveConnection', [connection('pms')]);
    expect(connections(read).map((one) => one.id)).toEqual(['pms']);
    read.close();
    await writer.close();
  });

  it('hands a fault over with its code and what it says, and goes on with the next step', async () => {
    const writer = await Writer.open(path, key);
    const { id } = await writer.step('registerFile', [taken()]);
    const wrong = {
      fileId: id,
      count: 0,
      texts: '',
      places: new Float64Array(),
      hashes: new Uint8Array(),
      documents: new Uint8Array(),
      ends: new Uint32Array(),
      letters: [],
      position: 100,
      rows: 0,
      bytesNormalised: 40,
      bytesDeadLetters: 0,
      bytesStructural: 0,
    };
    const seen = [
      await outcome(writer.step('storeBatch', [wrong, 50, randomUUID()])),
      await outcome(writer.step('storeBatch', [wrong, 0, randomUUID()]).then((stored) => stored.kept)),
      await outcome(writer.step('finishFile', [id, null])),
      await outcome(writer.step('saveSetting', ['after', 1])),
    ];
    expect(seen).toEqual([
      { code: 'file-changed', detail: { file: `file ${id}` } },
      { value: 0 },
      { code: 'bytes-unaccounted', detail: { file: 'a.csv', missing: '60' } },
      { value: undefined },
    ]);
    await writer.close();
  });

  it('names a fault of our own as one, and stays alive', async () => {
    const writer = await Writer.open(path, key);
    const seen = [
      await outcome(writer.step('no such step' as never, [] as never)),
      await outcome(writer.step('finishFile', [4711, null])),
      await outcome(writer.step('saveSetting', ['after', 1])),
    ];
    expect(seen).toEqual([{ code: 'internal', detail: {} }, { code: 'internal', detail: {} }, { value: undefined }]);
    await writer.close();
  });

  it.each([
    ['is damaged', 'database-damaged', () => writeFileSync(path, 'no database at all'.repeat(1000))],
    ['is a folder', 'database-unreadable', () => (path = folder)],
  ])('does not start on a database that %s, and leaves no thread behind', async (_name, code, make) => {
    make();
    expect(await outcome(Writer.open(path, key))).toMatchObject({ code });
  });

  it('writes its log back into the file when it is closed, after what was asked for before', async () => {
    const writer = await Writer.open(path, key);
    const asked = Array.from({ length: 50 }, (_, at) => writer.step('saveSetting', [`key-${at}`, 'x'.repeat(1000)]));
    const closing = writer.close();
    await Promise.all([...asked, closing]);
    expect([readdirSync(folder), statSync(path).size > 50_000]).toEqual([['pipeline.db'], true]);
    const read = openForReading(path);
    expect(setting(read, 'key-49')).toBe('x'.repeat(1000));
    read.close();
  });

  it('refuses a step after it was closed, with a name', async () => {
    const writer = await Writer.open(path, key);
    await writer.close();
    expect(await outcome(writer.step('saveSetting', ['late', 1]))).toEqual({ code: 'stopped', detail: {} });
  });

  it('gives a home a higher generation at every start', async () => {
    const first = await Writer.open(path, key);
    const made = await first.step('generation', []);
    await first.close();
    const second = await Writer.open(path, key);
    expect(await second.step('generation', [])).toBeGreaterThan(made);
    await second.close();
  });
});

describe('a thread that dies', () => {
  const caller = (code: string) => {
    const worker = new Worker(`const { parentPort } = require('node:worker_threads'); ${code}`, { eval: true });
    return { worker, calls: new ThreadCaller<{ work: (n: number) => number; close: () => void }>(worker) };
  };

  it('fails everything that is open, and everything that is asked later, by a name', async () => {
    const { worker, calls } = caller("parentPort.on('message', () => undefined)");
    const open = [1, 2, 3].map((n) => outcome(calls.call('work', [n])));
    const before = calls.open;
    await worker.terminate();
    expect([before, await Promise.all(open), await outcome(calls.call('work', [4])), calls.open]).toEqual([
      3,
      [1, 2, 3].map(() => ({ code: 'stopped', detail: {} })),
      { code: 'stopped', detail: {} },
      0,
    ]);
  });

  it('of an error of its own is a fault of ours, and says so', async () => {
    const { calls } = caller("parentPort.on('message', () => { throw new Error('out of order') })");
    expect([await outcome(calls.call('work', [1])), await outcome(calls.call('work', [2]))]).toEqual([
      { code: 'internal', detail: {} },
      { code: 'internal', detail: {} },
    ]);
  });

  it('by itself fails what is open too', async () => {
    const { calls } = caller("parentPort.on('message', () => process.exit(3))");
    expect(await outcome(calls.call('work', [1]))).toEqual({ code: 'stopped', detail: {} });
  });

  it('keeps what it had committed: the next start goes on from there', async () => {
    const writer = await Writer.open(path, key);
    await writer.step('saveSetting', ['kept', 1]);
    // No close: the log lies beside the file as after a kill.
    expect(existsSync(`${path}-wal`)).toBe(true);
    const second = await Writer.open(path, key);
    const read = openForReading(path);
    expect(setting(read, 'kept')).toBe(1);
    read.close();
    await second.close();
    await writer.close();
  });
});

describe('a thread that is closed', () => {
  // Ended from outside it could be in the middle of native code, and the whole process would end with it.
  it('ends by itself, also right after its start and with a list that is still being put in order', async () => {
    const terminate = vi.spyOn(Worker.prototype, 'terminate');
    const writer = await Writer.open(path, key);
    const reader = await startReader(path);
    const page = reader.reads.recordPage({ entity: 'booking', sort: 'day', direction: 'up' }, { offset: 0, limit: 10 });
    await Promise.all([page, reader.close()]);
    await writer.close();
    writeFileSync(join(folder, 'damaged.db'), 'no database at all'.repeat(1000));
    await outcome(Writer.open(join(folder, 'damaged.db'), key));
    expect(terminate).not.toHaveBeenCalled();
    terminate.mockRestore();
  });

  it('is ended all the same when it hangs', async () => {
    const worker = new Worker('for (;;);', { eval: true });
    await threadEnd(worker, 20);
    expect(worker.threadId).toBe(-1);
  });
});

describe('the reading thread', () => {
  it('answers beside the writing one, and what fails in it arrives by its name', async () => {
    const writer = await Writer.open(path, key);
    const reader = await startReader(path);
    expect([await reader.reads.setAsideByRule(), await reader.reads.fileLettersByRule(1)]).toEqual([[], {}]);
    await reader.close();
    expect(await outcome(reader.reads.setAsideByRule())).toEqual({ code: 'stopped', detail: {} });
    await writer.close();
  });

  it('does not start where there is no database', async () => {
    expect(await outcome(startReader(path))).toMatchObject({ code: 'internal' });
  });
});
