import { useMemo, useState } from 'react';
import { goTo, routeNow, useRoute } from '../router.ts';
import { useClock, useText } from '../text/text.tsx';
import { useKeys } from '../ui/keys.ts';
import { Kbd } from '../ui/pieces.tsx';
import type { View } from './content.tsx';
import { Detail } from './detail.tsx';
import { LetterList } from './letter-list.tsx';
import { filterOf, narrowingOf, useLetters } from './letters.ts';
import { Reasons } from './reasons.tsx';
import styles from './set-aside.module.css';

/** So near to the last row that is loaded, the next page is asked for. */
const rowsAhead = 60;

/** Every row that was set aside on the left, one of them with its reason and its bytes on the right. */
export function SetAside() {
  const { id, narrowing: asked } = useRoute();
  const text = useText();
  const clock = useClock();
  const filter = filterOf(asked);
  const { rule, connectionId } = filter;
  const narrowing = useMemo(() => narrowingOf({ rule, connectionId }), [rule, connectionId]);
  const list = useLetters(filter);
  const { letters } = list;
  const [view, setView] = useState<View>('text');
  const [picked, setPicked] = useState<ReadonlySet<number>>(new Set());
  // With nothing chosen the newest is shown, so that the place is never empty.
  const chosenOf = (named: string | null) => (named !== null && /^[1-9]\d{0,14}$/.test(named) ? Number(named) : letters[0]?.id);
  const chosenId = chosenOf(id);
  const move = (step: 1 | -1) => {
    // A key that follows another at once starts where that one has gone to.
    const from = chosenOf(routeNow().id);
    const at = letters.findIndex((letter) => letter.id === from);
    const to = Math.min(letters.length - 1, Math.max(0, at + step));
    const next = letters[to];
    if (next) goTo('set-aside', String(next.id), narrowing);
    if (to + rowsAhead >= letters.length) list.loadMore();
  };
  // What is not on the list any more is not picked either.
  const shown = useMemo(() => new Set(letters.map((letter) => letter.id).filter((one) => picked.has(one))), [letters, picked]);
  const toggle = (one: number | undefined) => {
    if (one === undefined) return;
    const next = new Set(shown);
    if (!next.delete(one)) next.add(one);
    setPicked(next);
  };
  useKeys({
    x: () => toggle(chosenOf(routeNow().id)),
    t: () => document.querySelector<HTMLElement>('#detail [data-again]')?.focus(),
    j: () => move(1),
    k: () => move(-1),
    h: () => setView(view === 'text' ? 'hex' : 'text'),
    Enter: () => document.getElementById('detail')?.focus(),
  });
  const chosen = letters.find((letter) => letter.id === chosenId);
  return (
    <div className={`split ${styles.split}`}>
      <section aria-label={text.setAside.title}>
        <div className="viewhead">
          <h1>{text.setAside.title}</h1>
          <span className="faint">{clock.number(list.total)}</span>
        </div>
        <Reasons counts={list.counts} filter={filter} />
        <LetterList list={list} chosenId={chosenId} narrowing={narrowing} picked={shown} onPick={toggle} />
        <div className="hints" aria-hidden>
          <span>
            <Kbd>J</Kbd> <Kbd>K</Kbd> {text.setAside.hints.move}
          </span>
          <span>
            <Kbd>Enter</Kbd> {text.setAside.hints.open}
          </span>
          <span>
            <Kbd>H</Kbd> {text.setAside.hints.hex}
          </span>
          <span>
            <Kbd>X</Kbd> {text.setAside.hints.pick}
          </span>
          <span>
            <Kbd>T</Kbd> {text.setAside.hints.again}
          </span>
        </div>
      </section>
      <section id="detail" tabIndex={-1} aria-label={chosenId === undefined ? text.setAside.title : text.setAside.number(chosenId)}>
        {chosenId !== undefined && (
          <Detail key={chosenId} id={chosenId} listed={chosen} view={view} onView={setView} chosen={shown} filter={filter} list={list} />
        )}
      </section>
    </div>
  );
}
