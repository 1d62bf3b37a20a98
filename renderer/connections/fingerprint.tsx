import { useQuery } from '@tanstack/react-query';
import type { TableDifference } from '../../contract/fingerprint.ts';
import { useClient } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Skeleton, Status } from '../ui/pieces.tsx';
import styles from './tables.module.css';

/** How the columns of a database compared with those that are needed, when they were last looked at. */
export function ColumnFingerprint({ id }: { readonly id: string }) {
  const text = useText();
  const client = useClient();
  const clock = useClock();
  const words = text.runs.fingerprint;
  const asked = useQuery({ queryKey: ['fingerprint', id], queryFn: ({ signal }) => client.connections.fingerprint({ id }, { signal }) });
  const found = asked.data?.fingerprint;
  return (
    <section className="stack tight" aria-label={words.title}>
      <h3 className="sec">{words.title}</h3>
      {asked.error && <FaultNote fault={faultOf(asked.error)} />}
      {asked.isPending && <Skeleton rows={1} label={text.states.loading} />}
      {found === null && <p className="muted">{words.empty}</p>}
      {found && (
        <>
          <p className={styles.found}>
            {found.differences.length === 0 ? (
              <Status tone="ok">{words.well(found.columns, found.tables)}</Status>
            ) : (
              <Status tone="warn">{words.wrong(found.differences.length, found.tables)}</Status>
            )}
            <span className="small muted">{words.comparedAt(clock.moment(found.comparedAtMs, Date.now()))}</span>
          </p>
          {found.differences.length > 0 && <Differences tables={found.differences} />}
          <p className="small muted">{words.help}</p>
        </>
      )}
    </section>
  );
}

function Differences({ tables }: { readonly tables: readonly TableDifference[] }) {
  const text = useText();
  const { names } = text.database.tables;
  const { columns, title, ...words } = text.runs.fingerprint;
  return (
    <table className={styles.table} aria-label={title}>
      <thead>
        <tr>
          <th scope="col">{columns.table}</th>
          <th scope="col">{columns.difference}</th>
          <th scope="col">{columns.stops}</th>
        </tr>
      </thead>
      <tbody>
        {tables.map((one) => (
          <tr key={one.table}>
            <th scope="row">{names[one.table] ?? <span className="mono">{one.table}</span>}</th>
            <td>
              {one.isMissing ? words.missingTable : one.columns.map((column) => <div key={column.column}>{words.difference(column)}</div>)}
            </td>
            <td>{one.stops.length === 0 ? words.stopsNothing : one.stops.map((name) => names[name] ?? name).join(', ')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
