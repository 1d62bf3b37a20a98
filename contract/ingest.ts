import { z } from 'zod';
import { Booking } from './booking.ts';
import { Guest } from './guest.ts';
import { entityNames } from './record.ts';
import { Review } from './review.ts';
import { Room } from './room.ts';

/**
 * What makes a record safe to send again: the event id never changes for the same content of the same version,
 * and (generation, version) orders the versions of one key. `hash` is SHA-256 (hex) over the source-derived fields.
 */
export const eventFields = {
  eventId: z.uuid(),
  generation: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
} as const;

const common = { source: z.string(), mode: z.enum(['upsert', 'insert', 'update']) } as const;

/** The four bodies of TR-4, each with the records under the plural of their name. */
export const ingestBodies = {
  bookings: z.strictObject({ ...common, bookings: z.array(Booking.extend(eventFields)).min(1).max(5000) }),
  guests: z.strictObject({ ...common, guests: z.array(Guest.extend(eventFields)).min(1).max(5000) }),
  rooms: z.strictObject({ ...common, rooms: z.array(Room.extend(eventFields)).min(1).max(5000) }),
  reviews: z.strictObject({ ...common, reviews: z.array(Review.extend(eventFields)).min(1).max(5000) }),
} as const;
export type IngestPlural = keyof typeof ingestBodies;

/** One record the receiver does not take, and why. It is copied to the dead letters; the rest of the batch goes on. */
export const Refusal = z.strictObject({
  eventId: z.uuid(),
  code: z.string().max(80),
  field: z.string().max(80).nullish(),
  message: z.string().max(500),
});

/**
 * The only answer that counts as delivered. Every event id of the request stands in exactly one list;
 * an id in none of them is not delivered and is sent again.
 */
export const IngestAnswer = z.strictObject({
  applied: z.array(z.uuid()),
  duplicate: z.array(z.uuid()),
  refused: z.array(Refusal),
});
export type Refusal = z.infer<typeof Refusal>;
export type IngestAnswer = z.infer<typeof IngestAnswer>;

/** The newest generation the receiver has seen of a hotel, so that a new PC or a restored backup starts above it. */
export const HighWater = z.strictObject({ generation: z.int().min(0) });

/** What the agent says of itself every minute, so that a dead PC is noticed. Counts and times only. */
export const Heartbeat = z.strictObject({
  hotelId: z.string(),
  version: z.string(),
  sentAt: z.iso.datetime(),
  lagSeconds: z.int().min(0),
  depth: z.int().min(0),
  deadLetters: z.int().min(0),
  entities: z.partialRecord(z.enum(entityNames), z.int().min(0)),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** The paths of the protocol, under the address that a destination is set up with. */
export const ingestPaths = {
  bookings: '/api/ingest/bookings',
  guests: '/api/ingest/guests',
  rooms: '/api/ingest/rooms',
  reviews: '/api/ingest/reviews',
  highWater: '/api/ingest/high-water',
  heartbeat: '/api/ingest/heartbeat',
} as const;
