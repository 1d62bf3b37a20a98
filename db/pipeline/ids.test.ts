import { createHash, hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventId, type RecordKey, recordUuid, uuid5 } from './ids.ts';

const key: RecordKey = { hotelId: 'ALDQ', source: 'opera', entity: 'booking', externalId: '00123' };
const content = hash('sha256', 'content');
const v5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** UUIDv5 as RFC 9562 §5.5 tells it, written a second time. */
function plainUuid5(namespace: string, name: string): string {
  const digest = createHash('sha1').update(Buffer.from(namespace, 'hex')).update(name, 'utf8').digest().subarray(0, 16);
  digest[6] = ((digest[6] as number) & 0x0f) | 0x50;
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80;
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
const ours = '6f0c8e3a5d1b4c7e9a2f4b8d1e6c3a57';

describe('the id of an event', () => {
  it('is a UUIDv5 that is the same whenever and wherever it is made', () => {
    const made = [1, 2, 3].map(() => eventId(key, 1_770_000_000, 3, content));
    expect([new Set(made).size, made[0]]).toEqual([1, expect.stringMatching(v5)]);
    // Written down once: an id that changes between two builds would be a booking applied twice.
    expect([made[0], recordUuid(key)]).toEqual(['af0e3d39-261e-5f6d-ab72-34c18adf852b', '2dec5ab0-796e-52bf-beee-01c8af525153']);
  });

  it('is another one for another generation, version, content, hotel, system, kind and number', () => {
    const other = hash('sha256', 'other');
    const made = [
      eventId(key, 1, 1, content),
      eventId(key, 2, 1, content),
      eventId(key, 1, 2, content),
      eventId(key, 1, 1, other),
      eventId({ ...key, hotelId: 'LISB' }, 1, 1, content),
      eventId({ ...key, source: 'protel' }, 1, 1, content),
      eventId({ ...key, entity: 'guest' }, 1, 1, content),
      eventId({ ...key, externalId: '123' }, 1, 1, content),
      // Borders between the parts cannot be moved.
      eventId({ ...key, hotelId: 'ALDQ","opera', source: 'x' }, 1, 1, content),
      eventId({ ...key, externalId: '00123"] 1' }, 1, 1, content),
      eventId(key, 11, 1, content),
      eventId(key, 1, 11, content),
    ];
    expect(new Set(made).size).toBe(made.length);
  });

  it('follows the standard for every key there can be, one after the other in any mixture', () => {
    const part = fc.oneof(fc.string({ maxLength: 128, unit: 'binary' }), fc.string({ maxLength: 128 }));
    const keys = fc.record({ hotelId: part, source: part, entity: fc.constantFrom('booking', 'guest'), externalId: part });
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, fc.nat(), fc.nat()), { minLength: 1, maxLength: 5 }), (many) => {
        for (const [one, generation, version] of many) {
          const name = JSON.stringify([one.hotelId, one.source, one.entity, one.externalId]);
          expect([recordUuid(one), eventId(one, generation, version, content)]).toEqual([
            plainUuid5(ours, name),
            plainUuid5(ours, `${name} ${generation} ${version} ${content}`),
          ]);
        }
      }),
      { numRuns: 400, seed: 20_261_121 },
    );
  });

  it('holds the whole name, also the longest', () => {
    const longest = { ...key, externalId: '\u0001'.repeat(128), hotelId: '𝄞'.repeat(64) };
    expect(eventId({ ...longest, externalId: `${longest.externalId}a` }, 1, 1, content)).not.toBe(
      eventId({ ...longest, externalId: `${longest.externalId}b` }, 1, 1, content),
    );
    expect(uuid5('x')).toMatch(v5);
  });
});
