import { Reader, Writer } from '../bytes.ts';
import { fieldVersion, message, utf8Charset } from '../constants.ts';
import type { LogonPair } from '../o5logon.ts';

const timeZoneCapability = 1;
const longStringsCapability = 4;

/** Read the driver's first words and write ours. They decide the layout of everything that follows. */
export function answerProtocol(request: Buffer): Buffer {
  const reader = new Reader(request);
  if (reader.u8() !== message.protocol) throw new RangeError('the protocol message is missing');
  reader.skip('bb');
  while (reader.u8() !== 0);
  const format = Buffer.alloc(11);
  format.writeUInt16BE(2000, 9);
  return new Writer()
    .u8(message.protocol)
    .u8(6)
    .u8(0)
    .raw(Buffer.from('Bellhop Oracle sandbox\0'))
    .u16le(utf8Charset)
    .u8(1)
    .u16le(0)
    .u16be(format.length)
    .raw(format)
    .bytes(compileCapabilities())
    .bytes(Buffer.from([2, timeZoneCapability, 0, 0, 0, 0, longStringsCapability, 0, 0, 0, 0]))
    .done();
}

/** Only [4], the ways to log on, and [7], the layout, matter to the driver; the others are what a 19c says. */
function compileCapabilities(): Buffer {
  const capabilities = Buffer.alloc(53);
  const said = { 0: 6, 4: 0xea, 7: fieldVersion, 8: 1, 15: 0x29, 16: 0x90, 17: 3, 18: 7, 19: 3, 23: 0xcf, 26: 4, 27: 1, 37: 0x30 };
  for (const [at, value] of Object.entries(said)) capabilities[Number(at)] = value;
  return capabilities;
}

/** Read the list of types the driver knows and its time zone, and answer that all of it is well. */
export function answerDataTypes(request: Buffer): { readonly answer: Buffer; readonly zoneMinutes: number } {
  const reader = new Reader(request);
  if (reader.u8() !== message.dataTypes) throw new RangeError('the data types message is missing');
  reader.skip('wwb');
  reader.bytes();
  const hasZone = reader.bytes()?.[1] === timeZoneCapability;
  const zone = hasZone ? reader.raw(11) : null;
  while (reader.u16be() !== 0) reader.skip('www');
  const answer = new Writer().u8(message.dataTypes);
  if (zone) answer.raw(Buffer.from([0x80, 0, 0, 0, 60, 60, 0x80, 0, 0, 0, 0]));
  const zoneMinutes = zone ? (zone.readUInt8(4) - 60) * 60 + zone.readUInt8(5) - 60 : 0;
  return { answer: answer.u16be(0).done(), zoneMinutes };
}

export type AuthRequest = { readonly user: string; readonly pairs: ReadonlyMap<string, string> };

export function readAuth(reader: Reader): AuthRequest {
  const hasUser = reader.u8() === 1;
  const userLength = reader.ub();
  reader.skip('nb');
  const count = reader.ub();
  reader.skip('bb');
  const user = hasUser && userLength > 0 ? (reader.text() ?? '') : '';
  const pairs = new Map<string, string>();
  for (let pair = 0; pair < count; pair += 1) {
    const key = reader.ub() > 0 ? (reader.text() ?? '') : '';
    const value = reader.ub() > 0 ? (reader.text() ?? '') : '';
    reader.ub();
    pairs.set(key, value);
  }
  return { user: user.replaceAll('"', '').toUpperCase(), pairs };
}

export function writePairs(writer: Writer, pairs: readonly LogonPair[]): void {
  writer.u8(message.parameter).ub(pairs.length);
  for (const [key, value, flag = 0] of pairs) writer.named(key).named(value).ub(flag);
}
