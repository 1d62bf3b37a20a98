import { openForReading } from './open.ts';

/**
 * Write a copy of a database that is in use: one consistent state, whatever is written meanwhile. Takes a second for about 100 MB:
 * for a thread of its own.
 * @param target a file that must not exist.
 */
export function snapshotInto(path: string, target: string): void {
  const db = openForReading(path);
  try {
    // The only thing that this handle writes is the other file.
    db.pragma('query_only = 0');
    db.prepare('vacuum into ?').run(target);
  } finally {
    db.close();
  }
}
