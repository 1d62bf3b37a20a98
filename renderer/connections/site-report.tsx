import { useMutation } from '@tanstack/react-query';
import { useClient } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button } from '../ui/pieces.tsx';
import { saveFile } from '../ui/save-file.ts';
import { toast } from '../ui/toasts.tsx';

/** The report on a database that was never seen before, made when somebody asks for it. */
export function SiteReport({ id }: { readonly id: string }) {
  const text = useText();
  const client = useClient();
  const words = text.database.report;
  const make = useMutation({ mutationFn: () => client.connections.siteReport({ id }) });
  const report = make.isPending ? undefined : make.data;
  const copy = () => void navigator.clipboard?.writeText(report?.text ?? '').then(() => toast(text.connections.letter.copied));
  return (
    <section className="stack tight" aria-label={words.title}>
      <h3 className="sec">{words.title}</h3>
      <p className="small muted">{words.means}</p>
      <div className="actions">
        <Button isForm isBusy={make.isPending} onClick={() => make.mutate()}>
          {words.make}
        </Button>
        {report && (
          <>
            <Button isForm onClick={copy}>
              {text.states.copy}
            </Button>
            <Button isForm onClick={() => saveFile(report.fileName, report.text)}>
              {words.save}
            </Button>
          </>
        )}
        {make.isPending && <span className="small muted">{text.database.wizard.mayWait}</span>}
      </div>
      {make.error && <FaultNote fault={faultOf(make.error)} />}
      {report && <textarea className="letter" readOnly rows={16} spellCheck={false} aria-label={report.title} value={report.text} />}
    </section>
  );
}
