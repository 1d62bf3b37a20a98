import type { ResendRehearsal, ResendSample } from '../../contract/resend.ts';
import { type Text, useClock, useText } from '../text/text.tsx';
import { Status, type Tone } from '../ui/pieces.tsx';
import styles from './resend.module.css';

/** What would be sent, by its hotel name where it is all of one kind. */
export function whatOf({ entities, resend }: Text, found: ResendRehearsal): string {
  const { total, samples } = found;
  const [first, ...others] = new Set(samples.map(({ entity }) => entity));
  const isOneKind = first !== undefined && others.length === 0 && samples.length >= total;
  return isOneKind ? entities(first, sentOf(found)) : resend.records(sentOf(found));
}

/** How many records would be sent. */
export function sentOf({ total, onItsWay, withheld }: ResendRehearsal): number {
  return total - onItsWay - withheld;
}

/** What a rehearsal has found: what the destination has of it, how much and how long, and what would change. */
export function Rehearsed({ found, title }: { readonly found: ResendRehearsal; readonly title: string }) {
  const { resend } = useText();
  const clock = useClock();
  const { bytes, ms } = found.estimate;
  const lines: readonly (readonly [count: number, tone: Tone, words: string])[] = [
    [found.insert, 'info', resend.outcomes.insert],
    [found.update, 'info', resend.outcomes.update],
    [found.skip, 'ok', resend.outcomes.skip],
    [found.onItsWay, 'wait', resend.outcomes['on-its-way']],
    [found.withheld, 'wait', resend.outcomes.withheld],
    [found.refused, 'warn', resend.refusedBefore],
  ];
  const size = bytes === null ? null : resend.size(clock.bytes(bytes));
  const time = ms === null ? resend.timeUnknown : resend.time(clock.span(Math.max(1000, ms)));
  const changed = found.samples.filter(({ changes }) => changes.length > 0);
  return (
    <>
      <ul>
        {lines.map(
          ([count, tone, words]) =>
            count > 0 && (
              <li key={words}>
                <Status tone={tone}>{`${clock.number(count)} ${words}`}</Status>
              </li>
            ),
        )}
      </ul>
      <p className="small muted">{resend.byConfirmed(title)}</p>
      {sentOf(found) > 0 && (
        <p className="small">
          {[size, time].filter((words) => words !== null).join(', ')}. {resend.newFirst}
        </p>
      )}
      {changed.map((sample) => (
        <Changes key={`${sample.ledgerId}:${sample.externalId}`} sample={sample} />
      ))}
    </>
  );
}

function Changes({ sample: { externalId, changes } }: { readonly sample: ResendSample }) {
  const text = useText();
  return (
    <table className={styles.changes}>
      <caption className="strong">{text.resend.differences(externalId)}</caption>
      <thead>
        <tr>
          <th scope="col">{text.setAside.facts.field}</th>
          <th scope="col">{text.resend.before}</th>
          <th scope="col">{text.resend.after}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ field, before, after }) => (
          <tr key={field}>
            <th scope="row">{text.records.fields[field] ?? field}</th>
            <td>{before ?? '–'}</td>
            <td>{after ?? '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
