import { useQuery } from '@tanstack/react-query';
import { doneOf, type Resend } from '../../contract/resend.ts';
import { useChange, useClient, useConnections } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { type Text, useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Status, type Tone } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';

/** What was ordered to be sent again, what runs before all others. */
export function useResends() {
  const client = useClient();
  return useQuery({ queryKey: ['resends'], queryFn: ({ signal }) => client.resends.list({ limit: 20 }, { signal }) });
}

const isOpen = ({ state }: Resend) => state === 'running' || state === 'paused';
const tones: Record<Resend['state'], Tone> = { running: 'busy', paused: 'pause', done: 'ok', cancelled: 'info' };

/** What of an order was not simply confirmed, in words; nothing of what there was none. */
export function countWords({ resend: { counts } }: Text, order: Resend): string[] {
  return (['confirmed', 'refused', 'newer', 'onItsWay', 'withheld', 'damaged'] as const).flatMap((name) =>
    order[name] > 0 ? [counts[name](order[name])] : [],
  );
}

type OrdersProps = {
  /** Those of one destination, or of all. */
  readonly destinationId?: string;
  readonly which: 'open' | 'all';
  readonly className?: string | undefined;
};

/** Orders with how far they are; nothing at all where there is none. */
export function Orders({ destinationId, which, className }: OrdersProps) {
  const text = useText();
  const { data } = useResends();
  const orders = (data ?? []).filter(
    (one) => (which === 'all' || isOpen(one)) && (destinationId === undefined || one.destinationId === destinationId),
  );
  if (orders.length === 0) return null;
  return (
    <section className={className ?? 'stack'} aria-label={text.resend.orders}>
      <h2 className="sec">{text.resend.orders}</h2>
      <ul className="stack">
        {orders.slice(0, 10).map((order) => (
          <li key={order.id}>
            <Order order={order} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One order: what, how far, and the buttons that pause and end it. */
export function Order({ order }: { readonly order: Resend }) {
  const text = useText();
  const { resend } = text;
  const clock = useClock();
  const connections = useConnections();
  const change = useChange((client, how: 'pause' | 'resume' | 'cancel') => client.resends[how]({ id: order.id }));
  const { id, destinationId, destinationTitle, state, total, selection, actorId, actorName, orderedAtMs } = order;
  const to = destinationTitle ?? destinationId;
  const destination = connections.data?.find((one) => one.id === destinationId);
  const act = async (how: 'pause' | 'resume' | 'cancel') => {
    // Where only open orders stand, a cancelled one is off the screen before it could say so itself.
    await change.mutateAsync(how).then(
      () => how === 'cancel' && toast(resend.cancelled),
      () => undefined,
    );
  };
  return (
    <div className="stack tight" data-resend={id}>
      <div className="hstack">
        <Status tone={tones[state]}>{`${resend.order(resend.records(total), to)}: ${resend.states[state]}`}</Status>
        <span className="small muted trim">
          {actorId === 'agent' ? resend.misled : resend.selections[selection.kind]};{' '}
          {resend.orderedBy(text.history.actors[actorId] ?? actorName, clock.moment(orderedAtMs, Date.now()))}
        </span>
      </div>
      {isOpen(order) && <progress max={Math.max(1, total)} value={doneOf(order)} aria-label={resend.progress} />}
      <span className="small">
        {resend.done(clock.number(doneOf(order)), clock.number(total))}
        {countWords(text, order).map((words) => ` · ${words}`)}
      </span>
      {isOpen(order) && destination?.isPaused && <span className="small muted">{resend.waitsFor(to)}</span>}
      {isOpen(order) && (
        <div className="actions">
          <Button onClick={() => void act(state === 'paused' ? 'resume' : 'pause')} isBusy={change.isPending}>
            {state === 'paused' ? resend.resume : resend.pause}
          </Button>
          <Button look="danger" onClick={() => void act('cancel')} isDisabled={change.isPending}>
            {resend.cancel}
          </Button>
        </div>
      )}
      {change.error && <FaultNote fault={faultOf(change.error)} />}
    </div>
  );
}
