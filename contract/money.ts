/**
 * Currencies whose minor unit is not a hundredth. Every other code of {@link isCurrency} has two decimals.
 * @source ISO 4217, column "minor unit".
 */
const unusualDecimals: Readonly<Record<string, number>> = {
  BHD: 3,
  BIF: 0,
  CLF: 4,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  IQD: 3,
  ISK: 0,
  JOD: 3,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  PYG: 0,
  RWF: 0,
  TND: 3,
  UGX: 0,
  UYI: 0,
  UYW: 4,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
};

const currencies = new Set(
  (
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CUP ' +
    'CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD ' +
    'JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN ' +
    'NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN ' +
    'SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG'
  ).split(' '),
);

/** Tell whether a text is a currency code of ISO 4217 that is in use, in capitals. */
export function isCurrency(code: string): boolean {
  return currencies.has(code);
}

/**
 * Say how many decimals a currency has: 2 for EUR, 0 for JPY, 3 for KWD.
 * @source ISO 4217, column "minor unit".
 */
export function currencyDecimals(code: string): number {
  return unusualDecimals[code] ?? 2;
}

/**
 * Turn a decimal text into whole minor units without passing through a float.
 *
 * @shape `('1249.50', 'USD')` gives `124950`; `('1250', 'JPY')` gives `1250`.
 * @units minor units of `currency`: cents, fils, yen.
 * @throws {RangeError} when the text is no decimal number, has more decimals than the currency has, or is too large to be exact.
 * @source ISO 4217, column "minor unit".
 */
export function minorUnits(decimal: string, currency: string): number {
  const decimals = currencyDecimals(currency);
  const isNegative = decimal.charCodeAt(0) === minus;
  let minor = 0;
  let whole = 0;
  // How many decimals have been read; -1 before the point.
  let fraction = -1;
  for (let at = isNegative ? 1 : 0; at < decimal.length; at++) {
    const digit = decimal.charCodeAt(at) - zero;
    if (digit === point && fraction < 0 && whole > 0) fraction = 0;
    else if (digit < 0 || digit > 9) throw new RangeError('not a decimal number');
    else if (fraction < 0 && ++whole > 15) throw new RangeError('not a decimal number');
    else if (fraction < decimals) {
      minor = minor * 10 + digit;
      if (fraction >= 0) fraction++;
    } else if (digit !== 0) throw new RangeError(`more decimals than ${currency} has`);
  }
  if (whole === 0) throw new RangeError('not a decimal number');
  for (let missing = decimals - Math.max(fraction, 0); missing > 0; missing--) minor *= 10;
  if (!Number.isSafeInteger(minor)) throw new RangeError('too large to be exact');
  return isNegative && minor !== 0 ? -minor : minor;
}

const zero = 48;
const minus = 45;
/** The point, counted from the digit 0 as digits are. */
const point = -2;

/**
 * Write minor units as a decimal text with a point: the way back of {@link minorUnits}.
 * @shape `(124950, 'USD')` gives `'1249.50'`.
 */
export function decimalText(minor: number | bigint, currency: string): string {
  const decimals = currencyDecimals(currency);
  const digits = String(minor < 0 ? -minor : minor).padStart(decimals + 1, '0');
  const sign = minor < 0 ? '-' : '';
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
