/**
 * Certificates of completeness (db/pipeline/certificates.ts): a line of the list as `summary`, JSON, and the whole as `doc`, JSON packed by
 * zstd. They hold dates, counts, keyed sums and the keys of records that differed. The newest 400 are kept; the audit chain holds the digest
 * of each. Rows that are set aside are asked for by their place: thousands may lie in one file.
 */
export const up = `
create table certificates (
  id integer primary key autoincrement, started_at_ms integer not null, summary text not null, digest text not null, doc blob not null
) strict;
create index dead_letters_by_place on dead_letters (file_id, byte_offset);
`;
