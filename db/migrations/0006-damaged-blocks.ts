/**
 * What was found damaged in the outbox, as it lay there (db/pipeline/mend.ts). The block in its place is empty from then on, and its rows are
 * passed over.
 */
export const up = `
create table damaged_blocks (first_seq integer primary key, found_at_ms integer not null, sealed blob not null) strict;
`;
