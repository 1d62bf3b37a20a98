import { differences } from '../../contract/record-difference.ts';
import type { OpenedRecord, RecordVersion } from '../../contract/record-view.ts';
import { useClock, useText } from '../text/text.tsx';
import { Button } from '../ui/pieces.tsx';
import { Deliveries } from './deliveries.tsx';
import styles from './records.module.css';
import { fieldWords, useValues } from './values.ts';

type VersionsProps = { readonly record: OpenedRecord; readonly shownSeq: number; readonly onShowRow: (seq: number) => void };

/** Every version that was kept, newest first, with what it changed. */
export function Versions({ record, shownSeq, onShowRow }: VersionsProps) {
  const text = useText();
  return (
    <section className="stack" aria-label={text.records.versions}>
      <h3 className="sec">{text.records.versions}</h3>
      <ol className={styles.versions}>
        {record.versions.map((version, at) => (
          <Version
            key={version.seq}
            entity={record.entity}
            version={version}
            before={record.versions[at + 1] ?? null}
            number={record.total - at}
            isOldestKept={record.areOlderPruned}
            isShown={version.seq === shownSeq}
            onShowRow={onShowRow}
          />
        ))}
      </ol>
      {record.versions.length < record.total && <p className="muted">{text.records.oldestShown}</p>}
    </section>
  );
}

type VersionProps = {
  readonly entity: OpenedRecord['entity'];
  readonly version: RecordVersion;
  readonly before: RecordVersion | null;
  readonly number: number;
  /** Whether there were older ones, which are kept no more. */
  readonly isOldestKept: boolean;
  readonly isShown: boolean;
  readonly onShowRow: (seq: number) => void;
};

function Version({ entity, version, before, number, isOldestKept, isShown, onShowRow }: VersionProps) {
  const text = useText();
  const clock = useClock();
  const words = text.records;
  const { fileName, line, seq } = version;
  return (
    <li className={styles.version} aria-current={isShown || undefined}>
      <div className="hstack">
        <h4 className="strong">{words.version(number)}</h4>
        <span className="muted small nowrap">{clock.moment(version.keptAtMs, Date.now())}</span>
        {fileName !== null && line !== null && <span className="faint small trim">{words.fromFile(fileName, clock.number(line))}</span>}
      </div>
      {number === 1 && <p className="small muted">{isOldestKept ? text.same.keep.pruned : words.firstVersion}</p>}
      {version.reason === 'figures' && <p className="small muted">{words.forFigures}</p>}
      {before && <Changes entity={entity} before={before.record} after={version.record} />}
      <div className={`hstack small ${styles.foot}`}>
        <Deliveries deliveries={version.deliveries} />
        <span className="grow" />
        <span className="faint nowrap">{words.rank(version.generation, version.version)}</span>
        {!isShown && (
          <Button look="quiet" onClick={() => onShowRow(seq)}>
            {words.showRow(number)}
          </Button>
        )}
      </div>
    </li>
  );
}

type Fields = RecordVersion['record'];

function Changes({ entity, before, after }: { readonly entity: OpenedRecord['entity']; readonly before: Fields; readonly after: Fields }) {
  const text = useText();
  const values = useValues(entity);
  const found = differences(before, after);
  if (found.length === 0) return <p className="small muted">{text.records.sameContent}</p>;
  return (
    <dl className="dl">
      {found.map((one) => {
        const from = values(one.field, one.before, before.currency);
        const to = values(one.field, one.after, after.currency);
        return (
          <div className="contents" key={one.field}>
            <dt>{fieldWords(text, one.field)}</dt>
            <dd>
              <span className="sr">{text.records.change(from, to)}</span>
              <span aria-hidden>
                <del className={styles.before}>{from}</del> → <ins className={styles.after}>{to}</ins>
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
