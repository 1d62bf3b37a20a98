/**
 * Add decimal texts exactly.
 * @shape `['120.5', '.25']` gives `120.75`; one that is no number gives null.
 */
export function sumOf(amounts: readonly string[]): string | null {
  let sum = 0n;
  let scale = 0;
  for (const amount of amounts) {
    const parts = /^(-?)(\d*)(?:\.(\d+))?$/.exec(amount.trim());
    if (!parts || (parts[2] === '' && parts[3] === undefined)) return null;
    const [, sign, whole = '', fraction = ''] = parts;
    if (fraction.length > scale) {
      sum *= 10n ** BigInt(fraction.length - scale);
      scale = fraction.length;
    }
    const value = BigInt(`${whole}${fraction.padEnd(scale, '0')}`);
    sum += sign === '-' ? -value : value;
  }
  const digits = String(sum < 0n ? -sum : sum).padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, '');
  return sum < 0n ? `-${text}` : text;
}
