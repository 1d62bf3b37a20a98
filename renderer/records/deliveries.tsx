import type { VersionDelivery } from '../../contract/record-view.ts';
import { hrefOf } from '../router.ts';
import { type Text, useClock, useText } from '../text/text.tsx';
import { Status, type Tone } from '../ui/pieces.tsx';

const tones: Record<VersionDelivery['state'], Tone> = { confirmed: 'ok', waiting: 'wait', refused: 'fail', withheld: 'pause' };

/** What each destination has said of a version. */
export function Deliveries({ deliveries }: { readonly deliveries: readonly VersionDelivery[] }) {
  const text = useText();
  const clock = useClock();
  const { whySetAside } = text.records;
  return (
    <ul>
      {deliveries.map((delivery) => {
        const { destinationId, isShadow, state, atMs } = delivery;
        const time = atMs === null ? null : clock.moment(atMs, Date.now());
        return (
          <li key={destinationId} className="hstack">
            <Status tone={tones[state]}>{said(text, delivery, time)}</Status>
            {isShadow && <span className="chip plain">{text.same.shadow.tag}</span>}
            {state === 'refused' && <a href={hrefOf('set-aside', undefined, { rule: 'refused-by-destination' })}>{whySetAside}</a>}
          </li>
        );
      })}
    </ul>
  );
}

function said({ records, same }: Text, { title, state, withheld }: VersionDelivery, time: string | null): string {
  if (withheld) return same.withheld(title, same.withheldFor[withheld.reason](withheld.otherSource ?? ''));
  if (state === 'confirmed') return records.deliveries.confirmed(title, time);
  return state === 'refused' ? records.deliveries.refused(title, time ?? '') : records.deliveries.waiting(title);
}
