import { useState } from 'react';
import type { DeadLetter, LetterFilter } from '../../contract/dead-letter.ts';
import type { ResendSelection } from '../../contract/resend.ts';
import { ResendDialog } from '../resend/dialog.tsx';
import { useText } from '../text/text.tsx';
import { Button } from '../ui/pieces.tsx';

type AgainProps = {
  readonly letter: DeadLetter;
  readonly chosen: ReadonlySet<number>;
  readonly filter: LetterFilter;
  /** The newest row that the list shows: what comes later is not meant by "all". */
  readonly upToId: number;
};

/** A record that a destination has refused is sent to it again: this one, those that are picked, or all of this list. */
export function AgainRefused({ letter: { id, destinationId }, chosen, filter: { connectionId }, upToId }: AgainProps) {
  const { resend } = useText();
  const [sending, setSending] = useState<ResendSelection | null>(null);
  if (destinationId === null) return null;
  const send = (letters: Extract<ResendSelection, { kind: 'letters' }>['letters']) => setSending({ kind: 'letters', letters });
  return (
    <section className="stack" aria-label={resend.title}>
      <h3 className="sec" tabIndex={-1} data-again>
        {resend.title}
      </h3>
      <p className="muted">{resend.refusedHelp}</p>
      <div className="actions">
        <Button onClick={() => send({ ids: [id] })}>{resend.thisLetter}</Button>
        {chosen.size > 0 && <Button onClick={() => send({ ids: [...chosen] })}>{resend.pickedLetters(chosen.size)}</Button>}
        <Button onClick={() => send({ upToId: Math.max(upToId, id), ...(connectionId ? { connectionId } : {}) })}>
          {resend.allLetters}
        </Button>
      </div>
      {sending && <ResendDialog selection={sending} destinationId={destinationId} onClose={() => setSending(null)} />}
    </section>
  );
}
