import { useQuery } from '@tanstack/react-query';
import { visibleText } from '../../contract/raw-bytes.ts';
import type { Attempt, DeliveryOfTrace, Station, Trace, TraceLetter } from '../../contract/trace.ts';
import { useClient } from '../line.tsx';
import { hrefOf } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { faultText, type Text, useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Skeleton, type Tone, ToneIcon } from '../ui/pieces.tsx';
import { useNow } from '../ui/use-now.ts';
import { fieldWords } from './values.ts';
import styles from './way.module.css';

type WayProps = { readonly ledgerId: number; readonly externalId: string; readonly seq: number };

/** The way of one version as a line in time: its file, row, mapping, what was tried and what each destination has said. */
export function Way({ ledgerId, externalId, seq }: WayProps) {
  const text = useText();
  const client = useClient();
  const { data, error } = useQuery({
    queryKey: ['trace', ledgerId, externalId, seq],
    queryFn: ({ signal }) => client.trace.get({ ledgerId, externalId, seq }, { signal }),
    gcTime: 0,
  });
  return (
    <section className="stack" aria-label={text.trace.title}>
      <h3 className="sec">{text.trace.title}</h3>
      {error && !data && <FaultNote fault={faultOf(error)} />}
      {!data && !error && <Skeleton rows={6} label={text.states.loading} />}
      {data && <Stations trace={data} />}
    </section>
  );
}

function Stations({ trace }: { readonly trace: Trace }) {
  const text = useText();
  return (
    <>
      {!trace.isNewest && <p className="small muted">{text.trace.olderVersion}</p>}
      <ol className={styles.way}>
        {trace.stations.map((station) =>
          station.kind === 'delivery' ? (
            <Delivery key={station.destinationId} station={station} />
          ) : (
            <Place key={station.kind === 'set-aside' ? `letter ${station.letter.id}` : station.kind} station={station} />
          ),
        )}
      </ol>
    </>
  );
}

type MarkProps = {
  readonly tone: Tone;
  readonly name: string;
  readonly atMs: number | null;
  readonly children: React.ReactNode;
};

function Mark({ tone, name, atMs, children }: MarkProps) {
  const clock = useClock();
  return (
    <li className={styles.station}>
      <span className={`${styles.mark} st ${tone}`}>
        <ToneIcon tone={tone} />
      </span>
      <div className={styles.words}>
        <span className="strong">{name}</span> {children}
      </div>
      <span className={`num small muted ${styles.time}`}>{atMs === null ? '' : clock.moment(atMs, Date.now())}</span>
    </li>
  );
}

type Placed = Exclude<Station, { kind: 'delivery' }>;

function Place({ station }: { readonly station: Placed }) {
  const text = useText();
  return (
    <Mark tone={toneOf(station)} name={text.trace.stations[station.kind]} atMs={station.atMs}>
      <Words station={station} />
    </Mark>
  );
}

function toneOf(station: Placed): Tone {
  if (station.kind === 'outbox') return station.isWhole ? 'ok' : 'fail';
  return station.kind === 'set-aside' ? (station.letter.settledAs === null ? 'warn' : 'info') : 'ok';
}

function Words({ station }: { readonly station: Placed }) {
  const text = useText();
  const clock = useClock();
  const words = text.trace;
  switch (station.kind) {
    case 'file':
      return (
        <>
          {words.file(visibleText(station.name), station.connectionTitle)} <span className="muted small">{clock.bytes(station.bytes)}</span>
          <Code name={words.fileHash} value={station.sha256} />
          {station.mark !== null && <Code name={words.mark} value={station.mark} />}
        </>
      );
    case 'row':
      return <>{words.row(clock.number(station.line), station.byteLength === null ? null : clock.bytes(station.byteLength))}</>;
    case 'mapping':
      return (
        <>
          {words.mapping(station.title, station.version, station.columns.length)}
          <Code name={words.columns} value={station.columns.join(', ')} />
        </>
      );
    case 'masking':
      return (
        <>
          {station.fields.length === 0
            ? words.nothingHidden
            : station.fields.map(({ field, signs }) => words.hidden(signs, fieldWords(text, field))).join(', ')}
        </>
      );
    case 'set-aside':
      return <Letter letter={station.letter} />;
    case 'kept':
      return (
        <>
          {words.keptAs(station.generation, station.version)} <span className="muted small">{changesOf(text, station)}</span>
          <Code name={words.correlationOf} value={station.correlationId} />
        </>
      );
    case 'outbox':
      return (
        <>
          {words.place(station.seq)}{' '}
          <span className={station.isWhole ? 'muted small' : 'strong'}>{station.isWhole ? words.whole : words.damaged}</span>
          {station.eventId !== null && <Code name={words.event} value={station.eventId} />}
          {station.hash !== null && <Code name={words.hash} value={station.hash} />}
        </>
      );
    default: {
      const never: never = station;
      return never;
    }
  }
}

