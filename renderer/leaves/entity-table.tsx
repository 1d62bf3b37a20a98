import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { LeavingDestination, LeavingField, LeavingPreview, LeavingRule } from '../../contract/leaves.ts';
import type { EntityName } from '../../contract/record.ts';
import { useChange, useClient } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';
import styles from './leaves.module.css';

type Rules = Readonly<Record<string, LeavingRule>>;
type TableProps = {
  readonly destination: LeavingDestination;
  readonly entity: EntityName;
  readonly fields: readonly LeavingField[];
};

/** The fields of one kind of record on their way to one destination. What a person changes is shown on the newest record before it is saved. */
export function EntityTable({ destination, entity, fields }: TableProps) {
  const text = useText();
  const { leaves } = text;
  const client = useClient();
  const { id, version, title } = destination;
  const [draft, setDraft] = useState<Rules>({});
  const preview = useQuery({
    queryKey: ['leaves-preview', id, entity, version, draft],
    queryFn: ({ signal }) => client.leaves.preview({ id, entity, rules: draft }, { signal }),
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const save = useChange((agent, rules: Rules) => agent.leaves.save({ id, entity, rules, version }));
  const saved = () =>
    save.mutate(draft, {
      onSuccess: () => {
        setDraft({});
        toast(leaves.saved(title));
      },
    });
  const choose = ({ name, rule: before }: LeavingField, rule: LeavingRule) => {
    const { [name]: _, ...others } = draft;
    setDraft(rule === before ? others : { ...others, [name]: rule });
  };
  const changes = Object.keys(draft).length;
  const fault = save.error ?? preview.error;
  return (
    <div className="stack tight">
      <table className={styles.table}>
        <caption>{text.entityName(entity)}</caption>
        <thead>
          <tr>
            {[leaves.field, leaves.personal, leaves.sample, leaves.outcome, leaves.rule, leaves.since].map((words) => (
              <th key={words} scope="col">
                {words}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <FieldRow
              key={field.name}
              field={field}
              rule={draft[field.name] ?? field.rule}
              shown={preview.error ? undefined : preview.data?.fields.find(({ name }) => name === field.name)}
              onChoose={(rule) => choose(field, rule)}
            />
          ))}
        </tbody>
      </table>
      {fault && <FaultNote fault={faultOf(fault)} />}
      {changes > 0 && (
        <div className="actions">
          <span role="status">{leaves.changed(changes)}</span>
          <Button look="primary" onClick={saved} isBusy={save.isPending} isDisabled={preview.error !== null}>
            {leaves.save}
          </Button>
          <Button onClick={() => setDraft({})}>{leaves.discard}</Button>
        </div>
      )}
    </div>
  );
}

type RowProps = {
  readonly field: LeavingField;
  readonly rule: LeavingRule;
  readonly shown: LeavingPreview['fields'][number] | undefined;
  readonly onChoose: (rule: LeavingRule) => void;
};

function FieldRow({ field, rule, shown, onChoose }: RowProps) {
  const { leaves, records, history } = useText();
  const clock = useClock();
  const { name, personal, sample, allowed, sinceMs, actorId, actorName } = field;
  const words = records.fields[name] ?? name;
  const who = history.actors[actorId ?? ''] ?? actorName ?? '';
  const outcome = rule === 'drop' ? leaves.leftOut : rule === 'send' ? leaves.asItIs : (shown?.shown ?? leaves.noValue);
  return (
    <tr className={rule === 'send' ? undefined : styles.kept}>
      <th scope="row">{words}</th>
      <td className={personal === 'identity' || personal === 'writing' ? 'strong' : 'muted'}>{leaves.kinds[personal]}</td>
      <td className="mono">{sample ?? <span className="muted">{leaves.noValue}</span>}</td>
      <td className={rule === 'send' || rule === 'drop' ? 'muted' : 'mono'}>{outcome}</td>
      <td>
        {allowed.length > 1 ? (
          <>
            <select
              className={styles.rule}
              aria-label={leaves.ruleOf(words)}
              value={rule}
              onChange={(event) => onChoose(allowed.find((one) => one === event.currentTarget.value) ?? rule)}
            >
              {allowed.map((one) => (
                <option key={one} value={one}>
                  {leaves.rules[one]}
                </option>
              ))}
            </select>
            <span className={styles.onPaper}>{leaves.rules[rule]}</span>
          </>
        ) : (
          <span className="muted">
            {leaves.rules[rule]}, {leaves.always}
          </span>
        )}
      </td>
      <td className="small muted">{sinceMs === null ? leaves.neverSet : leaves.sinceBy(clock.moment(sinceMs, Date.now()), who)}</td>
    </tr>
  );
}
