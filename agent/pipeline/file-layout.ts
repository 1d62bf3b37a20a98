import { isAscii, isUtf8 } from 'node:buffer';
import chardet from 'chardet';
import { encodings, type FoundLayout, type Mapping } from '../../contract/mapping.ts';
import { columnsOf, delimiterThatFits } from './normalise/header.ts';

type Encoding = FoundLayout['encoding'];

const headBytes = 64 * 1024;
/** Enough lines with letters beyond ASCII to tell an alphabet by. */
const lettersBytes = 64 * 1024;
const lineFeed = 10;
const carriageReturn = 13;

/**
 * Looks at a file while it is taken, and tells at its end how it is written. Costs a pass over the bytes only where there are letters
 * beyond ASCII, and no more than a first part of those.
 */
export class LayoutSampler {
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  /** Lines with letters beyond ASCII. */
  readonly #lines: Buffer[] = [];
  #lineBytes = 0;
  #utf16: Encoding | null = null;
  /** The end of the last chunk, whose line may go on. */
  #rest: Buffer = Buffer.alloc(0);

  /**
   * Give the bytes of a file as they are to be kept, having looked at them: what is UTF-16 as UTF-8, all else as it is. In UTF-16 a NUL
   * stands between any two letters, so neither card numbers nor rows would be found in it.
   */
  async *keptBytes(chunks: AsyncIterable<Uint8Array>, said: Mapping['file']['encoding']): AsyncGenerator<Uint8Array> {
    let decoder: InstanceType<typeof TextDecoder> | null = null;
    for await (const chunk of fromHead(chunks, (head) => {
      // What the bytes say themselves goes before what a mapping says.
      this.#utf16 = utf16Of(head) ?? (said !== 'auto' && isUtf16(said) && head.includes(0) ? said : null);
      // A byte order mark stays one.
      if (this.#utf16) decoder = new TextDecoder(this.#utf16, { ignoreBOM: true });
    })) {
      const kept: Uint8Array = decoder ? Buffer.from((decoder as InstanceType<typeof TextDecoder>).decode(chunk, { stream: true })) : chunk;
      this.take(kept);
      yield kept;
    }
    const rest = Buffer.from((decoder as InstanceType<typeof TextDecoder> | null)?.decode() ?? '');
    this.take(rest);
    if (rest.length > 0) yield rest;
  }

  take(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#headBytes < headBytes) {
      this.#head.push(Buffer.from(bytes.subarray(0, headBytes - this.#headBytes)));
      this.#headBytes += this.#head.at(-1)?.length ?? 0;
    }
    if (this.#lineBytes >= lettersBytes) return;
    if (isAscii(bytes) && isAscii(this.#rest)) {
      // Where a line begins matters only when it turns out to hold such letters.
      this.#rest = Buffer.from(bytes.subarray(lastLineEnd(bytes) + 1).subarray(-1024));
      return;
    }
    const whole = Buffer.concat([this.#rest, bytes]);
    const end = lastLineEnd(whole);
    this.#collect(whole.subarray(0, end + 1));
    this.#rest = Buffer.from(whole.subarray(end + 1).subarray(-lettersBytes));
  }

  #collect(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.#lineBytes < lettersBytes; ) {
      const end = nextLineEnd(bytes, at);
      const line = bytes.subarray(at, end);
      at = end + 1;
      if (isAscii(line)) continue;
      this.#lines.push(Buffer.from(line));
      this.#lineBytes += line.length;
    }
  }

  /** Tell how the file is written. `timeZone` of the hotel: it tells which code page its PCs write. */
  layout(mapping: Mapping, timeZone: string | null): FoundLayout {
    this.#collect(this.#rest);
    const said = mapping.file;
    const words = Buffer.concat(this.#lines.flatMap(wordsWithLetters));
    const likely = this.#encodings(said.encoding, words, timeZone);
    // Names of columns with letters beyond ASCII appear under the right encodings alone.
    const isAsked = said.encoding === 'auto' && likely[0] !== 'utf-8' && columnsOf(mapping).some((name) => !isAscii(Buffer.from(name)));
    const head = Buffer.concat(this.#head);
    const fit = delimiterThatFits(
      mapping,
      (isAsked ? [...new Set([...likely, ...latin])] : likely).map((encoding) => ({ encoding, text: textOf(head, encoding) })),
      this.#headBytes < headBytes,
    );
    const agreeing = likely.filter((one) => fit.encodings.includes(one));
    // Which rows the others would read differently is seen row by row, also behind what was sampled.
    const [encoding = 'utf-8', ...otherEncodings] = agreeing.length > 0 ? agreeing : fit.encodings;
    return {
      encoding,
      otherEncodings,
      delimiter: said.delimiter === 'auto' ? fit.delimiter : said.delimiter,
      isFound: said.encoding === 'auto' || said.delimiter === 'auto',
    };
  }

  #encodings(said: Mapping['file']['encoding'], words: Buffer, timeZone: string | null): Encoding[] {
    if (this.#utf16) return [this.#utf16];
    if (said !== 'auto') return [said];
    const valid = this.#lines.filter((line) => isUtf8(line)).length;
    // Some lines of another encoding, or damaged ones, do not make the others another encoding: they are set aside one by one.
    if (this.#lines.length === 0 || (valid > 0 && valid >= this.#lines.length - valid)) return ['utf-8'];
    return likelyEncodings(words, timeZone);
  }
}

/** Give the chunks on, the first ones together, which `look` sees before any is given. */
async function* fromHead(chunks: AsyncIterable<Uint8Array>, look: (head: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | null = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    if (head.length < utf16SampleBytes) continue;
    look(head);
    yield head;
    head = null;
  }
  if (head === null || head.length === 0) return;
  look(head);
  yield head;
}

const utf16SampleBytes = 4096;
const isUtf16 = (encoding: Encoding) => encoding.startsWith('utf-16');

/** UTF-16 by its byte order mark; without one by the NULs that stand in every second place of a text of Latin letters. */
function utf16Of(bytes: Uint8Array): Encoding | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const seen = Math.min(bytes.length, utf16SampleBytes) & ~1;
  const nuls = [0, 0];
  for (let at = 0; at < seen; at++) if (bytes[at] === 0) nuls[at & 1] = (nuls[at & 1] as number) + 1;
  const [even = 0, odd = 0] = nuls;
  // A letter of another alphabet here and there may have a zero byte in the other place.
  if (odd > seen / 4 && even < odd / 10) return 'utf-16le';
  return even > seen / 4 && odd < even / 10 ? 'utf-16be' : null;
}

/** What was UTF-16 lies in the raw store as UTF-8. */
export function readAs(encoding: Encoding): string {
  return isUtf16(encoding) ? 'utf-8' : encoding;
}

function lastLineEnd(bytes: Buffer): number {
  return Math.max(bytes.lastIndexOf(lineFeed), bytes.lastIndexOf(carriageReturn));
}

function nextLineEnd(bytes: Buffer, from: number): number {
  const feed = bytes.indexOf(lineFeed, from);
  const back = bytes.indexOf(carriageReturn, from);
  const ends = [feed, back].filter((end) => end >= 0);
  return ends.length === 0 ? bytes.length : Math.min(...ends);
}

/** Code pages in which letters beyond ASCII stand among those of ASCII in one word, and those of other alphabets. */
const latin: readonly Encoding[] = ['windows-1252', 'windows-1250', 'windows-1254', 'iso-8859-2', 'iso-8859-15'];
const other: readonly Encoding[] = ['windows-1251', 'windows-1253', 'iso-8859-7', 'shift_jis', 'gb18030'];
/** What the detector always gives to these when there is little to go by is no evidence. */
const multiByteConfidence = 50;

/** The encodings that words with letters beyond ASCII may be written in, the likeliest first. */
function likelyEncodings(words: Buffer, timeZone: string | null): Encoding[] {
  const alphabet = isLatin(words) ? latin : other;
  const found = new Map<Encoding, number>();
  let best = 0;
  let isForeign = false;
  for (const { name, confidence } of chardet.analyse(words)) {
    const encoding = ours(name);
    if (confidence < multiByteConfidence && isMultiByte(name)) continue;
    if (confidence > best) {
      best = confidence;
      isForeign = encoding === null;
    }
    if (encoding && alphabet.includes(encoding)) found.set(encoding, Math.max(confidence, found.get(encoding) ?? 0));
  }
  const local = codePageOf(timeZone);
  const likely = [...found].filter(([, confidence]) => confidence >= best * 0.7).map(([encoding]) => encoding);
  likely.sort((a, b) => (found.get(b) ?? 0) - (found.get(a) ?? 0) || encodings.indexOf(a) - encodings.indexOf(b));
  // Where letters and country agree, it is that page. The western one has a sister that differs in the euro sign and seven more.
  if (!isForeign && local !== null && likely[0] === local) return local === 'windows-1252' ? [local, 'iso-8859-15'] : [local];
  const ofCountry = alphabet.filter((one) => one === local);
  // Nothing that is read here fits best, or nobody knows the page of the country: then it may be any, and only what all read alike is sure.
  if (isForeign || local === null || likely.length === 0) return [...new Set([...likely, ...ofCountry, ...alphabet])];
  return [...new Set([...likely, ...ofCountry])];
}

const isMultiByte = (name: string) => /^(Shift_JIS|GB18030|Big5|EUC-|ISO-2022)/.test(name);

/** Whether most words mix the letters with those of ASCII, as names in Latin letters do and Cyrillic or Greek ones never. */
function isLatin(words: Buffer): boolean {
  const all = words.toString('latin1').split(' ').filter(Boolean);
  return all.filter((word) => /[A-Za-z]/.test(word)).length * 2 >= all.length;
}

const textOf = (bytes: Buffer, encoding: Encoding) => new TextDecoder(readAs(encoding)).decode(bytes);

/** The words of a line that hold a letter beyond ASCII, each with a space behind it: figures and English headers tell no alphabet. */
function wordsWithLetters(line: Buffer): Buffer[] {
  const words: Buffer[] = [];
  let from = -1;
  let hasLetter = false;
  for (let at = 0; at <= line.length; at++) {
    const byte = line[at] ?? 0;
    const isHigh = byte >= 0x80;
    if (isHigh || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)) {
      if (from < 0) from = at;
      hasLetter ||= isHigh;
    } else if (from >= 0) {
      if (hasLetter) words.push(line.subarray(from, at), Buffer.from(' '));
      from = -1;
      hasLetter = false;
    }
  }
  return words;
}

/** What the detector's names are called here; the windows code pages hold all that their ISO counterparts do, but for two. */
function ours(name: string): Encoding | null {
  switch (name) {
    case 'ISO-8859-1':
    case 'windows-1252':
      return 'windows-1252';
    case 'ISO-8859-2':
      return 'iso-8859-2';
    case 'windows-1250':
      return 'windows-1250';
    case 'windows-1251':
      return 'windows-1251';
    case 'ISO-8859-7':
      return 'iso-8859-7';
    case 'windows-1253':
      return 'windows-1253';
    case 'ISO-8859-9':
    case 'windows-1254':
      return 'windows-1254';
    case 'Shift_JIS':
      return 'shift_jis';
    case 'GB18030':
      return 'gb18030';
    default:
      return null;
  }
}

/** The code page of a Windows PC in the country of a time zone. */
function codePageOf(timeZone: string | null): Encoding | null {
  if (timeZone === null) return null;
  const city = timeZone.slice(timeZone.lastIndexOf('/') + 1);
  if (city === 'Istanbul') return 'windows-1254';
  if (['Athens', 'Nicosia'].includes(city)) return 'windows-1253';
  if (/^(Warsaw|Prague|Bratislava|Budapest|Ljubljana|Zagreb|Belgrade|Sarajevo|Bucharest|Tirane|Podgorica)$/.test(city))
    return 'windows-1250';
  if (/^(Moscow|Kiev|Kyiv|Minsk|Sofia|Skopje|Almaty|Kaliningrad|Samara|Simferopol)$/.test(city)) return 'windows-1251';
  if (['Tokyo'].includes(city)) return 'shift_jis';
  if (['Shanghai', 'Urumqi'].includes(city)) return 'gb18030';
  // Baltic, Hebrew and Arabic pages, Korea and Taiwan are not read here.
  if (/^(Riga|Vilnius|Tallinn)$/.test(city)) return null;
  return /^(Europe|Atlantic|America|Pacific|Australia)\//.test(timeZone) ? 'windows-1252' : null;
}
