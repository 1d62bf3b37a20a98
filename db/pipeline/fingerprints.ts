import { Fingerprint } from '../../contract/fingerprint.ts';
import type { ReadDb, WriteDb } from '../open.ts';

/** Prepare the step that keeps what was found when the columns of a database were compared. */
export function fingerprintStatements(db: WriteDb) {
  const keep = db.prepare(
    'insert into fingerprints (connection_id, settings_hash, doc) values (?, ?, ?) ' +
      'on conflict do update set settings_hash = excluded.settings_hash, doc = excluded.doc',
  );
  return {
    /** Keep the last comparison. With other settings it is another database, or other columns: then it says nothing. */
    keepFingerprint: (connectionId: string, settingsHash: string, found: Fingerprint): void => {
      keep.run(connectionId, settingsHash, JSON.stringify(found));
    },
  };
}

/** How the columns of a connection compared the last time with these settings; null where they never were. */
export function fingerprintOf(db: ReadDb, connectionId: string, settingsHash: string): Fingerprint | null {
  const doc = db
    .prepare<[string, string], string>('select doc from fingerprints where connection_id = ? and settings_hash = ?')
    .pluck()
    .get(connectionId, settingsHash);
  return doc === undefined ? null : Fingerprint.parse(JSON.parse(doc));
}
