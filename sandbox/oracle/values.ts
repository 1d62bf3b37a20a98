/**
 * Oracle's own forms of numbers and times.
 *
 * Inside the sandbox a DATE is the text `YYYY-MM-DD HH:MM:SS`, a TIMESTAMP the same with `.ffffff` whose trailing zeros are cut, so that
 * both sort and compare as text; a TIMESTAMP WITH TIME ZONE is its local text with `+HH:MM` behind it.
 */

const mostPairs = 20;
const exponentOfOne = 192;
const negativeEnd = 102;
const zero = Buffer.from([0x80]);

/** Encode a NUMBER: an exponent of 100 and digits to the base of 100. @shape `1` gives `C1 02`, `0` gives `80`. */
export function encodeNumber(value: number | bigint | string): Buffer {
  const { isNegative, digits, point } = decimalOf(String(value));
  if (digits === '') return zero;
  // Pairs count from the decimal point: an odd distance needs a zero in front, and an odd rest one behind.
  const isOdd = Math.abs(point) % 2 === 1;
  const front = isOdd ? `0${digits}` : digits;
  const even = front.length % 2 === 1 ? `${front}0` : front;
  const exponent = Math.ceil(point / 2);
  const pairs = Math.min(even.length / 2, mostPairs);
  const ending = isNegative && pairs < mostPairs ? 1 : 0;
  const encoded = Buffer.alloc(1 + pairs + ending, negativeEnd);
  encoded[0] = isNegative ? (exponent + exponentOfOne) ^ 0xff : exponent + exponentOfOne;
  for (let pair = 0; pair < pairs; pair += 1) {
    const two = Number(even.slice(pair * 2, pair * 2 + 2));
    encoded[pair + 1] = isNegative ? 101 - two : two + 1;
  }
  return encoded;
}

/** A decimal as its digits without zeros at either end, and where the point stands: `0.digits` times ten to the `point`. */
function decimalOf(text: string): { readonly isNegative: boolean; readonly digits: string; readonly point: number } {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!parts) throw new RangeError(`not a number: ${text}`);
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  const all = whole + fraction;
  const leading = /^0*/.exec(all)?.[0].length ?? 0;
  return {
    isNegative: sign === '-',
    digits: all.slice(leading).replace(/0+$/, ''),
    point: whole.length + Number(exponent) - leading,
  };
}

/** Decode a NUMBER into a plain decimal without an exponent. */
export function decodeNumber(bytes: Buffer): string {
  const first = bytes.readUInt8(0);
  const isPositive = (first & 0x80) !== 0;
  if (bytes.length === 1) return isPositive ? '0' : '-1e126';
  const exponent = (isPositive ? first : first ^ 0xff) - exponentOfOne;
  const end = !isPositive && bytes.at(-1) === negativeEnd ? bytes.length - 1 : bytes.length;
  let digits = '';
  for (const byte of bytes.subarray(1, end)) digits += String(isPositive ? byte - 1 : 101 - byte).padStart(2, '0');
  const point = exponent * 2;
  const whole = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0');
  const fraction = point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point);
  const tidy = `${whole.replace(/^0+(?=\d)/, '')}.${fraction}`.replace(/\.?0*$/, '');
  return `${isPositive ? '' : '-'}${tidy}`;
}

const timeForm = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?)?(?:([+-])(\d\d):(\d\d))?$/;

export type TimeParts = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** Only where the text has a zone. */
  readonly zoneMinutes: number | null;
};

/** Take a time of the sandbox apart; null when the text is none. */
export function timeParts(text: string): TimeParts | null {
  const found = timeForm.exec(text);
  if (!found) return null;
  const number = (at: number) => Number(found[at] ?? 0);
  return {
    year: number(1),
    month: number(2),
    day: number(3),
    hour: number(4),
    minute: number(5),
    second: number(6),
    nanosecond: Number((found[7] ?? '').padEnd(9, '0')),
    zoneMinutes: found[8] === undefined ? null : (found[8] === '-' ? -1 : 1) * (number(9) * 60 + number(10)),
  };
}

const pad = (value: number, width = 2) => String(value).padStart(width, '0');

/** Write the time of the sandbox for milliseconds on a wall clock, with `nanosecond` where it has a fraction. */
export function timeText(wallMs: number, nanosecond = 0): string {
  const at = new Date(wallMs);
  const day = `${pad(at.getUTCFullYear(), 4)}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`;
  const time = `${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}:${pad(at.getUTCSeconds())}`;
  return nanosecond === 0 ? `${day} ${time}` : `${day} ${time}.${pad(nanosecond, 9).replace(/0+$/, '')}`;
}

/** Give the milliseconds of a time on its own wall clock, without its fraction of a second. */
export function wallMsOf(parts: TimeParts): number {
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
}

/** Write an offset as Oracle does: `+02:00`. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

export type TimeKind = 'date' | 'timestamp' | 'timestampTz';

/** Encode a DATE (7 bytes), a TIMESTAMP (7, or 11 with a fraction), or a TIMESTAMP WITH TIME ZONE (13, in UTC). */
export function encodeTime(text: string, kind: TimeKind): Buffer {
  const given = timeParts(text);
  if (!given) throw new RangeError(`not a time: ${text}`);
  const zone = given.zoneMinutes ?? 0;
  const at = kind === 'timestampTz' ? new Date(wallMsOf(given) - zone * 60_000) : new Date(wallMsOf(given));
  const year = at.getUTCFullYear();
  const day = [Math.floor(year / 100) + 100, (year % 100) + 100, at.getUTCMonth() + 1, at.getUTCDate()];
  const seven = Buffer.from([...day, at.getUTCHours() + 1, at.getUTCMinutes() + 1, at.getUTCSeconds() + 1]);
  if (kind === 'date' || (kind === 'timestamp' && given.nanosecond === 0)) return seven;
  const fraction = Buffer.alloc(4);
  fraction.writeUInt32BE(given.nanosecond);
  if (kind === 'timestamp') return Buffer.concat([seven, fraction]);
  return Buffer.concat([seven, fraction, Buffer.from([20 + Math.trunc(zone / 60), 60 + (zone % 60)])]);
}

/** Decode a DATE or a TIMESTAMP of any kind into its wall clock, moved by `shiftMinutes`: what travels as UTC is read in the session's zone. */
export function decodeTime(bytes: Buffer, shiftMinutes = 0): string {
  const at = (index: number) => bytes.readUInt8(index);
  const year = (at(0) - 100) * 100 + at(1) - 100;
  const wallMs = Date.UTC(year, at(2) - 1, at(3), at(4) - 1, at(5) - 1, at(6) - 1) + shiftMinutes * 60_000;
  return timeText(wallMs, bytes.length >= 11 ? bytes.readUInt32BE(7) : 0);
}

/** Encode a BINARY_DOUBLE so that its bytes sort as its value does. */
export function encodeDouble(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return flipped(bytes, (bytes.readUInt8(0) & 0x80) !== 0);
}

export function decodeDouble(bytes: Buffer): number {
  return flipped(bytes, (bytes.readUInt8(0) & 0x80) === 0).readDoubleBE(0);
}

function flipped(bytes: Buffer, isNegative: boolean): Buffer {
  return Buffer.from(bytes.map((byte, index) => (isNegative ? byte ^ 0xff : index === 0 ? byte ^ 0x80 : byte)));
}
