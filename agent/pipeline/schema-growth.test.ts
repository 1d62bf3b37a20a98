import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Booking, bookingEntity } from '../../contract/booking.ts';
import { defineEntity } from '../../contract/entity.ts';
import { textField } from '../../contract/field.ts';
import { type FoundLayout, Mapping } from '../../contract/mapping.ts';
import { entities } from '../../contract/record.ts';
import { openForWriting, type WriteDb } from '../../db/open.ts';
import { sealingKey } from '../../db/seal.ts';
import { type PipelineSteps, pipelineSteps } from '../../db/steps.ts';
import { bookingRow } from '../testing.ts';
import { DocumentMemory } from './batch-builder.ts';
import { normaliseFile } from './normalise-file.ts';
import { writeRawFile } from './raw-files.ts';

const key = sealingKey(Buffer.alloc(32, 7));
const template = readFileSync('resources/mappings/generic-pms-bookings.json', 'utf8');
const today = Mapping.parse(JSON.parse(template));
/** The mapping of the day after: two more columns of the export, for two fields that the schema did not have before. */
const tomorrow: Mapping = {
  ...today,
  fields: { ...today.fields, marketSegment: field('Market'), rateCode: field('Rate Code') },
};
const grownBooking = defineEntity({
  ...bookingEntity,
  schema: Booking.extend({ marketSegment: textField(80).optional(), rateCode: textField(40).optional() }),
  derived: [...bookingEntity.derived],
});

function field(column: string) {
  return Mapping.parse({ ...JSON.parse(template), fields: { externalId: { column } } }).fields.externalId as Mapping['fields'][string];
}

const columns =
  'Confirmation No,Guest Name,Email,Phone,Room,Room Type,Arrival,Departure,Booked On,Status,Channel,Total,Deposit,Currency,Payment,Requests,Market,Rate Code\r\n';

let folder: string;
let db: WriteDb;
let steps: PipelineSteps;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-growth-'));
  db = openForWriting(join(folder, 'pipeline.db'));
  steps = pipelineSteps(db, key);
});
afterEach(() => {
  Object.assign(entities, { booking: bookingEntity });
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Read an export of so many bookings; `filled` of them say their market segment. Gives how many events that makes. */
async function importBookings(
  count: number,
  mapping: Mapping,
  filled = 0,
): Promise<{ events: number; unchanged: number; setAside: number }> {
  const before = eventCount();
  const lines = Array.from({ length: count }, (_, at) => `${bookingRow(String(at))},${at < filled ? 'LEISURE' : ''},\r\n`);
  const content = Buffer.from(columns + lines.join(''));
  const chunks = (async function* () {
    yield content;
  })();
  const rawPath = await writeRawFile({ home: folder, source: 'pms', key, chunks, atMs: 0, facts: null });
  const layout: FoundLayout = { encoding: 'utf-8', otherEncodings: [], delimiter: ',', isFound: true };
  const file = {
    connectionId: 'pms',
    hotelId: 'ALDQ',
    source: 'pms',
    entity: 'booking',
    name: 'all.csv',
    path: '/drops/all.csv',
    mark: randomUUID(),
    sha256: randomUUID(),
    rawPath,
    mappingJson: JSON.stringify(mapping),
    layoutJson: JSON.stringify(layout),
    bytes: content.length,
  };
  const { id } = steps.registerFile(file);
  const job = {
    fileId: id,
    hotelId: 'ALDQ',
    source: 'pms',
    rawPath,
    mapping,
    layout,
    bytes: content.length,
    position: 0,
    credits: 1,
    days: null,
  };
  const memory = new DocumentMemory();
  const sum = { unchanged: 0, setAside: 0 };
  let position = 0;
  for await (const batch of normaliseFile({ ...job, home: folder, key }, memory)) {
    sum.unchanged += steps.storeBatch(batch, position, randomUUID()).unchanged;
    sum.setAside += batch.letters.length;
    position = batch.position;
    memory.giveBack(batch.documents);
  }
  return { events: eventCount() - before, ...sum };
}

const eventCount = () => db.prepare<[], number>('select count(*) from outbox').pluck().get() as number;

it('sends nothing when a new version of the schema has two more optional fields, and then only what fills them', async () => {
  const count = 100_000;
  const first = await importBookings(count, today);
  Object.assign(entities, { booking: grownBooking });
  const upgraded = await importBookings(count, today);
  const mapped = await importBookings(count, tomorrow);
  const filled = await importBookings(count, tomorrow, 3);
  expect([first, upgraded, mapped, filled]).toEqual([
    { events: count, unchanged: 0, setAside: 0 },
    { events: 0, unchanged: count, setAside: 0 },
    { events: 0, unchanged: count, setAside: 0 },
    { events: 3, unchanged: count - 3, setAside: 0 },
  ]);
}, 120_000);
