import { useQuery } from '@tanstack/react-query';
import type { LeavingDestination, LeavingReport } from '../../contract/leaves.ts';
import { useClient } from '../line.tsx';
import { hrefOf } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Empty, Skeleton } from '../ui/pieces.tsx';
import { saveFile } from '../ui/save-file.ts';
import { leavesCsv } from './csv.ts';
import { EntityTable } from './entity-table.tsx';
import { RuleHistory } from './history.tsx';
import styles from './leaves.module.css';

/** What leaves this hotel: one table for each destination and kind of record, to be set, printed and handed over. */
export function Leaves() {
  const text = useText();
  const clock = useClock();
  const client = useClient();
  const report = useQuery({
    queryKey: ['leaves'],
    queryFn: ({ signal }) => client.leaves.report({}, { signal }),
    // Examples follow the newest record; nobody has to see each of them.
    staleTime: 30_000,
  });
  const { leaves } = text;
  const destinations = report.data?.destinations ?? [];
  const exported = () =>
    report.data &&
    saveFile(
      leaves.fileName,
      leavesCsv(report.data, text, (atMs) => clock.moment(atMs, Date.now())),
    );
  return (
    <>
      <div className="viewhead">
        <h1>{leaves.title}</h1>
        <span className="grow" />
        {destinations.length > 0 && (
          <>
            <Button onClick={exported}>{leaves.export}</Button>
            <Button look="quiet" onClick={() => print()}>
              {leaves.print}
            </Button>
          </>
        )}
      </div>
      <div className="scroll">
        {report.error && (
          <FaultNote
            fault={faultOf(report.error)}
            actions={<Button onClick={() => void report.refetch()}>{text.states.tryAgain}</Button>}
          />
        )}
        {report.isPending && <Skeleton rows={8} label={text.states.loading} />}
        {report.data && destinations.length === 0 && <Empty {...leaves.none} />}
        {report.data && destinations.length > 0 && (
          <div className={styles.page}>
            <p>{leaves.intro}</p>
            {destinations.map((destination) => (
              <Destination key={destination.id} destination={destination} always={report.data.always} />
            ))}
          </div>
        )}
      </div>
    </>
  );
}

function Destination({ destination, always }: { readonly destination: LeavingDestination; readonly always: LeavingReport['always'] }) {
  const { leaves } = useText();
  const { id, title, confirmed, beside } = destination;
  const named = (names: readonly string[], words: Record<string, string>) => names.map((name) => words[name] ?? name).join(', ');
  return (
    <section className="stack" aria-label={title}>
      <h2 className="sec">{title}</h2>
      <p>{leaves.confirmed(confirmed)}</p>
      <p>
        {leaves.fromNowOn} <a href={hrefOf('connections', id)}>{leaves.sendAgain}</a>
      </p>
      {destination.entities.map(({ entity, fields }) => (
        <EntityTable key={entity} destination={destination} entity={entity} fields={fields} />
      ))}
      <p className="small muted">{leaves.keyNote}</p>
      <p className="small muted">{leaves.tokenNote}</p>
      <h3 className="label">{leaves.beside}</h3>
      <ul className={styles.beside}>
        <li>{leaves.onEvery(named(always, leaves.envelope))}</li>
        {beside.heartbeat.length > 0 && <li>{leaves.heartbeat(named(beside.heartbeat, leaves.said))}</li>}
        {beside.question.length > 0 && <li>{leaves.question(named(beside.question, leaves.said))}</li>}
        <li>{leaves.nothingElse}</li>
      </ul>
      <RuleHistory destinationId={id} version={destination.version} />
    </section>
  );
}
