import { describe, expect, it } from 'vitest';
import { runChecks } from '../../../runtime/connection-test.ts';
import { readsTables } from '../../connector.ts';
import { readClock, stampOf } from '../../watermark.ts';
import opera from './index.ts';

/**
 * The same against a real Oracle database with OPERA V5, where there is one: it only reads, and prints no row.
 *
 * BELLHOP_ORACLE_URL=host:1521/SERVICE BELLHOP_ORACLE_USER=… BELLHOP_ORACLE_PASSWORD=… [BELLHOP_ORACLE_OWNER=…] [BELLHOP_ORACLE_RESORT=…]
 * npx vitest run agent/pipeline/connectors/opera-oracle/real-oracle.test.ts
 */
const { BELLHOP_ORACLE_URL: address, BELLHOP_ORACLE_USER: user = '', BELLHOP_ORACLE_PASSWORD: databasePassword = '' } = process.env;
const { BELLHOP_ORACLE_OWNER: owner, BELLHOP_ORACLE_RESORT: resort } = process.env;
const anyTime = new AbortController().signal;
const context = { secrets: { databasePassword }, now: Date.now };

describe.skipIf(!address)('a real Oracle database (SKIPPED without BELLHOP_ORACLE_URL)', { timeout: 300_000 }, () => {
  const settings = () =>
    opera.settings.parse({ address, user, ...(owner && { owner }), ...(resort && { resort }), auditFrom: '00:00', auditUntil: '00:00' });

  it('goes through every step of the doctor', async () => {
    const failed = [];
    for await (const { step, state, fault } of runChecks(opera.checks(settings(), context), anyTime))
      if (state === 'failed') failed.push([step, fault?.code, fault?.detail]);
    expect(failed).toEqual([]);
  });

  it('gives pages by key and by stamp in their order, each row with its key', async () => {
    const session = await opera.open(settings(), context);
    if (!readsTables(session)) throw new Error('it reads tables');
    try {
      const { tables, faults } = await session.tables(anyTime);
      const { local } = readClock(await session.clock(anyTime));
      const wrong: string[] = [];
      for (const table of tables) {
        const first = await table.pageByKey(null, 100, anyTime);
        const last = first.last ?? first.rows.at(-1);
        const second = last ? await table.pageByKey(last.key, 100, anyTime) : { rows: [] };
        const keys = [...first.rows, ...second.rows].map((row) => row.key);
        if (new Set(keys).size !== keys.length || keys.includes('')) wrong.push(`${table.name}: keys`);
        if (!table.stamp) continue;
        const changed = await table.pageByStamp({ stamp: stampOf(local - 86_400), key: null }, 200, anyTime);
        const stamps = changed.rows.map((row) => row.stamp ?? '');
        if (stamps.join() !== stamps.toSorted().join()) wrong.push(`${table.name}: order of stamps`);
      }
      expect([wrong, faults.map((fault) => fault.report())]).toEqual([[], []]);
    } finally {
      await session.close();
    }
  });
});
