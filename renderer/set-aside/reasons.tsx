import { Select } from '@mantine/core';
import { importedByHand, type LetterCount, type LetterFilter, type RuleId } from '../../contract/dead-letter.ts';
import { goTo, hrefOf } from '../router.ts';
import { type Text, useClock, useText } from '../text/text.tsx';
import { narrowingOf } from './letters.ts';
import styles from './set-aside.module.css';

/** What brought a row in, as people call it. */
export function originOf(text: Text, { connectionId, connectionTitle }: Pick<LetterCount, 'connectionId' | 'connectionTitle'>): string {
  return connectionId === importedByHand ? text.setAside.byHand : (connectionTitle ?? connectionId);
}

/** The reasons with how many rows each has, most first; and what brought the rows in, where there is more than one. */
export function Reasons({ counts, filter }: { readonly counts: readonly LetterCount[]; readonly filter: LetterFilter }) {
  const text = useText();
  const clock = useClock();
  const { rule: chosen, connectionId } = filter;
  const here = counts.filter((one) => !connectionId || one.connectionId === connectionId);
  const byRule = new Map<RuleId, number>();
  for (const { rule, count } of here) byRule.set(rule, (byRule.get(rule) ?? 0) + count);
  const reasons = [...byRule].sort(([, a], [, b]) => b - a);
  const origins = new Map(counts.map((one) => [one.connectionId, originOf(text, one)]));
  if (counts.length === 0) return null;
  return (
    <nav className={styles.reasons} aria-label={text.setAside.reasons}>
      <ul>
        <Reason
          words={text.setAside.allReasons}
          count={clock.number(here.reduce((sum, one) => sum + one.count, 0))}
          href={hrefOf('set-aside', undefined, narrowingOf({ connectionId }))}
          isChosen={chosen === undefined}
        />
        {reasons.map(([rule, count]) => (
          <Reason
            key={rule}
            words={text.rules[rule].title}
            count={clock.number(count)}
            href={hrefOf('set-aside', undefined, narrowingOf({ rule, connectionId }))}
            isChosen={rule === chosen}
          />
        ))}
      </ul>
      {origins.size > 1 && (
        <Select
          className={styles.origin}
          aria-label={text.setAside.from}
          data={[{ value: '', label: text.setAside.fromAll }, ...[...origins].map(([value, label]) => ({ value, label }))]}
          value={connectionId ?? ''}
          allowDeselect={false}
          onChange={(id) => goTo('set-aside', undefined, narrowingOf({ rule: chosen, connectionId: id || undefined }))}
        />
      )}
    </nav>
  );
}

type ReasonProps = { readonly words: string; readonly count: string; readonly href: string; readonly isChosen: boolean };

function Reason({ words, count, href, isChosen }: ReasonProps) {
  return (
    <li>
      <a className={`gr link ${styles.reason} ${isChosen ? 'selected' : ''}`} href={href} aria-current={isChosen || undefined}>
        <span className="num">{count}</span>
        <span className="trim" title={words}>
          {words}
        </span>
      </a>
    </li>
  );
}
