import { z } from 'zod';

/**
 * What every record carries, whatever it describes.
 *
 * `id` is ours and stable: UUIDv5 of (property, source, entity, externalId).
 * `externalId` is the source's own key, kept as text. `source` is an open, registered name.
 * `hotelId` belongs to the key, so that two properties of a group never share a booking.
 * `version` counts up within a ledger generation; `syncedAt` is when this version was kept here (UTC).
 */
export const envelope = {
  id: z.uuid(),
  hotelId: z.string().min(1).max(64),
  source: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/),
  externalId: z.string().min(1).max(128),
  syncedAt: z.iso.datetime(),
  version: z.int().min(1),
} as const;

/** The names of {@link envelope}: set by the agent, never by a mapping (except `externalId`). */
export const envelopeFields = Object.keys(envelope) as readonly (keyof typeof envelope)[];
