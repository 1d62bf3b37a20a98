import { createHash, hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForReading, openForWriting, type WriteDb } from '../open.ts';
import { ensureGeneration, eventId, type RecordKey, raiseGeneration, recordUuid, uuid5, uuidText } from './ledger.ts';

const key: RecordKey = { hotelId: 'ALDQ', source: 'opera', entity: 'booking', externalId: '00123' };
const content = hash('sha256', 'content', 'buffer');
const id = (...given: Parameters<typeof eventId>) => uuidText(eventId(...given));
const v5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** UUIDv5 as RFC 9562 §5.5 tells it, written a second time. */
function plainUuid5(namespace: string, name: string): string {
  const digest = createHash('sha1').update(Buffer.from(namespace, 'hex')).update(name, 'utf8').digest().subarray(0, 16);
  digest[6] = ((digest[6] as number) & 0x0f) | 0x50;
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80;
  return uuidText(digest);
}
const ours = '6f0c8e3a5d1b4c7e9a2f4b8d1e6c3a57';

describe('the id of an event', () => {
  it('is a UUIDv5 that is the same whenever and wherever it is made', () => {
    const made = [1, 2, 3].map(() => id(key, 1_770_000_000, 3, content));
    expect([new Set(made).size, made[0]]).toEqual([1, expect.stringMatching(v5)]);
    // Written down once: an id that changes between two builds would be a booking applied twice.
    expect([made[0], uuidText(recordUuid(key))]).toEqual(['af0e3d39-261e-5f6d-ab72-34c18adf852b', '2dec5ab0-796e-52bf-beee-01c8af525153']);
  });

  it('is another one for another generation, version, content, hotel, system, kind and number', () => {
    const other = hash('sha256', 'other', 'buffer');
    const made = [
      id(key, 1, 1, content),
      id(key, 2, 1, content),
      id(key, 1, 2, content),
      id(key, 1, 1, other),
      id({ ...key, hotelId: 'LISB' }, 1, 1, content),
      id({ ...key, source: 'protel' }, 1, 1, content),
      id({ ...key, entity: 'guest' }, 1, 1, content),
      id({ ...key, externalId: '123' }, 1, 1, content),
      // Borders between the parts cannot be moved.
      id({ ...key, hotelId: 'ALDQ","opera', source: 'x' }, 1, 1, content),
      id({ ...key, externalId: '00123"] 1' }, 1, 1, content),
      id(key, 11, 1, content),
      id(key, 1, 11, content),
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
          expect([uuidText(recordUuid(one)), id(one, generation, version, content)]).toEqual([
            plainUuid5(ours, name),
            plainUuid5(ours, `${name} ${generation} ${version} ${content.toString('hex')}`),
          ]);
        }
      }),
      { numRuns: 400, seed: 20_261_121 },
    );
  });

  it('holds the whole name, also the longest', () => {
    const longest = { ...key, externalId: '\u0001'.repeat(128), hotelId: '𝄞'.repeat(64) };
    expect(id({ ...longest, externalId: `${longest.externalId}a` }, 1, 1, content)).not.toBe(
      id({ ...longest, externalId: `${longest.externalId}b` }, 1, 1, content),
    );
    expect(uuidText(uuid5('x'))).toMatch(v5);
  });
});

describe('the generation of a ledger', () => {
  let folder: string;
  let path: string;
  let db: WriteDb;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-ledger-'));
    path = join(folder, 'pipeline.db');
    db = openForWriting(path);
  });
  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function keep(seq: number, externalId: string, version: number, generation: number): void {
    db.prepare("insert or ignore into ledgers (id, hotel_id, source, entity) values (1, 'ALDQ', 'opera', 'booking')").run();
    db.prepare(
      'insert into outbox (seq, ledger_id, external_id, event_id, generation, version, hash, kept_at_ms, correlation_id) values (?, 1, ?, ?, ?, ?, ?, 0, ?)',
    ).run(seq, externalId, eventId({ ...key, externalId }, generation, version, content), generation, version, content, Buffer.alloc(16));
    db.prepare(
      'insert or replace into records (ledger_id, external_id, generation, version, hash, seq, first_kept_at_ms, kept_at_ms) values (1, ?, ?, ?, ?, ?, 0, 0)',
    ).run(externalId, generation, version, content, seq);
  }
  const kept = () => db.prepare('select event_id, generation from outbox order by seq').raw().all() as [Buffer, number][];

  it('is the second in which it was made, and stays what it was when the clock goes anywhere', () => {
    const made = ensureGeneration(db, 1_770_000_000_999);
    expect([made, ensureGeneration(db, 0), ensureGeneration(db, 9_999_999_999_999)]).toEqual([1_770_000_000, 1_770_000_000, 1_770_000_000]);
  });

  it('ranks above what the hub has seen, and every id that never went out is made anew with it', () => {
    const generation = ensureGeneration(db, 5000_000);
    keep(1, 'A', 1, generation);
    keep(2, 'A', 2, generation);
    keep(3, 'B', 1, generation);
    const raised = raiseGeneration(db, 1_800_000_000);
    expect([raised, ensureGeneration(db, 0), kept(), db.prepare('select distinct generation from records').pluck().all()]).toEqual([
      1_800_000_001,
      1_800_000_001,
      [
        [eventId({ ...key, externalId: 'A' }, 1_800_000_001, 1, content), 1_800_000_001],
        [eventId({ ...key, externalId: 'A' }, 1_800_000_001, 2, content), 1_800_000_001],
        [eventId({ ...key, externalId: 'B' }, 1_800_000_001, 1, content), 1_800_000_001],
      ],
      [1_800_000_001],
    ]);
  });

  it('does not move once anything is confirmed: then somebody else is sending too, and a person has to look', () => {
    const generation = ensureGeneration(db, 5000_000);
    keep(1, 'A', 1, generation);
    db.prepare("insert into deliveries (destination_id, confirmed_seq) values ('hub', 1)").run();
    const before = kept();
    expect([raiseGeneration(db, 1_800_000_000), ensureGeneration(db, 0), kept()]).toEqual([null, generation, before]);
  });

  it('moves while a destination is known that has confirmed nothing yet', () => {
    ensureGeneration(db, 5000_000);
    db.prepare("insert into deliveries (destination_id, confirmed_seq) values ('hub', 0)").run();
    expect(raiseGeneration(db, 6000)).toBe(6001);
  });

  it('moves whole or not at all', () => {
    const generation = ensureGeneration(db, 5000_000);
    keep(1, 'A', 1, generation);
    keep(2, 'B', 1, generation);
    const before = kept();
    db.exec("create trigger stop_here before update on outbox when new.seq = 2 begin select raise(abort, 'here'); end");
    expect(() => raiseGeneration(db, 1_800_000_000)).toThrow(/here/);
    expect([kept(), ensureGeneration(db, 0)]).toEqual([before, generation]);
  });

  it('is there after a restart', () => {
    ensureGeneration(db, 5000_000);
    raiseGeneration(db, 7000);
    db.close();
    db = openForWriting(path);
    expect([
      ensureGeneration(db, 0),
      openForReading(path).prepare("select value from meta where key = 'generation'").pluck().get(),
    ]).toEqual([7001, '7001']);
  });
});
