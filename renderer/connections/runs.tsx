import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Connection } from '../../contract/connection.ts';
import type { Run } from '../../contract/run.ts';
import { useClient } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Skeleton, Status, type Tone } from '../ui/pieces.tsx';
import styles from './tables.module.css';

const pageRuns = 10;

type RunsProps = { readonly connection: Connection; readonly isDatabase: boolean };

/** The runs of a source, the newest first: when, what they have brought, and how they ended. */
export function Runs({ connection: { id, title }, isDatabase }: RunsProps) {
  const text = useText();
  const client = useClient();
  const words = text.runs;
  const list = useInfiniteQuery({
    queryKey: ['runs', id],
    queryFn: ({ signal, pageParam }) =>
      client.connections.runs({ id, limit: pageRuns, ...(pageParam === null ? {} : { belowId: pageParam }) }, { signal }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.nextBelowId,
  });
  const runs = list.data?.pages.flatMap((page) => page.runs);
  return (
    <section className="stack" aria-label={words.title}>
      <h3 className="sec">{words.title}</h3>
      {list.error && (
        <FaultNote fault={faultOf(list.error)} actions={<Button onClick={() => void list.refetch()}>{text.states.tryAgain}</Button>} />
      )}
      {list.isPending && <Skeleton rows={3} label={text.states.loading} />}
      {runs?.length === 0 && <p className="muted">{words.empty}</p>}
      {runs && runs.length > 0 && (
        <>
          <RunTable runs={runs} system={title} isDatabase={isDatabase} />
          <p className="small muted">{words.help}</p>
          {list.hasNextPage && (
            <div className="actions">
              <Button isForm isBusy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                {words.older}
              </Button>
            </div>
          )}
        </>
      )}
    </section>
  );
}

type TableProps = { readonly runs: readonly Run[]; readonly system: string; readonly isDatabase: boolean };

/** What is never counted for a kind of source has no column: changed rows of files, files of a database. */
function RunTable({ runs, system, isDatabase }: TableProps) {
  const { columns, title } = useText().runs;
  const brought = [isDatabase ? [] : [columns.files], [columns.read], isDatabase ? [columns.changed] : []].flat();
  const counts = [...brought, columns.kept, columns.unchanged, columns.aside];
  return (
    <table className={styles.table} aria-label={title}>
      <thead>
        <tr>
          <th scope="col">{columns.began}</th>
          <th scope="col">{columns.took}</th>
          {counts.map((name) => (
            <th scope="col" className="num" key={name}>
              {name}
            </th>
          ))}
          <th scope="col">{columns.ended}</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.id} run={run} system={system} isDatabase={isDatabase} width={counts.length + 3} />
        ))}
      </tbody>
    </table>
  );
}

type RowProps = { readonly run: Run; readonly system: string; readonly isDatabase: boolean; readonly width: number };

function RunRow({ run, system, isDatabase, width }: RowProps) {
  const words = useText().runs;
  const clock = useClock();
  const [isOpen, setIsOpen] = useState(false);
  const nowMs = Date.now();
  const moment = (atMs: number) => clock.moment(atMs, nowMs);
  // What is there stands out from what is not.
  const number = (value: number | null) => (value ? clock.number(value) : <span className="faint">{value === null ? '–' : '0'}</span>);
  const { count, cause, fault, tookMs, duplicates } = run;
  const since = count > 1 ? `, ${words.times(count, moment(run.startedAtMs))}` : '';
  const tookEach = tookMs === null ? null : tookMs / count;
  return (
    <>
      <tr>
        <th scope="row">
          {moment(run.lastStartedAtMs)}
          <small>
            {words.causes[cause]}
            {since}
          </small>
        </th>
        <td>
          {tookEach === null ? '–' : tookEach < 1000 ? words.brief : clock.span(tookEach)}
          {count > 1 && <small>{words.each}</small>}
        </td>
        {!isDatabase && <td className="num">{number(run.files)}</td>}
        <td className="num">{number(run.rowsRead)}</td>
        {isDatabase && <td className="num">{number(run.rowsChanged)}</td>}
        <td className="num">{number(run.kept)}</td>
        <td className="num">
          {number(run.unchanged)}
          {duplicates > 0 && <small>{words.twice(duplicates)}</small>}
        </td>
        <td className="num">{number(run.setAside)}</td>
        <td>
          <div className={styles.outcome}>
            <Outcome run={run} />
            {fault && (
              <Button look="quiet" isExpanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
                {words.why}
              </Button>
            )}
          </div>
          {isQuiet(run) && <small>{words.nothingNew}</small>}
        </td>
      </tr>
      {fault && isOpen && (
        <tr>
          <td colSpan={width}>
            <FaultNote fault={fault} system={system} tone="warn" />
          </td>
        </tr>
      )}
    </>
  );
}

const tones: Record<NonNullable<Run['outcome']>, Tone> = { well: 'ok', failed: 'fail', stopped: 'pause', 'agent-ended': 'warn' };

function Outcome({ run }: { readonly run: Run }) {
  const words = useText().runs;
  if (run.outcome === null) return <Status tone="busy">{words.underWay}</Status>;
  return <Status tone={tones[run.outcome]}>{words.outcomes[run.outcome]}</Status>;
}

/** Whether a run has ended well and brought nothing. */
function isQuiet({ outcome, kept, unchanged, setAside, files, rowsChanged }: Run): boolean {
  return outcome === 'well' && kept + unchanged + setAside + (files ?? 0) + (rowsChanged ?? 0) === 0;
}
