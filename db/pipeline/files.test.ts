import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openForWriting } from '../open.ts';
import { laterUsedFiles } from './files.ts';

it('knows a file as later only behind one of its own connection: others read beside it, and in no order', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-files-'));
  const db = openForWriting(join(folder, 'pipeline.db'));
  try {
    const add = db.prepare(
      'insert into files (connection_id, hotel_id, source, entity, name, path, sha256, raw_path, mapping, layout, bytes, taken_at_ms, last_seen_at_ms, kept, finished_at_ms) ' +
        "values (?, 'ALDQ', 'pms', 'booking', 'x.csv', ?, ?, ?, '{}', '{}', 1, ?, ?, 1, ?)",
    );
    const files: readonly (readonly [string, number | null])[] = [
      ['folder', null],
      ['server', 5],
      ['folder', 6],
      ['folder', null],
    ];
    for (const [at, [connection, finishedAtMs]] of files.entries())
      add.run(connection, `${at}.csv`, `sha ${at}`, `raw/${at}.raw`, at, at, finishedAtMs);
    expect([laterUsedFiles(db, 1).map(({ id }) => id), laterUsedFiles(db, 4)]).toEqual([[3], []]);
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
