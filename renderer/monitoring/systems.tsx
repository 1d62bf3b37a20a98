import type { DestinationHealth, Overview, SourceHealth, SystemHealth } from '../../contract/health.ts';
import { hrefOf } from '../router.ts';
import { NextTry, rests, SendingPanel } from '../sending/panel.tsx';
import { useClock, useText } from '../text/text.tsx';
import { Status, type Tone } from '../ui/pieces.tsx';
import styles from './monitoring.module.css';

/** The systems round the hotel, a row each, in words. */
export function Systems({ overview }: { readonly overview: Overview }) {
  const text = useText();
  const { columns } = text.monitoring;
  return (
    <section aria-label={text.monitoring.systems}>
      <div className={`gr head ${styles.systems}`} aria-hidden>
        <span>{columns.system}</span>
        <span>{columns.state}</span>
        <span>{columns.last}</span>
        <span>{columns.next}</span>
        <span>{columns.counts}</span>
        <span className="num">{columns.today}</span>
      </div>
      <ul>
        {overview.systems.map((system) => (
          <li key={system.id}>
            <a className={`gr link tall ${styles.systems}`} href={hrefOf('connections', system.id)}>
              <span className="medium trim">
                {system.title}{' '}
                {system.direction === 'destination' && system.shadow && <span className="chip plain">{text.same.shadow.tag}</span>}
              </span>
              <State system={system} nowMs={overview.nowMs} />
              {system.direction === 'source' ? (
                <SourceCells system={system} nowMs={overview.nowMs} />
              ) : (
                <DestinationCells system={system} nowMs={overview.nowMs} />
              )}
            </a>
            {system.direction === 'destination' && rests(system) && <SendingPanel health={system} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

const sourceTones: Record<SourceHealth['state'], Tone> = {
  never: 'wait',
  running: 'busy',
  ok: 'ok',
  late: 'warn',
  failing: 'fail',
  paused: 'pause',
};
const destinationTones: Record<DestinationHealth['state'], Tone> = {
  idle: 'ok',
  sending: 'busy',
  waiting: 'wait',
  failing: 'fail',
  paused: 'pause',
};

function State({ system, nowMs }: { readonly system: SystemHealth; readonly nowMs: number }) {
  const text = useText();
  const clock = useClock();
  const tone = system.direction === 'source' ? sourceTones[system.state] : destinationTones[system.state];
  const words =
    system.direction === 'source' ? text.monitoring.states.source[system.state] : text.monitoring.states.destination[system.state];
  const detail = () => {
    if (system.state === 'failing' && system.failingSinceMs !== null)
      return text.monitoring.failingSince(clock.moment(system.failingSinceMs, nowMs));
    if (system.direction === 'source' && system.state === 'late') return text.monitoring.lateBy(clock.span(system.lateByMs));
    if (system.direction === 'source' && system.progress)
      return text.monitoring.progress(system.progress.fileName, percent(system.progress.bytesDone, system.progress.bytesTotal));
    if (system.direction === 'source' && system.waitsFor[0])
      return text.monitoring.waitsForParts(system.waitsFor[0].name, system.waitsFor[0].missing, system.waitsFor[0].of);
    if (system.direction === 'destination' && system.waiting > 0 && system.oldestWaitingAtMs !== null)
      return text.monitoring.oldest(clock.span(nowMs - system.oldestWaitingAtMs));
    return '';
  };
  return (
    <span className={styles.state}>
      <Status tone={tone}>{words}</Status>
      <span className="small muted trim">{detail()}</span>
    </span>
  );
}

export function percent(done: number, total: number): number {
  return total === 0 ? 100 : Math.floor((done / total) * 100);
}

function SourceCells({ system, nowMs }: { readonly system: SourceHealth; readonly nowMs: number }) {
  const text = useText();
  const clock = useClock();
  const next = () => {
    if (system.state === 'paused') return '–';
    if (system.nextSyncAtMs === null) return text.monitoring.byHand;
    return clock.moment(Math.max(system.nextSyncAtMs, nowMs), nowMs);
  };
  return (
    <>
      <span>{system.lastSyncAtMs === null ? text.monitoring.never : clock.moment(system.lastSyncAtMs, nowMs)}</span>
      <span className={styles.state}>
        <span>{next()}</span>
        <span className="small muted trim">{text.schedule.words(system.schedule)}</span>
      </span>
      <span className={styles.state}>
        {system.entities.map((one) => (
          <span key={one.entity}>
            {text.entities(one.entity, one.records)}
            {one.deadLetters > 0 && <span className="muted">, {text.line.setAside(one.deadLetters)}</span>}
          </span>
        ))}
        {system.entities.length === 0 && '–'}
      </span>
      <span className="num">{clock.number(system.entities.reduce((sum, one) => sum + one.keptLast24h, 0))}</span>
    </>
  );
}

function DestinationCells({ system, nowMs }: { readonly system: DestinationHealth; readonly nowMs: number }) {
  const text = useText();
  const clock = useClock();
  return (
    <>
      <span>{system.lastConfirmedAtMs === null ? text.monitoring.never : clock.moment(system.lastConfirmedAtMs, nowMs)}</span>
      <span>
        <NextTry health={system} />
      </span>
      <span className={styles.state}>
        <span>{text.monitoring.confirmed(system.confirmed)}</span>
        <span className="small muted trim">
          {text.monitoring.waiting(system.waiting)}
          {system.waitingBytes > 0 && ` (${text.same.waits(clock.bytes(system.waitingBytes))})`}
          {system.refused > 0 && `, ${text.monitoring.refused(system.refused)}`}
        </span>
      </span>
      <span className="num">–</span>
    </>
  );
}
