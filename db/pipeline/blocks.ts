import type { KeyObject } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Fault } from '../../contract/faults.ts';
import type { ReadDb, WriteDb } from '../open.ts';
import { seal, unseal } from '../seal.ts';
import { headBytes, type KeptFor } from './event-text.ts';

/**
 * The texts of the outbox, packed and sealed. Packing and setting up a cipher cost far more for one text than running them over many,
 * so up to 250 consecutive rows share one block.
 *
 * A block is bound to the number of its first row and to how many it holds.
 * @shape of what is sealed: zstd over the event texts, a comma and a line feed behind each, so that what was kept together is sent
 *   as one piece of a JSON list.
 */
const rowsInBlock = 250;
const comma = 44;
const lineFeed = 10;
const separatorBytes = 2;
// Room for the whole answer at once: piece by piece it would be put together anew each time.
const packing = { params: { [constants.ZSTD_c_compressionLevel]: 1 }, chunkSize: 128 * 1024 };
const unpacking = { chunkSize: 256 * 1024 };
/** No block is larger: what claims to be is damaged, and must not fill the memory. */
const mostBlockBytes = 512 * 1024 * 1024;

const blockContext = (firstSeq: number, rows: number) => `outbox ${firstSeq} ${rows}`;

/** Whose the rows of a block are, and when and from where they were kept. */
export type BlockFacts = {
  readonly ledgerId: number;
  readonly fileId: number | null;
  /** Why they were kept: null because a source said something new. */
  readonly reason?: KeptFor | null;
  readonly generation: number;
  readonly keptAtMs: number;
  readonly correlationId: Buffer;
};

/** Pack and seal event texts that have their separators behind them. */
export function sealBlock(key: KeyObject, firstSeq: number, rows: number, texts: Uint8Array): Buffer {
  return seal(key, zstdCompressSync(texts, packing), blockContext(firstSeq, rows));
}

/**
 * Open a block into its event texts.
 * @throws {Fault} `database-damaged` when it is not what was kept: nothing damaged is ever sent.
 */
export function openBlock(key: KeyObject, firstSeq: number, rows: number, sealed: Uint8Array): Buffer[] {
  const packed = unseal(key, sealed, blockContext(firstSeq, rows));
  const plain = zstdDecompressSync(packed, { ...unpacking, maxOutputLength: mostBlockBytes });
  const texts: Buffer[] = [];
  for (let from = 0; from < plain.length; ) {
    const end = plain.indexOf(lineFeed, from);
    if (end < 0) break;
    texts.push(plain.subarray(from, end - 1));
    from = end + 1;
  }
  if (texts.length !== rows) throw new Fault('database-damaged', { file: `outbox ${firstSeq}` });
  return texts;
}

