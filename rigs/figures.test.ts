import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { bookingRow, bookingsFile, hubDraft, sourceDraft } from '../agent/testing.ts';
import type { Overview } from '../contract/health.ts';
import { type RunningAgent, sandboxHotel, startAgent } from '../sandbox/agent.ts';
import { seededRandom } from '../sandbox/hotel/random.ts';
import { startUpstream } from '../sandbox/upstream/server.ts';

const program = join(import.meta.dirname, '..', 'out', 'main', 'cli.js');
const seed = 20_261_129;
const kills = 12;
const guests = 150;
const stays = 10;

type Arrived = {
  readonly record: {
    readonly externalId: string;
    readonly generation: number;
    readonly version: number;
    readonly eventId: string;
    readonly previousStays?: number;
    readonly checkInDate: string;
  };
};

it.skipIf(!existsSync(program))(
  'tells the hub how often each guest has stayed before, once and in order, although the agent is killed again and again while it works that out',
  { timeout: 120_000 },
  async () => {
    const random = seededRandom(seed);
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-figures-killed-'));
    const drops = join(folder, 'drops');
    mkdirSync(drops);
    const upstream = await startUpstream({ dir: join(folder, 'upstream') });
    const start = () => startAgent({ program, home: join(folder, 'home') });
    let agent: RunningAgent = await start();
    try {
      await agent.client.property.save({ ...sandboxHotel });
      await agent.client.connections.add({ ...sourceDraft(drops), schedule: { kind: 'cron', expression: '* * * * * *' } });
      await agent.client.connections.add(hubDraft(upstream));
      const rows = Array.from({ length: guests * stays }, (_, at) => {
        const stay = String(1 + Math.floor(at / guests)).padStart(2, '0');
        const status = { status: 'CHECKED OUT', email: `guest-${at % guests}@example.com` };
        return bookingRow(`B-${at}`, { arrival: `2025-${stay}-01`, departure: `2025-${stay}-03`, ...status });
      });
      writeFileSync(join(drops, 'history.csv'), bookingsFile(...rows));
      writeFileSync(join(drops, 'history.csv.done'), '');
      // Its connection looks each second, so a file that was not taken or read to its end before a kill is after it.
      const giveUpAt = Date.now() + 100_000;
      const until = async (isSo: (overview: Overview) => boolean, everyMs: number) => {
        for (;;) {
          const overview = await agent.client.overview.get({});
          if (isSo(overview)) return;
          const { figures, waiting, records, recentFiles } = overview;
          if (Date.now() > giveUpAt) throw new Error(`not reached: ${JSON.stringify({ seed, figures, waiting, records, recentFiles })}`);
          await after(everyMs);
        }
      };
      await until(({ records }) => records === guests * stays, 10);
      // Kills that met nothing at work would prove nothing.
      let hits = 0;
      for (let killed = 0; killed < kills; killed++) {
        // At a start nothing has come in yet, so figures are begun at once where the last one left them.
        await after(random.between(20, 400));
        await agent.kill();
        agent = await start();
        const { figures } = await agent.client.overview.get({});
        if (figures.unread + figures.due > 0) hits++;
      }
      await until(({ figures, waiting }) => figures.unread + figures.due + waiting === 0, 50);
      const lines = readFileSync(upstream.file, 'utf8').trim().split('\n');
      const records = lines.map((line) => (JSON.parse(line) as Arrived).record);
      const newest = new Map<string, Arrived['record']>();
      let inverted = 0;
      for (const record of records) {
        const before = newest.get(record.externalId);
        if (before && (before.generation - record.generation || before.version - record.version) >= 0) inverted++;
        newest.set(record.externalId, record);
      }
      const wrong = [...newest.values()].filter(
        ({ previousStays = 0, checkInDate }) => previousStays !== Number(checkInDate.slice(5, 7)) - 1,
      );
      expect({
        seed,
        known: newest.size,
        wrong: wrong.length,
        inverted,
        twice: records.length - new Set(records.map(({ eventId }) => eventId)).size,
        isSaidOnce: records.length <= guests * stays * 2,
        isHit: hits > 0,
      }).toEqual({ seed, known: guests * stays, wrong: 0, inverted: 0, twice: 0, isSaidOnce: true, isHit: true });
    } finally {
      await agent.stop();
      await upstream.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
);
