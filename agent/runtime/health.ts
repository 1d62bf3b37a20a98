import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from '../../contract/connection.ts';
import type { DestinationHealth, EntityHealth, Overview, SourceHealth } from '../../contract/health.ts';
import type { EntityName } from '../../contract/record.ts';
import type { ReadDb } from '../../db/open.ts';
import { connections, property } from '../../db/pipeline/connections.ts';
import { type EntityCount, entityCounts, recentFiles, repeatedFiles, setAsideByRule } from '../../db/pipeline/counts.ts';
import { figuresLag } from '../../db/pipeline/guest-figures.ts';
import { heldSending } from '../../db/pipeline/held-sending.ts';
import { delivery, waitingBehind } from '../../db/pipeline/outbox.ts';
import type { OutboxLook } from '../../db/pipeline/outbox-size.ts';
import { standingAlerts, syncOf } from '../../db/pipeline/standing.ts';
import type { LongReads } from '../../db/reader.ts';
import type { Remote } from '../../db/thread-calls.ts';
import type { Destinations } from '../pipeline/destinations.ts';
import { keepDays } from '../pipeline/pruning.ts';
import type { PushState } from '../pipeline/push.ts';
import type { Sources } from '../pipeline/sources.ts';
import type { DiskWatch } from './disk.ts';
import { businessDate } from './hotel-clock.ts';
import { nextRunMs } from './schedule.ts';

export type HealthTools = {
  readonly home: string;
  readonly read: ReadDb;
  readonly reads: Remote<LongReads>;
  readonly sources: Sources;
  readonly destinations: Destinations;
  readonly disk: DiskWatch;
  readonly now: () => number;
};

/** A sync may be this much behind its own schedule before it counts as late. */
const lateGraceMs = 120_000;

/** Put together the whole at a glance. */
export async function overview(tools: HealthTools): Promise<Overview> {
  const nowMs = tools.now();
  const counts = entityCounts(tools.read, nowMs);
  const hotel = property(tools.read);
  const { waitingBytes, shadows, ...size } = await outboxLookOf(tools, nowMs);
  const systems = connections(tools.read).map((connection) =>
    connection.direction === 'source'
      ? sourceHealth(tools, connection, counts, hotel?.timeZone ?? 'UTC', nowMs)
      : destinationHealth(
          tools,
          connection,
          { waitingBytes: waitingBytes[connection.id] ?? 0, shadow: shadows[connection.id] ?? null },
          nowMs,
        ),
  );
  // A shadow holds nobody back: what waits for it alone does not count as waiting.
  const destinations = systems.filter((system) => system.direction === 'destination' && system.shadow === null);
  const byRule = await setAsideOf(tools);
  return {
    nowMs,
    businessDate: hotel ? businessDate(hotel, nowMs) : null,
    systems: [...systems].sort((a, b) => Number(a.direction === 'destination') - Number(b.direction === 'destination')),
    alerts: standingAlerts(tools.read),
    records: counts.reduce((sum, count) => sum + count.records, 0),
    waiting:
      destinations.length === 0
        ? waitingBehind(tools.read, 0).waiting
        : Math.max(...destinations.map((one) => (one.direction === 'destination' ? one.waiting : 0))),
    setAside: byRule.reduce((sum, one) => sum + one.count, 0),
    setAsideByRule: byRule,
    outbox: { ...size, keepDays: keepDays(tools.read) },
    figures: figuresLag(tools.read),
    recentFiles: recentFiles(tools.read, 30),
    repeatedFiles: repeatedFiles(tools.read, 30),
    disk: diskUse(tools, nowMs),
  };
}

/** So many rows are counted in no time; more of them in the reader thread, where other long looks may be in front. */
const countedHere = 5000;

async function setAsideOf({ read, reads }: HealthTools): Promise<Overview['setAsideByRule']> {
  const some = read.prepare<[number], number>('select count(*) from (select 1 from dead_letters limit ?)').pluck().get(countedHere);
  return some === countedHere ? reads.setAsideByRule() : setAsideByRule(read);
}

function sourceHealth(
  tools: HealthTools,
  connection: Connection,
  counts: readonly EntityCount[],
  zone: string,
  nowMs: number,
): SourceHealth {
  const live = tools.sources.state(connection.id);
  const { lastOkAtMs } = syncOf(tools.read, connection.id);
  const dueMs =
    lastOkAtMs === null
      ? null
      : nextRunMs(connection.schedule, zone, { startedAtMs: lastOkAtMs, setUpAtMs: connection.createdAtMs }, nowMs);
  const lateByMs = connection.isPaused || dueMs === null ? 0 : Math.max(0, nowMs - dueMs - lateGraceMs);
  const entities = counts
    .filter((count) => count.connectionId === connection.id)
    .map(
      (count): EntityHealth => ({
        entity: count.entity as EntityName,
        records: count.records,
        keptLast24h: count.keptLast24h,
        deadLetters: count.deadLetters,
        lastKeptAtMs: count.lastKeptAtMs,
      }),
    );
  return {
    direction: 'source',
    id: connection.id,
    kind: connection.kind,
    title: connection.title,
    state: sourceState(connection, live, lastOkAtMs, lateByMs),
    schedule: connection.schedule,
    lastSyncAtMs: lastOkAtMs,
    nextSyncAtMs: tools.sources.nextRunMs(connection),
    failingSinceMs: live.failingSinceMs,
    lateByMs,
    progress: live.progress,
    fault: live.fault?.report() ?? null,
    waitsFor: [...live.waitsFor],
    entities,
  };
}

