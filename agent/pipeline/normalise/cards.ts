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

const isDigit = (byte: number) => byte >= 48 && byte <= 57;
const isLetter = (byte: number) => (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte > 127;
const isGap = (byte: number) => byte === 32 || byte === 45;

/**
 * Replace every digit of a card number in place by an asterisk, so that no card number ever reaches our disk.
 * The length stays, so the place of every other byte does too.
 *
 * A card number is 13 to 19 digits, single spaces or hyphens between them allowed, no letter or digit at either end,
 * in a range of the card networks, with a right check digit.
 *
 * @param settledTo where the bytes are known to go on the same way; a run that touches it is left for the next call.
 * @returns how many numbers were hidden, and up to where the bytes are settled.
 */
export function hideCards(bytes: Uint8Array, settledTo: number, isEnd: boolean): { hidden: number; settled: number } {
  let hidden = 0;
  let i = 0;
  while (i < settledTo) {
    if (!isDigit(bytes[i] as number)) {
      i++;
      continue;
    }
    const start = i;
    let last = i;
    let digits = 0;
    while (i < settledTo) {
      const byte = bytes[i] as number;
      if (isDigit(byte)) {
        digits++;
        last = i;
      } else if (!isGap(byte) || last !== i - 1) break;
      i++;
    }
    // The run may go on in bytes that are not here yet.
    if (i >= settledTo && !isEnd && settledTo - start < 64) return { hidden, settled: start };
    const before = start > 0 ? (bytes[start - 1] as number) : 0;
    const after = last + 1 < settledTo ? (bytes[last + 1] as number) : 0;
    if (digits >= 13 && digits <= 19 && !isLetter(before) && !isLetter(after) && isCard(bytes, start, last)) {
      for (let at = start; at <= last; at++) if (isDigit(bytes[at] as number)) bytes[at] = 42;
      hidden++;
    }
    i = Math.max(i, last + 1);
  }
  return { hidden, settled: settledTo };
}

function isCard(bytes: Uint8Array, start: number, last: number): boolean {
  let digits = '';
  for (let at = start; at <= last; at++) if (isDigit(bytes[at] as number)) digits += String.fromCharCode(bytes[at] as number);
  return isCardRange(digits) && passesLuhn(digits);
}

const maybeCard = /\d(?:[ -]?\d){12}/;

/** Replace the digits of card numbers in a text by asterisks. */
export function hideCardsInText(text: string): string {
  if (text.length < 13 || !maybeCard.test(text)) return text;
  return text.replace(/(?<![\p{L}\d])\d(?:[ -]?\d){12,18}(?![\p{L}\d])/gu, (run) => {
    const digits = run.replace(/\D/g, '');
    return isCardRange(digits) && passesLuhn(digits) ? run.replace(/\d/g, '*') : run;
  });
}

/** Tell whether a text is a card number that {@link hideCards} has hidden. */
export function isHiddenCard(text: string): boolean {
  return /^(?:\*[ -]?){13,19}$/.test(text);
}
