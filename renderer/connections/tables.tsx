import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Connection } from '../../contract/connection.ts';
import type { TableStanding } from '../../contract/source-table.ts';
import { useChange, useClient } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Banner, Button, Skeleton, Status } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';
import styles from './tables.module.css';

/** How the tables of a database stand: what was read up to when, and what was missing. */
export function Tables({ connection: { id, title } }: { readonly connection: Connection }) {
  const text = useText();
  const client = useClient();
  const words = text.database.tables;
  const tables = useQuery({ queryKey: ['tables', id], queryFn: ({ signal }) => client.connections.tables({ id }, { signal }) });
  const compare = useChange((agent, of: string) => agent.connections.compareNow({ id: of }));
  const found = tables.data;
  return (
    <section className="stack" aria-label={words.title}>
      <h3 className="sec">{words.title}</h3>
      {tables.error && <FaultNote fault={faultOf(tables.error)} />}
      {compare.error && <FaultNote fault={faultOf(compare.error)} />}
      {!found && !tables.error && <Skeleton rows={3} label={text.states.loading} />}
      {found?.length === 0 && <p className="muted">{words.empty}</p>}
      {found && found.length > 0 && (
        <>
          {found.map((table) => table.vanished !== null && <Missing key={table.name} id={id} table={table} rows={table.vanished} />)}
          <Standings tables={found} />
          <p className="small muted">{words.help}</p>
          <div className="actions">
            <Button isBusy={compare.isPending} isForm onClick={() => compare.mutate(id, { onSuccess: () => toast(words.compares(title)) })}>
              {words.compare}
            </Button>
          </div>
        </>
      )}
    </section>
  );
}

function Standings({ tables }: { readonly tables: readonly TableStanding[] }) {
  const { database } = useText();
  const { columns, title } = database.tables;
  return (
    <table className={styles.table} aria-label={title}>
      <thead>
        <tr>
          <th scope="col">{columns.table}</th>
          <th scope="col">{columns.pass}</th>
          <th scope="col">{columns.swept}</th>
          <th scope="col">{columns.window}</th>
          <th scope="col" className="num">
            {columns.read}
          </th>
          <th scope="col" className="num">
            {columns.changed}
          </th>
        </tr>
      </thead>
      <tbody>
        {tables.map((table) => (
          <Standing key={table.name} table={table} />
        ))}
      </tbody>
    </table>
  );
}

function Standing({ table }: { readonly table: TableStanding }) {
  const { database } = useText();
  const clock = useClock();
  const words = database.tables;
  const nowMs = Date.now();
  const { latenessSeconds, rowsRead, rowsChanged } = table;
  return (
    <tr>
      <th scope="row">
        {words.names[table.name] ?? table.name}
        <small>{table.isPolled ? words.polled : table.isNightly ? words.nightly : words.whole}</small>
      </th>
      <td>{table.passAtMs === null ? <Status tone="busy">{words.firstLoad}</Status> : clock.moment(table.passAtMs, nowMs)}</td>
      <td>
        {table.sweptAtMs === null ? !table.isSweeping && words.never : clock.moment(table.sweptAtMs, nowMs)}
        {table.isSweeping && <Status tone="busy">{words.sweeping}</Status>}
      </td>
      <td>
        {table.isPolled ? clock.span(table.windowSeconds * 1000) : '–'}
        {table.isPolled && <small>{latenessSeconds === 0 ? words.neverLate : words.lateness(clock.span(latenessSeconds * 1000))}</small>}
      </td>
      <td className="num">{clock.number(rowsRead)}</td>
      <td className="num">
        {clock.number(rowsChanged)}
        {rowsChanged > 0 && <small>{words.perNew(clock.number(Math.round((rowsRead / rowsChanged) * 10) / 10))}</small>}
      </td>
    </tr>
  );
}

type MissingProps = { readonly id: string; readonly table: TableStanding; readonly rows: number };

/** Rows that are missing, too many at once to be believed. What cannot be taken back is asked in a dialog. */
function Missing({ id, table: { name }, rows }: MissingProps) {
  const text = useText();
  const words = text.database.tables;
  const title = words.names[name] ?? name;
  const [isAsked, setIsAsked] = useState(false);
  const believe = useChange((client, table: string) => client.connections.believeGone({ id, table }));
  const close = () => setIsAsked(false);
  const sure = () =>
    believe.mutate(name, {
      onSuccess: () => {
        close();
        toast(words.goneDone(title));
      },
    });
  return (
    <>
      <Banner tone="warn" title={words.missing(rows, title)} actions={<Button onClick={() => setIsAsked(true)}>{words.gone}</Button>}>
        <p>{words.missingMeans}</p>
      </Banner>
      {isAsked && (
        <Modal
          opened
          onClose={close}
          title={<span className="strong">{words.goneTitle(rows, title)}</span>}
          size={480}
          closeButtonProps={{ 'aria-label': text.states.close }}
        >
          <div className="stack">
            <p>{words.goneMeans}</p>
            {believe.error && <FaultNote fault={faultOf(believe.error)} />}
            <div className="actions">
              <Button look="danger" isForm isBusy={believe.isPending} onClick={sure}>
                {words.goneSure}
              </Button>
              <Button look="quiet" isForm onClick={close}>
                {text.states.cancel}
              </Button>
            </div>
          </div>
        </Modal>
      )}
    </>
  );
}
