import { csvRow } from '../../contract/csv.ts';
import type { LeavingReport } from '../../contract/leaves.ts';
import type { Text } from '../text/text.tsx';

/** The whole page as CSV, in the words of the page, one line for each destination, kind of record and field. */
export function leavesCsv({ destinations }: LeavingReport, text: Text, moment: (atMs: number) => string): string {
  const { leaves, records, history } = text;
  const head = [leaves.destination, leaves.kind, leaves.field, leaves.personal, leaves.sample, leaves.rule, leaves.when, leaves.who];
  const lines = destinations.flatMap(({ title, entities }) =>
    entities.flatMap(({ entity, fields }) =>
      fields.map(({ name, personal, sample, rule, sinceMs, actorId, actorName }) => [
        title,
        text.entityName(entity),
        records.fields[name] ?? name,
        leaves.kinds[personal],
        sample ?? '',
        leaves.rules[rule],
        sinceMs === null ? '' : moment(sinceMs),
        history.actors[actorId ?? ''] ?? actorName ?? '',
      ]),
    ),
  );
  return [head, ...lines].map(csvRow).join('');
}
