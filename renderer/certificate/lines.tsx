import { Fragment, useState } from 'react';
import {
  type Certificate,
  type CertificateDelivery,
  type CertificateDestination,
  type CertificateLine,
  type CertificatePart,
  type CertificateState,
  lineState,
} from '../../contract/certificate.ts';
import { useClock, useText } from '../text/text.tsx';
import { Button, Status } from '../ui/pieces.tsx';
import styles from './certificate.module.css';
import { tones } from './tones.ts';

/** So many lines are shown at once; of more, the sums and what is not complete. */
const mostShown = 300;

/** The table: a line for each kind of record, hotel date and destination. */
export function Lines({ certificate: { parts, destinations } }: { readonly certificate: Certificate }) {
  const text = useText();
  const { certificate: words } = text;
  const clock = useClock();
  const [isAll, setAll] = useState(false);
  const count = parts.reduce((sum, { lines }) => sum + lines.length, 0) * Math.max(1, destinations.length);
  const isShort = !isAll && count > mostShown;
  const { columns } = words;
  return (
    <div className="stack tight">
      {isShort && (
        <p className="hstack">
          <span className="muted">{words.onlyOpen}</span>
          <Button onClick={() => setAll(true)}>{words.showAll(count)}</Button>
        </p>
      )}
      <table className={styles.table} aria-label={words.full}>
        <thead>
          <tr>
            <th scope="col">{columns.day}</th>
            {[columns.source, columns.kept].map((column) => (
              <th key={column} scope="col" className="num">
                {column}
              </th>
            ))}
            <th scope="col">{columns.destination}</th>
            {[columns.confirmed, columns.withheld, columns.waiting].map((column) => (
              <th key={column} scope="col" className="num">
                {column}
              </th>
            ))}
            <th scope="col">{columns.state}</th>
            <th scope="col">{columns.sum}</th>
          </tr>
        </thead>
        {parts.map((part) => (
          <tbody key={`${part.source} ${part.entity}`}>
            <tr className={styles.group}>
              <th colSpan={9} scope="colgroup">
                {words.from(text.entityName(part.entity), part.source)}{' '}
                <span className="muted small">{words.read(part.files, part.rows)}</span>
              </th>
            </tr>
            <Rows line={sumOf(part, destinations)} name={words.sum} part={part} destinations={destinations} isSum />
            {part.lines
              .filter(
                (line) =>
                  !isShort || line.deliveries.some(({ state }) => state !== 'complete') || lineState(line, part.notCompared) !== 'complete',
              )
              .map((line) => (
                <Rows
                  key={line.day ?? ''}
                  line={line}
                  name={line.day === null ? words.noDay : clock.businessDay(line.day)}
                  part={part}
                  destinations={destinations}
                />
              ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

type Summed = Omit<CertificateLine, 'sourceSum' | 'keptSum' | 'deliveries'> & {
  readonly sourceSum: string | null;
  readonly deliveries: readonly (Omit<CertificateDelivery, 'sum'> & { readonly sum: string | null })[];
};

const order: readonly CertificateState[] = ['complete', 'waiting', 'refused', 'not-compared', 'different'];

/** All dates of a part added up. Their checksums stand on their own lines. */
function sumOf({ lines, notCompared }: CertificatePart, destinations: readonly CertificateDestination[]): Summed {
  const total = (name: 'source' | 'kept' | 'missing' | 'changed' | 'corrected' | 'gone' | 'later') =>
    lines.reduce((sum, line) => sum + line[name], 0);
  const deliveries = destinations.map((_, at) => {
    const some = lines.flatMap(({ deliveries: all }) => all[at] ?? []);
    const add = (name: 'confirmed' | 'waiting' | 'withheld' | 'refused') => some.reduce((sum, one) => sum + one[name], 0);
    const state = notCompared
      ? ('not-compared' as const)
      : (order[Math.max(0, ...some.map((one) => order.indexOf(one.state)))] ?? 'complete');
    return { confirmed: add('confirmed'), waiting: add('waiting'), withheld: add('withheld'), refused: add('refused'), sum: null, state };
  });
  const counts = { source: total('source'), kept: total('kept'), missing: total('missing'), changed: total('changed') };
  return { day: null, ...counts, corrected: total('corrected'), gone: total('gone'), later: total('later'), sourceSum: null, deliveries };
}

type RowsProps = {
  readonly line: Summed;
  readonly name: string;
  readonly part: CertificatePart;
  readonly destinations: readonly CertificateDestination[];
  readonly isSum?: boolean;
};

function Rows({ line, name, part: { notCompared }, destinations, isSum }: RowsProps) {
  const { certificate: words } = useText();
  const clock = useClock();
  const { source, kept, deliveries, sourceSum } = line;
  const rows = deliveries.length > 0 ? deliveries : [null];
  return (
    <>
      {rows.map((delivery, at) => {
        const destination = destinations[at];
        const state = delivery?.state ?? lineState(line, notCompared);
        return (
          <tr key={destination?.id ?? ''} className={isSum ? styles.sum : undefined}>
            {at === 0 && (
              <>
                <th scope="row" rowSpan={rows.length}>
                  {name}
                </th>
                <td className="num" rowSpan={rows.length}>
                  {notCompared ? words.unknown : clock.number(source)}
                </td>
                <td className="num" rowSpan={rows.length}>
                  {clock.number(kept)}
                </td>
              </>
            )}
            <td>
              {destination?.title ?? '–'} {destination?.isShadow && <span className="muted small">({words.shadow})</span>}
            </td>
            <td className="num">{delivery ? clock.number(delivery.confirmed) : '–'}</td>
            <td className="num">{delivery ? clock.number(delivery.withheld) : '–'}</td>
            <td className="num">{delivery ? clock.number(delivery.waiting) : '–'}</td>
            <td>
              <Status tone={tones[state]}>{words.states[state]}</Status>
              <Notes line={line} delivery={delivery} destination={destination} />
            </td>
            <td className="mono small">
              {sourceSum !== null && delivery?.sum != null && (
                <Fragment>
                  {notCompared ? words.unknown : sourceSum}
                  <br />
                  {delivery.sum}
                </Fragment>
              )}
            </td>
          </tr>
        );
      })}
    </>
  );
}

type NotesProps = {
  readonly line: Summed;
  readonly delivery: Summed['deliveries'][number] | null;
  readonly destination: CertificateDestination | undefined;
};

/** What else there is to say of a line. */
function Notes({ line, delivery, destination }: NotesProps) {
  const { certificate: words } = useText();
  const clock = useClock();
  const waits = delivery && delivery.waiting > 0;
  const notes = [
    ...(['missing', 'changed', 'corrected', 'gone', 'later'] as const).flatMap((name) =>
      line[name] > 0 ? [words.notes[name](line[name])] : [],
    ),
    ...(delivery && delivery.refused > 0 ? [words.notes.refused(delivery.refused)] : []),
    ...(waits && destination?.isStopped ? [words.notes.stopped] : []),
    ...(waits && destination?.waitingSinceMs != null ? [words.notes.since(clock.moment(destination.waitingSinceMs, Date.now()))] : []),
  ];
  return notes.length === 0 ? null : <div className="small muted">{notes.join('; ')}</div>;
}
