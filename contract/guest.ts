import { z } from 'zod';
import { defineEntity } from './entity.ts';
import { envelope } from './envelope.ts';
import { choiceField, dayField, decimalField, emailField, integerField, momentField, moneyField, phoneField, textField } from './field.ts';

/**
 * One person's profile in one source.
 *
 * @units amounts are whole minor units of `currency`, which TR-3 forgets and money cannot do without.
 * @source TR-3 "Guest" (HI-134 … HI-138).
 */
export const Guest = z.strictObject({
  ...envelope,
  firstName: textField(100).optional(),
  lastName: textField(100),
  email: emailField().optional(),
  phone: phoneField().optional(),
  preferredRoomType: textField(80).optional(),
  loyaltyTier: choiceField(['none', 'silver', 'gold', 'platinum']).optional(),
  currency: textField(3).optional(),
  totalStays: integerField(0, 100_000).optional(),
  totalSpendMinor: moneyField().optional(),
  avgRoomRateMinor: moneyField().optional(),
  firstStay: dayField().optional(),
  lastStay: dayField().optional(),
  avgDaysInAdvance: decimalField(-36_500, 36_500).optional(),
  roomUpgrades: integerField(0, 100_000).optional(),
  amenityUsage: integerField(0, 1_000_000).optional(),
  noShowCount: integerField(0, 100_000).optional(),
  cancellationCount: integerField(0, 100_000).optional(),
  segment: textField(80).optional(),
  lifetimeValueMinor: moneyField().optional(),
  goneAt: momentField().optional(),
});
export type Guest = z.infer<typeof Guest>;

export const guestEntity = defineEntity({
  name: 'guest',
  plural: 'guests',
  schema: Guest,
  derived: [],
  columns: { day: 'lastStay', state: 'loyaltyTier', title: 'lastName', amount: 'totalSpendMinor', currency: 'currency' },
});