function changesOf(text: Text, station: Extract<Station, { kind: 'kept' }>): string {
  return station.reason === 'figures' ? `${contentOf(text, station)}. ${text.records.forFigures}` : contentOf(text, station);
}

function contentOf(text: Text, { isFirst, changed }: Extract<Station, { kind: 'kept' }>): string {
  if (isFirst) return text.trace.first;
  if (changed === null) return text.trace.changesUnknown;
  return changed.length === 0 ? text.trace.unchanged : text.trace.changed(changed.map((field) => fieldWords(text, field)).join(', '));
}

/** What only somebody who compares needs: small, and whole. */
function Code({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className={`small faint ${styles.code}`}>
      {name} <span className="mono">{value}</span>
    </div>
  );
}

function Letter({ letter }: { readonly letter: TraceLetter }) {
  const text = useText();
  const clock = useClock();
  const words = text.trace;
  const { rule, fileName, line, settledAs, settledAtMs } = letter;
  const place = words.letterPlace(fileName, line === null ? null : clock.number(line));
  return (
    <>
      {words.letter(text.rules[rule].title, place)}{' '}
      {settledAs === null ? (
        <>
          {words.letterOpen} <a href={hrefOf('set-aside', String(letter.id))}>{words.look}</a>
        </>
      ) : (
        <span className="muted small">{words.settled[settledAs](settledAtMs === null ? '' : clock.moment(settledAtMs, Date.now()))}</span>
      )}
    </>
  );
}

const deliveryTones = { confirmed: 'ok', waiting: 'wait', refused: 'fail', withheld: 'pause' } as const satisfies Record<
  DeliveryOfTrace['state'],
  Tone
>;

/** What was tried with one destination, and how it stands there. */
function Delivery({ station }: { readonly station: DeliveryOfTrace }) {
  const text = useText();
  const { title, isShadow, state, code, waiting, withheld, attempts, atMs } = station;
  return (
    <>
      {attempts.map((attempt) => (
        <Tried key={`${attempt.startedAtMs} ${attempt.outcome} ${attempt.code}`} attempt={attempt} to={title} />
      ))}
      <Mark tone={deliveryTones[state]} name={text.trace.stations[state]} atMs={atMs}>
        {state === 'confirmed' && text.trace.confirmed(title)}
        {state === 'refused' && (
          <>
            {text.trace.refused(title)} {code !== null && <span className="mono small">{code}</span>}{' '}
            <a href={hrefOf('set-aside', undefined, { rule: 'refused-by-destination' })}>{text.trace.lookAtAnswer}</a>
          </>
        )}
        {withheld && text.same.withheld(title, text.same.withheldFor[withheld.reason](withheld.otherSource ?? ''))}
        {waiting && <Waiting to={title} waiting={waiting} />}
        {isShadow && <span className="muted small"> {text.trace.shadow}</span>}
      </Mark>
    </>
  );
}

const attemptTones = { confirmed: 'ok', partly: 'info', refused: 'fail', failed: 'warn' } as const satisfies Record<
  Attempt['outcome'],
  Tone
>;

function Tried({ attempt, to }: { readonly attempt: Attempt; readonly to: string }) {
  const text = useText();
  const clock = useClock();
  const { trace } = text;
  const { outcome, code, records, count, endedAtMs, tookMs, resendId, correlationId } = attempt;
  const more = [
    trace.took(tookMs),
    ...(count > 1 ? [trace.often(count, clock.moment(endedAtMs, Date.now()))] : []),
    ...(resendId === null ? [] : [trace.again(resendId)]),
  ];
  return (
    <Mark tone={attemptTones[outcome]} name={trace.stations.attempt} atMs={attempt.startedAtMs}>
      {records === 0 ? trace.attempts.line(to) : trace.attempts[outcome](to, records)}{' '}
      {code !== null && <span className="mono small">{code}</span>} <span className="muted small">{more.join(', ')}</span>
      {correlationId !== null && <Code name={trace.correlationOf} value={correlationId} />}
    </Mark>
  );
}

function Waiting({ to, waiting }: { readonly to: string; readonly waiting: NonNullable<DeliveryOfTrace['waiting']> }) {
  const text = useText();
  const clock = useClock();
  const nowMs = useNow(1000);
  const { before, sinceMs, why, fault, reason, nextTryAtMs } = waiting;
  const next = nextTryAtMs !== null && nextTryAtMs > nowMs ? text.monitoring.nextTry(clock.span(nextTryAtMs - nowMs)) : null;
  return (
    <>
      {text.trace.waiting(to, before)}, {text.sending.since(clock.moment(sinceMs, nowMs))}.{' '}
      <span className="muted">
        {[text.trace.why[why], reason, fault && faultText(text, fault).what, next].filter((part) => part !== null).join(' · ')}
      </span>
    </>
  );
}
