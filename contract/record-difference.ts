/** What the ledger writes on every version: it differs always, and says nothing of the record. */
const ofTheLedger = new Set(['id', 'eventId', 'generation', 'version', 'syncedAt', 'hash', 'hotelId', 'source']);

/** One field that two versions of a record have differently; undefined where a version has none. */
export type Difference = { readonly field: string; readonly before: unknown; readonly after: unknown };

/** The fields of a record without what the ledger adds to them, in their order. */
export function ownFields(record: Readonly<Record<string, unknown>>): [field: string, value: unknown][] {
  return Object.entries(record).filter(([field]) => !ofTheLedger.has(field));
}

/** Compare two versions of a record field by field, in the order of the newer one; what it no longer has stands last. */
export function differences(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Difference[] {
  const fields = new Set([...ownFields(after), ...ownFields(before)].map(([field]) => field));
  return [...fields]
    .map((field) => ({ field, before: before[field], after: after[field] }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after));
}
