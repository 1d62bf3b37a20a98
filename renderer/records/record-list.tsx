import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { memo, useCallback, useEffect, useMemo, useRef } from 'react';
import type { RecordQuery, RecordRow, RecordSort } from '../../contract/record-view.ts';
import { usePreferences } from '../preferences.ts';
import { goTo, hrefOf, type Narrowing } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { type Text, useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Banner, Button, Empty, Skeleton } from '../ui/pieces.tsx';
import { useRows } from '../ui/use-rows.ts';
import type { RecordList as Records } from './lists.ts';
import { columnsOf, fieldOf, isNarrowed, nameOf, narrowingOf, unnarrowed } from './query.ts';
import styles from './records.module.css';
import { fieldWords, useValues } from './values.ts';

/** The height of a row, as the sheets have it (`--row`). */
const headPx = 28;
const rowPxOf = (density: 'compact' | 'comfortable') => (density === 'comfortable' ? 36 : 28);

const looksOf = (column: RecordSort) => `${styles[column] ?? ''} ${column === 'amount' ? 'num' : ''}`;

export function columnWords(text: Text, entity: RecordQuery['entity'], column: RecordSort): string {
  return column === 'kept' ? text.records.kept : fieldWords(text, fieldOf(entity, column));
}

/** The address of the same list sorted by a column; by the one it is sorted by already, the other way round. */
export function sortedBy(query: RecordQuery, column: RecordSort): Narrowing {
  const other = query.direction === 'up' ? 'down' : 'up';
  const direction = query.sort === column ? other : column === 'kept' || column === 'amount' ? 'down' : 'up';
  return narrowingOf({ ...query, sort: column, direction });
}

/** Which records are picked, by their names in the address. */
export type Picks = { readonly names: ReadonlySet<string>; readonly toggle: (name: string) => void };

type ListProps = {
  readonly picks: Picks;
  readonly query: RecordQuery;
  readonly list: Records;
  readonly rows: ReturnType<typeof useRows>;
  readonly chosen: { readonly name: string | null; readonly at: number };
  readonly onChoose: (at: number) => void;
};

