import { useState } from 'react';
import type { DestinationHealth } from '../../contract/health.ts';
import { useChange } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { faultText, useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Status } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';
import { useNow } from '../ui/use-now.ts';
import styles from './sending.module.css';
import { StopDialog } from './stop-dialog.tsx';

/** Whether there is something to see: nothing is sent, by the breaker or by a person. */
export function rests({ breaker, held }: DestinationHealth): boolean {
  return held !== null || breaker !== 'closed';
}

/** The time to the next try, counted here: nobody is asked for it every second. */
export function NextTry({ health }: { readonly health: DestinationHealth }) {
  const text = useText();
  const clock = useClock();
  const nowMs = useNow(1000);
  const { breaker, held, failures, nextTryAtMs } = health;
  if (held) return nextTryAtMs === null ? '–' : text.monitoring.nextTry(clock.span(nextTryAtMs - nowMs));
  if (breaker === 'half-open') return text.sending.halfOpen;
  if (nextTryAtMs === null) return '–';
  const span = clock.span(nextTryAtMs - nowMs);
  return breaker === 'open' ? text.sending.open(failures.length, span) : text.monitoring.nextTry(span);
}

/** A line that rests: why and since when, the failures that led to it, what waits meanwhile, and the buttons that end it. */
export function SendingPanel({ health }: { readonly health: DestinationHealth }) {
  const text = useText();
  const { sending } = text;
  const { id, title, held, failures, breakerOpenedAtMs } = health;
  const clock = useClock();
  const reset = useChange((client, of: string) => client.connections.resetBreaker({ id: of }));
  const nowMs = useNow(1000);
  const at = (atMs: number) => clock.moment(atMs, nowMs);
  return (
    <section className={styles.panel} aria-label={sending.title(title)}>
      {held ? (
        <>
          <Status tone="pause">{sending.held(sending.actors[held.actorName] ?? held.actorName, at(held.heldAtMs))}</Status>
          <p>{sending.reasonIs(held.reason)}</p>
          <p className="muted">{held.untilMs === null ? sending.heldForGood : sending.heldUntil(clock.span(held.untilMs - nowMs))}</p>
        </>
      ) : (
        <p>
          <Status tone="warn">
            <NextTry health={health} />
          </Status>{' '}
          {breakerOpenedAtMs !== null && <span className="muted small">{sending.since(at(breakerOpenedAtMs))}</span>}
        </p>
      )}
      <p>
        {health.waiting === 0 || health.oldestWaitingAtMs === null
          ? sending.nothingWaits
          : sending.waits(health.waiting, clock.span(nowMs - health.oldestWaitingAtMs))}
      </p>
      {failures.length > 0 && (
        <ol className={styles.failures} aria-label={sending.failures}>
          {failures.map(({ atMs, fault }) => (
            <li key={atMs}>
              <span className="num small muted">{at(atMs)}</span>{' '}
              {faultText(text, { ...fault, detail: { ...fault.detail, ...(fault.detail.host ? { host: title } : {}) } }).what}
            </li>
          ))}
        </ol>
      )}
      {reset.error && <FaultNote fault={faultOf(reset.error)} />}
      <div className="actions">
        <Button isBusy={reset.isPending} onClick={() => reset.mutate(id, { onSuccess: () => toast(sending.wentOn(title)) })}>
          {held ? sending.goOn : sending.tryNow}
        </Button>
        {!held && <StopButton id={id} title={title} />}
      </div>
    </section>
  );
}

/** Stopping asks for a reason, because others will wonder. */
export function StopButton({ id, title }: { readonly id: string; readonly title: string }) {
  const { sending } = useText();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button look="quiet" onClick={() => setIsOpen(true)}>
        {sending.stop}
      </Button>
      {isOpen && <StopDialog id={id} title={title} onClose={() => setIsOpen(false)} />}
    </>
  );
}
