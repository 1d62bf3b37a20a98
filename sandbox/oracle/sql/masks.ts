import { OracleError } from '../errors.ts';
import { offsetText, type TimeParts, timeParts, timeText } from '../values.ts';

/** The format masks of TO_CHAR, TO_DATE and TO_TIMESTAMP. */

const elements = /"[^"]*"|YYYY|RRRR|YY|RR|MONTH|MON|MM|DDD|DD|DAY|DY|HH24|HH12|HH|MI|SSSSS|SS|FF[1-9]?|AM|PM|TZH|TZM|TZR|FM|[^A-Z"]+/gy;
const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const known = new Map<string, readonly string[]>();

/** Take a mask apart; ones that are used again and again are taken apart once. */
function elementsOf(mask: string): readonly string[] {
  const before = known.get(mask);
  if (before) return before;
  // Quoted parts keep their case; everything else has none.
  const upper = mask.replace(/"[^"]*"|[a-z]+/g, (part) => (part.startsWith('"') ? part : part.toUpperCase()));
  const found = upper.match(elements) ?? [];
  if (found.join('').length !== upper.length) throw new OracleError(1821);
  known.set(mask, found);
  return found;
}

const two = (value: number) => String(value).padStart(2, '0');

export function formatTime(text: string, mask: string): string {
  const time = timeParts(text);
  if (!time) throw new OracleError(1858, 'a non-numeric character was found where a numeric was expected');
  return elementsOf(mask)
    .map((element) => formatElement(element, time))
    .join('');
}

function formatElement(element: string, time: TimeParts): string {
  const half = two(((time.hour + 11) % 12) + 1);
  switch (element) {
    case 'YYYY':
    case 'RRRR':
      return String(time.year).padStart(4, '0');
    case 'YY':
    case 'RR':
      return two(time.year % 100);
    case 'MM':
      return two(time.month);
    case 'MON':
      return (months[time.month - 1] ?? '').slice(0, 3).toUpperCase();
    case 'MONTH':
      return (months[time.month - 1] ?? '').toUpperCase().padEnd(9);
    case 'DD':
      return two(time.day);
    case 'DDD':
      return String(Math.round((Date.UTC(time.year, time.month - 1, time.day) - Date.UTC(time.year, 0, 0)) / 86_400_000)).padStart(3, '0');
    case 'DAY':
      return weekday(time).toUpperCase().padEnd(9);
    case 'DY':
      return weekday(time).slice(0, 3).toUpperCase();
    case 'HH24':
      return two(time.hour);
    case 'HH12':
    case 'HH':
      return half;
    case 'MI':
      return two(time.minute);
    case 'SS':
      return two(time.second);
    case 'SSSSS':
      return String(time.hour * 3600 + time.minute * 60 + time.second).padStart(5, '0');
    case 'AM':
    case 'PM':
      return time.hour < 12 ? 'AM' : 'PM';
    case 'TZH':
      return offsetText(time.zoneMinutes ?? 0).slice(0, 3);
    case 'TZM':
      return offsetText(time.zoneMinutes ?? 0).slice(4);
    case 'TZR':
      return offsetText(time.zoneMinutes ?? 0);
    case 'FM':
      return '';
    default:
      if (element.startsWith('FF'))
        return String(time.nanosecond)
          .padStart(9, '0')
          .slice(0, Number(element[2] ?? 6));
      return element.startsWith('"') ? element.slice(1, -1) : element;
  }
}

function weekday(time: TimeParts): string {
  return weekdays[new Date(Date.UTC(time.year, time.month - 1, time.day)).getUTCDay()] ?? '';
}

type Reading = { year: number; month: number; day: number; hour: number; minute: number; second: number; nanosecond: number };
const widths: Readonly<Record<string, number>> = { YYYY: 4, RRRR: 4, YY: 2, RR: 2, MM: 2, DD: 2, HH24: 2, HH12: 2, HH: 2, MI: 2, SS: 2 };

/**
 * Read a time by its mask. What the text leaves out at its end is zero, what the mask leaves out in front comes from `today`.
 * @throws {OracleError} as Oracle does, by what is wrong with it.
 */
export function readTime(text: string, mask: string, today: string): string {
  const base = timeParts(today);
  const reading: Reading = { year: base?.year ?? 2000, month: base?.month ?? 1, day: 1, hour: 0, minute: 0, second: 0, nanosecond: 0 };
  let rest = text.trim();
  let isAfternoon: boolean | null = null;
  for (const element of elementsOf(mask)) {
    if (rest === '') break;
    const taken = takeElement(element, rest, reading);
    if (element === 'AM' || element === 'PM') isAfternoon = rest.slice(0, taken).toUpperCase() === 'PM';
    rest = rest.slice(taken);
  }
  if (rest.trim() !== '') throw new OracleError(1830, 'date format picture ends before converting entire input string');
  if (isAfternoon !== null) reading.hour = (reading.hour % 12) + (isAfternoon ? 12 : 0);
  return checked(reading);
}

