/**
 * Figures across bookings, versions that were withheld, and the marks of pruning.
 *
 * `blocks.reason` says why versions were kept: null because a source said something new, 'figures' because the figures of a guest changed.
 * `stays` leads from a booking to its guest, and `profiles` from a guest record to its keys; `guest` and `email` are keyed hashes
 * (db/pipeline/guest-keys.ts), so neither a number nor an address stands open. `guest_merges` holds which guest has become which, one step
 * each. `figures_due` are the guests whose figures are to be worked out anew, and `figures` what was kept with the newest version of a record.
 * `follower` says how far the log was read for them.
 *
 * `withheld` are versions that were not sent to a destination on purpose, and why: `other_ledger_id` is the source that was preferred.
 * `deliveries.missed` counts what was pruned before a shadow had it.
 */
export const up = `
alter table blocks add column reason text;

create table stays (
  ledger_id integer not null, external_id text not null, guest blob, email blob, lead_days integer,
  primary key (ledger_id, external_id)
) strict, without rowid;
create index stays_by_guest on stays (guest) where guest is not null;
create index stays_by_email on stays (email) where guest is null and email is not null;

create table profiles (
  ledger_id integer not null, external_id text not null, guest blob not null, email blob,
  primary key (ledger_id, external_id)
) strict, without rowid;
create index profiles_by_guest on profiles (guest);
create index profiles_by_email on profiles (email) where email is not null;

create table guest_merges (guest blob primary key, into_guest blob not null) strict, without rowid;
create index guest_merges_by_into on guest_merges (into_guest);

create table figures (
  ledger_id integer not null, external_id text not null, seq integer not null, hash blob not null, fields text not null,
  primary key (ledger_id, external_id)
) strict, without rowid;

create table figures_due (id integer primary key, guest blob not null unique) strict;
create table follower (one integer primary key check (one = 1), position integer not null) strict;
insert into follower (one, position) values (1, 0);

create table withheld (
  destination_id text not null, seq integer not null, reason text not null, other_ledger_id integer,
  primary key (destination_id, seq)
) strict, without rowid;

alter table deliveries add column withheld integer not null default 0;
alter table deliveries add column missed integer not null default 0;
alter table resends add column withheld integer not null default 0;
`;
