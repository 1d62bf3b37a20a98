import { Connection } from '../../contract/connection.ts';
import { Property } from '../../contract/property.ts';
import type { ReadDb, WriteDb } from '../open.ts';

/** All connections that are not removed, oldest first. */
export function connections(db: ReadDb): Connection[] {
  const docs = db
    .prepare<[], string>("select doc from connections where removed_at_ms is null order by json_extract(doc, '$.createdAtMs'), id")
    .pluck()
    .all();
  return docs.map((doc) => Connection.parse(JSON.parse(doc)));
}

export function connectionById(db: ReadDb, id: string): Connection | undefined {
  const doc = db.prepare<[string], string>('select doc from connections where id = ? and removed_at_ms is null').pluck().get(id);
  return doc === undefined ? undefined : Connection.parse(JSON.parse(doc));
}

/** Tell whether an id was ever used, so that a new connection never inherits the files and the watermark of a removed one. */
export function isIdUsed(db: ReadDb, id: string): boolean {
  return db.prepare('select 1 from connections where id = ?').get(id) !== undefined;
}

export function property(db: ReadDb): Property | null {
  const json = db.prepare<[], string>("select json from settings where key = 'property'").pluck().get();
  return json === undefined ? null : Property.parse(JSON.parse(json));
}

export function setting(db: ReadDb, key: string): unknown {
  const json = db.prepare<[string], string>('select json from settings where key = ?').pluck().get(key);
  return json === undefined ? undefined : JSON.parse(json);
}

/** The settings whose key begins so. */
export function settingsBelow(db: ReadDb, prefix: string): unknown[] {
  const rows = db.prepare<[string, string], string>('select json from settings where key >= ? and key < ? order by key').pluck();
  return rows.all(prefix, `${prefix}\u{10ffff}`).map((json) => JSON.parse(json));
}

/** The settings whose key begins so, by their keys. */
export function settingsByKey(db: ReadDb, prefix: string): Map<string, unknown> {
  const rows = db.prepare<[string, string], { key: string; json: string }>(
    'select key, json from settings where key >= ? and key < ? order by key',
  );
  return new Map(rows.all(prefix, `${prefix}\u{10ffff}`).map(({ key, json }) => [key, JSON.parse(json)]));
}

/** Prepare the steps that change the configuration. */
export function connectionStatements(db: WriteDb) {
  const save = db.prepare(
    'insert into connections (id, doc) values (?, ?) on conflict (id) do update set doc = excluded.doc, removed_at_ms = null',
  );
  const remove = db.prepare('update connections set removed_at_ms = ? where id = ? and removed_at_ms is null');
  const restore = db.prepare('update connections set removed_at_ms = null where id = ?');
  const setField = db.prepare(
    "update connections set doc = json_set(doc, '$.' || @name, json(@value)) where id = @id and removed_at_ms is null",
  );
  const saveSetting = db.prepare('insert into settings (key, json) values (?, ?) on conflict (key) do update set json = excluded.json');
  const forgetAlerts = db.prepare('delete from alerts where connection_id = ?');
  return {
    saveConnection: (connection: Connection): void => {
      save.run(connection.id, JSON.stringify(connection));
    },
    /**
     * Change some fields of a connection. The others stay as they are, whoever has changed them since they were read; one that was removed
     * meanwhile stays removed.
     * @returns false where there is no such connection.
     */
    changeConnection: db.transaction((id: string, fields: Partial<Omit<Connection, 'id'>>): boolean => {
      const isThere = connectionById(db, id) !== undefined;
      for (const [name, value] of Object.entries(fields)) setField.run({ id, name, value: JSON.stringify(value) });
      return isThere;
    }),
    removeConnection: db.transaction((id: string, nowMs: number): boolean => {
      forgetAlerts.run(id);
      return remove.run(nowMs, id).changes > 0;
    }),
    restoreConnection: (id: string): boolean => restore.run(id).changes > 0,
    saveSetting: (key: string, value: unknown): void => {
      saveSetting.run(key, JSON.stringify(value));
    },
  };
}
