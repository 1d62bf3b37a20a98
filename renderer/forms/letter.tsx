import type { ConnectionDraft } from '../../contract/connection.ts';
import { useChange } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Banner, Button } from '../ui/pieces.tsx';
import { saveFile } from '../ui/save-file.ts';
import { toast } from '../ui/toasts.tsx';

type What = { readonly id: string } | { readonly draft: ConnectionDraft };

/** The script that the administrator of a database or a broker runs, shown when somebody asks for it and copied whole. */
export function Letter({ what }: { readonly what: () => What }) {
  const text = useText();
  const words = text.connections.letter;
  const fetch = useChange((client, wanted: What) => client.connections.letter(wanted));
  const letter = fetch.data;
  const copy = () => void navigator.clipboard?.writeText(letter?.text ?? '').then(() => toast(words.copied));
  return (
    <section className="stack tight" aria-label={words.title}>
      <div className="actions">
        <Button isForm isBusy={fetch.isPending} onClick={() => fetch.mutate(what())}>
          {words.title}
        </Button>
        {letter && (
          <>
            <Button isForm onClick={copy}>
              {text.states.copy}
            </Button>
            <Button isForm onClick={() => saveFile(letter.fileName, letter.text)}>
              {text.database.report.save}
            </Button>
          </>
        )}
      </div>
      {fetch.error && <FaultNote fault={faultOf(fetch.error)} />}
      {letter && (
        <>
          <Banner tone="info" title={words.means(letter.fileName)} />
          {/* It scrolls by itself, so the keyboard has to reach it. */}
          <textarea className="letter" readOnly rows={16} spellCheck={false} aria-label={letter.title} value={letter.text} />
        </>
      )}
    </section>
  );
}
