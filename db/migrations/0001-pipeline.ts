/**
 * The first schema of pipeline.db: ledgers and records, the outbox, files, dead letters, deliveries, intents.
 *
 * A ledger is all records of one (hotel, source, entity). The outbox is a log: one row per version of a record, in the order
 * in which it was kept; what a destination has confirmed is a position in it. The texts that leave the house lie in `blocks`, sealed
 * with the data key, up to 250 consecutive rows of the outbox in one (db/pipeline/blocks.ts); so does `raw` of a dead letter, by itself;
 * the columns day, until, state, title, place, amount and currency stand open so that records can be found and added up
 * (docs/security.md). `ledger_sums` adds the amounts of a ledger up as it grows, in two halves (amount = high * 2^20 + low), because a sum
 * of millions of large amounts would not fit into 64 bits; what has no amount stands under the currency ''. `previous_seq` leads from a
 * version of a record to the one before it; `confirmations` remembers when the watermark of a destination has passed a row. `audit` is a
 * chain: each entry holds the hash of the one before it, and `audit_head` says, sealed, where it ends. `resends` are orders to send
 * something again, each carried out behind its `position` in the outbox. `attempts` holds what was tried with which rows, for 90 days, and
 * `held_sending` which destinations a person has stopped.
 */
export const up = `
create table settings (key text primary key, json text not null) strict, without rowid;

create table generations (generation integer primary key, begun_at_ms integer not null) strict;

create table connections (
  id text primary key, doc text not null, removed_at_ms integer
) strict;

create table ledgers (
  id integer primary key, hotel_id text not null, source text not null, entity text not null,
  unique (hotel_id, source, entity)
) strict;

create table records (
  ledger_id integer not null,
  external_id text not null,
  generation integer not null, version integer not null, hash blob not null,
  seq integer not null, file_id integer,
  day text, until text, state text, title text, place text, amount integer, currency text,
  first_kept_at_ms integer not null, kept_at_ms integer not null,
  primary key (ledger_id, external_id)
) strict, without rowid;

create table ledger_sums (
  ledger_id integer not null, currency text not null, records integer not null, high integer not null, low integer not null,
  primary key (ledger_id, currency)
) strict, without rowid;

create table outbox (
  seq integer primary key,
  external_id text not null, version integer not null, previous_seq integer,
  line integer, byte_offset integer, byte_length integer
) strict;

create table blocks (
  first_seq integer primary key, rows integer not null, generation integer not null,
  ledger_id integer not null, file_id integer, kept_at_ms integer not null, correlation_id blob not null,
  sealed blob not null
) strict;

create table files (
  id integer primary key,
  connection_id text not null, hotel_id text not null, source text not null, entity text not null,
  name text not null, path text, sha256 text not null, raw_path text not null,
  mapping text not null, layout text not null,
  bytes integer not null, position integer not null default 0,
  bytes_normalised integer not null default 0, bytes_dead_letters integer not null default 0, bytes_structural integer not null default 0,
  rows integer not null default 0,
  kept integer not null default 0, unchanged integer not null default 0, duplicates integer not null default 0,
  dead_letters integer not null default 0, seen_before integer not null default 0,
  taken_at_ms integer not null, finished_at_ms integer, last_seen_at_ms integer not null,
  unique (connection_id, sha256)
) strict;
create table sightings (
  connection_id text not null, path text not null, mark text not null, file_id integer not null, seen_at_ms integer not null,
  primary key (connection_id, path, mark)
) strict, without rowid;
create index sightings_by_file on sightings (file_id, seen_at_ms);
create index files_seen_again on files (last_seen_at_ms) where seen_before > 0;
create index files_unfinished on files (connection_id) where finished_at_ms is null;

create table dead_letters (
  id integer primary key autoincrement,
  connection_id text not null, destination_id text, entity text not null,
  rule text not null, field text, column_name text, detail text,
  file_id integer, line integer, byte_offset integer, byte_length integer,
  raw blob, seq integer,
  ledger_id integer, external_id text,
  set_aside_at_ms integer not null, correlation_id blob not null,
  replays integer not null default 0
) strict;
create index dead_letters_by_rule on dead_letters (rule);
create index dead_letters_by_connection on dead_letters (connection_id);
create index dead_letters_by_connection_and_rule on dead_letters (connection_id, rule);
create index dead_letters_by_key on dead_letters (ledger_id, external_id) where external_id is not null;
create index dead_letters_by_file on dead_letters (file_id);
create unique index dead_letters_refused_once on dead_letters (destination_id, seq) where destination_id is not null;

create table settled_letters (
  id integer primary key, connection_id text not null, destination_id text, entity text not null, rule text not null,
  file_id integer, line integer, byte_offset integer, byte_length integer, seq integer, ledger_id integer, external_id text,
  replays integer not null, set_aside_at_ms integer not null, settled_at_ms integer not null, settled_as text not null
) strict;
create index settled_letters_by_row on settled_letters (file_id, byte_offset);
create index settled_letters_by_key on settled_letters (ledger_id, external_id) where settled_as = 'kept';

create table deliveries (
  destination_id text primary key,
  confirmed_seq integer not null,
  confirmed integer not null default 0, refused integer not null default 0,
  last_confirmed_at_ms integer, confirmed_up_to_ms integer
) strict, without rowid;

create table confirmations (
  destination_id text not null, up_to_seq integer not null, at_ms integer not null,
  primary key (destination_id, up_to_seq)
) strict, without rowid;

create table attempts (
  id integer primary key autoincrement,
  destination_id text not null, from_seq integer not null, to_seq integer not null, records integer not null,
  outcome text not null, code text,
  started_at_ms integer not null, ended_at_ms integer not null, took_ms integer not null, count integer not null default 1,
  resend_id integer, runs text, correlation_id text
) strict;
create index attempts_by_place on attempts (destination_id, from_seq);
create index attempts_of_the_line on attempts (destination_id, ended_at_ms) where records = 0;
create index attempts_by_resend on attempts (resend_id, from_seq) where resend_id is not null;

create table held_sending (
  destination_id text primary key, held_at_ms integer not null, until_ms integer, reason text not null, actor_name text not null
) strict, without rowid;

create table entity_counts (
  connection_id text not null, entity text not null,
  records integer not null default 0, dead_letters integer not null default 0, last_kept_at_ms integer,
  primary key (connection_id, entity)
) strict, without rowid;

create table kept_hours (
  connection_id text not null, entity text not null, hour integer not null, kept integer not null,
  primary key (connection_id, entity, hour)
) strict, without rowid;

create table syncs (
  connection_id text primary key,
  last_started_at_ms integer, last_ok_at_ms integer
) strict, without rowid;

create table alerts (
  connection_id text not null, code text not null, detail text not null, severity text not null,
  since_ms integer not null, last_seen_ms integer not null, count integer not null,
  primary key (connection_id, code)
) strict, without rowid;

create table intents (
  id integer primary key autoincrement,
  kind text not null, doc text not null, due_at_ms integer not null, done_at_ms integer
) strict;
create index intents_open on intents (due_at_ms) where done_at_ms is null;

create table audit (
  seq integer primary key,
  at_ms integer not null, at text not null,
  actor_id text not null, actor_name text not null, door text not null,
  action text not null, target_kind text not null, target_id text not null, detail text not null,
  correlation_id text not null, previous_hash text not null, hash text not null
) strict;
create table audit_head (one integer primary key check (one = 1), sealed blob not null) strict;

create table resends (
  id integer primary key autoincrement,
  destination_id text not null, selection text not null, choice text not null,
  ordered_at_ms integer not null, actor_id text not null, actor_name text not null, correlation_id text not null,
  up_to_seq integer not null, position integer not null default 0,
  total integer not null, confirmed integer not null default 0, refused integer not null default 0,
  newer integer not null default 0, on_its_way integer not null default 0, damaged integer not null default 0,
  state text not null, finished_at_ms integer
) strict;
create index resends_open on resends (destination_id, id) where state in ('running', 'paused');
`;
