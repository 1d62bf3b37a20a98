import { expect, it } from 'vitest';
import { differences, ownFields } from './record-difference.ts';

const version = (number: number, fields: Record<string, unknown>) => ({
  eventId: `e-${number}`,
  generation: 7,
  version: number,
  syncedAt: `2026-03-0${number}T00:00:00Z`,
  hash: String(number),
  id: 'u',
  hotelId: 'ALDQ',
  source: 'pms',
  externalId: 'A-1',
  ...fields,
});

it('names what was changed, filled and emptied, and nothing that only the ledger has written', () => {
  const before = version(1, { guestName: 'Ada', roomNumber: '101', status: 'confirmed', topics: ['a', 'b'] });
  const after = version(2, { guestName: 'Ada', status: 'checked_in', totalAmountMinor: 0, topics: ['a', 'c'] });
  expect(differences(before, after)).toEqual([
    { field: 'status', before: 'confirmed', after: 'checked_in' },
    { field: 'totalAmountMinor', before: undefined, after: 0 },
    { field: 'topics', before: ['a', 'b'], after: ['a', 'c'] },
    { field: 'roomNumber', before: '101', after: undefined },
  ]);
});

it('finds no difference between two versions that say the same', () => {
  expect(differences(version(1, { guestName: 'Ada' }), version(2, { guestName: 'Ada' }))).toEqual([]);
});

it('shows a record by its own fields, the key first', () => {
  expect(ownFields(version(1, { guestName: 'Ada' }))).toEqual([
    ['externalId', 'A-1'],
    ['guestName', 'Ada'],
  ]);
});
