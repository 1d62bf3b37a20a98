import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Fault } from '../../../../contract/faults.ts';
import type { KeptFile } from '../../connector.ts';
import { markOf, type RemoteFile, type SftpLine, unknownTime } from './line.ts';
import { statusOf } from './ssh-fault.ts';

/** What the settings say about files that are kept. */
export type PutAwayOrder = {
  readonly afterwards: 'move' | 'delete';
  readonly folder: string;
  readonly archive: string;
  readonly host: string;
  readonly user: string;
};

/** Names that a file has for the moment between its place and the archive. They are never read. */
export const isAside = (name: string) => /\.taken-[0-9a-f]{12}(\.done)?$/.test(name);

/** So many files of one name find a place in the archive; the number of the file is in all but the first. */
const mostNames = 10;

/**
 * Move a kept file with its done-file into the archive of its server, or delete both.
 *
 * SFTP cannot move a file only if it is still the same. So it first gets a name that nobody else writes to, is compared once more under
 * that name, and gets its own back when it is another: a newer export that came in between is never moved or deleted. The file goes
 * last in every step, so that wherever a kill or a dropped line ends this, its place says what is left to do.
 *
 * @throws {Fault} `archive-refused`, `removal-refused`, `archive-unsure`, or what the line throws.
 */
export async function putAway(line: SftpLine, file: KeptFile, order: PutAwayOrder, signal: AbortSignal): Promise<void> {
  const away = new PuttingAway(line, file, order, signal);
  try {
    await away.run();
  } catch (error) {
    throw statusOf(error) === null ? error : refusal(order, error);
  }
}

class PuttingAway {
  readonly #line: SftpLine;
  readonly #file: KeptFile;
  readonly #order: PutAwayOrder;
  readonly #signal: AbortSignal;
  readonly #aside: string;

  constructor(line: SftpLine, file: KeptFile, order: PutAwayOrder, signal: AbortSignal) {
    this.#line = line;
    this.#file = file;
    this.#order = order;
    this.#signal = signal;
    this.#aside = `${file.path}.taken-${file.sha256.slice(0, 12)}`;
  }

  async run(): Promise<void> {
    const { path } = this.#file;
    if ((await this.#look(this.#aside)) === null && !(await this.#setAside())) {
      await this.#giveBack(`${this.#aside}.done`, `${path}.done`);
      return;
    }
    const held = await this.#look(this.#aside);
    if (held && !(await this.#isTaken(held))) return this.#undo();
    try {
      if (this.#order.afterwards === 'delete') await this.#remove();
      else await this.#archive();
    } catch (error) {
      // An odd name is no place to wait in until somebody has changed a right.
      if (statusOf(error) !== null) await this.#undo();
      throw error;
    }
  }

  /** Give the file its name for the moment; false when it is gone, or no longer the one that was taken. */
  async #setAside(): Promise<boolean> {
    const { path } = this.#file;
    const found = await this.#look(path);
    if (found === null || !(await this.#isTaken(found))) return false;
    if (this.#order.afterwards === 'move') await this.#makeArchive();
    const done = await this.#look(`${path}.done`);
    if (done) {
      await this.#line.rename(done.path, `${this.#aside}.done`);
      const moved = await this.#look(`${this.#aside}.done`);
      // Written anew in this moment, it belongs to a newer file.
      if (moved && markOf(moved) !== markOf(done)) return false;
    }
    try {
      await this.#line.rename(path, this.#aside);
    } catch (error) {
      await this.#giveBack(`${this.#aside}.done`, `${path}.done`);
      if (statusOf(error) !== null && (await this.#look(path)) === null) return false;
      throw error;
    }
    return true;
  }

  async #isTaken(found: RemoteFile): Promise<boolean> {
    if (found.modifiedAtS === unknownTime) throw new Fault('archive-unsure', { host: this.#order.host, file: nameOf(this.#file.path) });
    if (markOf(found) !== this.#file.mark) return false;
    if (this.#file.isMarkProof) return true;
    const sha256 = createHash('sha256');
    for await (const piece of this.#line.read(found, this.#signal)) sha256.update(piece);
    return sha256.digest('hex') === this.#file.sha256;
  }

  async #archive(): Promise<void> {
    const done = await this.#look(`${this.#aside}.done`);
    const target = await this.#freePlace(done !== null);
    if (done) await this.#line.rename(done.path, `${target}.done`);
    await this.#line.rename(this.#aside, target);
  }

  async #remove(): Promise<void> {
    for (const path of [`${this.#aside}.done`, this.#aside]) if (await this.#look(path)) await this.#line.remove(path);
  }

  async #makeArchive(): Promise<void> {
    const { archive } = this.#order;
    if ((await this.#line.attributes(archive)) !== null) return;
    await this.#line.makeFolder(archive).catch(async (error) => {
      if ((await this.#line.attributes(archive)) === null) throw error;
    });
  }

  /** A hotel system may use a name again: an archived file of the same name is never overwritten. */
  async #freePlace(withDone: boolean): Promise<string> {
    const { fileId, path } = this.#file;
    const { name, ext } = posix.parse(path);
    for (let tries = 0; tries < mostNames; tries++) {
      const own = tries === 0 ? name : tries === 1 ? `${name}-${fileId}` : `${name}-${fileId}-${tries}`;
      const place = posix.join(this.#order.archive, `${own}${ext}`);
      const isDoneFree = !withDone || (await this.#line.attributes(`${place}.done`)) === null;
      if (isDoneFree && (await this.#line.attributes(place)) === null) return place;
    }
    throw refusal(this.#order, new Error('every name is in use'));
  }

  async #undo(): Promise<void> {
    const { path } = this.#file;
    await this.#giveBack(`${this.#aside}.done`, `${path}.done`);
    await this.#giveBack(this.#aside, path);
  }

  /** Give a file its own name back, unless a newer one has it. */
  async #giveBack(from: string, to: string): Promise<void> {
    if ((await this.#look(from)) === null || (await this.#line.attributes(to)) !== null) return;
    await this.#line.rename(from, to);
  }

  #look(path: string): Promise<RemoteFile | null> {
    return this.#line.look({ name: nameOf(path), path, bytes: 0, modifiedAtS: unknownTime });
  }
}

const nameOf = (path: string) => posix.basename(path);

function refusal({ afterwards, host, user, folder, archive }: PutAwayOrder, cause: unknown): Fault {
  if (afterwards === 'delete') return new Fault('removal-refused', { host, user, folder }, { cause });
  return new Fault('archive-refused', { host, user, folder, archive }, { cause });
}
