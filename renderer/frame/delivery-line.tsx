import type { DestinationHealth, Overview } from '../../contract/health.ts';
import { useLine, useOverview } from '../line.tsx';
import { useClock, useText } from '../text/text.tsx';
import { Status, type Tone } from '../ui/pieces.tsx';
import { useNow } from '../ui/use-now.ts';

/** The product's promise in one sentence: up to when everything is confirmed, what waits, what is set aside. */
export function DeliveryLine() {
  const { data } = useOverview();
  const { lostAtMs } = useLine();
  const text = useText();
  const clock = useClock();
  const nowMs = useNow(1000);
  if (!data) return <footer className="deliveryline" role="status" />;
  const said = sentence(data, text, clock);
  return (
    <footer className="deliveryline">
      <span className="bell" role="status">
        <Status tone={lostAtMs === null ? said.tone : 'wait'}>{said.words}</Status>
      </span>
      <span className="sep" />
      <span>{text.line.waiting(data.waiting)}</span>
      <span className="sep" />
      <span>{text.line.setAside(data.setAside)}</span>
      <span className="end">
        {data.businessDate && <span className="opt">{text.line.businessDate(clock.businessDay(data.businessDate))}</span>}
        <span className="sep opt" />
        <span>{text.line.hotelTime(clock.time(nowMs))}</span>
      </span>
    </footer>
  );
}

/** The slowest destination speaks: what it has confirmed, all have. A shadow never speaks for the house. */
function sentence(
  overview: Overview,
  text: ReturnType<typeof useText>,
  clock: ReturnType<typeof useClock>,
): { readonly tone: Tone; readonly words: string } {
  const destinations = overview.systems.filter(
    (system): system is DestinationHealth => system.direction === 'destination' && system.shadow === null,
  );
  const slowest = [...destinations].sort((a, b) => b.waiting - a.waiting)[0];
  if (!slowest) return { tone: 'info', words: text.line.noDestination(overview.waiting) };
  if (slowest.state === 'paused') return { tone: 'pause', words: text.line.paused(slowest.title) };
  if (slowest.state === 'failing') return { tone: 'fail', words: text.line.failing(slowest.title) };
  if (slowest.confirmedUpToMs === null)
    return overview.waiting === 0
      ? { tone: 'wait', words: text.line.nothingYet }
      : { tone: 'busy', words: text.line.notYet(slowest.title) };
  return { tone: 'ok', words: text.line.confirmed(clock.moment(slowest.confirmedUpToMs, overview.nowMs), slowest.title) };
}