/** Writes the blocks of one transaction. What was begun and not finished is forgotten at the next `begin`. */
export function blockWriter(db: WriteDb, key: KeyObject) {
  const insert = db.prepare(
    'insert into blocks (first_seq, rows, generation, ledger_id, file_id, kept_at_ms, correlation_id, reason, sealed) values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  let facts: BlockFacts | null = null;
  let text = Buffer.allocUnsafe(1024 * 1024);
  let end = 0;
  let firstSeq = 0;
  let rows = 0;

  function flush(): void {
    if (!facts || rows === 0) return;
    const sealed = sealBlock(key, firstSeq, rows, text.subarray(0, end));
    const { generation, ledgerId, fileId, keptAtMs, correlationId, reason = null } = facts;
    insert.run(firstSeq, rows, generation, ledgerId, fileId, keptAtMs, correlationId, reason, sealed);
    rows = 0;
    end = 0;
  }

  return {
    begin: (of: BlockFacts): void => {
      facts = of;
      rows = 0;
      end = 0;
    },
    /** Add one row: `head`, then `document` without its opening brace. Numbers follow each other without holes. */
    add: (seq: number, head: string, document: Uint8Array): void => {
      if (rows === 0) firstSeq = seq;
      const most = end + headBytes + document.length + separatorBytes;
      if (most > text.length) text = Buffer.concat([text], most * 2);
      end += text.write(head, end, 'latin1');
      text.set(document, end);
      end += document.length;
      text[end++] = comma;
      text[end++] = lineFeed;
      if (++rows === rowsInBlock) flush();
    },
    /** Write what is left. */
    finish: flush,
  };
}

/**
 * Put texts into one list, a comma between two. Texts that lie side by side with their separator between them, as they do when they
 * were kept together, are given as one piece and not copied.
 */
export function listed(texts: readonly Uint8Array[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let memory: Uint8Array = new Uint8Array(0);
  let from = 0;
  let end = 0;
  for (const text of texts) {
    const isBeside =
      text.buffer === memory.buffer && text.byteOffset === end + separatorBytes && memory[end] === comma && memory[end + 1] === lineFeed;
    if (!isBeside) {
      if (end > from) pieces.push(memory.subarray(from, end), commaPiece);
      memory = new Uint8Array(text.buffer);
      from = text.byteOffset;
    }
    end = text.byteOffset + text.length;
  }
  if (end > from) pieces.push(memory.subarray(from, end));
  return pieces;
}

const commaPiece = Buffer.from(',');

/** One row of the outbox, whole. */
export type OutboxRow = { readonly seq: number; readonly source: string; readonly entity: string; readonly text: Buffer };

/** Up to which row versions were pruned, 0 for none: only there a number may be missing. */
export function prunedUpTo(db: ReadDb): () => number {
  const pruned = db
    .prepare<[], number>("select coalesce((select json_extract(json, '$.upToSeq') from settings where key = 'pruned'), 0)")
    .pluck();
  return () => pruned.get() as number;
}

/** Tells whether a block was found damaged and set aside (db/pipeline/mend.ts). One that is merely empty was cut off, and is damaged. */
export function isSetAside(db: ReadDb): (firstSeq: number) => boolean {
  const found = db.prepare<[number], 1>('select 1 from damaged_blocks where first_seq = ?').pluck();
  return (firstSeq) => found.get(firstSeq) !== undefined;
}

/** Tells whether a row lay in a block that was set aside. */
export function wasInDamage(db: ReadDb): (seq: number) => boolean {
  const found = db.prepare<[number], 1>(
    'select 1 from damaged_blocks d join blocks b on b.first_seq = d.first_seq ' +
      'where d.first_seq = (select max(first_seq) from blocks where first_seq <= ?)',
  );
  return (seq) => found.get(seq) !== undefined;
}

/** Give the next rows behind a position, in the order in which they were kept. What was pruned is passed over. */
export function pendingRows(db: ReadDb, key: KeyObject): (afterSeq: number, limit: number) => OutboxRow[] {
  type BlockRow = { firstSeq: number; rows: number; sealed: Buffer; source: string; entity: string };
  const columns =
    'select b.first_seq as firstSeq, b.rows, b.sealed, l.source, l.entity from blocks b join ledgers l on l.id = b.ledger_id ';
  const blockOf = db.prepare<[number], BlockRow>(`${columns} where b.first_seq <= ? order by b.first_seq desc limit 1`);
  const firstBehind = db.prepare<[number], number | null>('select min(first_seq) from blocks where first_seq > ?').pluck();
  const newest = db.prepare<[], number>('select coalesce(max(seq), 0) from outbox').pluck();
  const pruned = prunedUpTo(db);
  const isKept = db.prepare<[number], 1>('select 1 from outbox where seq = ?').pluck();
  const wasDamaged = isSetAside(db);
  /** What is pruned leaves its place and the list of what is kept in one transaction: a number that is still listed is missing. */
  function mustBePruned(seq: number): void {
    if (seq > pruned() || isKept.get(seq) !== undefined) throw new Fault('database-damaged', { file: `outbox ${seq}` });
  }

  function rowsFrom(seq: number, limit: number): { rows: OutboxRow[]; next: number } {
    const block = blockOf.get(seq);
    const isThere = block && seq < block.firstSeq + block.rows;
    if (!isThere) {
      mustBePruned(seq);
      return { rows: [], next: firstBehind.get(seq) ?? pruned() + 1 };
    }
    const { firstSeq, rows, sealed, source, entity } = block;
    // What was damaged has been set aside: its rows are passed over, and come behind it under numbers of their own.
    if (sealed.length === 0 && wasDamaged(firstSeq)) return { rows: [], next: firstSeq + rows };
    const texts = openBlock(key, firstSeq, rows, sealed);
    const found: OutboxRow[] = [];
    let at = seq;
    for (; at < firstSeq + rows && found.length < limit; at++) {
      const text = texts[at - firstSeq] as Buffer;
      if (text.length > 0) found.push({ seq: at, source, entity, text });
      else mustBePruned(at);
    }
    return { rows: found, next: at };
  }

  return (afterSeq, limit) => {
    const upTo = newest.get() as number;
    const found: OutboxRow[] = [];
    for (let at = afterSeq + 1; at <= upTo && found.length < limit; ) {
      try {
        const { rows, next } = rowsFrom(at, limit - found.length);
        found.push(...rows);
        at = next;
      } catch (error) {
        // What lies before a damaged block is given; the block is met again when it is the next.
        if (found.length > 0) return found;
        const isDamage = error instanceof Fault && error.code === 'database-damaged';
        throw isDamage ? new Fault('database-damaged', { file: `outbox ${at}` }, { cause: error }) : error;
      }
    }
    return found;
  };
}

/** Up to which row nothing is left behind a position but what was damaged and set aside; the position itself where there is anything else. */
export function endOfDamage(db: ReadDb): (afterSeq: number) => number {
  const blockOf = db.prepare<[number], { firstSeq: number; next: number }>(
    'select first_seq as firstSeq, first_seq + rows as next from blocks where first_seq <= ? order by first_seq desc limit 1',
  );
  const wasDamaged = isSetAside(db);
  return (afterSeq) => {
    let at = afterSeq;
    for (let block = blockOf.get(at + 1); block && block.next > at + 1 && wasDamaged(block.firstSeq); block = blockOf.get(at + 1))
      at = block.next - 1;
    return at;
  };
}

/**
 * Read single rows, in the order of their numbers: a block that holds several of them is opened once. To be made anew for each reading,
 * because a block may be made anew meanwhile.
 */
export function rowReader(db: ReadDb, key: KeyObject): { row(seq: number): OutboxRow; opened(): number } {
  type BlockRow = { firstSeq: number; rows: number; sealed: Buffer; source: string; entity: string };
  const blockOf = db.prepare<[number], BlockRow>(
    'select b.first_seq as firstSeq, b.rows, b.sealed, l.source, l.entity from blocks b join ledgers l on l.id = b.ledger_id ' +
      'where b.first_seq <= ? order by b.first_seq desc limit 1',
  );
  let block: (Omit<BlockRow, 'sealed'> & { readonly texts: readonly Buffer[] }) | null = null;
  let opened = 0;
  return {
    /** @throws {Fault} `database-damaged` when there is no such row or its block does not open. */
    row: (seq) => {
      if (!block || seq < block.firstSeq || seq >= block.firstSeq + block.rows) {
        const found = blockOf.get(seq);
        opened++;
        block = null;
        if (!found || seq >= found.firstSeq + found.rows) throw new Fault('database-damaged', { file: `outbox ${seq}` });
        block = { ...found, texts: openBlock(key, found.firstSeq, found.rows, found.sealed) };
      }
      const text = block.texts[seq - block.firstSeq] as Buffer;
      if (text.length === 0) throw new Fault('database-damaged', { file: `outbox ${seq}` });
      return { seq, source: block.source, entity: block.entity, text };
    },
    opened: () => opened,
  };
}

/**
 * The event text of one row, as it was or will be sent.
 * @throws {Fault} `database-damaged` when there is no such row or its block does not open.
 */
export function outboxText(db: ReadDb, key: KeyObject, seq: number): Buffer {
  const [row] = pendingRows(db, key)(seq - 1, 1);
  if (row?.seq !== seq) throw new Fault('database-damaged', { file: `outbox ${seq}` });
  return row.text;
}
