import { type EntityName, entities, entityNames } from '../../contract/record.ts';
import { type RecordQuery, type RecordRow, type RecordSort, recordSorts } from '../../contract/record-view.ts';
import { type Narrowing, recordName } from '../router.ts';

/** What the address says the list is: a word that means nothing narrows nothing. */
export function queryOf(narrowing: Narrowing): RecordQuery {
  const { kind, connection, file, state, from, to, q, sort, way } = narrowing;
  const entity = entityNames.find((name) => name === kind) ?? 'booking';
  const day = (text: string | undefined) => (text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : undefined);
  return {
    entity,
    connectionId: connection || undefined,
    fileId: file !== undefined && /^[1-9]\d{0,14}$/.test(file) ? Number(file) : undefined,
    state: statesOf(entity).find((one) => one === state),
    dayFrom: day(from),
    dayTo: day(to),
    search: q?.trim().slice(0, 100) || undefined,
    sort: recordSorts.find((one) => one === sort) ?? 'kept',
    direction: way === 'up' ? 'up' : 'down',
  };
}

export function narrowingOf(query: RecordQuery): Narrowing {
  const { entity, connectionId, fileId, state, dayFrom, dayTo, search, sort, direction } = query;
  return {
    kind: entity === 'booking' ? undefined : entity,
    connection: connectionId,
    file: fileId === undefined ? undefined : String(fileId),
    state,
    from: dayFrom,
    to: dayTo,
    q: search,
    sort: sort === 'kept' ? undefined : sort,
    way: direction === 'up' ? 'up' : undefined,
  };
}

/** The same list without anything that narrows it. */
export function unnarrowed({ entity, sort, direction }: RecordQuery): RecordQuery {
  return { entity, sort, direction };
}

export function isNarrowed({ connectionId, fileId, state, dayFrom, dayTo, search }: RecordQuery): boolean {
  return [connectionId, fileId, state, dayFrom, dayTo, search].some((one) => one !== undefined);
}

/** The words that the status of a kind of record can be. */
export function statesOf(entity: EntityName): readonly string[] {
  const { fields, columns } = entities[entity];
  const state = 'state' in columns ? columns.state : undefined;
  return fields.find(({ name }) => name === state)?.choices ?? [];
}

/** The columns of a kind of record in their order on the screen; `kept` stands last. */
export function columnsOf(entity: EntityName): readonly RecordSort[] {
  const { columns } = entities[entity] as { columns: Partial<Record<string, string>> };
  const places = columns.place === columns.title ? [] : (['place'] as const);
  const own = (['title', 'day', 'until', ...places, 'state', 'amount'] as const).filter((column) => columns[column] !== undefined);
  return ['key', ...own, 'kept'];
}

/** The field of the record that stands in a column. */
export function fieldOf(entity: EntityName, column: RecordSort): string {
  const { columns } = entities[entity] as { columns: Partial<Record<string, string>> };
  return column === 'key' ? 'externalId' : (columns[column] ?? column);
}

type Key = Pick<RecordRow, 'ledgerId' | 'externalId'>;

/** How a record is named in the address. */
export const nameOf: (key: Key) => string = recordName;

export function keyOf(name: string | null): Key | null {
  const found = /^([1-9]\d{0,9}):(.{1,128})$/s.exec(name ?? '');
  return found ? { ledgerId: Number(found[1]), externalId: found[2] ?? '' } : null;
}
