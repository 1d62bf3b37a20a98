import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForReading, type ReadDb } from '../../db/open.ts';
import { sealingKey } from '../../db/seal.ts';
import { Writer } from '../../db/writer.ts';
import { Figures } from './figures.ts';
import { keepDaysSetting, Pruning } from './pruning.ts';
import { Quiet } from './quiet.ts';

const dayMs = 86_400_000;
let folder: string;
let writer: Writer;
let read: ReadDb;
let nowMs: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-quiet-'));
  writer = await Writer.open(join(folder, 'pipeline.db'), sealingKey(Buffer.alloc(32, 7)));
  read = openForReading(join(folder, 'pipeline.db'));
  nowMs = 1_770_000_000_000;
});
afterEach(async () => {
  read.close();
  await writer.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('what can wait', () => {
  it('waits for half a second after each thing that comes in, and not for ever where the clock was set back', () => {
    const quiet = new Quiet(() => nowMs);
    const before = quiet.inMs();
    quiet.disturb();
    const after = quiet.inMs();
    nowMs += 499;
    const nearly = quiet.inMs();
    nowMs += 1;
    const then = quiet.inMs();
    quiet.disturb();
    nowMs -= 3_600_000;
    expect([before, after, nearly, then, quiet.inMs()]).toEqual([0, 500, 1, 0, 0]);
  });

  it('is not done while something comes in: no figure is worked out and nothing is pruned', async () => {
    const quiet = new Quiet(() => nowMs);
    quiet.disturb();
    const steps: string[] = [];
    const counting = {
      step: (name: string, args: unknown[]) => {
        steps.push(name);
        return writer.step(name as 'pruneNext', args as [number, number]);
      },
    } as unknown as Pick<Writer, 'step'>;
    const shared = { writer: counting, quiet, onBug: (error: unknown) => expect(error).toBe(null) };
    const figures = new Figures({ ...shared, assertRoom: () => undefined, onKept: () => undefined });
    const pruning = new Pruning({ ...shared, read, now: () => nowMs, onPruned: () => undefined });
    figures.start();
    pruning.start();
    await Promise.all([figures.stop(), pruning.stop()]);
    expect(steps).toEqual([]);
  });

  it('prunes by the days that are set at the moment, and not at all where versions stay for ever', async () => {
    const asked: unknown[] = [];
    const answering = {
      step: (_: string, args: unknown[]) => {
        asked.push(args);
        return Promise.resolve({ after: null, versions: 0 });
      },
    } as unknown as Pick<Writer, 'step'>;
    const tools = { read, writer: answering, now: () => nowMs, quiet: new Quiet(() => nowMs), onPruned: () => undefined };
    const pruning = new Pruning({ ...tools, onBug: () => undefined });
    await pruning.walk();
    await writer.step('saveSetting', [keepDaysSetting, 90]);
    await pruning.walk();
    await writer.step('saveSetting', [keepDaysSetting, null]);
    await pruning.walk();
    expect(asked).toEqual([
      [0, nowMs - 365 * dayMs],
      [0, nowMs - 90 * dayMs],
    ]);
  });
});
