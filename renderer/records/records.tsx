import { useMemo, useRef, useState } from 'react';
import type { RecordQuery } from '../../contract/record-view.ts';
import type { ResendSelection } from '../../contract/resend.ts';
import { ResendDialog } from '../resend/dialog.tsx';
import { goTo, routeNow, useRoute } from '../router.ts';
import { useClock, useText } from '../text/text.tsx';
import { useKeys } from '../ui/keys.ts';
import { Button, Kbd } from '../ui/pieces.tsx';
import type { BytesView } from '../ui/raw-bytes.tsx';
import { toast } from '../ui/toasts.tsx';
import { Filters, Kinds, searchId } from './filters.tsx';
import { type RecordList as Records_, useRecordList } from './lists.ts';
import { columnsOf, keyOf, nameOf, narrowingOf, queryOf } from './query.ts';
import { type Picks, RecordList, sortedBy, useRecordRows } from './record-list.tsx';
import { RecordPage } from './record-page.tsx';
import styles from './records.module.css';

/** Every record that is kept, of a million too; one of them beside the list when it is opened. */
export function Records() {
  const { id, narrowing } = useRoute();
  const text = useText();
  const asked = JSON.stringify(narrowing);
  const query = useMemo(() => queryOf(JSON.parse(asked)), [asked]);
  const [total, setTotal] = useState(0);
  const rows = useRecordRows(total);
  const list = useRecordList(query, rows.first, rows.end);
  // How many rows there are is known by the list, which needs to know which of them are in sight.
  if (list.total !== total) setTotal(list.total);
  const hint = useRef(-1);
  const chosen = { name: id, at: placeOf(list, id, hint.current) };
  const key = keyOf(id);
  const [view, setView] = useState<BytesView>('text');
  const picks = usePicks(query.entity);
  const [sending, setSending] = useState<ResendSelection | null>(null);
  const send = () => total > 0 && setSending(selectionOf(query, picks.names));
  const close = () => goTo('records', undefined, narrowingOf(query));
  useListKeys({ query, list, hint, close, onHex: () => setView(view === 'text' ? 'hex' : 'text'), onPick: picks.toggle, onSend: send });
  return (
    <div className={`${styles.screen} ${key ? styles.opened : ''}`}>
      <section className={styles.list} aria-label={text.records.title}>
        <ListHead list={list} query={query} picked={picks.names.size} onSend={send} />
        <Kinds query={query} counts={list.counts} />
        <Filters query={query} counts={list.counts} />
        <RecordList
          query={query}
          list={list}
          rows={rows}
          picks={picks}
          chosen={chosen}
          onChoose={(at) => {
            hint.current = at;
          }}
        />
        <Hints isOpened={key !== null} />
      </section>
      {sending && <ResendDialog selection={sending} onClose={() => setSending(null)} />}
      {key && (
        <section id="detail" className={styles.detail} tabIndex={-1} aria-label={key.externalId}>
          <RecordPage
            key={`${id} ${narrowing.version}`}
            of={key}
            seq={Number(narrowing.version) || null}
            view={view}
            onView={setView}
            onClose={close}
          />
        </section>
      )}
    </div>
  );
}

/** Where a record stands in the list, as far as its rows are loaded; -1 where that is not known. */
function placeOf(list: Records_, name: string | null, hint: number): number {
  const isAt = (at: number) => {
    const row = at < 0 ? undefined : list.rowAt(at);
    return row !== undefined && nameOf(row) === name;
  };
  if (name === null) return -1;
  if (isAt(hint)) return hint;
  for (let at = 0; at < Math.min(list.total, 100); at++) if (isAt(at)) return at;
  return -1;
}

type Keys = {
  readonly query: RecordQuery;
  readonly list: Records_;
  readonly hint: { current: number };
  readonly close: () => void;
  readonly onHex: () => void;
  readonly onPick: (name: string) => void;
  readonly onSend: () => void;
};

