import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { CheckFinding, CheckProgress, CheckReport } from '../../contract/check.ts';
import type { FaultReport } from '../../contract/faults.ts';
import { useClient } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Status } from '../ui/pieces.tsx';
import styles from './monitoring.module.css';

/** The last check of everything that is kept, what it has found, and a button for the next one. */
export function Check() {
  const { check } = useText().kept;
  const client = useClient();
  const { data, refetch } = useQuery({ queryKey: ['check'], queryFn: ({ signal }) => client.checks.get({}, { signal }) });
  const [asked, setAsked] = useState<CheckProgress | null>(null);
  const [fault, setFault] = useState<FaultReport | null>(null);
  const over = useRef<AbortController | null>(null);
  useEffect(() => () => over.current?.abort(), []);
  const run = async () => {
    const controller = new AbortController();
    over.current = controller;
    setFault(null);
    setAsked({ stage: 'tables', done: 0, total: 1, report: null });
    try {
      for await (const step of await client.checks.run({}, { signal: controller.signal })) setAsked(step);
      await refetch();
    } catch (error) {
      if (!controller.signal.aborted) setFault(faultOf(error));
    }
    setAsked(null);
  };
  const underWay = asked ?? data?.underWay ?? null;
  return (
    <section className={styles.panel} aria-label={check.title}>
      <h2 className="sec">{check.title}</h2>
      <div role="status">{underWay ? <Progress progress={underWay} /> : data && <Result last={data.last} />}</div>
      {fault && <FaultNote fault={fault} />}
      <div className="actions">
        <Button isBusy={asked !== null} onClick={() => void run()}>
          {check.now}
        </Button>
      </div>
    </section>
  );
}

function Progress({ progress: { stage, done, total } }: { readonly progress: CheckProgress }) {
  const { check } = useText().kept;
  const words = check.progress(check.stages[stage], total > 0 ? Math.floor((done / total) * 100) : 100);
  return (
    <>
      <progress className={styles.meter} max={Math.max(1, total)} value={done} aria-label={check.title} />
      <p>{words}</p>
    </>
  );
}

function Result({ last }: { readonly last: CheckReport | null }) {
  const { check } = useText().kept;
  const clock = useClock();
  if (!last) return <p className="muted">{check.never}</p>;
  const { endedAtMs, rows, rawFiles, rawBytes, damaged, mended, findings } = last;
  const open = damaged - mended;
  return (
    <>
      <p>
        <Status tone={open > 0 ? 'fail' : damaged > 0 ? 'warn' : 'ok'}>
          {open > 0 ? check.open(open) : damaged > 0 ? check.mended(damaged) : check.whole}
        </Status>
      </p>
      <ul className="stack">
        {findings.map((finding) => (
          <li key={`${finding.kind} ${finding.name}`}>
            <Finding finding={finding} />
          </li>
        ))}
      </ul>
      <p className="muted">
        {check.last(clock.moment(endedAtMs, Date.now()))}. {check.looked(rows, rawFiles, clock.bytes(rawBytes))}
      </p>
    </>
  );
}

function Finding({ finding: { kind, name, rows, keys, isMended } }: { readonly finding: CheckFinding }) {
  const { check } = useText().kept;
  const held = rows > 0 ? `, ${check.rows(rows)}` : '';
  return (
    <>
      {check.names[kind](name)}
      {held}: <span className={isMended ? 'muted' : 'strong'}>{isMended ? check.isMended : check.isOpen}</span>
      {!isMended && keys.length > 0 && <p className="muted">{check.keys(keys.join(', '))}</p>}
    </>
  );
}
