import type { RuleId, SettledAs } from '../../contract/dead-letter.ts';
import type { WriteDb } from '../open.ts';

/** One row that could not become a record. `raw` is sealed; `detail` holds no guest data. */
export type BatchLetter = {
  readonly rule: RuleId;
  readonly field: string | null;
  readonly column: string | null;
  readonly detail: string | null;
  readonly line: number;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly raw: Uint8Array;
  /** The key of the record that the row would have become, where it could be read. */
  readonly externalId: string | null;
};

/** Why a row is still set aside after it was tried again. */
export type StillAside = Pick<BatchLetter, 'rule' | 'field' | 'column' | 'detail'> & { readonly id: number };

type Origin = {
  readonly connectionId: string;
  readonly entity: string;
  readonly fileId: number;
  readonly ledgerId: number;
  readonly correlationId: Buffer;
  readonly nowMs: number;
};

/** Prepare the statements that set rows aside and settle them. */
export function letterStatements(db: WriteDb) {
  const insert = db.prepare(
    'insert into dead_letters (connection_id, entity, rule, field, column_name, detail, file_id, line, byte_offset, byte_length, raw, ledger_id, external_id, set_aside_at_ms, correlation_id) ' +
      'values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const hasKeys = db
    .prepare<[number], number>('select 1 from dead_letters where ledger_id = ? and external_id is not null limit 1')
    .pluck();
  const fileFacts = db.prepare<[number], { lastSeenAtMs: number; keyRule: string | null }>(
    "select last_seen_at_ms as lastSeenAtMs, json_extract(mapping, '$.fields.externalId') as keyRule from files where id = ?",
  );
  // Of a row whose key was made by another rule the same text means another record.
  const earlierRows = db
    .prepare<[object], number>(
      'select d.id from dead_letters d join files f on f.id = d.file_id where d.ledger_id = @ledgerId and d.external_id = @externalId and d.destination_id is null ' +
        "and json_extract(f.mapping, '$.fields.externalId') is @keyRule " +
        'and ((f.id = @fileId and d.line < @line) or (f.id <> @fileId and (f.last_seen_at_ms, f.id) < (@lastSeenAtMs, @fileId)))',
    )
    .pluck();
  const refusals = db
    .prepare<[number, string], number>('select id from dead_letters where ledger_id = ? and external_id = ? and destination_id is not null')
    .pluck();
  const remember = db.prepare<[string | null, number, SettledAs, number]>(
    'insert into settled_letters (id, connection_id, destination_id, entity, rule, file_id, line, byte_offset, byte_length, seq, ledger_id, external_id, replays, set_aside_at_ms, settled_at_ms, settled_as) ' +
      'select id, connection_id, destination_id, entity, rule, file_id, line, byte_offset, byte_length, seq, ledger_id, coalesce(?, external_id), replays, set_aside_at_ms, ?, ? from dead_letters where id = ?',
  );
  const close = db.prepare<[number]>('delete from dead_letters where id = ?');
  const uncount = db.prepare<[number]>(
    'update entity_counts set dead_letters = dead_letters - 1 where (connection_id, entity) = ' +
      '(select connection_id, entity from dead_letters where id = ?)',
  );
  const note = db.prepare(
    'update dead_letters set replays = replays + 1, rule = @rule, field = @field, column_name = @column, detail = @detail where id = @id',
  );

  function add(letters: readonly BatchLetter[], { connectionId, entity, fileId, ledgerId, correlationId, nowMs }: Origin): void {
    for (const { rule, field, column, detail, line, byteOffset, byteLength, raw, externalId } of letters) {
      const place = [fileId, line, byteOffset, byteLength] as const;
      insert.run(connectionId, entity, rule, field, column, detail, ...place, raw, ledgerId, externalId, nowMs, correlationId);
    }
  }

  /**
   * Take a letter off the list, and its bytes with it: they stand in the raw file. What it was stays, with the key found in the end.
   * @returns whether it was on the list.
   */
  function settle(id: number, as: SettledAs, nowMs: number, externalId: string | null = null): boolean {
    if (remember.run(externalId, nowMs, as, id).changes === 0) return false;
    uncount.run(id);
    close.run(id);
    return true;
  }

  /**
   * What settles the letters of a ledger while the rows of a file are kept: a later row of the same key says more than they could.
   * A refused record is settled only by one that differs. Null while no letter of the ledger has a key, which costs a look per batch.
   */
  function settler(ledgerId: number, fileId: number, nowMs: number) {
    const facts = hasKeys.get(ledgerId) === undefined ? undefined : fileFacts.get(fileId);
    if (!facts) return null;
    return {
      rowRead: (externalId: string, line: number): void => {
        for (const id of earlierRows.all({ ledgerId, externalId, fileId, line, ...facts })) settle(id, 'newer', nowMs);
      },
      rowChanged: (externalId: string): void => settleRefused(ledgerId, externalId, nowMs),
    };
  }

  /** A new version of a record settles what was refused of the ones before it. */
  function settleRefused(ledgerId: number, externalId: string, nowMs: number): void {
    for (const id of refusals.all(ledgerId, externalId)) settle(id, 'newer', nowMs);
  }

  /** Note that a row was tried again and could still not be read, with the reason as it is now. */
  const stillAside = db.transaction((letters: readonly StillAside[]): void => {
    for (const letter of letters) note.run(letter);
  });

  return { add, settle, settler, settleRefused, stillAside };
}
