import type { DeadLetter, LetterFilter } from '../../contract/dead-letter.ts';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Skeleton } from '../ui/pieces.tsx';
import { Again } from './again.tsx';
import { AgainRefused } from './again-refused.tsx';
import { Content, type View } from './content.tsx';
import { type Letters, useOpenedLetter } from './letters.ts';
import { originOf } from './reasons.tsx';

type DetailProps = {
  readonly id: number;
  /** What the list already says of it. */
  readonly listed: DeadLetter | undefined;
  readonly view: View;
  readonly onView: (view: View) => void;
  readonly chosen: ReadonlySet<number>;
  readonly filter: LetterFilter;
  readonly list: Pick<Letters, 'total' | 'letters'>;
};

/** One row: why it was set aside and what to do, where it stands, and what it holds. */
export function Detail({ id, listed, view, onView, chosen, filter, list }: DetailProps) {
  const text = useText();
  const opened = useOpenedLetter(id);
  const letter = opened.data ?? listed;
  return (
    <>
      <div className="viewhead">
        <h2 className="sec trim grow" title={letter && text.rules[letter.rule].title}>
          {letter ? text.rules[letter.rule].title : text.setAside.number(id)}
        </h2>
        {letter && <span className="faint">{text.setAside.number(id)}</span>}
      </div>
      <div className="scroll">
        {opened.error && (
          <FaultNote
            fault={faultOf(opened.error)}
            actions={<Button onClick={() => void opened.refetch()}>{text.states.tryAgain}</Button>}
          />
        )}
        {!letter && opened.isPending && <Skeleton rows={6} label={text.states.loading} />}
        {letter && (
          <div className="page">
            <Reason letter={letter} />
            <Facts letter={letter} />
            {opened.data && <Content letter={opened.data} view={view} onView={onView} />}
            {opened.data?.mapping && (
              <Again letter={opened.data} chosen={chosen} filter={filter} total={list.total} upToId={list.letters[0]?.id ?? id} />
            )}
            {letter.destinationId !== null && (
              <AgainRefused letter={letter} chosen={chosen} filter={filter} upToId={list.letters[0]?.id ?? id} />
            )}
            {opened.isPending && <Skeleton rows={3} label={text.states.loading} />}
          </div>
        )}
      </div>
    </>
  );
}

function Reason({ letter }: { readonly letter: DeadLetter }) {
  const text = useText();
  const { means, hint } = text.rules[letter.rule];
  return (
    <div className="stack">
      <p>{means}</p>
      <p>
        <span className="strong">{text.setAside.todo}:</span> {hint}
      </p>
    </div>
  );
}

function Facts({ letter }: { readonly letter: DeadLetter }) {
  const text = useText();
  const clock = useClock();
  const { facts } = text.setAside;
  const isRefused = letter.destinationId !== null;
  const rows: readonly (readonly [name: string, value: string | null, look?: 'mono'])[] = [
    [facts.refusedBy, isRefused ? (letter.destinationTitle ?? letter.destinationId) : null],
    [isRefused ? facts.answer : facts.note, letter.detail, 'mono'],
    [facts.field, letter.field, 'mono'],
    [facts.column, letter.column],
    [facts.rule, letter.rule, 'mono'],
    [facts.kind, text.entityName(letter.entity)],
    [facts.from, originOf(text, letter)],
    [facts.file, letter.fileName],
    [facts.line, letter.line === null ? null : clock.number(letter.line)],
    [
      facts.place,
      letter.byteOffset === null || letter.byteLength === null
        ? null
        : text.setAside.place(clock.number(letter.byteOffset), clock.number(letter.byteLength)),
    ],
    [facts.at, clock.moment(letter.setAsideAtMs, Date.now())],
  ];
  return (
    <dl className="dl">
      {rows.map(
        ([name, value, look]) =>
          value !== null && (
            <div className="contents" key={name}>
              <dt>{name}</dt>
              <dd className={`trim ${look ?? ''}`} title={value}>
                {value}
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}
