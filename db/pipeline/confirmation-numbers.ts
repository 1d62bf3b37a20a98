import type { WriteDb } from '../open.ts';

/**
 * The confirmation numbers of bookings whose key is another one, so that they can be found by what the guest and the desk call the number.
 * They are read from the log behind the imports, with the figures.
 */
export function confirmationNumbers(db: WriteDb) {
  const known = db
    .prepare<[number, string], string>('select number from confirmation_numbers where ledger_id = ? and external_id = ?')
    .pluck();
  const put = db.prepare(
    'insert into confirmation_numbers (ledger_id, external_id, number) values (?, ?, ?) on conflict do update set number = excluded.number',
  );
  const drop = db.prepare('delete from confirmation_numbers where ledger_id = ? and external_id = ?');
  return {
    /** Read one version of a booking. */
    read: (ledgerId: number, { externalId, confirmationNumber }: Readonly<Record<string, unknown>>): void => {
      const number = typeof confirmationNumber === 'string' && confirmationNumber !== externalId ? confirmationNumber : undefined;
      const before = known.get(ledgerId, externalId as string);
      if (number === before) return;
      if (number === undefined) drop.run(ledgerId, externalId);
      else put.run(ledgerId, externalId, number);
    },
  };
}
