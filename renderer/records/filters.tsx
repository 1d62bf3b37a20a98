import { Select, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { importedByHand } from '../../contract/dead-letter.ts';
import { entityNames } from '../../contract/record.ts';
import type { RecordCount, RecordQuery } from '../../contract/record-view.ts';
import { useOverview } from '../line.tsx';
import { goTo, hrefOf, narrowTo } from '../router.ts';
import { useClock, useText } from '../text/text.tsx';
import { Kbd } from '../ui/pieces.tsx';
import { fieldOf, isNarrowed, narrowingOf, statesOf, unnarrowed } from './query.ts';
import styles from './records.module.css';
import { fieldWords } from './values.ts';

/** What is typed is looked for when the hand rests this long: at a million records each look takes a moment. */
const restMs = 250;
export const searchId = 'records-search';

type FilterProps = { readonly query: RecordQuery; readonly counts: readonly RecordCount[] };

/** The kinds of records that there are, as soon as there is more than one, with how many of each. */
export function Kinds({ query, counts }: FilterProps) {
  const text = useText();
  const clock = useClock();
  const kinds = entityNames
    .map((name) => ({ name, records: counts.filter(({ entity }) => entity === name).reduce((sum, one) => sum + one.records, 0) }))
    .filter(({ name, records }) => records > 0 || name === query.entity);
  if (kinds.length < 2) return null;
  return (
    <nav className={styles.kinds} aria-label={text.records.kinds}>
      {kinds.map(({ name, records }) => (
        <a
          key={name}
          className="btn toggle"
          aria-current={name === query.entity || undefined}
          href={hrefOf('records', undefined, narrowingOf({ entity: name, sort: 'kept', direction: 'down' }))}
        >
          {text.entityName(name)} <span className="faint">{clock.number(records)}</span>
        </a>
      ))}
    </nav>
  );
}

/** Everything that narrows the list. It stands in the address, so that a list can be kept as a link. */
export function Filters({ query, counts }: FilterProps) {
  const text = useText();
  const words = text.records;
  const to = (change: Partial<RecordQuery>) => goTo('records', undefined, narrowingOf({ ...query, ...change }));
  const origins = new Map(
    counts
      .filter(({ entity }) => entity === query.entity)
      .map((one) => [one.connectionId, one.connectionId === importedByHand ? words.byHand : (one.connectionTitle ?? one.connectionId)]),
  );
  if (query.connectionId !== undefined && !origins.has(query.connectionId)) origins.set(query.connectionId, query.connectionId);
  const states = statesOf(query.entity);
  return (
    <search className={styles.filters} aria-label={words.filters}>
      <Search query={query} />
      {states.length > 0 && (
        <Select
          className={styles.select}
          aria-label={fieldWords(text, fieldOf(query.entity, 'state'))}
          data={[{ value: '', label: words.allStates }, ...states.map((value) => ({ value, label: words.choices[value] ?? value }))]}
          value={query.state ?? ''}
          allowDeselect={false}
          onChange={(state) => to({ state: state || undefined })}
        />
      )}
      {fieldOf(query.entity, 'day') !== 'day' && <Days query={query} />}
      {(origins.size > 1 || query.connectionId !== undefined) && (
        <Select
          className={styles.select}
          aria-label={words.connection}
          data={[{ value: '', label: words.allConnections }, ...[...origins].map(([value, label]) => ({ value, label }))]}
          value={query.connectionId ?? ''}
          allowDeselect={false}
          onChange={(id) => to({ connectionId: id || undefined })}
        />
      )}
      <OfFile query={query} />
      {isNarrowed(query) && <a href={hrefOf('records', undefined, narrowingOf(unnarrowed(query)))}>{words.showAll}</a>}
    </search>
  );
}

function OfFile({ query: { fileId } }: { readonly query: RecordQuery }) {
  const { ofFile, fileNumber } = useText().records;
  const overview = useOverview();
  if (fileId === undefined) return null;
  const name = overview.data?.recentFiles.find(({ id }) => id === fileId)?.fileName ?? fileNumber(fileId);
  return <span className={`chip plain trim ${styles.file}`}>{ofFile(name)}</span>;
}

function Search({ query }: { readonly query: RecordQuery }) {
  const text = useText();
  const [typed, setTyped] = useState(query.search ?? '');
  const asked = useRef(query.search ?? '');
  useEffect(() => {
    // The address was changed elsewhere, by a link or the way back.
    if ((query.search ?? '') === asked.current) return;
    asked.current = query.search ?? '';
    setTyped(asked.current);
  }, [query.search]);
  const latest = useRef(query);
  latest.current = query;
  useEffect(() => {
    const words = typed.trim();
    if (words === asked.current) return;
    const rest = setTimeout(() => {
      asked.current = words;
      narrowTo('records', undefined, narrowingOf({ ...latest.current, search: words || undefined }));
    }, restMs);
    return () => clearTimeout(rest);
  }, [typed]);
  return (
    <TextInput
      id={searchId}
      type="search"
      className={styles.search}
      aria-label={text.records.search[query.entity]}
      placeholder={text.records.search[query.entity]}
      maxLength={100}
      leftSection={<IconSearch size={14} stroke={1.75} aria-hidden />}
      rightSection={typed === '' ? <Kbd>/</Kbd> : undefined}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
    />
  );
}

function Days({ query }: { readonly query: RecordQuery }) {
  const text = useText();
  const set = (change: Partial<RecordQuery>) => narrowTo('records', undefined, narrowingOf({ ...query, ...change }));
  return (
    <>
      {(
        [
          ['dayFrom', text.records.from],
          ['dayTo', text.records.to],
        ] as const
      ).map(([name, words]) => (
        <label key={name} className={styles.day}>
          <span className="small muted">{words}</span>
          <input type="date" value={query[name] ?? ''} onChange={(event) => set({ [name]: event.currentTarget.value || undefined })} />
        </label>
      ))}
    </>
  );
}
