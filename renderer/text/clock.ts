import { decimalText } from '../../contract/money.ts';

/** Writes moments in the hotel's time and numbers in the reader's language. */
export type Clock = {
  /** 09:42 */
  time(atMs: number): string;
  /** 09:42:31 */
  seconds(atMs: number): string;
  /** Sat 21 Nov 2026 */
  day(atMs: number): string;
  /** A calendar day without a zone. */
  businessDay(day: string): string;
  /** Today as 09:42, otherwise with the day. */
  moment(atMs: number, nowMs: number): string;
  /** Today as 09:42, otherwise as 21 Nov. */
  brief(atMs: number, nowMs: number): string;
  /** A calendar day as 21 Nov 2026 */
  date(day: string): string;
  /** Minor units as 1,234.50 EUR, exact however many there are. */
  money(minor: number | bigint, currency: string): string;
  number(value: number): string;
  bytes(value: number): string;
  /** 14 min, 2 h 05 min, 3 days */
  span(ms: number): string;
};

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Build the clock of a language and a hotel's zone. */
export function clockFor(language: 'en' | 'de', timeZone: string): Clock {
  const locale = language === 'de' ? 'de-DE' : 'en-GB';
  const format = (options: Intl.DateTimeFormatOptions, zone = timeZone) => new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
  const time = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const seconds = format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const dayOptions = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;
  const day = format(dayOptions);
  const shortDay = format({ day: 'numeric', month: 'short' });
  const plainDay = format(dayOptions, 'UTC');
  const shortDate = format({ day: 'numeric', month: 'short', year: 'numeric' }, 'UTC');
  const number = new Intl.NumberFormat(locale);
  const fraction = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const withoutComma = (text: string) => (language === 'en' ? text.replace(',', '') : text);
  const clock: Clock = {
    time: (atMs) => time.format(atMs),
    seconds: (atMs) => seconds.format(atMs),
    day: (atMs) => withoutComma(day.format(atMs)),
    businessDay: (date) => withoutComma(plainDay.format(Date.parse(`${date}T00:00:00Z`))),
    moment: (atMs, nowMs) => (day.format(atMs) === day.format(nowMs) ? clock.seconds(atMs) : `${clock.day(atMs)}, ${clock.time(atMs)}`),
    brief: (atMs, nowMs) => (day.format(atMs) === day.format(nowMs) ? clock.time(atMs) : shortDay.format(atMs)),
    date: (date) => shortDate.format(Date.parse(`${date}T00:00:00Z`)),
    money: (minor, currency) => `${money(decimalText(minor, currency), locale)} ${currency}`,
    number: (value) => number.format(value),
    bytes: (value) => {
      let size = value;
      let unit = 0;
      while (size >= 1000 && unit < units.length - 1) {
        size /= 1000;
        unit++;
      }
      return `${fraction.format(size)} ${units[unit]}`;
    },
    span: (ms) => span(ms, language),
  };
  return clock;
}

/** The sign and the decimals stay as they are, so that nothing passes through a float: only the whole part is grouped. */
function money(decimal: string, locale: string): string {
  const [whole = '', fraction] = decimal.replace('-', '').split('.');
  const point = locale === 'de-DE' ? ',' : '.';
  const grouped = BigInt(whole).toLocaleString(locale);
  return `${decimal.startsWith('-') ? '-' : ''}${grouped}${fraction === undefined ? '' : point + fraction}`;
}

function span(ms: number, language: 'en' | 'de'): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  const days = Math.floor(hours / 24);
  if (language === 'de') return days === 1 ? '1 Tag' : `${days} Tagen`;
  return days === 1 ? '1 day' : `${days} days`;
}
