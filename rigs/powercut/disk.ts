import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Random } from '../../sandbox/hotel/random.ts';
import type { DiskCall } from './trace.ts';

const sectorBytes = 512;

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly length: number };
/** What lies on the disk of a file, what was written and not flushed, and how it reads for the program meanwhile. */
type Inode = { onDisk: Buffer; pending: Change[]; length: number };
type Naming =
  | { readonly kind: 'set'; readonly path: string; readonly inode: Inode }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'make-folder'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string };

/**
 * A disk that keeps what it promised and nothing more: what was flushed is there, and of the rest each write is there, not there, or torn
 * between two sectors. Names follow a journal: of those not flushed, the first so many are there. Flushing a new file makes its name
 * durable with it; flushing a folder makes the names in it durable, with all that came before them in the journal.
 */
export class Disk {
  readonly #folder: string;
  readonly #names = new Map<string, Inode>();
  readonly #durable = new Map<string, Inode | 'folder'>();
  #journal: Naming[] = [];

  /** @param files what lies there when the power is on: paths below `folder` and their content. */
  constructor(folder: string, files: ReadonlyMap<string, Buffer>) {
    this.#folder = folder;
    for (const [path, content] of files) {
      const inode: Inode = { onDisk: content, pending: [], length: content.length };
      this.#names.set(path, inode);
      this.#durable.set(path, inode);
    }
  }

  do(call: DiskCall): void {
    switch (call.kind) {
      case 'create':
        if (!this.#names.has(call.path)) {
          const inode: Inode = { onDisk: Buffer.alloc(0), pending: [], length: 0 };
          this.#names.set(call.path, inode);
          this.#journal.push({ kind: 'set', path: call.path, inode });
        }
        return;
      case 'write': {
        const inode = this.#inode(call.path);
        const at = call.at === 'end' ? inode.length : call.at;
        inode.pending.push({ at, bytes: call.bytes });
        inode.length = Math.max(inode.length, at + call.bytes.length);
        return;
      }
      case 'truncate': {
        const inode = this.#inode(call.path);
        inode.pending.push({ length: call.length });
        inode.length = call.length;
        return;
      }
      case 'rename': {
        this.#names.set(call.to, this.#inode(call.path));
        this.#names.delete(call.path);
        this.#journal.push({ kind: 'rename', path: call.path, to: call.to });
        return;
      }
      case 'remove':
        this.#names.delete(call.path);
        this.#journal.push({ kind: 'remove', path: call.path });
        return;
      case 'make-folder':
        this.#journal.push({ kind: 'make-folder', path: call.path });
        return;
      case 'sync':
        this.#sync(call.path);
        return;
    }
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (!inode) throw new Error(`${relative(this.#folder, path)} was not there before and was not made`);
    return inode;
  }

  #sync(path: string): void {
    const inode = this.#names.get(path);
    const isOf = (naming: Naming) => {
      if (inode) return naming.kind === 'set' && naming.inode === inode;
      return dirname(naming.path) === path || (naming.kind === 'rename' && dirname(naming.to) === path);
    };
    this.#commit(this.#journal.findLastIndex(isOf) + 1);
    if (!inode) return;
    for (const change of inode.pending) inode.onDisk = changed(inode.onDisk, change);
    inode.pending = [];
  }

  /** Make the first names of the journal durable. */
  #commit(count: number): void {
    for (const naming of this.#journal.slice(0, count)) applyNaming(this.#durable, naming);
    this.#journal = this.#journal.slice(count);
  }

  /** Cut the power: write what is left on the disk into another folder. */
  cut(into: string, random: Random): void {
    const names = new Map(this.#durable);
    const kept = random.between(0, this.#journal.length);
    for (const naming of this.#journal.slice(0, kept)) applyNaming(names, naming);
    const share = random.next();
    rmSync(into, { recursive: true, force: true });
    mkdirSync(into, { recursive: true });
    for (const [path, inode] of names) {
      const target = join(into, relative(this.#folder, path));
      mkdirSync(inode === 'folder' ? target : dirname(target), { recursive: true });
      if (inode !== 'folder') writeFileSync(target, afterCut(inode, share, random));
    }
  }
}

function applyNaming(names: Map<string, Inode | 'folder'>, naming: Naming): void {
  if (naming.kind === 'set') names.set(naming.path, naming.inode);
  else if (naming.kind === 'make-folder') names.set(naming.path, 'folder');
  else if (naming.kind === 'remove') names.delete(naming.path);
  else {
    const inode = names.get(naming.path);
    names.delete(naming.path);
    if (inode) names.set(naming.to, inode);
  }
}

function changed(content: Buffer, change: Change): Buffer {
  if ('length' in change) {
    if (content.length >= change.length) return content.subarray(0, change.length);
    return Buffer.concat([content], change.length);
  }
  const end = change.at + change.bytes.length;
  const grown = Buffer.concat([content], Math.max(content.length, end));
  change.bytes.copy(grown, change.at);
  return grown;
}

function afterCut({ onDisk, pending }: Inode, share: number, random: Random): Buffer {
  let content = onDisk;
  for (const change of pending) {
    if (!random.chance(share)) continue;
    const isTorn = 'bytes' in change && change.bytes.length > sectorBytes && random.chance(0.3);
    const sectors = isTorn ? random.between(1, Math.floor(change.bytes.length / sectorBytes)) : 0;
    content = changed(content, isTorn ? { at: change.at, bytes: change.bytes.subarray(0, sectors * sectorBytes) } : change);
  }
  return content;
}
