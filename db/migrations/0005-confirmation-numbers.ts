/**
 * The confirmation numbers of bookings that have another key (db/pipeline/confirmation-numbers.ts). The log is read for them once more, from
 * its start.
 */
export const up = `
create table confirmation_numbers (
  ledger_id integer not null, external_id text not null, number text not null,
  primary key (ledger_id, external_id)
) strict, without rowid;
create index confirmation_numbers_by_number on confirmation_numbers (number);
update follower set position = 0;
`;
