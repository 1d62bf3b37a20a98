import type { KeyObject } from 'node:crypto';
import { Fault } from '../../contract/faults.ts';
import type { ReadDb, WriteDb } from '../open.ts';
import { seal, unseal } from '../seal.ts';

/**
 * The documents of the outbox, sealed. Setting up a cipher costs some ten times as much as running it over one document, so up to
 * 16 consecutive rows share one sealed block of about a page: a damaged block costs at most that many rows, and each of them can be
 * read again from its raw file.
 *
 * A block is named by the number of its first row, bound to it, and holds each row's content hash beside its document: a row whose
 * hash differs from the one in the outbox is never handed out.
 *
 * @shape of a block: for each row the length of its document (4 bytes, little endian), its hash (32 bytes), the document (UTF-8).
 */
const rowsInBlock = 16;
const headBytes = 36;

const blockContext = (firstSeq: number) => `payload ${firstSeq}`;

/** Collects the documents of one transaction and writes them in blocks. `flush` before the transaction ends. */
export function payloadWriter(db: WriteDb, key: KeyObject) {
  const insert = db.prepare('insert into payloads (first_seq, sealed) values (?, ?)');
  let parts: Uint8Array[] = [];
  let firstSeq = 0;

  function flush(): void {
    if (parts.length > 0) insert.run(firstSeq, seal(key, Buffer.concat(parts), blockContext(firstSeq)));
    parts = [];
  }
  return {
    add: (seq: number, hash: Uint8Array, document: Uint8Array): void => {
      if (parts.length === 0) firstSeq = seq;
      const head = Buffer.allocUnsafe(4);
      head.writeUInt32LE(document.length);
      parts.push(head, hash, document);
      if (parts.length >= rowsInBlock * 3) flush();
    },
    flush,
    /** Forget what a rolled back transaction had collected. */
    drop: (): void => {
      parts = [];
    },
  };
}

/** Reads documents by their number; the last block stays open, because rows are read one after the other. */
export function payloadReader(db: ReadDb, key: KeyObject) {
  const find = db.prepare<[number], { first_seq: number; sealed: Buffer }>(
    'select first_seq, sealed from payloads where first_seq <= ? order by first_seq desc limit 1',
  );
  let open: { firstSeq: number; documents: { hash: Buffer; document: Buffer }[] } | null = null;

  /** @throws {Fault} `database-damaged` when the block or the row is not what was kept: nothing damaged is ever sent. */
  return (seq: number, hash: Buffer): Buffer => {
    if (open === null || seq < open.firstSeq || seq >= open.firstSeq + open.documents.length) {
      const block = find.get(seq);
      open = block ? { firstSeq: block.first_seq, documents: openBlock(unseal(key, block.sealed, blockContext(block.first_seq))) } : null;
    }
    const found = open?.documents[seq - (open?.firstSeq ?? 0)];
    if (!found?.hash.equals(hash)) throw new Fault('database-damaged', { file: `payload ${seq}` });
    return found.document;
  };
}

function openBlock(plain: Buffer): { hash: Buffer; document: Buffer }[] {
  const documents: { hash: Buffer; document: Buffer }[] = [];
  for (let at = 0; at < plain.length; ) {
    const length = plain.readUInt32LE(at);
    documents.push({ hash: plain.subarray(at + 4, at + headBytes), document: plain.subarray(at + headBytes, at + headBytes + length) });
    at += headBytes + length;
  }
  return documents;
}
