import { createReadStream } from 'node:fs';
import { performance } from 'node:perf_hooks';
import Database from 'better-sqlite3';
import { inferSchema, initParser } from 'udsv';

/**
 * The limit that the import is compared with: read and parse the file with the fastest parser we know (udsv) and put every cell as
 * text into one table without a key, 1,000 rows a transaction, the same page size and checkpoint as the product, FULL.
 * Nothing is validated, hashed, encrypted, de-duplicated or sent. Prints the milliseconds, measured after the imports.
 */
const [file = '', path = ''] = process.argv.slice(2);
const startedAt = performance.now();
const db = new Database(path);
db.pragma('page_size = 8192');
db.pragma('journal_mode = wal');
db.pragma('synchronous = full');
db.pragma('wal_autocheckpoint = 8000');
db.pragma('cache_size = -65536');

let insert: Database.Statement | null = null;
let rows = 0;
let isOpen = false;

function put(row: readonly string[]): void {
  if (!insert) {
    db.exec(`create table raw (${row.map((_, index) => `c${index} text`).join(', ')})`);
    insert = db.prepare(`insert into raw values (${row.map(() => '?').join(', ')})`);
  }
  if (!isOpen) db.exec('begin');
  isOpen = true;
  insert.run(...row);
  if (++rows % 1000 === 0) {
    db.exec('commit');
    isOpen = false;
  }
}

let parser: ReturnType<typeof initParser> | null = null;
for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 256 * 1024 }) as AsyncIterable<string>) {
  parser ??= initParser(inferSchema(chunk));
  parser.chunk<string[]>(chunk, parser.stringArrs, put as never);
}
parser?.end();
if (isOpen) db.exec('commit');
db.close();
process.stdout.write(`${JSON.stringify({ ms: performance.now() - startedAt, rows })}\n`);
