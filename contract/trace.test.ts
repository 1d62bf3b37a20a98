import { expect, it } from 'vitest';
import { TraceQuery, traceQueryOf } from './trace.ts';

it.each([
  ['12345', { text: '12345' }],
  ['  Zoë Brouwer ', { text: 'Zoë Brouwer' }],
  ['101 2026-03-01', { room: '101', day: '2026-03-01' }],
  ['2026-03-01 101', { room: '101', day: '2026-03-01' }],
  ['room 101 on 2026-03-01', { room: '101', day: '2026-03-01' }],
  ['Zimmer 101 am 1.3.2026', { room: '101', day: '2026-03-01' }],
  ['12 A 31.12.2026', { room: '12 A', day: '2026-12-31' }],
  ['2026-03-01', { text: '2026-03-01' }],
  ['room 2026-03-01', { text: 'room 2026-03-01' }],
  ['#12', { text: '#12' }],
  ['', null],
  ['   ', null],
  ['x'.repeat(129), null],
])('what somebody types, %j, is understood as %j', (typed, query) => {
  expect(traceQueryOf(typed)).toEqual(query);
});

it('a question needs a key, a name, or both a room and a day', () => {
  const isAsked = (query: object) => TraceQuery.safeParse(query).success;
  expect([{ text: 'A-1' }, { room: '1', day: '2026-03-01' }, { room: '1' }, { day: '2026-03-01' }, {}, { text: ' ' }].map(isAsked)).toEqual(
    [true, true, false, false, false, false],
  );
});
