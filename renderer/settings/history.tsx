import { Select, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { type AuditCheck, type AuditEntry, type AuditFilter, auditActions } from '../../contract/audit.ts';
import type { FaultReport } from '../../contract/faults.ts';
import { useClient } from '../line.tsx';
import { goTo } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { useKeys } from '../ui/keys.ts';
import { Banner, Button, Empty, Skeleton } from '../ui/pieces.tsx';
import styles from './history.module.css';

/** Who did and saw what, newest first, by days of the hotel; and whether all of it is still as it was written. */
export function History() {
  const text = useText();
  const client = useClient();
  const [filter, setFilter] = useState<AuditFilter>({});
  const list = useInfiniteQuery({
    queryKey: ['history', filter],
    queryFn: ({ signal, pageParam }) =>
      client.audit.list({ ...filter, limit: 100, ...(pageParam === null ? {} : { belowSeq: pageParam }) }, { signal }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.nextBelowSeq,
    gcTime: 0,
  });
  const entries = list.data?.pages.flatMap((page) => page.entries) ?? [];
  const isNarrowed = Object.keys(filter).length > 0;
  const empty = isNarrowed ? text.history.emptyHere : text.history.empty;
  useKeys({ j: () => step(1), k: () => step(-1), Escape: () => goTo('settings') });
  return (
    <>
      <div className="viewhead">
        <h1>{text.history.title}</h1>
        <span className="grow" />
        <Button onClick={() => void list.refetch()} isBusy={list.isRefetching}>
          {text.history.refresh}
        </Button>
        <Button look="quiet" onClick={() => goTo('settings')} shortcut="Esc">
          {text.states.back}
        </Button>
      </div>
      <Filters filter={filter} onChange={setFilter} />
      <div className="scroll">
        <Check />
        {list.error && (
          <FaultNote fault={faultOf(list.error)} actions={<Button onClick={() => void list.refetch()}>{text.states.tryAgain}</Button>} />
        )}
        {list.isPending && <Skeleton rows={8} label={text.states.loading} />}
        {list.data && entries.length === 0 && <Empty {...empty} />}
        <Days entries={entries} />
        {list.hasNextPage && (
          <p className={styles.more}>
            <Button onClick={() => void list.fetchNextPage()} isBusy={list.isFetchingNextPage}>
              {text.history.older}
            </Button>
          </p>
        )}
      </div>
    </>
  );
}

/** Go to the entry below or above the one that has the focus. */
function step(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>('[data-entry] > summary')];
  const at = all.indexOf(document.activeElement as HTMLElement);
  all[Math.max(0, Math.min(all.length - 1, at + by))]?.focus();
}

function Filters({ filter, onChange }: { readonly filter: AuditFilter; readonly onChange: (filter: AuditFilter) => void }) {
  const { history } = useText();
  const set = (change: Partial<AuditFilter>) =>
    onChange(Object.fromEntries(Object.entries({ ...filter, ...change }).filter(([, value]) => value !== undefined && value !== '')));
  const data = [{ value: '', label: history.everything }, ...auditActions.map((value) => ({ value, label: history.actions[value] }))];
  return (
    <search className={styles.filters} aria-label={history.title}>
      <Select
        label={history.what}
        data={data}
        value={filter.action ?? ''}
        allowDeselect={false}
        onChange={(action) => set({ action: auditActions.find((one) => one === action) })}
      />
      <Select
        label={history.names.who}
        data={[{ value: '', label: history.everybody }, ...Object.entries(history.actors).map(([value, label]) => ({ value, label }))]}
        value={filter.actor ?? ''}
        allowDeselect={false}
        onChange={(actor) => set({ actor: actor || undefined })}
      />
      <TextInput
        label={history.of}
        maxLength={200}
        value={filter.target ?? ''}
        onChange={(event) => set({ target: event.currentTarget.value })}
      />
      {(['from', 'to'] as const).map((name) => (
        <label key={name} className={styles.day}>
          <span>{history[name]}</span>
          <input type="date" value={filter[name] ?? ''} onChange={(event) => set({ [name]: event.currentTarget.value })} />
        </label>
      ))}
    </search>
  );
}

function Days({ entries }: { readonly entries: readonly AuditEntry[] }) {
  const clock = useClock();
  const days = new Map<string, AuditEntry[]>();
  for (const entry of entries) {
    const day = entry.at.slice(0, 10);
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  return [...days].map(([day, some]) => (
    <section key={day} aria-label={clock.businessDay(day)}>
      <h2 className={`sec ${styles.group}`}>{clock.businessDay(day)}</h2>
      {some.map((entry) => (
        <Entry key={entry.seq} entry={entry} />
      ))}
    </section>
  ));
}

function Entry({ entry }: { readonly entry: AuditEntry }) {
  const { history } = useText();
  const { names } = history;
  const who = history.actors[entry.actorId] ?? entry.actorName;
  const detail = Object.entries(entry.detail)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : String(value)}`);
  const facts: readonly (readonly [string, string])[] = [
    [names.when, entry.at.replace('T', ' ')],
    [names.who, who],
    [names.door, history.doors[entry.door]],
    [names.target, `${entry.targetKind} ${entry.targetId}`],
    ...(detail.length > 0 ? [[names.detail, detail.join('; ')] as const] : []),
    [names.correlation, entry.correlationId],
    [names.hash, entry.hash],
  ];
  return (
    <details className={styles.entry} data-entry>
      <summary>
        <span className="num small muted">{entry.at.slice(11, 19)}</span>
        <span className="trim">{history.actions[entry.action]}</span>
        <span className="trim small">{entry.targetId}</span>
        <span className="trim small muted">
          {who}, {history.doors[entry.door]}
        </span>
      </summary>
      <dl className={`dl ${styles.facts}`}>
        {facts.map(([name, value]) => (
          <div className="contents" key={name}>
            <dt>{name}</dt>
            <dd className="mono">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** Checks the chain when asked to, says how far it is, and ends when the screen is left. */
function Check() {
  const text = useText();
  const { history } = text;
  const client = useClient();
  const [found, setFound] = useState<AuditCheck | null>(null);
  const [fault, setFault] = useState<FaultReport | null>(null);
  const over = useRef<AbortController | null>(null);
  useEffect(() => () => over.current?.abort(), []);
  const check = async () => {
    const controller = new AbortController();
    over.current = controller;
    setFault(null);
    setFound({ checked: 0, total: 0, headSeq: 0, headHash: '', flaw: null, isOver: false });
    try {
      for await (const one of await client.audit.verify({}, { signal: controller.signal })) setFound(one);
    } catch (error) {
      setFound(null);
      if (!controller.signal.aborted) setFault(faultOf(error));
    }
  };
  const isBusy = found !== null && !found.isOver;
  return (
    <>
      <div className={styles.more}>
        <Button onClick={() => void check()} isBusy={isBusy}>
          {history.check}
        </Button>{' '}
        <span role="status">{isBusy && history.checking(found.checked, found.total)}</span>
      </div>
      {fault && <FaultNote fault={fault} />}
      {found?.isOver && found.flaw && (
        <Banner tone="fail" title={history.broken(found.flaw.seq)}>
          <p>{history.flaws[found.flaw.kind]}</p>
          <p>{history.brokenHelp}</p>
        </Banner>
      )}
      {found?.isOver && !found.flaw && (
        <Banner tone="info" title={history.whole(found.checked)}>
          {found.headSeq > 0 && (
            <>
              <p>{history.wholeHelp}</p>
              <p>
                {history.newest(found.headSeq)}: <span className="mono">{found.headHash}</span>
              </p>
            </>
          )}
        </Banner>
      )}
    </>
  );
}
