import { useMemo } from 'react';
import { hexDump, visibleText } from '../../contract/raw-bytes.ts';

export type BytesView = 'text' | 'hex';

/** Choose between the two ways in which bytes are shown. */
export function BytesViews({
  view,
  onView,
  label,
  words,
}: {
  readonly view: BytesView;
  readonly onView: (view: BytesView) => void;
  readonly label: string;
  readonly words: Readonly<Record<BytesView, string>>;
}) {
  return (
    <fieldset className="hstack plain-fieldset">
      <legend>{label}</legend>
      {(['text', 'hex'] as const).map((one) => (
        <button type="button" className="btn toggle" key={one} aria-pressed={view === one} onClick={() => onView(one)}>
          {words[one]}
        </button>
      ))}
    </fieldset>
  );
}

/** Bytes as they came: as text in their encoding, or in hexadecimal from their place in the file on. */
export function RawBytes({
  base64,
  encoding,
  from,
  view,
  label,
}: {
  readonly base64: string;
  readonly encoding: string;
  readonly from: number;
  readonly view: BytesView;
  readonly label: string;
}) {
  const code = useMemo(() => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    return view === 'hex' ? hexDump(bytes, from) : visibleText(new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes));
  }, [base64, encoding, from, view]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the screen is scrolled with the arrow keys.
    <section className={`code ${view === 'text' ? 'wrapped' : ''}`} tabIndex={0} aria-label={label}>
      {code}
    </section>
  );
}