/** The rows of a list, of which those in sight are drawn. */
export function RecordList({ query, list, rows, picks, chosen, onChoose }: ListProps) {
  const text = useText();
  const { total, isLoading, error } = list;
  const isEmpty = !isLoading && !error && total === 0;
  const narrowing = useMemo(() => narrowingOf(query), [query]);
  const drawn = isLoading ? [] : Array.from({ length: rows.end - rows.first }, (_, at) => rows.first + at);
  const { show } = rows;
  const toggle = useRef(picks.toggle);
  toggle.current = picks.toggle;
  const onPick = useCallback((name: string) => toggle.current(name), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another row is brought into sight, not a list that was scrolled by hand.
  useEffect(() => {
    if (chosen.at >= 0) show(chosen.at);
  }, [chosen.at]);
  return (
    <>
      {list.kept > 0 && (
        <Banner
          tone="calm"
          title={text.records.since(list.kept)}
          actions={<Button onClick={list.startAgain}>{text.records.showNow}</Button>}
        />
      )}
      {error && <FaultNote fault={faultOf(error)} actions={<Button onClick={list.tryAgain}>{text.states.tryAgain}</Button>} />}
      <div className={styles.rows} ref={rows.box}>
        <table className={styles.table} aria-label={text.entityName(query.entity)} aria-rowcount={total + 1}>
          <Head query={query} name={chosen.name} />
          <tbody style={{ height: rows.heightPx, paddingTop: rows.topPx }}>
            {drawn.map((at) => (
              <Row
                key={at}
                at={at}
                row={list.rowAt(at)}
                query={query}
                narrowing={narrowing}
                isChosen={at === chosen.at}
                isPicked={isPicked(picks, list.rowAt(at))}
                onChoose={onChoose}
                onPick={onPick}
              />
            ))}
          </tbody>
        </table>
        {isLoading && <Skeleton rows={12} label={text.states.loading} />}
        {isEmpty && <Nothing query={query} />}
      </div>
    </>
  );
}

function Nothing({ query }: { readonly query: RecordQuery }) {
  const { empty, emptyHere, showAll } = useText().records;
  if (!isNarrowed(query)) return <Empty {...empty} />;
  return <Empty {...emptyHere} action={<a href={hrefOf('records', undefined, narrowingOf(unnarrowed(query)))}>{showAll}</a>} />;
}

function Head({ query, name }: { readonly query: RecordQuery; readonly name: string | null }) {
  const text = useText();
  return (
    <thead>
      <tr className={`gr head ${styles.row} ${styles[query.entity]}`} aria-rowindex={1}>
        <th scope="col" aria-label={text.resend.picked} />
        {columnsOf(query.entity).map((column) => {
          const isSorted = query.sort === column;
          const Arrow = query.direction === 'up' ? IconArrowUp : IconArrowDown;
          const words = columnWords(text, query.entity, column);
          return (
            <th
              key={column}
              scope="col"
              aria-sort={isSorted ? (query.direction === 'up' ? 'ascending' : 'descending') : 'none'}
              className={looksOf(column)}
            >
              <button
                type="button"
                className={`${styles.sort} ${isSorted ? styles.sorted : ''}`}
                title={text.records.sortBy(words)}
                onClick={() => goTo('records', name ?? undefined, sortedBy(query, column))}
              >
                <span className="trim">{words}</span>
                {isSorted && <Arrow size={12} stroke={2} aria-hidden />}
              </button>
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

type RowProps = {
  readonly at: number;
  readonly row: RecordRow | undefined;
  readonly query: RecordQuery;
  readonly narrowing: Narrowing;
  readonly isChosen: boolean;
  readonly isPicked: boolean;
  readonly onChoose: (at: number) => void;
  readonly onPick: (name: string) => void;
};

const isPicked = ({ names }: Picks, row: RecordRow | undefined) => row !== undefined && names.has(nameOf(row));

/** Drawn anew only when it is chosen, picked, left or loaded. The whole row leads to its record, not its first cell alone. */
const Row = memo(
  function Row({ at, row, query, narrowing, isChosen, isPicked: isMarked, onChoose, onPick }: RowProps) {
    const text = useText();
    const cells = useCells(query);
    const looks = `gr ${styles.row} ${styles[query.entity]} ${isChosen ? 'selected' : ''}`;
    if (!row)
      return (
        <tr className={looks} aria-rowindex={at + 2}>
          <td />
          <td>
            <span className="sk" />
          </td>
        </tr>
      );
    return (
      <tr className={looks} aria-rowindex={at + 2} aria-current={isChosen || undefined}>
        <td>
          <input
            type="checkbox"
            className={styles.pick}
            checked={isMarked}
            onChange={() => onPick(nameOf(row))}
            aria-label={text.resend.pick(row.externalId)}
          />
        </td>
        {columnsOf(query.entity).map((column) => (
          <td key={column} className={`trim ${looksOf(column)}`}>
            {column === 'key' ? (
              <a className={styles.link} href={hrefOf('records', nameOf(row), narrowing)} onClick={() => onChoose(at)}>
                {cells(row, column)}
              </a>
            ) : (
              cells(row, column)
            )}
          </td>
        ))}
      </tr>
    );
  },
  (before, after) =>
    before.row === after.row &&
    before.at === after.at &&
    before.isChosen === after.isChosen &&
    before.isPicked === after.isPicked &&
    before.narrowing === after.narrowing,
);

function useCells({ entity }: RecordQuery): (row: RecordRow, column: RecordSort) => string {
  const clock = useClock();
  const values = useValues(entity);
  const nowMs = Date.now();
  return (row, column) => {
    if (column === 'key') return row.externalId;
    if (column === 'kept') return clock.brief(row.keptAtMs, nowMs);
    const value = column === 'amount' ? row.amountMinor : row[column];
    return value === null ? '' : values(fieldOf(entity, column), value, row.currency);
  };
}

export function useRecordRows(total: number) {
  return useRows({ rows: total, rowPx: rowPxOf(usePreferences((preferences) => preferences.density)), headPx });
}
