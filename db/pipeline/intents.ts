import type { ReadDb, WriteDb } from '../open.ts';

/**
 * Something that must happen outside this database because of a commit inside it. It commits with its cause and is carried out
 * afterwards, by id, as often as it takes: so every kind must come out the same when it is done twice.
 */
export type Intent =
  | {
      readonly kind: 'archive-file';
      readonly connectionId: string;
      readonly fileId: number;
      readonly path: string;
      readonly mark: string;
      readonly to: string;
    }
  /** Moved or deleted where it came from, through the session of its connection: at the end of a run that has reached the source. */
  | {
      readonly kind: 'put-away-file';
      readonly connectionId: string;
      readonly fileId: number;
      readonly path: string;
      readonly mark: string;
      readonly isMarkProof: boolean;
      readonly sha256: string;
    }
  | { readonly kind: 'forget-secrets'; readonly connectionId: string };

export type OpenIntent = { readonly id: number; readonly intent: Exclude<Intent, IntentOf<'put-away-file'>> };

export type IntentOf<K extends Intent['kind']> = Extract<Intent, { readonly kind: K }>;

/** The intents whose time has come, oldest first, but those that wait for the next run of their connection. */
export function openIntents(db: ReadDb, nowMs: number): OpenIntent[] {
  const rows = db
    .prepare<[number], { id: number; doc: string }>(
      "select id, doc from intents where done_at_ms is null and kind <> 'put-away-file' and due_at_ms <= ? order by id limit 200",
    )
    .all(nowMs);
  return rows.map((row) => ({ id: row.id, intent: JSON.parse(row.doc) }));
}

/** The files of a connection that are to be put away at their source, oldest first. */
export function filesToPutAway(db: ReadDb, connectionId: string): { readonly id: number; readonly file: IntentOf<'put-away-file'> }[] {
  const rows = db
    .prepare<[string], { id: number; doc: string }>(
      "select id, doc from intents where done_at_ms is null and kind = 'put-away-file' and json_extract(doc, '$.connectionId') = ? order by id",
    )
    .all(connectionId);
  return rows.map((row) => ({ id: row.id, file: JSON.parse(row.doc) }));
}

export function intentStatements(db: WriteDb) {
  const add = db.prepare('insert into intents (kind, doc, due_at_ms) values (?, ?, ?)');
  const done = db.prepare('update intents set done_at_ms = ? where id = ? and done_at_ms is null');
  const withdraw = db.prepare("delete from intents where kind = ? and json_extract(doc, '$.connectionId') = ? and done_at_ms is null");
  return {
    addIntent: (intent: Intent, dueAtMs: number): void => {
      add.run(intent.kind, JSON.stringify(intent), dueAtMs);
    },
    intentDone: (id: number, nowMs: number): void => {
      done.run(nowMs, id);
    },
    withdrawIntents: (kind: Intent['kind'], connectionId: string): void => {
      withdraw.run(kind, connectionId);
    },
  };
}
