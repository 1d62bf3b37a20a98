import { Modal, Select } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { FaultReport } from '../../contract/faults.ts';
import { type EntityName, entityNames } from '../../contract/record.ts';
import type { Resend, ResendRehearsal, ResendSelection } from '../../contract/resend.ts';
import { useClient, useConnections } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button } from '../ui/pieces.tsx';
import { Order, useResends } from './orders.tsx';
import { Rehearsed, sentOf, whatOf } from './rehearsed.tsx';
import styles from './resend.module.css';

type Range = Extract<ResendSelection, { kind: 'range' }>;

type DialogProps = {
  /** What is to be sent again; null lets the person choose days. */
  readonly selection: ResendSelection | null;
  /** Where to, when that is given; else the person chooses among the destinations there are. */
  readonly destinationId?: string;
  readonly onClose: () => void;
};

/** Send records again: which and where to, what would come of it, then the order and how far it is. */
export function ResendDialog({ selection, destinationId, onClose }: DialogProps) {
  const text = useText();
  const { resend } = text;
  const connections = useConnections();
  const destinations = (connections.data ?? []).filter((one) => one.direction === 'destination');
  const [to, setTo] = useState(destinationId ?? destinations[0]?.id ?? null);
  const [range, setRange] = useState<Range>({ kind: 'range', by: 'kept' });
  const run = useResend();
  const { rehearse, forget } = run;
  const title = destinations.find((one) => one.id === to)?.title ?? to ?? '';
  const meant = selection ?? range;
  const given = useRef(selection);
  // What was chosen before the dialog opened needs no more questions.
  useEffect(() => {
    if (given.current && to !== null) void rehearse(to, given.current);
  }, [to, rehearse]);
  const { found, order } = run;
  const sent = found ? sentOf(found) : 0;
  return (
    <Modal
      opened
      onClose={onClose}
      title={<span className="strong">{resend.title}</span>}
      size={620}
      closeButtonProps={{ 'aria-label': text.states.close }}
    >
      <div className="stack">
        {to === null && <p>{resend.noDestination}</p>}
        {!order && destinationId === undefined && destinations.length > 1 && (
          <Select
            label={resend.to}
            data={destinations.map(({ id, title: label }) => ({ value: id, label }))}
            value={to}
            allowDeselect={false}
            onChange={(id) => {
              forget();
              setTo(id);
            }}
          />
        )}
        {!order && selection === null && (
          <RangeFields
            range={range}
            onChange={(changed) => {
              forget();
              setRange(changed);
            }}
          />
        )}
        {!order && selection === null && to !== null && (
          <div className="actions">
            <Button onClick={() => void rehearse(to, meant)} isBusy={run.isRehearsing}>
              {resend.rehearse}
            </Button>
          </div>
        )}
        {run.isRehearsing && <progress max={Math.max(1, found?.toScan ?? 1)} value={found?.scanned ?? 0} aria-label={resend.looking} />}
        <div role="status">
          {found?.isOver && !order && <p className="strong">{sent === 0 ? resend.nothing : resend.ask(whatOf(text, found), title)}</p>}
        </div>
        {found?.isOver && !order && <Rehearsed found={found} title={title} />}
        {run.fault && <FaultNote fault={run.fault} />}
        {found?.isOver && !order && (
          <div className="actions">
            {sent > 0 && to !== null && (
              <Button look="primary" isBusy={run.isOrdering} onClick={() => void run.send(to, meant)}>
                {resend.send}
              </Button>
            )}
            <Button look="quiet" onClick={onClose}>
              {text.states.cancel}
            </Button>
          </div>
        )}
        {order && <Ordered order={order} />}
      </div>
    </Modal>
  );
}

function Ordered({ order }: { readonly order: Resend }) {
  const { resend } = useText();
  const { data } = useResends();
  return (
    <>
      <Order order={data?.find(({ id }) => id === order.id) ?? order} />
      <p className="small muted">{resend.goesOn}</p>
    </>
  );
}

function RangeFields({ range, onChange }: { readonly range: Range; readonly onChange: (range: Range) => void }) {
  const text = useText();
  const { resend } = text;
  const { entity, from, to, by } = range;
  const set = (change: Partial<Record<'entity' | 'from' | 'to', string | undefined>> & { by?: Range['by'] }) => {
    const all = Object.entries({ ...range, ...change }).filter(([, value]) => value !== undefined && value !== '');
    onChange(Object.fromEntries(all) as Range);
  };
  return (
    <>
      <Select
        label={resend.kind}
        data={[
          { value: '', label: resend.everyKind },
          ...entityNames.map((value: EntityName) => ({ value, label: text.entityName(value) })),
        ]}
        value={entity ?? ''}
        allowDeselect={false}
        onChange={(value) => set({ entity: value ?? '' })}
      />
      <Select
        label={resend.by}
        data={(['kept', 'stay'] as const).map((value) => ({ value, label: resend.bys[value] }))}
        value={by}
        allowDeselect={false}
        onChange={(value) => set({ by: value === 'stay' ? 'stay' : 'kept' })}
      />
      <div className={styles.days}>
        {(
          [
            ['from', resend.from, from],
            ['to', resend.until, to],
          ] as const
        ).map(([name, words, value]) => (
          <label key={name} className={styles.day}>
            <span>{words}</span>
            <input type="date" value={value ?? ''} onChange={(event) => set({ [name]: event.currentTarget.value })} />
          </label>
        ))}
      </div>
      <p className="small muted">{resend.allDays}</p>
    </>
  );
}

/** Runs a rehearsal, then the order; a rehearsal ends with its dialog, an order does not. */
function useResend() {
  const client = useClient();
  const queries = useQueryClient();
  const [found, setFound] = useState<ResendRehearsal | null>(null);
  const [order, setOrder] = useState<Resend | null>(null);
  const [fault, setFault] = useState<FaultReport | null>(null);
  const [doing, setDoing] = useState<'rehearsing' | 'ordering' | null>(null);
  const over = useRef<AbortController | null>(null);
  useEffect(() => () => over.current?.abort(), []);
  const latest = useRef(client);
  latest.current = client;
  const forget = () => {
    over.current?.abort();
    setFound(null);
    setFault(null);
  };
  const [rehearse] = useState(() => async (destinationId: string, selection: ResendSelection) => {
    over.current?.abort();
    const controller = new AbortController();
    over.current = controller;
    setFault(null);
    setFound(null);
    setDoing('rehearsing');
    try {
      for await (const step of await latest.current.resends.rehearse({ destinationId, selection }, { signal: controller.signal }))
        if (!controller.signal.aborted) setFound(step);
    } catch (error) {
      if (!controller.signal.aborted) setFault(faultOf(error));
    }
    if (over.current === controller) setDoing(null);
  });
  const send = async (destinationId: string, selection: ResendSelection) => {
    setFault(null);
    setDoing('ordering');
    try {
      setOrder(await client.resends.order({ destinationId, selection }));
    } catch (error) {
      setFault(faultOf(error));
    }
    setDoing(null);
    void queries.invalidateQueries({ queryKey: ['resends'] });
  };
  return { found, order, fault, isRehearsing: doing === 'rehearsing', isOrdering: doing === 'ordering', rehearse, send, forget };
}
