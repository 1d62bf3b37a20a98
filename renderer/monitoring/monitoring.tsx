import { acknowledged } from '../../contract/faults.ts';
import type { DestinationHealth, Overview } from '../../contract/health.ts';
import { useChange, useOverview } from '../line.tsx';
import { Orders } from '../resend/orders.tsx';
import { goTo, hrefOf } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Empty, Skeleton, Status } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';
import { Check } from './check.tsx';
import { Files } from './files.tsx';
import styles from './monitoring.module.css';
import { Systems } from './systems.tsx';

/** Everything at a glance: one sentence, what needs a look, the systems, the files, the disk. */
export function Monitoring() {
  const { data, error, refetch } = useOverview();
  const text = useText();
  return (
    <>
      <div className="viewhead">
        <h1>{text.monitoring.title}</h1>
      </div>
      <div className="scroll">
        {error && !data && (
          <FaultNote fault={faultOf(error)} actions={<Button onClick={() => void refetch()}>{text.states.tryAgain}</Button>} />
        )}
        {!data && !error && <Skeleton rows={8} label={text.states.loading} />}
        {data && <Glance overview={data} />}
      </div>
    </>
  );
}

function Glance({ overview }: { readonly overview: Overview }) {
  const text = useText();
  if (overview.systems.length === 0) {
    const { title, body } = text.connections.empty;
    return (
      <Empty
        title={title}
        body={body}
        action={
          <Button look="primary" onClick={() => goTo('connections', 'new')}>
            {text.connections.add}
          </Button>
        }
      />
    );
  }
  return (
    <>
      <Sentence overview={overview} />
      <Alerts overview={overview} />
      <Orders which="open" className={styles.orders} />
      <Systems overview={overview} />
      <Files overview={overview} />
      <div className={styles.bottom}>
        <SetAside overview={overview} />
        <div className={styles.beside}>
          <Disk overview={overview} />
          <Check />
        </div>
      </div>
    </>
  );
}

function Sentence({ overview }: { readonly overview: Overview }) {
  const text = useText();
  const slowest = overview.systems
    .filter((system): system is DestinationHealth => system.direction === 'destination' && system.shadow === null)
    .sort((a, b) => b.waiting - a.waiting)[0];
  const troubles = overview.systems.filter((system) => system.state === 'failing' || system.state === 'late').length;
  const words = () => {
    if (troubles > 0) return text.monitoring.troubles(troubles);
    if (!slowest) return text.monitoring.noDestination;
    if (slowest.state === 'paused') return text.line.paused(slowest.title);
    if (slowest.waiting > 0) return text.monitoring.wellWaiting(slowest.waiting, slowest.title);
    return overview.setAside > 0 ? text.monitoring.wellButAside(overview.setAside) : text.monitoring.well(overview.records);
  };
  return (
    <p className={styles.sentence} role="status">
      <Status tone={troubles > 0 ? 'fail' : overview.setAside > 0 ? 'info' : 'ok'}>{words()}</Status>
    </p>
  );
}

/** One band per trouble that stands, with what it means and the buttons that help. */
function Alerts({ overview }: { readonly overview: Overview }) {
  const text = useText();
  const seen = useChange((client, code: (typeof acknowledged)[number]) => client.alerts.acknowledge({ code }));
  const again = useChange((client, id: string) => client.connections.syncNow({ id }));
  return overview.alerts.map(({ connectionId, fault, severity }) => (
    <FaultNote
      key={`${connectionId} ${fault.code}`}
      fault={fault}
      system={overview.systems.find((system) => system.id === connectionId)?.title}
      tone={severity === 'critical' ? 'fail' : 'warn'}
      actions={
        isSeenBy(fault.code) ? (
          <Button
            isBusy={seen.isPending}
            onClick={() => isSeenBy(fault.code) && seen.mutate(fault.code, { onSuccess: () => toast(text.kept.noted) })}
          >
            {text.kept.seen}
          </Button>
        ) : (
          connectionId && (
            <>
              {!isHeld(overview, connectionId) && (
                <Button isBusy={again.isPending} onClick={() => again.mutate(connectionId)}>
                  {text.states.tryAgain}
                </Button>
              )}
              <Button look="quiet" onClick={() => goTo('connections', connectionId)}>
                {text.monitoring.open}
              </Button>
            </>
          )
        )
      }
    />
  ));
}

const isSeenBy = (code: string): code is (typeof acknowledged)[number] => acknowledged.some((one) => one === code);

/** Where a person has stopped sending, a try at once means nothing. */
function isHeld(overview: Overview, id: string): boolean {
  return overview.systems.some((system) => system.id === id && system.direction === 'destination' && system.held !== null);
}

function SetAside({ overview }: { readonly overview: Overview }) {
  const text = useText();
  const clock = useClock();
  return (
    <section className={styles.panel} aria-label={text.monitoring.setAside}>
      <h2 className="sec">{text.monitoring.setAside}</h2>
      {overview.setAsideByRule.length === 0 && <p className="muted">{text.monitoring.setAsideEmpty}</p>}
      <ul className="stack">
        {overview.setAsideByRule.map(({ rule, count }) => (
          <li className={styles.rule} key={rule}>
            <span className="num strong">{clock.number(count)}</span>
            <span>
              <a href={hrefOf('set-aside', undefined, { rule })}>{text.rules[rule].title}</a>{' '}
              <span className="muted">{text.rules[rule].hint}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Disk({ overview }: { readonly overview: Overview }) {
  const text = useText();
  const clock = useClock();
  const { state, freeBytes, totalBytes, usedByBellhopBytes, yearsLeft } = overview.disk;
  const tone = { enough: 'muted', low: 'st warn', stop: 'st fail' }[state];
  return (
    <section className={styles.panel} aria-label={text.monitoring.disk}>
      <h2 className="sec">{text.monitoring.disk}</h2>
      <progress className={styles.meter} max={totalBytes} value={totalBytes - freeBytes} aria-label={text.monitoring.disk} />
      <p className={tone}>{text.monitoring.diskUse(clock.bytes(usedByBellhopBytes), clock.bytes(freeBytes))}</p>
      <p className="muted">
        {text.same.outbox(
          clock.bytes(overview.outbox.bytes),
          overview.outbox.oldestAtMs === null ? null : clock.moment(overview.outbox.oldestAtMs, overview.nowMs),
        )}
      </p>
      {overview.figures.unread + overview.figures.due > 0 && <p className="muted">{text.same.figures}</p>}
      <p className="muted">{yearsLeft === null ? text.monitoring.diskUnknown : text.monitoring.diskYears(clock.number(yearsLeft))}</p>
    </section>
  );
}
