import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { CertificateProgress, CertificateStanding, CertificateSummary } from '../../contract/certificate.ts';
import type { FaultReport } from '../../contract/faults.ts';
import { useChange, useClient } from '../line.tsx';
import { goTo, hrefOf, routeNow, useRoute } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { useKeys } from '../ui/keys.ts';
import { Button, Empty, Kbd, Skeleton, Status } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';
import styles from './certificate.module.css';
import { Opened } from './opened.tsx';
import { Plan } from './plan.tsx';
import { tones } from './tones.ts';

const listed = 120;

/** The certificates of the nights on the left, one of them on the right, to be read, printed and handed over. */
export function Certificate() {
  const text = useText();
  const { certificate: words } = text;
  const client = useClient();
  const { id } = useRoute();
  const standing = useQuery({
    queryKey: ['certificates'],
    queryFn: ({ signal }) => client.certificates.standing({ limit: listed }, { signal }),
  });
  const list = standing.data?.certificates ?? [];
  const chosenOf = (named: string | null) => (named !== null && /^[1-9]\d{0,14}$/.test(named) ? Number(named) : list[0]?.id);
  const chosenId = chosenOf(id);
  const move = (step: 1 | -1) => {
    const at = list.findIndex((one) => one.id === chosenOf(routeNow().id));
    const next = list[Math.min(list.length - 1, Math.max(0, at + step))];
    if (next) goTo('certificate', String(next.id));
  };
  useKeys({ j: () => move(1), k: () => move(-1), Enter: () => document.getElementById('detail')?.focus() });
  return (
    <div className={`split ${styles.split}`}>
      <section className={styles.nights} aria-label={words.list}>
        <div className="viewhead">
          <h1>{words.title}</h1>
        </div>
        <div className="scroll">
          {standing.error && (
            <FaultNote
              fault={faultOf(standing.error)}
              actions={<Button onClick={() => void standing.refetch()}>{text.states.tryAgain}</Button>}
            />
          )}
          {standing.isPending && <Skeleton rows={6} label={text.states.loading} />}
          {standing.data && <Now standing={standing.data} onMade={() => void standing.refetch()} />}
          <ul>
            {list.map((one) => (
              <Night key={one.id} night={one} isChosen={one.id === chosenId} />
            ))}
          </ul>
          {standing.data && <Plan key={standing.data.plan.at ?? ''} plan={standing.data.plan} />}
        </div>
        <div className="hints" aria-hidden>
          <span>
            <Kbd>J</Kbd> <Kbd>K</Kbd> {words.hints.move}
          </span>
          <span>
            <Kbd>Enter</Kbd> {words.hints.open}
          </span>
        </div>
      </section>
      <section id="detail" tabIndex={-1} className={styles.detail} aria-label={words.title}>
        {chosenId !== undefined && <Opened id={chosenId} />}
        {standing.data && chosenId === undefined && <Empty {...words.none} />}
      </section>
    </div>
  );
}

function Night({
  night: { id, businessDate, startedAtMs, state },
  isChosen,
}: {
  readonly night: CertificateSummary;
  readonly isChosen: boolean;
}) {
  const { certificate: words } = useText();
  const clock = useClock();
  useEffect(() => {
    if (isChosen) document.getElementById(`night-${id}`)?.scrollIntoView({ block: 'nearest' });
  }, [isChosen, id]);
  return (
    <li id={`night-${id}`}>
      <a
        className={`gr link ${styles.night} ${isChosen ? 'selected' : ''}`}
        href={hrefOf('certificate', String(id))}
        aria-current={isChosen || undefined}
      >
        <span className="trim">{businessDate ? clock.businessDay(businessDate) : clock.day(startedAtMs)}</span>
        <Status tone={tones[state]}>{words.states[state]}</Status>
        <span className="num small muted nowrap">{clock.time(startedAtMs)}</span>
      </a>
    </li>
  );
}

/** A comparison that is under way or asked for, and what came of the last one where it failed. */
function Now({ standing, onMade }: { readonly standing: CertificateStanding; readonly onMade: () => void }) {
  const { certificate: words } = useText();
  const clock = useClock();
  const client = useClient();
  const [asked, setAsked] = useState<CertificateProgress | null>(null);
  const [fault, setFault] = useState<FaultReport | null>(null);
  const over = useRef<AbortController | null>(null);
  useEffect(() => () => over.current?.abort(), []);
  const cancel = useChange((agent) => agent.certificates.cancel({}));
  const run = async () => {
    const controller = new AbortController();
    over.current = controller;
    setFault(null);
    setAsked({ stage: 'files', done: 0, total: null, id: null });
    try {
      for await (const step of await client.certificates.now({}, { signal: controller.signal })) {
        setAsked(step);
        if (step.id !== null) goTo('certificate', String(step.id));
      }
      onMade();
    } catch (error) {
      const found = faultOf(error);
      if (!controller.signal.aborted && found.code !== 'stopped') setFault(found);
    }
    setAsked(null);
  };
  const underWay = asked ?? standing.underWay;
  const nextWords =
    standing.nextAtMs === null ? words.never : words.next(`${clock.day(standing.nextAtMs)}, ${clock.time(standing.nextAtMs)}`);
  return (
    <div className={styles.now}>
      <div role="status">
        {underWay ? (
          <>
            <progress
              className={styles.meter}
              aria-label={words.stages[underWay.stage]}
              {...(underWay.total === null ? {} : { max: Math.max(1, underWay.total), value: underWay.done })}
            />
            <p>
              {words.progress(
                words.stages[underWay.stage],
                clock.number(underWay.done),
                underWay.total === null ? null : clock.number(underWay.total),
              )}
            </p>
          </>
        ) : (
          <p className="muted">{nextWords}</p>
        )}
      </div>
      {fault && <FaultNote fault={fault} />}
      {!fault && !underWay && standing.lastFault && (
        <>
          <p>{words.failed}</p>
          <FaultNote fault={standing.lastFault} tone="warn" />
        </>
      )}
      <div className="actions">
        {underWay ? (
          <Button isBusy={cancel.isPending} onClick={() => cancel.mutate(undefined, { onSuccess: () => toast(words.cancelled) })}>
            {words.cancel}
          </Button>
        ) : (
          <Button onClick={() => void run()}>{words.now}</Button>
        )}
      </div>
    </div>
  );
}
