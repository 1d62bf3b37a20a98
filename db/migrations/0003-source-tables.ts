/**
 * What is known of the tables of a database that is read: how far each was read (`watermark`, JSON of agent/pipeline/watermark.ts), and of
 * each row a hash, the stamp it was last seen with, and where its last content lies in the raw files. `sweep` is the last walk over all
 * keys that has seen the row; `missed` the one that has missed it first. `identity` tells which database and rows it was: another one is
 * read from its start.
 */
export const up = `
create table source_tables (
  id integer primary key, connection_id text not null, name text not null, identity text not null, watermark text not null,
  unique (connection_id, name)
) strict;

create table source_rows (
  table_id integer not null, key text not null, hash blob not null, stamp text,
  file_id integer not null, byte_offset integer not null, byte_length integer not null,
  sweep integer not null, missed integer,
  primary key (table_id, key)
) strict, without rowid;
`;
