import { memo, useCallback, useEffect, useRef } from 'react';
import type { DeadLetter } from '../../contract/dead-letter.ts';
import { hrefOf, type Narrowing } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Banner, Button, Empty, Skeleton } from '../ui/pieces.tsx';
import { useNow } from '../ui/use-now.ts';
import type { Letters } from './letters.ts';
import styles from './set-aside.module.css';

type ListProps = { readonly list: Letters; readonly chosenId: number | undefined; readonly narrowing: Narrowing } & Picking;

type Picking = { readonly picked: ReadonlySet<number>; readonly onPick: (id: number) => void };

/** The rows, newest first; more are asked for as one moves down. */
export function LetterList({ list, chosenId, narrowing, picked, onPick }: ListProps) {
  const text = useText();
  const nowMs = useNow(60_000);
  const end = useRef<HTMLDivElement>(null);
  const { letters, loadMore } = list;
  const pick = useRef(onPick);
  pick.current = onPick;
  const onPickOne = useCallback((id: number) => pick.current(id), []);
  const more = useRef(loadMore);
  more.current = loadMore;
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each page the end has moved, and may still be in sight.
  useEffect(() => {
    const root = end.current?.parentElement ?? null;
    const seen = new IntersectionObserver(([entry]) => entry?.isIntersecting && more.current(), { root, rootMargin: '600px' });
    if (end.current) seen.observe(end.current);
    return () => seen.disconnect();
  }, [letters.length]);
  useEffect(() => {
    document.getElementById(`letter-${chosenId}`)?.scrollIntoView({ block: 'nearest' });
  }, [chosenId]);
  const isNarrowed = narrowing.rule !== undefined || narrowing.connection !== undefined;
  return (
    <div className="scroll">
      {list.hasChanged && (
        <Banner tone="calm" title={text.setAside.changed} actions={<Button onClick={list.startAgain}>{text.setAside.showNow}</Button>} />
      )}
      {list.isLoading && <Skeleton rows={8} label={text.states.loading} />}
      {!list.isLoading && !list.error && letters.length === 0 && (
        <Empty
          {...(isNarrowed ? text.setAside.emptyHere : text.setAside.empty)}
          action={isNarrowed && <a href={hrefOf('set-aside')}>{text.setAside.showAll}</a>}
        />
      )}
      <ul>
        {letters.map((letter) => (
          <Row
            key={letter.id}
            letter={letter}
            isChosen={letter.id === chosenId}
            isPicked={picked.has(letter.id)}
            onPick={onPickOne}
            narrowing={narrowing}
            nowMs={nowMs}
          />
        ))}
      </ul>
      {list.isLoadingMore && <Skeleton rows={3} label={text.states.loading} />}
      {list.error && <FaultNote fault={faultOf(list.error)} actions={<Button onClick={list.tryAgain}>{text.states.tryAgain}</Button>} />}
      <div ref={end} />
    </div>
  );
}

type RowProps = {
  readonly letter: DeadLetter;
  readonly isChosen: boolean;
  readonly isPicked: boolean;
  readonly onPick: (id: number) => void;
  readonly narrowing: Narrowing;
  readonly nowMs: number;
};

/** Drawn anew only when it is chosen or left: a step through thousands of rows costs two of them. */
const Row = memo(function Row({ letter, isChosen, isPicked, onPick, narrowing, nowMs }: RowProps) {
  const text = useText();
  const clock = useClock();
  const place = [letter.fileName, letter.line].filter((part) => part !== null).join(':');
  return (
    <li id={`letter-${letter.id}`} className={styles.item}>
      <input
        type="checkbox"
        className={styles.pick}
        checked={isPicked}
        onChange={() => onPick(letter.id)}
        aria-label={text.setAside.pick(letter.id)}
      />
      <a
        className={`gr link ${styles.row} ${isChosen ? 'selected' : ''}`}
        href={hrefOf('set-aside', String(letter.id), narrowing)}
        aria-current={isChosen || undefined}
      >
        <span className="faint small">{letter.id}</span>
        <span className="trim">
          {text.rules[letter.rule].title}
          {letter.replays > 0 && <span className="small muted"> {text.setAside.cameBack(letter.replays)}</span>}
        </span>
        <span className="trim small muted">{place}</span>
        <span className="nowrap small muted">{clock.brief(letter.setAsideAtMs, nowMs)}</span>
      </a>
    </li>
  );
});
