import { z } from 'zod';
import { defineEntity } from './entity.ts';
import { envelope } from './envelope.ts';
import { choiceField, dayField, decimalField, idField, listField, momentField, textField } from './field.ts';

/**
 * What a guest wrote about a stay, and the answer given.
 *
 * `rating` is on the scale 1 to 5; the source's own figure stays in `originalRating`.
 * The portal that published it is `portal`; `source` names the system that we read, as on every record.
 *
 * @source TR-3 "Review" (HI-142 … HI-145).
 */
export const Review = z.strictObject({
  ...envelope,
  portal: choiceField(['google', 'tripadvisor', 'booking', 'expedia', 'internal']).optional(),
  guestId: idField().optional(),
  bookingId: idField().optional(),
  rating: decimalField(1, 5),
  originalRating: textField(20).optional(),
  title: textField(300).optional(),
  text: textField(20_000).optional(),
  reviewDate: dayField(),
  stayDate: dayField().optional(),
  sentiment: choiceField(['positive', 'negative', 'neutral']).optional(),
  sentimentScore: decimalField(-1, 1).optional(),
  topics: listField().optional(),
  responseText: textField(20_000).optional(),
  respondedAt: momentField().optional(),
  goneAt: momentField().optional(),
});
export type Review = z.infer<typeof Review>;

export const reviewEntity = defineEntity({
  name: 'review',
  plural: 'reviews',
  schema: Review,
  derived: [],
  columns: { day: 'reviewDate', state: 'sentiment', title: 'title' },
});
