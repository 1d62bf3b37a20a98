import { hash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openForWriting } from '../open.ts';
import { sealingKey } from '../seal.ts';
import { pipelineSteps } from '../steps.ts';
import { sumsOf } from './ledger-sums.ts';
import type { Batch } from './records.ts';

const key = sealingKey(Buffer.alloc(32, 7));
type Row = { readonly id: string; readonly amount: number | null; readonly currency: string | null };

function batchOf(fileId: number, rows: readonly Row[]): Batch {
  const documents = rows.map((row) => Buffer.from(JSON.stringify(row)));
  let end = 0;
  return {
    fileId,
    count: rows.length,
    texts: rows.map(({ id, amount, currency }) => [id, '', '', '', '', '', amount ?? '', currency ?? ''].join('\0')).join('\0'),
    places: Float64Array.from(rows.flatMap((_, at) => [at, at, 1])),
    hashes: Buffer.concat(documents.map((document) => hash('sha256', document, 'buffer'))),
    documents: Buffer.concat(documents),
    ends: Uint32Array.from(documents, (document) => {
      end += document.length;
      return end;
    }),
    letters: [],
    position: rows.length,
    rows: rows.length,
    bytesNormalised: rows.length,
    bytesDeadLetters: 0,
    bytesStructural: 0,
  };
}

const row = fc.record({
  id: fc.constantFrom('1', '2', '3', '4', '5'),
  amount: fc.option(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1_000_000, max: 1_000_000 }))),
  currency: fc.option(fc.constantFrom('EUR', 'JPY')),
});

it('are those of all records as they stand, whatever was added and changed', () => {
  fc.assert(
    fc.property(fc.array(fc.array(row, { minLength: 1, maxLength: 8 }), { maxLength: 6 }), (batches) => {
      const folder = mkdtempSync(join(tmpdir(), 'bellhop-sums-'));
      const db = openForWriting(join(folder, 'pipeline.db'));
      try {
        const steps = pipelineSteps(db, key);
        const expected = new Map<string, Row>();
        for (const [at, rows] of batches.entries()) {
          const file = { connectionId: 'pms', hotelId: 'ALDQ', source: 'pms', entity: 'booking', name: 'a', path: `/${at}`, mark: 'm' };
          const { id } = steps.registerFile({
            ...file,
            sha256: String(at),
            rawPath: 'r',
            mappingJson: '{}',
            layoutJson: '{}',
            bytes: rows.length,
          });
          steps.storeBatch(batchOf(id, rows), 0, randomUUID());
          for (const one of rows) expected.set(one.id, one);
        }
        const sums = new Map<string, { records: number; sum: bigint }>();
        for (const { amount, currency } of expected.values()) {
          if (amount === null || currency === null) continue;
          const before = sums.get(currency) ?? { records: 0, sum: 0n };
          sums.set(currency, { records: before.records + 1, sum: before.sum + BigInt(amount) });
        }
        expect(sumsOf(db, 'booking')).toEqual({
          total: expected.size,
          sums: [...sums]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([currency, { records, sum }]) => ({ currency, records, sumMinor: String(sum) })),
        });
      } finally {
        db.close();
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 60 },
  );
});
