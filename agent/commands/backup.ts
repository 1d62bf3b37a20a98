import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { BackupProgress } from '../../contract/backup.ts';
import { findBackup, readFacts } from '../backup/place.ts';
import { restoreBackup } from '../backup/restore.ts';
import { type CommandLine, UsageError, whenText, withAgent } from './command.ts';

/** `bellhop backup FOLDER`: a verified backup, also while the agent works. Exit code 1 when raw files could not be copied. */
export async function backUp(line: CommandLine): Promise<number> {
  const { positionals } = parseArgs({ args: [...line.arguments], allowPositionals: true, options: {} });
  const [folder, ...others] = positionals;
  if (!folder || others.length > 0) throw new UsageError('backup takes one folder');
  return withAgent(line.home, async (client) => {
    let last: BackupProgress | null = null;
    const toldAt = { phase: '', percent: -1 };
    for await (const step of await client.backups.make({ folder: resolve(folder) })) {
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
        `What was written was read back. On another PC it is opened with the recovery key.${lost}`,
    );
    return result.lostRawFiles > 0 ? 1 : 0;
  });
}

const phases: Readonly<Record<BackupProgress['phase'], string>> = {
  snapshot: 'Copying the database:',
  'raw-files': 'Copying raw files:',
  database: 'Sealing the database:',
  check: 'Reading it back:',
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
  const from = findBackup(resolve(folder));
  line.tell(`Restoring the backup of ${whenText(readFacts(from).madeAtMs)}.`);
  const restored = await restoreBackup({
    from,
    home: line.home,
    replaces: values.replace,
    nowMs: Date.now(),
    ...(values['recovery-key-stdin'] ? { recoveryKey: await line.readAll() } : {}),
  });
  const { records, rawFiles, lostRawFiles, movedTo } = restored;
  const sentences = [
    `Restored: ${records} records, ${rawFiles} raw files, as of ${whenText(restored.madeAtMs)}.`,
    ...(lostRawFiles > 0
      ? [`${lostRawFiles} raw files are missing or damaged in the backup: their rows cannot be shown or read again.`]
      : []),
    ...(movedTo ? [`What was there before lies in ${movedTo}. Delete it when all is well.`] : []),
    'Start the agent now: it reads what has come since, and sends every record again that its source names. Never start the agent of the old PC again.',
  ];
  line.print({ ...restored }, sentences.join('\n'));
  return lostRawFiles > 0 ? 1 : 0;
}
