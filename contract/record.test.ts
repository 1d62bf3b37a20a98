import { describe, expect, it } from 'vitest';
import { entities } from './record.ts';

/** The fields of TR-3 (HI-123 … HI-145) under their names here: money carries its unit, the portal of a review is told from our source. */
const wanted = {
  booking:
    'id externalId source hotelId guestId guestName guestEmail guestPhone roomId roomNumber roomType checkInDate checkOutDate bookedAt totalAmountMinor currency ' +
    'depositPaidMinor status leadTime lengthOfStay previousStays previousNoShows channel paymentMethod specialRequests syncedAt version',
  guest:
    'id externalId source hotelId firstName lastName email phone preferredRoomType loyaltyTier totalStays totalSpendMinor avgRoomRateMinor firstStay lastStay ' +
    'avgDaysInAdvance roomUpgrades amenityUsage noShowCount cancellationCount segment lifetimeValueMinor syncedAt version',
  room: 'id externalId source hotelId number floor type status maxOccupancy bedType amenities baseRateMinor syncedAt version',
  review:
    'id externalId source hotelId portal guestId bookingId rating title text reviewDate stayDate sentiment sentimentScore topics responseText respondedAt syncedAt version',
} as const;

describe('the four records', () => {
  it.each(Object.entries(wanted))('a %s has every field of the data model', (name, fields) => {
    const shape = Object.keys(entities[name as keyof typeof entities].schema.shape);
    expect(fields.split(' ').filter((field) => !shape.includes(field))).toEqual([]);
  });

  it('keep the order of their hash: a field may only be added at the end', () => {
    const order = Object.fromEntries(Object.values(entities).map((entity) => [entity.name, entity.hashFields.join(' ')]));
    expect(order).toMatchInlineSnapshot(`
      {
        "booking": "externalId guestId guestName guestEmail guestPhone roomId roomNumber roomType checkInDate checkOutDate bookedAt totalAmountMinor currency depositPaidMinor status channel paymentMethod specialRequests goneAt confirmationNumber",
        "guest": "externalId firstName lastName email phone preferredRoomType loyaltyTier currency totalStays totalSpendMinor avgRoomRateMinor firstStay lastStay avgDaysInAdvance roomUpgrades amenityUsage noShowCount cancellationCount segment lifetimeValueMinor goneAt",
        "review": "externalId portal guestId bookingId rating originalRating title text reviewDate stayDate sentiment sentimentScore topics responseText respondedAt goneAt",
        "room": "externalId number floor type status maxOccupancy bedType amenities baseRateMinor currency goneAt",
      }
    `);
  });

  it('offer the statuses and channels of the data model', () => {
    const choices = (field: string) => entities.booking.fields.find((one) => one.name === field)?.choices;
    expect(choices('status')).toEqual(['confirmed', 'checked_in', 'checked_out', 'cancelled', 'no_show']);
    expect(choices('channel')).toEqual(['direct', 'ota', 'agent', 'walk_in']);
    expect(choices('paymentMethod')).toEqual(['credit_card', 'cash', 'invoice', 'points']);
  });
});
