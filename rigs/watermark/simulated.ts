import { pollTable, sweepTable, type TableReading } from '../../agent/pipeline/read-table.ts';
import { seededRandom } from '../../sandbox/hotel/random.ts';
import { Crash, MemoryBook } from './memory-book.ts';
import { naive, type Strategy } from './naive.ts';
import { type Scenario, scenarios, World } from './world.ts';

const pollSeconds = 60;
const pageRows = 200;
/** How long it is still read after the last change: late commits, and two walks for what is gone. */
const afterwardsSeconds = 3 * 3600;

/** What one world came to. `missed`: rows whose last state was never heard; `ghosts`: rows that are gone and still stand. */
export type WorldRun = {
  readonly scenario: string;
  readonly rows: number;
  readonly missed: number;
  readonly ghosts: number;
  readonly twice: number;
  readonly crashes: number;
  readonly readsPerSend: number;
  /** How many final states each simple way of reading has missed in the same world. */
  readonly naiveMissed: Readonly<Record<string, number>>;
};

/** Read one world with the product's own passes and walks, and with ways that look good enough. */
export async function simulatedRun(seed: number): Promise<WorldRun> {
  const scenario = scenarios[seed % scenarios.length] as Scenario;
  const world = new World(seed, scenario);
  const next = seededRandom(seed + 1).next;
  let crashes = 0;
  const book = new MemoryBook(() => {
    const isCrash = next() < scenario.crashShare;
    if (isCrash) crashes++;
    return isCrash;
  });
  const table = world.table();
  const reading: TableReading = {
    table,
    book,
    beside: new Map(),
    pageRows,
    clock: async () => world.clock(),
    onBeside: () => undefined,
    signal: new AbortController().signal,
  };
  let hasSlept = scenario.offSeconds === 0;
  for (let turn = 0; world.now < world.endsAt + afterwardsSeconds; turn++) {
    if (!hasSlept && world.now > world.offAt) {
      world.pass(scenario.offSeconds);
      hasSlept = true;
    }
    world.pass(pollSeconds);
    try {
      if (book.mark.passUtc === null) await sweepTable(reading);
      else await pollTable(reading);
      if (turn % 60 === 59 || book.mark.sweep) await sweepTable(reading);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  // What is gone is known after two whole walks.
  for (let walks = 0; walks < 3; ) {
    world.pass(pollSeconds);
    try {
      if (await sweepTable(reading)) walks++;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  const naiveMissed: Record<string, number> = {};
  for (const [name, strategy] of Object.entries(naive)) naiveMissed[name] = await missedBy(strategy, seed, scenario);
  return {
    scenario: scenario.name,
    rows: world.rows.size,
    ...compared(world, book.heard),
    twice: book.twice,
    crashes,
    readsPerSend: Math.round((book.mark.rowsRead / Math.max(1, book.told)) * 10) / 10,
    naiveMissed,
  };
}

function compared(world: World, heard: ReadonlyMap<string, string>): { missed: number; ghosts: number } {
  let missed = 0;
  for (const [key, { value }] of world.rows) if (heard.get(key) !== String(value)) missed++;
  let ghosts = 0;
  for (const key of heard.keys()) if (!world.rows.has(key)) ghosts++;
  return { missed, ghosts };
}

async function missedBy(strategy: Strategy, seed: number, scenario: Scenario): Promise<number> {
  const world = new World(seed, { ...scenario, crashShare: 0 });
  const heard = new Map<string, string>();
  const read = strategy(world);
  while (world.now < world.endsAt + afterwardsSeconds) {
    world.pass(pollSeconds);
    await read((row) => heard.set(row.key, row.cells[1] ?? ''));
  }
  return compared(world, heard).missed;
}
