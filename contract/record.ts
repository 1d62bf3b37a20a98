import { type Booking, bookingEntity } from './booking.ts';
import type { EntityDefinition } from './entity.ts';
import { type Guest, guestEntity } from './guest.ts';
import { type Review, reviewEntity } from './review.ts';
import { type Room, roomEntity } from './room.ts';

/** Every kind of record the agent knows. A new one is one file and one line here. */
export const entities = {
  booking: bookingEntity,
  guest: guestEntity,
  room: roomEntity,
  review: reviewEntity,
} as const;

export type EntityName = keyof typeof entities;
export const entityNames = Object.keys(entities) as [EntityName, ...EntityName[]];
/** Any record of any source. @public */
export type UnifiedRecord = Booking | Guest | Room | Review;

/** Find the definition of one kind of record, as the store and the mapping use it. */
export function entityOf(name: EntityName): EntityDefinition {
  return entities[name];
}
