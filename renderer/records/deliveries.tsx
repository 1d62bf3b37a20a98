import type { VersionDelivery } from '../../contract/record-view.ts';
import { hrefOf } from '../router.ts';
import { useClock, useText } from '../text/text.tsx';
import { Status, type Tone } from '../ui/pieces.tsx';

const tones: Record<VersionDelivery['state'], Tone> = { confirmed: 'ok', waiting: 'wait', refused: 'fail' };

/** What each destination has said of a version. */
export function Deliveries({ deliveries }: { readonly deliveries: readonly VersionDelivery[] }) {
  const text = useText();
  const clock = useClock();
  const { deliveries: words, whySetAside } = text.records;
  return (
    <ul>
      {deliveries.map(({ destinationId, title, state, atMs }) => {
        const time = atMs === null ? null : clock.moment(atMs, Date.now());
        return (
          <li key={destinationId} className="hstack">
            <Status tone={tones[state]}>{state === 'waiting' ? words.waiting(title) : words[state](title, time ?? '')}</Status>
            {state === 'refused' && <a href={hrefOf('set-aside', undefined, { rule: 'refused-by-destination' })}>{whySetAside}</a>}
          </li>
        );
      })}
    </ul>
  );
}
