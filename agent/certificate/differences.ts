import type { PullAgain } from '../../db/pipeline/certificates.ts';
import type { FoundDifference, FoundPart } from '../../db/pipeline/certify.ts';
import type { Seen } from '../../db/seen.ts';
import type { PartComparison } from './assemble.ts';

/** Whether something was kept while it was compared. */
export const isMoving = (comparisons: readonly PartComparison[]) =>
  comparisons.some(({ days }) => [...days.values()].some(({ later }) => later > 0));
/** What tells a part from every other. */
export const nameOfPart = ({ hotelId, source, entity }: FoundPart) => JSON.stringify([hotelId, source, entity]);
/** What tells a difference from every other, also in the next comparison. */
export const nameOf = (part: FoundPart, { kind, externalId, file, row }: FoundDifference) =>
  JSON.stringify([nameOfPart(part), kind === 'row-lost' ? [file?.id, file?.byteOffset, row?.tableId, row?.key] : externalId]);

/** What to read again so that a part is whole. */
export function orderOf(seen: Seen, { hotelId, source, entity }: FoundPart, differences: readonly FoundDifference[]): PullAgain {
  return {
    hotelId,
    source,
    entity,
    keys: differences.flatMap(({ kind, externalId }) => (kind === 'row-lost' || externalId === null ? [] : [externalId])),
    rows: differences.flatMap(({ kind, externalId, file }) =>
      file
        ? [
            {
              fileId: file.id,
              line: file.line,
              byteOffset: file.byteOffset,
              byteLength: file.byteLength,
              externalId,
              wasKept: kind !== 'row-lost',
            },
          ]
        : [],
    ),
    tableRows: differences.flatMap(({ row }) => {
      if (!row) return [];
      const { connectionId, name } = seen.tableOf(row.tableId);
      return [{ connectionId, table: name, key: row.key }];
    }),
  };
}