function sourceState(
  connection: Connection,
  live: ReturnType<Sources['state']>,
  lastOkAtMs: number | null,
  lateByMs: number,
): SourceHealth['state'] {
  if (connection.isPaused) return 'paused';
  if (live.fault) return 'failing';
  // A run without a file under way is a look into the folder, every few seconds: not worth a word.
  if (live.isRunning && (live.progress !== null || lastOkAtMs === null)) return 'running';
  if (lastOkAtMs === null) return 'never';
  return lateByMs > 0 ? 'late' : 'ok';
}

function destinationHealth(
  tools: HealthTools,
  connection: Connection,
  { waitingBytes, shadow }: Pick<DestinationHealth, 'waitingBytes' | 'shadow'>,
  nowMs: number,
): DestinationHealth {
  const given = delivery(tools.read, connection.id);
  const { waiting, oldestAtMs } = waitingBehind(tools.read, given.confirmedSeq);
  const line = tools.destinations.state(connection.id);
  const held = heldSending(tools.read)(connection.id, nowMs);
  return {
    direction: 'destination',
    id: connection.id,
    kind: connection.kind,
    title: connection.title,
    state: destinationState(connection.isPaused || held !== null, line, waiting),
    waiting,
    waitingBytes: waiting === 0 ? 0 : waitingBytes,
    oldestWaitingAtMs: oldestAtMs,
    confirmed: given.confirmed,
    confirmedUpToMs: given.confirmedUpToMs,
    refused: given.refused,
    withheld: given.withheld,
    sharePercent: connection.sharePercent ?? 100,
    shadow,
    lastConfirmedAtMs: given.lastConfirmedAtMs,
    nextTryAtMs: held ? held.untilMs : (line?.nextTryAtMs ?? null),
    failingSinceMs: line?.failingSinceMs ?? null,
    breaker: line?.breaker ?? 'closed',
    breakerOpenedAtMs: line?.breakerOpenedAtMs ?? null,
    failures: [...(line?.failures ?? [])],
    held,
    fault: line?.fault?.report() ?? null,
  };
}

function destinationState(isStopped: boolean, line: PushState | null, waiting: number): DestinationHealth['state'] {
  if (isStopped) return 'paused';
  if (line?.fault) return 'failing';
  if (line?.isSending) return 'sending';
  return waiting > 0 ? 'waiting' : 'idle';
}

/**
 * Going over all blocks takes a moment with millions of versions: what was found is good for a second, as long as no connection changes. For
 * some seconds more it is given while it is looked at anew, so that a glance does not wait for that.
 */
const lookedMs = 1000;
const lookedBesideMs = 4000;
let looked: { readonly name: string; readonly atMs: number; readonly look: OutboxLook } | null = null;
let isLooking = false;

async function outboxLookOf({ home, read, reads }: HealthTools, nowMs: number): Promise<OutboxLook> {
  const name = JSON.stringify([home, connections(read).map(({ id, isShadow }) => [id, isShadow])]);
  const lookNow = async (): Promise<OutboxLook> => {
    const look = await reads.outboxLook();
    looked = { name, atMs: nowMs, look };
    return look;
  };
  const ageMs = looked?.name === name ? Math.abs(nowMs - looked.atMs) : Number.POSITIVE_INFINITY;
  if (looked === null || ageMs > lookedBesideMs) return lookNow();
  if (ageMs > lookedMs && !isLooking) {
    isLooking = true;
    void lookNow()
      .catch(() => undefined)
      .finally(() => {
        isLooking = false;
      });
  }
  return looked.look;
}

const dayMs = 86_400_000;
let measured: { readonly home: string; readonly atMs: number; readonly bytes: number } | null = null;

/** Measure what our home takes and work out how many years the free space lasts at the rate of the first kept day until now. */
function diskUse(tools: HealthTools, nowMs: number): Overview['disk'] {
  const disk = tools.disk.look();
  // Walking the raw files is worth doing once a minute, not with every glance.
  if (measured?.home !== tools.home || nowMs - measured.atMs > 60_000)
    measured = { home: tools.home, atMs: nowMs, bytes: folderBytes(tools.home) };
  const used = measured.bytes;
  const firstMs = tools.read.prepare<[], number>('select min(taken_at_ms) from files').pluck().get() ?? null;
  const days = firstMs === null ? 0 : (nowMs - firstMs) / dayMs;
  // Less than a day says nothing about a year.
  const yearsLeft = days >= 1 && used > 0 ? Math.round((disk.freeBytes / (used / days) / 365) * 10) / 10 : null;
  return { ...disk, usedByBellhopBytes: used, yearsLeft };
}

function folderBytes(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    try {
      bytes += entry.isDirectory() ? folderBytes(path) : entry.isFile() ? statSync(path).size : 0;
    } catch {
      // A file that went away while we counted takes no space.
    }
  }
  return bytes;
}
