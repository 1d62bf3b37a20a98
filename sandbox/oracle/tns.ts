import type { Duplex } from 'node:stream';
import { dataFlag, marker, packetType, tnsVersion } from './constants.ts';

const headBytes = 8;
/** The head and the two bytes of data flags. */
const dataHeadBytes = 10;
const mostPacketBytes = 2_097_152;
const leastUnitBytes = 512;
const mostUnitBytes = 65_535;

/** What the lines of a connection tell the session behind it. */
export type TnsEvents = {
  /** The client asks for a service; the answer is {@link TnsLine.accept} or {@link TnsLine.refuse}. */
  onConnect(description: string): void;
  /** Take what has come of a request; false when more of it is to come. `isWhole` says that no more will. */
  onData(bytes: Buffer, isWhole: boolean): boolean;
  /** Give up what is being answered. */
  onBreak(): void;
  /** The line is clear again: say what became of the call that was given up. */
  onReset(): void;
  onClose(): void;
};

/** One connection in packets. Up to the answer to CONNECT their length has two bytes, after it four: in both directions. */
export class TnsLine {
  readonly #socket: Duplex;
  readonly #events: TnsEvents;
  readonly #version: keyof typeof tnsVersion;
  #received: Buffer = Buffer.alloc(0);
  #request: Buffer[] = [];
  #isLarge = false;
  #unitBytes = 8192;
  #state: 'connect' | 'description' | 'open' | 'closed' = 'connect';

  constructor(socket: Duplex, { version, events }: { readonly version: keyof typeof tnsVersion; readonly events: TnsEvents }) {
    this.#socket = socket;
    this.#events = events;
    this.#version = version;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#state = 'closed';
      events.onClose();
    });
  }

  /** Cut the line without a word. */
  cut(): void {
    this.#state = 'closed';
    this.#socket.destroy();
  }

  accept(): void {
    const body = Buffer.alloc(37);
    body.writeUInt16BE(tnsVersion[this.#version], 0);
    body.writeUInt16BE(1, 2);
    body.writeUInt16BE(this.#unitBytes, 4);
    body.writeUInt16BE(mostUnitBytes, 6);
    body.writeUInt16BE(1, 8);
    body.writeUInt16BE(45, 12);
    // Without both of these the client wants to talk about native encryption first.
    body[14] = 0x04;
    body[15] = 0x08;
    body.writeUInt32BE(this.#unitBytes, 24);
    body.writeUInt32BE(mostPacketBytes, 28);
    this.#packet(packetType.accept, body);
    this.#isLarge = true;
    this.#state = 'open';
  }

  /** Refuse with the number of a listener error, as 12514 for a service nobody knows. */
  refuse(number: number): void {
    const text = `(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=${number})(ERROR_STACK=(ERROR=(CODE=${number})(EMFI=4))))`;
    const body = Buffer.alloc(4 + text.length);
    body.writeUInt16BE(text.length, 2);
    body.write(text, 4, 'latin1');
    this.#packet(packetType.refuse, body);
    this.#socket.end();
  }

  /** Send one answer, cut into packets of the size that was agreed. */
  send(answer: Buffer): void {
    if (this.#state !== 'open') return;
    const room = this.#unitBytes - dataHeadBytes;
    const count = Math.max(1, Math.ceil(answer.length / room));
    const packets = Buffer.alloc(answer.length + count * dataHeadBytes);
    for (let index = 0, to = 0; index < count; index += 1) {
      const part = answer.subarray(index * room, (index + 1) * room);
      packets.writeUInt32BE(part.length + dataHeadBytes, to);
      packets[to + 4] = packetType.data;
      part.copy(packets, to + dataHeadBytes);
      to += part.length + dataHeadBytes;
    }
    this.#socket.write(packets);
  }

  #take(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    try {
      while (this.#received.length >= headBytes && this.#state !== 'closed') {
        const length = this.#isLarge ? this.#received.readUInt32BE(0) : this.#received.readUInt16BE(0);
        if (length < headBytes || length > mostPacketBytes) throw new RangeError(`a packet of ${length} bytes`);
        if (this.#received.length < length) return;
        const packet = this.#received.subarray(0, length);
        this.#received = this.#received.subarray(length);
        this.#takePacket(packet);
      }
    } catch {
      // Whoever sends rubbish is cut off; the server goes on.
      this.cut();
    }
  }

  #takePacket(packet: Buffer): void {
    switch (packet.readUInt8(4)) {
      case packetType.connect:
        this.#takeConnect(packet);
        break;
      case packetType.data:
        this.#takeData(packet);
        break;
      case packetType.marker:
        this.#takeMarker(packet.readUInt8(headBytes + 2));
        break;
      default:
    }
  }

  #takeConnect(packet: Buffer): void {
    const version = packet.readUInt16BE(8);
    const wanted = version >= 315 ? packet.readUInt32BE(58) : packet.readUInt16BE(14);
    this.#unitBytes = Math.min(Math.max(wanted, leastUnitBytes), mostUnitBytes);
    const [length, offset] = [packet.readUInt16BE(24), packet.readUInt16BE(26)];
    // A long description follows in a packet of its own.
    if (offset + length > packet.length) this.#state = 'description';
    else this.#events.onConnect(packet.toString('latin1', offset, offset + length));
  }

  #takeData(packet: Buffer): void {
    if (this.#state === 'description') this.#events.onConnect(packet.toString('latin1', dataHeadBytes));
    else if (this.#state === 'open') this.#takeRequest(packet);
    else this.cut();
  }

  #takeRequest(packet: Buffer): void {
    const flags = packet.readUInt16BE(headBytes);
    if (flags & dataFlag.endOfFile) {
      this.#socket.end();
      return;
    }
    this.#request.push(packet.subarray(dataHeadBytes));
    const whole = this.#request.length === 1 ? this.#request[0] : Buffer.concat(this.#request);
    // Older drivers do not mark the end of a request: it is whole once it can be read.
    if (whole && this.#events.onData(whole, (flags & dataFlag.endOfRequest) !== 0)) this.#request = [];
  }

  #takeMarker(kind: number): void {
    this.#request = [];
    if (kind === marker.reset) {
      this.#packet(packetType.marker, Buffer.from([1, 0, marker.reset]));
      this.#events.onReset();
    } else {
      this.#events.onBreak();
      this.#packet(packetType.marker, Buffer.from([1, 0, marker.break]));
    }
  }

  #packet(type: number, body: Buffer): void {
    if (this.#state === 'closed') return;
    const packet = Buffer.alloc(headBytes + body.length);
    if (this.#isLarge) packet.writeUInt32BE(packet.length, 0);
    else packet.writeUInt16BE(packet.length, 0);
    packet[4] = type;
    body.copy(packet, headBytes);
    this.#socket.write(packet);
  }
}

/** What a client wants to reach, out of its connect description. */
export function wantedService(description: string): { readonly by: 'service' | 'sid'; readonly name: string; readonly program: string } {
  const find = (key: string) => new RegExp(`\\(\\s*${key}\\s*=\\s*([^()]*)\\)`, 'i').exec(description)?.[1]?.trim();
  const service = find('SERVICE_NAME');
  const name = (service ?? find('SID') ?? '').toUpperCase();
  return { by: service === undefined ? 'sid' : 'service', name, program: find('PROGRAM') ?? '' };
}
