import { useQuery } from '@tanstack/react-query';
import type { AuditEntry } from '../../contract/audit.ts';
import { leavingRules } from '../../contract/leaves.ts';
import { entityNames } from '../../contract/record.ts';
import { useClient } from '../line.tsx';
import { useText } from '../text/text.tsx';
import styles from './leaves.module.css';

const mostShown = 100;

/** Who changed the rules of a destination, when, and how they stood afterwards, as the audit chain has it. */
export function RuleHistory({ destinationId, version }: { readonly destinationId: string; readonly version: number }) {
  const { leaves, history } = useText();
  const client = useClient();
  const list = useQuery({
    queryKey: ['leaves-history', destinationId, version],
    queryFn: ({ signal }) => client.audit.list({ action: 'leaves-changed', target: destinationId, limit: mostShown }, { signal }),
    enabled: version > 0,
  });
  return (
    <>
      <h3 className="label">{leaves.history}</h3>
      {version === 0 ? (
        <p className="muted">{leaves.noHistory}</p>
      ) : (
        <table className={styles.table} aria-label={leaves.history}>
          <thead>
            <tr>
              {[leaves.when, leaves.who, leaves.what].map((words) => (
                <th key={words} scope="col">
                  {words}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(list.data?.entries ?? []).map((entry) => (
              <tr key={entry.seq}>
                <td className="num small">{entry.at.slice(0, 19).replace('T', ' ')}</td>
                <td>{history.actors[entry.actorId] ?? entry.actorName}</td>
                <Change entry={entry} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

/** An entry names fields and rules by their codes, a blank between them. */
function Change({ entry: { detail } }: { readonly entry: AuditEntry }) {
  const text = useText();
  const { leaves, records } = text;
  const ruleWords = (code: string | undefined) => {
    const rule = leavingRules.find((one) => one === code);
    return rule ? leaves.rules[rule] : (code ?? '');
  };
  const split = (value: unknown) => (Array.isArray(value) ? value : []).map((one) => String(one).split(' '));
  const fieldWords = (name: string | undefined) => records.fields[name ?? ''] ?? name ?? '';
  const kind = entityNames.find((one) => one === detail.entity);
  const after = split(detail.rules)
    .filter(([, rule]) => rule !== 'send')
    .map(([field, rule]) => `${fieldWords(field)} ${ruleWords(rule)}`);
  return (
    <td>
      {kind && <span className="strong">{text.entityName(kind)}</span>}
      {split(detail.changes).map(([field, before, then]) => (
        <div key={field}>{leaves.change(fieldWords(field), ruleWords(before), ruleWords(then))}</div>
      ))}
      <div className="small muted">{leaves.rulesThen(after.length > 0 ? after.join(', ') : leaves.everythingSent)}</div>
    </td>
  );
}
