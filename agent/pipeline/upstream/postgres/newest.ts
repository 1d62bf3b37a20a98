import type { Refusal } from '../../../../contract/ingest.ts';
import type { OutgoingRecord } from '../../upstream.ts';

type Ranked = { readonly eventId: string; readonly generation: number; readonly version: number; readonly text: string };

/**
 * Keep the newest state of each key of a batch: one statement cannot write a row twice, and an older state would be written over
 * at once. Two states under one rank are a fault of ours: the later one is refused.
 */
export function newestOfEachKey(records: readonly OutgoingRecord[]): {
  newest: string[];
  refused: Map<string, Refusal>;
  /** The newest state of the key of each record that was passed over, by their event ids. */
  overtakenBy: Map<string, string>;
} {
  const byKey = new Map<string, Ranked>();
  const refused = new Map<string, Refusal>();
  const keys = new Map<string, string>();
  for (const { eventId, text: bytes } of records) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    const { hotelId, source, externalId, generation, version } = JSON.parse(text) as Record<string, string> & Omit<Ranked, 'text'>;
    const key = JSON.stringify([hotelId, source, externalId]);
    keys.set(eventId, key);
    const there = byKey.get(key);
    const rank = there ? generation - there.generation || version - there.version : 1;
    if (rank > 0) byKey.set(key, { eventId, generation, version, text });
    else if (rank === 0 && there?.eventId !== eventId)
      refused.set(eventId, { eventId, code: 'version-reused', message: 'two contents under the same version' });
  }
  const overtakenBy = new Map<string, string>();
  for (const [eventId, key] of keys) {
    const newest = byKey.get(key)?.eventId;
    if (newest !== undefined && newest !== eventId) overtakenBy.set(eventId, newest);
  }
  return { newest: [...byKey.values()].map((one) => one.text), refused, overtakenBy };
}
