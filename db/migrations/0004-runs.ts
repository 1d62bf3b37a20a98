/**
 * The runs of the sources, and the column fingerprints of their databases.
 *
 * A row of `runs` is one run, or `count` of them in a row that ended alike and brought nothing; its numbers are of all of them. `outcome` is
 * null while it is under way, and `fault` JSON of contract/faults.ts. `files` is null for a database and `rows_changed` for files: they are
 * not counted there. A run is dropped after 90 days, or behind so many newer ones of its connection (db/pipeline/runs.ts).
 *
 * `fingerprints` holds what was found when the columns of a database were compared last, JSON of contract/fingerprint.ts, and a hash of the
 * settings that it was found with.
 */
export const up = `
create table runs (
  id integer primary key autoincrement,
  connection_id text not null, cause text not null, count integer not null default 1,
  started_at_ms integer not null, last_started_at_ms integer not null, ended_at_ms integer, took_ms integer,
  outcome text, fault text,
  files integer, rows_read integer not null default 0, rows_changed integer,
  kept integer not null default 0, unchanged integer not null default 0, duplicates integer not null default 0,
  set_aside integer not null default 0
) strict;
create index runs_by_connection on runs (connection_id, id);
create index runs_open on runs (id) where outcome is null;

create table fingerprints (
  connection_id text primary key, settings_hash text not null, doc text not null
) strict, without rowid;
`;