function useListKeys({ query, list, hint, close, onHex, onPick, onSend }: Keys): void {
  const move = (step: 1 | -1) => {
    // A key that follows another at once starts where that one has gone to.
    const from = placeOf(list, routeNow().id, hint.current);
    const to = Math.min(list.total - 1, Math.max(0, from + step));
    const row = list.rowAt(to);
    if (!row) return;
    hint.current = to;
    goTo('records', nameOf(row), narrowingOf(query));
  };
  const sort = (column: RecordQuery['sort']) => goTo('records', routeNow().id ?? undefined, sortedBy(query, column));
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    h: onHex,
    x: () => {
      const row = list.rowAt(placeOf(list, routeNow().id, hint.current));
      if (row) onPick(nameOf(row));
    },
    s: onSend,
    o: () => {
      const columns = columnsOf(query.entity);
      sort(columns[(columns.indexOf(query.sort) + 1) % columns.length] ?? 'kept');
    },
    r: () => sort(query.sort),
    '/': () => document.getElementById(searchId)?.focus(),
    Enter: () => document.getElementById('detail')?.focus(),
    Escape: close,
  });
}

/** At most so many records are named in one order. */
const mostPicked = 1000;

/** The records that a person has picked, by their names in the address. Another kind of record begins anew. */
function usePicks(entity: RecordQuery['entity']): Picks {
  const text = useText();
  const [picked, setPicked] = useState<{ of: string; names: ReadonlySet<string> }>({ of: entity, names: new Set() });
  const names = picked.of === entity ? picked.names : none;
  const toggle = (name: string) => {
    const next = new Set(names);
    if (!next.delete(name)) next.add(name);
    if (next.size > mostPicked) toast(text.resend.mostPicked);
    else setPicked({ of: entity, names: next });
  };
  return { names, toggle };
}

const none: ReadonlySet<string> = new Set();

/** The picked records, or all that the list means. */
function selectionOf({ sort, direction, ...query }: RecordQuery, names: ReadonlySet<string>): ResendSelection {
  const keys = [...names].flatMap((name) => keyOf(name) ?? []);
  return keys.length > 0 ? { kind: 'records', keys } : { kind: 'list', query };
}

type HeadProps = { readonly list: Records_; readonly query: RecordQuery; readonly picked: number; readonly onSend: () => void };

function ListHead({ list, query, picked, onSend }: HeadProps) {
  const text = useText();
  const clock = useClock();
  const sums = list.sums.map(({ sumMinor, currency }) => clock.money(BigInt(sumMinor), currency));
  return (
    <div className="viewhead">
      <h1>{text.records.title}</h1>
      <span className="faint" role="status">
        {list.isLoading ? '' : text.entities(query.entity, list.total)}
      </span>
      {list.total > 0 && (
        <Button look="quiet" onClick={onSend} shortcut="S">
          {picked > 0 ? text.resend.openPicked(picked) : text.resend.openList}
        </Button>
      )}
      {sums.length > 0 && <span className={`num grow trim ${styles.sums}`}>{text.records.sumOf(sums.join(' · '))}</span>}
    </div>
  );
}

function Hints({ isOpened }: { readonly isOpened: boolean }) {
  const { hints } = useText().records;
  const keys: readonly (readonly [readonly string[], string])[] = [
    [['J', 'K'], hints.move],
    [['/'], hints.search],
    [['O'], hints.sort],
    [['R'], hints.direction],
    [['X'], hints.pick],
    [['S'], hints.again],
    ...(isOpened
      ? ([
          [['H'], hints.hex],
          [['Esc'], hints.close],
        ] as const)
      : []),
  ];
  return (
    <div className="hints" aria-hidden>
      {keys.map(([names, words]) => (
        <span key={words}>
          {names.map((name) => (
            <span key={name}>
              <Kbd>{name}</Kbd>{' '}
            </span>
          ))}
          {words}
        </span>
      ))}
    </div>
  );
}
