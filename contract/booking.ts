import { z } from 'zod';
import { defineEntity } from './entity.ts';
import { envelope } from './envelope.ts';
import { choiceField, dayField, emailField, idField, integerField, momentField, moneyField, phoneField, textField } from './field.ts';

export const bookingStatuses = ['confirmed', 'checked_in', 'checked_out', 'cancelled', 'no_show'] as const;

/**
 * One stay, booked or past, as every source gives it.
 *
 * @units amounts are whole minor units of `currency`; stay dates are hotel-local calendar days.
 * `confirmationNumber` is what the guest and the desk call the number, where that is not the key: several bookings may share one.
 * @source TR-3 "Booking" (HI-123 … HI-133), decisions; money names: docs/decisions/20261121-money-names.md.
 */
export const Booking = z.strictObject({
  ...envelope,
  guestId: idField().optional(),
  guestName: textField(200).optional(),
  guestEmail: emailField().optional(),
  guestPhone: phoneField().optional(),
  roomId: idField().optional(),
  roomNumber: textField(40).optional(),
  roomType: textField(80).optional(),
  checkInDate: dayField(),
  checkOutDate: dayField(),
  bookedAt: momentField().optional(),
  totalAmountMinor: moneyField().optional(),
  currency: textField(3).optional(),
  depositPaidMinor: moneyField().optional(),
  status: choiceField(bookingStatuses),
  leadTime: integerField(-36_500, 36_500).optional(),
  lengthOfStay: integerField(0, 36_500).optional(),
  previousStays: integerField(0, 100_000).optional(),
  previousNoShows: integerField(0, 100_000).optional(),
  channel: choiceField(['direct', 'ota', 'agent', 'walk_in']).optional(),
  paymentMethod: choiceField(['credit_card', 'cash', 'invoice', 'points']).optional(),
  specialRequests: textField(4000).optional(),
  goneAt: momentField().optional(),
  confirmationNumber: textField(80).optional(),
});
export type Booking = z.infer<typeof Booking>;

export const bookingEntity = defineEntity({
  name: 'booking',
  plural: 'bookings',
  schema: Booking,
  derived: ['leadTime', 'lengthOfStay', 'previousStays', 'previousNoShows'],
  columns: {
    day: 'checkInDate',
    until: 'checkOutDate',
    state: 'status',
    title: 'guestName',
    place: 'roomNumber',
    amount: 'totalAmountMinor',
    currency: 'currency',
  },
});
