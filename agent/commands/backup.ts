import { basename, dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BackupPlan, type BackupProgress, type BackupStanding } from '../../contract/backup.ts';
import { Fault } from '../../contract/faults.ts';
import { findBackup, readDrill, readFacts, wholeBackups } from '../backup/place.ts';
import { restoreBackup } from '../backup/restore.ts';
import { type CommandLine, faultSentences, table, UsageError, whenText, withAgent } from './command.ts';

const options = {
  schedule: { type: 'string' },
  at: { type: 'string' },
  keep: { type: 'string' },
  status: { type: 'boolean', default: false },
  now: { type: 'boolean', default: false },
} as const;

/**
 * `bellhop backup FOLDER`: a verified backup, also while the agent works. Exit code 1 when raw files could not be copied.
 * `--now` makes it in the folder that is set, `--schedule` sets it, `--status` says how backups stand.
 */
export async function backUp(line: CommandLine): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...line.arguments], allowPositionals: true, options });
  const { schedule, at, keep, status, now } = values;
  const [folder, ...others] = positionals;
  const asked = [folder !== undefined, schedule !== undefined, status, now].filter(Boolean).length;
  if (asked !== 1 || others.length > 0) throw new UsageError('backup takes one folder, or one of --now, --status, --schedule FOLDER|off');
  if (schedule === undefined && (at !== undefined || keep !== undefined)) throw new UsageError('--at and --keep go with --schedule');
  return withAgent(line.home, async (client) => {
    if (status) return showStanding(line, await client.backups.get({}));
    if (schedule !== undefined) {
      const before = (await client.backups.get({})).plan;
      const plan = schedule === 'off' ? null : planOf(schedule, at ?? before?.at, keep ?? before?.keep);
      return showStanding(line, await client.backups.setPlan({ plan }));
    }
    return make(line, folder === undefined ? await client.backups.now({}) : await client.backups.make({ folder: resolve(folder) }));
  });
}

function planOf(folder: string, at: string | undefined, keep: string | number | undefined): BackupPlan {
  const plan = BackupPlan.safeParse({ folder: resolve(folder), at, keep: keep === undefined ? undefined : Number(keep) });
  if (!plan.success) throw new UsageError('--at takes a time such as 02:30, --keep a number from 1 to 365');
  return plan.data;
}

/** Exit code 1 when the newest verified backup is too old, or the last one has failed. */
function showStanding(line: CommandLine, standing: BackupStanding): number {
  const { plan, backups, nextAtMs, lastVerifiedAtMs, lastFailedAtMs, lastFault } = standing;
  const isFailing = lastFault !== null;
  const rows = backups.map(({ madeAtMs, records, rawFiles, drill }) => [
    whenText(madeAtMs),
    String(records),
    String(rawFiles),
    drill === null ? 'no drill' : drill.isWell ? `verified ${whenText(drill.atMs)}` : `NOT VERIFIED: ${drill.flaw}`,
  ]);
  const sentences = plan
    ? [
        `Backups are made to ${plan.folder} at ${plan.at}, hotel time; ${plan.keep} are kept. The next one: ${whenText(nextAtMs)}.`,
        `Last verified: ${whenText(lastVerifiedAtMs)}. Last failed: ${whenText(lastFailedAtMs)}.`,
        ...(lastFault ? [faultSentences(new Fault(lastFault.code, lastFault.detail)).what] : []),
        ...(rows.length > 0 ? [table([['MADE', 'RECORDS', 'RAW FILES', 'DRILL'], ...rows])] : []),
      ]
    : ['No backups are made by themselves. Set a folder: bellhop backup --schedule FOLDER'];
  line.print({ ...standing }, sentences.join('\n'));
  return isFailing ? 1 : 0;
}

async function make(line: CommandLine, steps: AsyncIterable<BackupProgress>): Promise<number> {
  let last: BackupProgress | null = null;
  const toldAt = { phase: '', percent: -1 };
  for await (const step of steps) {
    last = step;
    const percent = step.totalBytes > 0 ? Math.floor((step.doneBytes / step.totalBytes) * 10) * 10 : 0;
    if (step.phase === 'done' || (step.phase === toldAt.phase && percent === toldAt.percent)) continue;
    Object.assign(toldAt, { phase: step.phase, percent });
    line.tell(`${phases[step.phase]} ${mib(step.doneBytes)} of ${mib(step.totalBytes)}`);
  }
  const result = last?.result;
  if (!result) return 1;
  const lost =
    result.lostRawFiles > 0
      ? `\n${result.lostRawFiles} raw files are missing or damaged in the data folder itself and are not in it. What was read from them is.`
      : '';
  line.print(
    { ...result },
    `The backup lies in ${result.folder}: ${result.records} records, ${result.rawFiles} raw files, ${result.newRawFiles} of them new, ${mib(result.bytes)} written.\n` +
      `What was written was read back, and restored beside to see that it can be. On another PC it is opened with the recovery key.${lost}`,
  );
  return result.lostRawFiles > 0 ? 1 : 0;
}

const phases: Readonly<Record<BackupProgress['phase'], string>> = {
  snapshot: 'Copying the database:',
  'raw-files': 'Copying raw files:',
  database: 'Sealing the database:',
  check: 'Reading it back:',
  drill: 'Restoring it beside, to see that it can be:',
  done: 'Done:',
};

const mib = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** `bellhop restore FOLDER`: a backup into this data folder, while no agent works with it. Exit code 1 when raw files are lost. */
export async function restore(line: CommandLine): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...line.arguments],
    allowPositionals: true,
    options: { replace: { type: 'boolean', default: false }, 'recovery-key-stdin': { type: 'boolean', default: false } },
  });
  const [folder, ...others] = positionals;
  if (!folder || others.length > 0) throw new UsageError('restore takes the folder of one backup');
  const from = await findBackup(resolve(folder));
  line.tell(`Restoring the backup of ${whenText((await readFacts(from)).madeAtMs)}.`);
  const newest = (await wholeBackups(dirname(from))).at(-1);
  if (!(await readDrill(from))?.isWell) line.tell('It is not verified: no drill has shown that it can be restored.');
  else if (from !== resolve(folder) && newest !== undefined && newest !== from)
    line.tell(`A newer one, ${basename(newest)}, is not verified and is passed over. To restore it all the same, name its folder.`);
  const restored = await restoreBackup({
    from,
    home: line.home,
    replaces: values.replace,
    nowMs: Date.now(),
    ...(values['recovery-key-stdin'] ? { recoveryKey: await line.readAll() } : {}),
  });
  const { records, rawFiles, lostRawFiles, readAgain, unopened, movedTo } = restored;
  const sentences = [
    `Restored: ${records} records, ${rawFiles} raw files, as of ${whenText(restored.madeAtMs)}.`,
    ...(lostRawFiles > 0
      ? [`${lostRawFiles} raw files are missing or damaged in the backup: their rows cannot be shown or read again.`]
      : []),
    ...(readAgain > 0
      ? [`${readAgain} files that were taken since the backup are read again from their copies when the agent starts.`]
      : []),
    ...(unopened > 0
      ? [`${unopened} copies of files in the data folder that was there do not open by the key of this backup: none of them is read again.`]
      : []),
    ...(movedTo ? [`What was there before lies in ${movedTo}. Delete it when all is well.`] : []),
    'Start the agent now: it reads what has come since, and sends every record again that its source names. Never start the agent of the old PC again.',
  ];
  line.print({ ...restored }, sentences.join('\n'));
  return lostRawFiles > 0 ? 1 : 0;
}
