import { z } from 'zod';
import { defineEntity } from './entity.ts';
import { envelope } from './envelope.ts';
import { choiceField, integerField, listField, momentField, moneyField, textField } from './field.ts';

/**
 * One room of the house.
 *
 * @units `baseRateMinor` is whole minor units of `currency`.
 * @source TR-3 "Room" (HI-139 … HI-141).
 */
export const Room = z.strictObject({
  ...envelope,
  number: textField(40),
  floor: integerField(-20, 300).optional(),
  type: textField(80).optional(),
  status: choiceField(['clean', 'dirty', 'maintenance', 'occupied', 'blocked']).optional(),
  maxOccupancy: integerField(0, 1000).optional(),
  bedType: textField(80).optional(),
  amenities: listField().optional(),
  baseRateMinor: moneyField().optional(),
  currency: textField(3).optional(),
  goneAt: momentField().optional(),
});
export type Room = z.infer<typeof Room>;

export const roomEntity = defineEntity({
  name: 'room',
  plural: 'rooms',
  schema: Room,
  derived: [],
  columns: { state: 'status', title: 'number', place: 'number', amount: 'baseRateMinor', currency: 'currency' },
});
