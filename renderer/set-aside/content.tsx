import { useMemo, useState } from 'react';
import type { LetterContent, OpenedLetter } from '../../contract/dead-letter.ts';
import { hexDump, visibleText } from '../../contract/raw-bytes.ts';
import { useClock, useText } from '../text/text.tsx';
import { ToneIcon } from '../ui/pieces.tsx';
import styles from './set-aside.module.css';

export type View = 'text' | 'hex';
type Shown = { readonly letter: OpenedLetter; readonly view: View; readonly onView: (view: View) => void };

/** What a row holds: its bytes as text or in hexadecimal, or the record that was refused. */
export function Content({ letter, view, onView }: Shown) {
  const text = useText();
  const { content } = letter;
  const title = content.kind === 'record' ? text.setAside.record : text.setAside.row;
  return (
    <section className="stack" aria-label={title}>
      <div className="hstack">
        <h3 className="sec grow">{title}</h3>
        {content.kind === 'bytes' && <Views view={view} onView={onView} />}
      </div>
      {content.kind === 'record' ? (
        <Code title={text.setAside.asJson} code={pretty(content.json)} />
      ) : (
        <Row key={letter.id} {...letter} content={content} view={view} />
      )}
      <p className="small muted hstack">
        <ToneIcon tone="info" />
        {text.setAside.private}
      </p>
    </section>
  );
}

function pretty(json: string): string {
  return visibleText(JSON.stringify(JSON.parse(json), null, 2));
}

function Views({ view, onView }: Pick<Shown, 'view' | 'onView'>) {
  const { asText, asHex, view: label } = useText().setAside;
  return (
    <fieldset className="hstack plain-fieldset">
      <legend>{label}</legend>
      {(['text', 'hex'] as const).map((one) => (
        <button type="button" className={`btn ${styles.view}`} key={one} aria-pressed={view === one} onClick={() => onView(one)}>
          {one === 'text' ? asText : asHex}
        </button>
      ))}
    </fieldset>
  );
}

type RowProps = Pick<OpenedLetter, 'byteOffset'> & { readonly content: Extract<LetterContent, { kind: 'bytes' }>; readonly view: View };

function Row({ content, byteOffset, view }: RowProps) {
  const text = useText();
  const clock = useClock();
  const { base64, otherEncodings, isCut } = content;
  const [encoding, readAs] = useState(content.encoding);
  const bytes = useMemo(() => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)), [base64]);
  const code = useMemo(
    () => (view === 'hex' ? hexDump(bytes, byteOffset ?? 0) : visibleText(new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes))),
    [view, bytes, byteOffset, encoding],
  );
  if (bytes.length === 0) return <p className="muted">{text.setAside.noBytes}</p>;
  return (
    <>
      {view === 'text' && otherEncodings.length > 0 && (
        <fieldset className="hstack plain-fieldset">
          <legend>{text.setAside.readAs}</legend>
          {[content.encoding, ...otherEncodings].map((one) => (
            <button type="button" className={`btn ${styles.view}`} key={one} aria-pressed={one === encoding} onClick={() => readAs(one)}>
              {one}
            </button>
          ))}
        </fieldset>
      )}
      <Code title={view === 'hex' ? text.setAside.asHex : text.setAside.asText} code={code} isWrapped={view === 'text'} />
      {isCut && <p>{text.setAside.cut(clock.number(bytes.length))}</p>}
    </>
  );
}

function Code({ title, code, isWrapped = false }: { readonly title: string; readonly code: string; readonly isWrapped?: boolean }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the screen is scrolled with the arrow keys.
    <section className={`code ${isWrapped ? styles.wrapped : ''}`} tabIndex={0} aria-label={title}>
      {code}
    </section>
  );
}
