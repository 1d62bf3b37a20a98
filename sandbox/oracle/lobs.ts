import { Writer } from './bytes.ts';
import { lobOperation, message, oracleType, utf8Charset } from './constants.ts';
import { OracleError } from './errors.ts';
import { type LobRequest, locatorBytes } from './ttc/requests.ts';

type Lob = { data: string | Buffer };

const idAt = 12;
const chunkSize = 8060;

/** The long values that one session has seen or made. A locator is a number in forty bytes. */
export class Lobs {
  readonly #lobs = new Map<number, Lob>();
  #next = 1;

  keep(data: string | Buffer): Buffer {
    const locator = Buffer.alloc(locatorBytes);
    locator.writeUInt16BE(38, 0);
    locator.writeUInt16BE(4, 2);
    locator[5] = 8;
    locator.writeUInt32BE(this.#next, idAt);
    this.#lobs.set(this.#next, { data });
    this.#next += 1;
    return locator;
  }

  dataOf(locator: Buffer): string | Buffer {
    return this.#find(locator).data;
  }

  free(locators: readonly Buffer[]): void {
    for (const locator of locators) this.#lobs.delete(locator.readUInt32BE(idAt));
  }

  /** Do what is asked and write the answer, up to the status that ends it. */
  answer(request: LobRequest): Writer {
    const writer = new Writer();
    if (request.operation === lobOperation.createTemporary) {
      const isBlob = request.destinationOffset === oracleType.blob;
      return writer
        .u8(message.parameter)
        .raw(this.keep(isBlob ? Buffer.alloc(0) : ''))
        .ub(utf8Charset)
        .u8(0);
    }
    const amount = this.#work(request, writer);
    writer.u8(message.parameter).raw(request.locator);
    return request.amount === null ? writer : writer.ub(amount);
  }

  #work({ operation, locator, sourceOffset, amount, data }: LobRequest, writer: Writer): number {
    const lob = this.#find(locator);
    const start = Math.max(0, sourceOffset - 1);
    switch (operation) {
      case lobOperation.read: {
        const part = lob.data.slice(start, start + (amount ?? 0));
        writer.u8(message.lobData).bytes(Buffer.from(part));
        return part.length;
      }
      case lobOperation.length:
        return lob.data.length;
      case lobOperation.chunkSize:
        return chunkSize;
      case lobOperation.write: {
        const added = data ?? Buffer.alloc(0);
        const before = lob.data.slice(0, start);
        lob.data = typeof before === 'string' ? before + added.toString('utf8') : Buffer.concat([before, added]);
        return added.length;
      }
      case lobOperation.freeTemporary:
        this.free([locator]);
        return 0;
      default:
        throw new OracleError(3120, `the sandbox does nothing like ${operation} with a LOB`);
    }
  }

  #find(locator: Buffer): Lob {
    const lob = this.#lobs.get(locator.readUInt32BE(idAt));
    if (!lob) throw new OracleError(22275);
    return lob;
  }
}
