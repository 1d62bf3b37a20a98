import type { ConnectionDraft } from '../../contract/connection.ts';
import type { FormField } from '../forms/schema.ts';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Banner, Button } from '../ui/pieces.tsx';

type Props = {
  readonly draft: ConnectionDraft;
  readonly fields: readonly FormField[];
  /** Whether the first rows were read with exactly this. */
  readonly rowsSeen: boolean;
  readonly save: { readonly error: Error | null; readonly isPending: boolean };
  readonly onSave: (isPaused: boolean) => void;
};

/** Everything once more, and the choice between a draft and reading from now on. */
export function SaveStep({ draft, fields, rowsSeen, save, onSave }: Props) {
  const text = useText();
  const words = text.database.wizard;
  const said = (field: FormField): string => {
    const value = draft.settings[field.name];
    if (typeof value === 'boolean') return value ? text.connections.yes : text.connections.no;
    return field.choices.find((choice) => choice.value === value)?.label ?? String(value);
  };
  return (
    <>
      <dl className="dl">
        <dt>{text.connections.name}</dt>
        <dd>{draft.title}</dd>
        {fields
          .filter((field) => field.kind !== 'secret' && !field.isAdvanced && draft.settings[field.name] !== undefined)
          .map((field) => (
            <div className="contents" key={field.name}>
              <dt>{field.title}</dt>
              <dd className="trim">{said(field)}</dd>
            </div>
          ))}
        <dt>{text.connections.schedule}</dt>
        <dd>{draft.schedule && text.schedule.words(draft.schedule)}</dd>
      </dl>
      {!rowsSeen && <Banner tone="warn" title={words.rowsNotSeen} />}
      {save.error && <FaultNote fault={faultOf(save.error)} />}
      <div className="actions">
        <Button look="primary" isForm isBusy={save.isPending} onClick={() => onSave(false)}>
          {words.goLive}
        </Button>
        <Button isForm isBusy={save.isPending} onClick={() => onSave(true)}>
          {words.saveDraft}
        </Button>
      </div>
      <p className="small muted">{words.draftMeans}</p>
    </>
  );
}
