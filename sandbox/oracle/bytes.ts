/** A message goes on in a packet that has not come yet. */
export class MoreBytesNeeded extends Error {}

const longMark = 254;
const chunkBytes = 32_767;
const mostShortBytes = 252;

/** Reads the values of TTC messages, one after the other. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  raw(length: number): Buffer {
    if (length > this.left) throw new MoreBytesNeeded();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  rest(): Buffer {
    return this.raw(this.left);
  }

  u8(): number {
    return this.raw(1).readUInt8(0);
  }

  u16be(): number {
    return this.raw(2).readUInt16BE(0);
  }

  u16le(): number {
    return this.raw(2).readUInt16LE(0);
  }

  /** A number in the shortest form: its length, whose highest bit says that it is negative, and so many bytes. */
  ub(): number {
    const head = this.u8();
    const length = head & 0x7f;
    if (length === 0) return 0;
    const bytes = this.raw(length);
    const value = length <= 6 ? bytes.readUIntBE(0, length) : Number(bytes.readBigUInt64BE(0));
    return head & 0x80 ? -value : value;
  }

  /** Bytes with their length in front, in chunks where they are long; null where there are none. */
  bytes(): Buffer | null {
    const length = this.u8();
    if (length === 0 || length === 255) return null;
    if (length !== longMark) return this.raw(length);
    const chunks: Buffer[] = [];
    for (let next = this.ub(); next !== 0; next = this.ub()) chunks.push(this.raw(next));
    return Buffer.concat(chunks);
  }

  text(): string | null {
    return this.bytes()?.toString('utf8') ?? null;
  }

  /** Pass over values that the server has no use for: `b` one byte, `n` a number in the shortest form, `w` two bytes. */
  skip(layout: string): void {
    for (const kind of layout) {
      if (kind === 'b') this.u8();
      else if (kind === 'n') this.ub();
      else if (kind === 'w') this.u16be();
    }
  }
}

/** Collects the values of one answer. */
export class Writer {
  #bytes = Buffer.allocUnsafe(8192);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  u8(value: number): this {
    this.#room(1);
    this.#bytes[this.#at++] = value & 0xff;
    return this;
  }

  u16be(value: number): this {
    this.#room(2);
    this.#at = this.#bytes.writeUInt16BE(value, this.#at);
    return this;
  }

  u16le(value: number): this {
    this.#room(2);
    this.#at = this.#bytes.writeUInt16LE(value, this.#at);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  ub(value: number): this {
    if (value === 0) return this.u8(0);
    const length = value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffffffff ? 4 : 8;
    this.u8(length).#room(length);
    if (length === 8) this.#bytes.writeBigUInt64BE(BigInt(value), this.#at);
    else this.#bytes.writeUIntBE(value, this.#at, length);
    this.#at += length;
    return this;
  }

  /** Zeros in the shortest form: fields that this server leaves empty. */
  zeros(count: number): this {
    for (let written = 0; written < count; written += 1) this.u8(0);
    return this;
  }

  bytes(value: Uint8Array | null): this {
    if (value === null || value.length === 0) return this.u8(0);
    if (value.length <= mostShortBytes) return this.u8(value.length).raw(value);
    this.u8(longMark);
    for (let at = 0; at < value.length; at += chunkBytes) {
      const chunk = value.subarray(at, at + chunkBytes);
      this.ub(chunk.length).raw(chunk);
    }
    return this.ub(0);
  }

  text(value: string | null): this {
    if (value === null) return this.u8(0);
    // Three bytes are the most that a UTF-16 unit takes.
    if (value.length * 3 > mostShortBytes) return this.bytes(Buffer.from(value, 'utf8'));
    this.#room(mostShortBytes + 1);
    const length = this.#bytes.write(value, this.#at + 1, 'utf8');
    this.#bytes[this.#at] = length;
    this.#at += length + 1;
    return this;
  }

  /** A text whose length is told twice: the form of names and of keys with values. */
  named(value: string | null): this {
    const bytes = Buffer.from(value ?? '', 'utf8');
    this.ub(bytes.length);
    return bytes.length > 0 ? this.bytes(bytes) : this;
  }

  #room(wanted: number): void {
    if (this.#at + wanted <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + wanted));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
