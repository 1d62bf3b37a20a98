import type { RuleId } from '../../contract/dead-letter.ts';
import type { ReplayProgress, ReplaySample } from '../../contract/replay.ts';
import { useClock, useText } from '../text/text.tsx';
import { Status, type Tone } from '../ui/pieces.tsx';
import styles from './set-aside.module.css';

/** What a rehearsal found or a replay did, by the number and by some rows. */
export function Outcome({ progress, isDone }: { readonly progress: ReplayProgress; readonly isDone: boolean }) {
  const text = useText();
  const clock = useClock();
  const { again } = text.setAside;
  const lines: readonly (readonly [count: number, tone: Tone, words: string])[] = [
    [progress.kept - progress.unchanged, 'ok', isDone ? again.kept : again.wouldKeep],
    [progress.unchanged, 'ok', again.unchanged],
    [progress.newer, 'info', again.newer],
    [progress.structure, 'info', again.structure],
    [progress.stillAside, 'warn', again.stillAside],
    [progress.elsewhere, 'info', again.elsewhere],
    [progress.later, 'warn', again.later],
    [progress.failed, 'warn', again.failed],
  ];
  return (
    <div className="stack">
      <ul>
        {progress.done === 0 && progress.isOver && <li>{again.nothing}</li>}
        {lines.map(
          ([count, tone, words]) =>
            count > 0 && (
              <li key={words}>
                <Status tone={tone}>{`${clock.number(count)} ${words}`}</Status>
              </li>
            ),
        )}
        {Object.entries(progress.byRule).map(([rule, count]) => (
          <li key={rule} className="small muted">{`${clock.number(count)} × ${text.rules[rule as RuleId].title}`}</li>
        ))}
      </ul>
      {progress.samples.map((sample) => sample.changes.length > 0 && <Changes key={sample.id} sample={sample} />)}
    </div>
  );
}

function Changes({ sample }: { readonly sample: ReplaySample }) {
  const { setAside } = useText();
  const { again } = setAside;
  return (
    <table className={styles.changes}>
      <caption>{`${sample.externalId ?? setAside.number(sample.id)}: ${sample.outcome === 'new' ? again.isNew : again.isChanged}`}</caption>
      <thead>
        <tr>
          <th scope="col">{setAside.facts.field}</th>
          {sample.outcome === 'changed' && <th scope="col">{again.before}</th>}
          <th scope="col">{again.after}</th>
        </tr>
      </thead>
      <tbody>
        {sample.changes.map((change) => (
          <tr key={change.field}>
            <th scope="row" className="mono">
              {change.field}
            </th>
            {sample.outcome === 'changed' && <td>{change.before ?? '–'}</td>}
            <td>{change.after ?? '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
