/**
 * Copies of files that were found damaged or gone, until they are taken anew from their source (db/pipeline/check.ts). A file that is named
 * here counts as not seen yet.
 */
export const up = `
create table damaged_raw_files (file_id integer primary key, found_at_ms integer not null) strict;
`;
