import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Leaving } from '../../contract/leaves.ts';
import type { ReadDb, WriteDb } from '../../db/open.ts';
import { setting, settingsByKey } from '../../db/pipeline/connections.ts';
import { waitingBehind } from '../../db/pipeline/outbox.ts';
import { placeJson } from '../backup/place.ts';
import { leavingSetting } from '../pipeline/outbox/leaving.ts';

/**
 * The rules by which records leave, beside the database: a backup that takes its place by itself must not send what a person has kept back
 * since it was made. Names of fields and rules; no value of a record.
 */
const copyName = 'leaving.json';
const prefix = leavingSetting('');
const LeavingCopy = z.record(z.string(), Leaving);

/** Write the rules of all destinations into their copy. */
export function copyLeaving(home: string, read: ReadDb): Promise<void> {
  return placeJson(join(home, copyName), Object.fromEntries(settingsByKey(read, prefix)));
}

/** Give a database that was restored the rules that were set since, where the copy holds newer ones. */
export function newerLeaving(home: string, db: WriteDb): void {
  const save = db.prepare('insert into settings (key, json) values (?, ?) on conflict (key) do update set json = excluded.json');
  const { lastSeq } = waitingBehind(db, 0);
  for (const [key, leaving] of Object.entries(copied(home))) {
    const stored = setting(db, key) as Leaving | undefined;
    if (!key.startsWith(prefix) || (stored?.version ?? 0) >= leaving.version) continue;
    // Numbers of the outbox are given anew from where the backup ends.
    const entities = Object.entries(leaving.entities).map(
      ([entity, rules]) => [entity, { ...rules, keptBackAfterSeq: Math.min(rules.keptBackAfterSeq, lastSeq) }] as const,
    );
    save.run(key, JSON.stringify({ ...leaving, entities: Object.fromEntries(entities) }));
  }
}

function copied(home: string): z.infer<typeof LeavingCopy> {
  try {
    return LeavingCopy.parse(JSON.parse(readFileSync(join(home, copyName), 'utf8')));
  } catch {
    return {};
  }
}
