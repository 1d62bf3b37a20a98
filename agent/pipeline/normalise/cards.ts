/**
 * Card networks by leading digits and allowed lengths. A run of digits that is no such number stays as it is.
 * @source ISO/IEC 7812 and the networks' published ranges.
 */
function isCardRange(digits: string): boolean {
  const n = digits.length;
  const two = Number(digits.slice(0, 2));
  const four = Number(digits.slice(0, 4));
  if (digits[0] === '4') return n === 13 || n === 16 || n === 19;
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return n === 16;
  if (two === 34 || two === 37) return n === 15;
  if (two === 36 || two === 38 || (four >= 3000 && four <= 3059)) return n === 14;
  if (four >= 3528 && four <= 3589) return n === 16;
  if (four === 6011 || two === 65 || (four >= 6440 && four <= 6499)) return n >= 16 && n <= 19;
  return two === 62 && n >= 16 && n <= 19;
}

/** Check digit of ISO/IEC 7812-1: every second digit from the right doubled. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const weighed = i % 2 === 0 ? digit : digit * 2;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}

const isDigit = (code: number) => code >= 48 && code <= 57;
const isLetter = (code: number) => (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code > 127;
const isGap = (code: number) => code === 32 || code === 45;
const mostDigits = 19;
const leastDigits = 13;

type CodeAt = (at: number) => number;
type Range = readonly [start: number, last: number];

/** Give the last digit of the run that starts at `start`: digits with at most one space or hyphen between two of them. */
function endOfRun(codeAt: CodeAt, start: number, length: number): number {
  let last = start;
  for (let at = start + 1; at < length; at++) {
    if (isDigit(codeAt(at))) last = at;
    else if (!isGap(codeAt(at)) || last !== at - 1) break;
  }
  return last;
}

/**
 * Find the card numbers in one run of digits. A number begins and ends at a gap or at the run's own ends, so one that is followed by
 * its expiry or preceded by a date is found too; the longest at each place counts.
 */
function cardsInRun(codeAt: CodeAt, start: number, last: number, before: number, after: number): Range[] {
  const found: Range[] = [];
  let from = start;
  while (from <= last) {
    const isOpen = from === start ? !isLetter(before) && !isDigit(before) : isGap(codeAt(from - 1));
    const end = isOpen && isDigit(codeAt(from)) ? longestCard(codeAt, from, last, after) : -1;
    if (end >= 0) found.push([from, end]);
    from = end >= 0 ? end + 1 : from + 1;
  }
  return found;
}

function longestCard(codeAt: CodeAt, from: number, last: number, after: number): number {
  let digits = '';
  let longest = -1;
  for (let at = from; at <= last && digits.length < mostDigits; at++) {
    if (!isDigit(codeAt(at))) continue;
    digits += String.fromCharCode(codeAt(at));
    const isClosed = at === last ? !isLetter(after) : isGap(codeAt(at + 1));
    if (digits.length >= leastDigits && isClosed && isCardRange(digits) && passesLuhn(digits)) longest = at;
  }
  return longest;
}

/**
 * Replace every digit of a card number in place by an asterisk, so that no card number ever reaches our disk.
 * The length stays, so the place of every other byte does too.
 *
 * A card number is 13 to 19 digits, single spaces or hyphens between them allowed, no letter at either end, in a range of the card
 * networks, with a right check digit.
 *
 * @param options.isEnd whether nothing follows; else a run that touches the end is left for the next call.
 * @param options.before the byte that stands before these, 0 at the start of the text.
 * @returns how many numbers were hidden, and up to where the bytes are settled.
 */
export function hideCards(
  bytes: Uint8Array,
  options: { readonly isEnd: boolean; readonly before: number },
): { hidden: number; settled: number } {
  const codeAt: CodeAt = (at) => bytes[at] as number;
  let hidden = 0;
  for (let at = nextRun(bytes, 0); at < bytes.length; at = nextRun(bytes, at)) {
    const last = endOfRun(codeAt, at, bytes.length);
    const mayGoOn = last + 2 >= bytes.length && !options.isEnd;
    if (mayGoOn && bytes.length - at < longestRunBytes) return { hidden, settled: at };
    // Of a run longer than that, only what cannot reach over the end is settled: the rest is looked at with what follows.
    const limit = mayGoOn ? bytes.length - mostSigns : bytes.length;
    let settled = limit;
    if (last - at >= leastDigits - 1) {
      const before = at > 0 ? codeAt(at - 1) : options.before;
      const after = last + 1 < bytes.length ? codeAt(last + 1) : 0;
      for (const [from, to] of cardsInRun(codeAt, at, last, before, after)) {
        if (from >= limit) break;
        for (let place = from; place <= to; place++) if (isDigit(codeAt(place))) bytes[place] = 42;
        hidden++;
        settled = Math.max(settled, to + 1);
      }
    }
    if (mayGoOn) return { hidden, settled };
    at = last + 1;
  }
  return { hidden, settled: bytes.length };
}

/** Digits and gaps: the signs of which a card number is made. */
const isCardSign = Uint8Array.from({ length: 256 }, (_, code) => (isDigit(code) || isGap(code) ? 1 : 0));

/**
 * Give the next digit from `from` on at which a card number may begin, or the length. Every byte of every file passes here: a number has
 * at least 13 signs in a row, so where every thirteenth byte is none of them there is none, and the bytes between are not looked at.
 */
function nextRun(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let probe = at + leastDigits - 1; probe < bytes.length; probe = at + leastDigits - 1) {
    if (isCardSign[bytes[probe] as number] === 1) {
      const least = at;
      at = probe;
      while (at > least && isCardSign[bytes[at - 1] as number] === 1) at--;
      // A run that begins here and ends before thirteen signs is passed as a whole.
      break;
    }
    at = probe + 1;
  }
  while (at < bytes.length && !isDigit(bytes[at] as number)) at++;
  return at;
}

const longestRunBytes = 128;
/** The signs of the longest card number, its gaps between, and one to see how it ends. */
const mostSigns = 2 * mostDigits;
const maybeCard = /\d(?:[ -]?\d){12}/;

/** Replace the digits of card numbers in a text by asterisks. */
export function hideCardsInText(text: string): string {
  if (text.length < leastDigits || !maybeCard.test(text)) return text;
  const codeAt: CodeAt = (at) => text.charCodeAt(at);
  let clean = '';
  let taken = 0;
  for (let at = 0; at < text.length; at++) {
    if (!isDigit(codeAt(at))) continue;
    const last = endOfRun(codeAt, at, text.length);
    const before = at > 0 ? codeAt(at - 1) : 0;
    const after = last + 1 < text.length ? codeAt(last + 1) : 0;
    for (const [from, to] of cardsInRun(codeAt, at, last, before, after)) {
      clean += text.slice(taken, from) + text.slice(from, to + 1).replace(/\d/g, '*');
      taken = to + 1;
    }
    at = last;
  }
  return clean + text.slice(taken);
}

/** Tell whether a text is a card number that {@link hideCards} has hidden. */
export function isHiddenCard(text: string): boolean {
  return /^(?:\*[ -]?){13,19}$/.test(text);
}