/** Put one element into the reading and say how many characters it took. */
function takeElement(element: string, rest: string, reading: Reading): number {
  const width = widths[element] ?? (element.startsWith('FF') ? 9 : undefined);
  if (width !== undefined) {
    const digits = rest.match(/^\d+/)?.[0].slice(0, width);
    if (digits === undefined) throw new OracleError(1858, 'a non-numeric character was found where a numeric was expected');
    putNumber(element, digits, reading);
    return digits.length;
  }
  if (element === 'MON' || element === 'MONTH') {
    const month = months.findIndex((name) => rest.slice(0, 3).toLowerCase() === name.slice(0, 3).toLowerCase());
    if (month < 0) throw new OracleError(1843);
    reading.month = month + 1;
    return element === 'MON' ? 3 : (months[month] ?? '').length;
  }
  if (element === 'AM' || element === 'PM') {
    if (!/^[AP]M/i.test(rest)) throw new OracleError(1855, 'AM/A.M. or PM/P.M. required');
    return 2;
  }
  if (element === 'FM') return 0;
  const literal = element.startsWith('"') ? element.slice(1, -1) : element;
  if (/[A-Z]/.test(element) && !element.startsWith('"')) throw new OracleError(1821);
  if (!rest.startsWith(literal)) throw new OracleError(1861);
  return literal.length;
}

function putNumber(element: string, digits: string, reading: Reading): void {
  const value = Number(digits);
  if (element === 'YYYY' || element === 'RRRR') reading.year = value;
  else if (element === 'YY') reading.year = Math.floor(reading.year / 100) * 100 + value;
  else if (element === 'RR') reading.year = value < 50 ? 2000 + value : 1900 + value;
  else if (element === 'MM') reading.month = value;
  else if (element === 'DD') reading.day = value;
  else if (element.startsWith('HH')) reading.hour = value;
  else if (element === 'MI') reading.minute = value;
  else if (element === 'SS') reading.second = value;
  else reading.nanosecond = Number(digits.padEnd(9, '0'));
}

function checked({ year, month, day, hour, minute, second, nanosecond }: Reading): string {
  if (month < 1 || month > 12) throw new OracleError(1843);
  if (day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) {
    throw day > 31 || day < 1 ? new OracleError(1847) : new OracleError(1839, 'date not valid for month specified');
  }
  if (hour > 23) throw new OracleError(1850, 'hour must be between 0 and 23');
  if (minute > 59) throw new OracleError(1851, 'minutes must be between 0 and 59');
  if (second > 59) throw new OracleError(1852, 'seconds must be between 0 and 59');
  return timeText(Date.UTC(year, month - 1, day, hour, minute, second), nanosecond);
}

/** Write a number as TO_CHAR does: without a mask, with `TM9`, or with one of digits, `0`, a point and groups. */
export function formatNumber(value: number | bigint, mask: string | null): string {
  const plain = String(typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(15)) : value);
  if (mask === null || /^TM/i.test(mask)) return plain.replace(/^(-?)0\./, '$1.');
  const isTight = /^FM/i.test(mask);
  const picture = mask.toUpperCase().replace(/^FM/, '').replaceAll('D', '.').replaceAll('G', ',');
  if (!/^[90,]*(\.[90]*)?$/.test(picture)) throw new OracleError(1481, 'invalid number format model');
  const [whole = '', fraction] = picture.split('.');
  const decimals = fraction?.length ?? 0;
  const [digits = '0', tail = ''] = Math.abs(Number(value)).toFixed(decimals).split('.');
  const places = whole.replaceAll(',', '');
  const least = places.includes('0') ? places.length - places.indexOf('0') : 0;
  const shown = (digits === '0' && least === 0 && decimals > 0 ? '' : digits).padStart(least, '0');
  const sign = Number(value) < 0 ? '-' : isTight ? '' : ' ';
  if (shown.length > places.length) return '#'.repeat(picture.length + 1);
  const grouped = whole.includes(',') ? shown.replace(/\B(?=(\d{3})+$)/g, ',') : shown;
  const cut = isTight
    ? tail.replace(/0*$/, (zeros) => zeros.slice(0, Math.max(0, (fraction ?? '').lastIndexOf('0') + 1 - (tail.length - zeros.length))))
    : tail;
  const text = `${sign}${grouped}${fraction === undefined ? '' : `.${cut}`}`;
  return isTight ? text : text.padStart(picture.length + 1);
}
