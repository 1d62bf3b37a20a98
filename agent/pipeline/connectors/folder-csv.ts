import { access, constants, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, parse } from 'node:path';
import { z } from 'zod';
import { Fault } from '../../../contract/faults.ts';
import { entityNames } from '../../../contract/record.ts';
import { sleep } from '../../resilience/policies.ts';
import { type Afterwards, defineConnector } from '../connector.ts';
import { dropPlan, dropSettings, hideCardNumbers, nameMatcher } from '../csv-drops.ts';
import { archiveHere } from '../local-archive.ts';
import { type LocalFile, localSourceFile, lookAtFile } from '../local-file.ts';
import { Parts } from '../parts.ts';
import { connectShare, missingFolder, ownAccount, shareOf } from '../share.ts';

const settings = z.strictObject({
  folder: z
    .string()
    .min(1)
    .meta({
      title: 'Folder',
      description: 'Where the hotel system writes its exports, as this PC sees it. A share by its own name, not by a drive letter.',
      examples: ['D:\\Exports\\Bookings', '\\\\nas01\\exports\\bookings'],
      'x-widget': 'folder',
    }),
  ...dropSettings,
  archive: z
    .enum(['leave', 'move'])
    .default('leave')
    .meta({
      title: 'When everything of a file is kept',
      'x-titles': { leave: 'leave it where it is', move: 'move it to the folder "taken" beside it' },
    }),
  shareUser: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .optional()
    .meta({
      title: 'User name at the share',
      description: 'Only if the account that runs Bellhop may not read the share, as is usual for a service.',
      examples: ['HOTEL\\bellhop'],
      'x-advanced': true,
    }),
  hideCardNumbers,
});
type Settings = z.infer<typeof settings>;

/**
 * CSV files that a hotel system drops into a folder of this PC.
 *
 * A file is offered when it is complete: a done-file lies beside it, or size and times stood still for a while. What was taken
 * is not offered again while the file system says that it is the same file; whether its content is new, its hash decides.
 */
export default defineConnector({
  id: 'folder-csv',
  title: 'Files in a folder',
  summary: 'Reads the CSV files that the hotel system writes into a folder of this PC.',
  settings,
  secrets: {
    sharePassword: {
      title: 'Password at the share',
      description: 'Only together with a user name at the share.',
      isRequired: false,
      isAdvanced: true,
    },
  },
  entities: entityNames,
  sample: { folder: 'D:\\Exports\\Bookings', mapping: 'generic-pms-bookings' },

  checks: (given, { secrets }) => [
    {
      step: 'folder',
      title: 'Find the folder',
      run: async (signal) => ({ found: await reachedFolder(given, secrets, signal) }),
    },
    {
      step: 'files',
      title: 'Look for files',
      run: async () => {
        const listed = await list(given);
        if (listed.length === 0) return { found: `no file like ${given.pattern} yet`, isWarning: true };
        return { found: `${listed.length} like ${given.pattern}, newest ${listed.at(-1)?.name}` };
      },
    },
    {
      step: 'read',
      title: 'Open the newest file',
      run: async () => {
        const newest = (await list(given)).at(-1);
        if (!newest) return { found: 'nothing to open yet', isWarning: true };
        await access(newest.path, constants.R_OK).catch((error) => {
          throw new Fault('file-unreadable', { file: newest.name }, { cause: error });
        });
        return { found: `${newest.name}, ${newest.bytes} bytes` };
      },
    },
    ...(given.archive === 'move'
      ? [
          {
            step: 'archive',
            title: 'May files be moved',
            run: async () => {
              await access(given.folder, constants.W_OK).catch((error) => {
                throw new Fault('folder-unwritable', { folder: takenFolder(given.folder) }, { cause: error });
              });
              return { found: takenFolder(given.folder) };
            },
          },
        ]
      : []),
    {
      step: 'account',
      title: 'What this account may do there',
      run: async () => ({ found: await rightsThere(given) }),
    },
  ],

  open: async (given, { now, isTaken, secrets }) => {
    const known = new Map<string, string>();
    const parts = new Parts(now);
    const to = takenFolder(given.folder);
    return {
      plan: dropPlan(given, afterwards(given)),
      files: async (signal) => {
        await reachedFolder(given, secrets, signal);
        const all = await list(given);
        const fresh = all.filter((file) => known.get(file.path) !== file.mark);
        const complete =
          given.completeWhen === 'done-file' ? await withDoneFile(fresh) : await standingStill(fresh, given.stillSeconds, signal);
        if (!given.waitsForParts || signal.aborted) return complete.map(localSourceFile);
        const wasTaken = new Set(
          all.filter((file) => known.get(file.path) === file.mark || isTaken?.(file.path, file.mark)).map((file) => file.name),
        );
        return parts.whole(complete, all, ({ name }) => wasTaken.has(name)).map(localSourceFile);
      },
      waitsFor: () => parts.waiting,
      isHeld: (path, failed) => given.waitsForParts && parts.isHeld(basename(path), failed),
      putAway: (file) => archiveHere({ ...file, to }),
      taken: (file) => {
        known.set(file.path, file.mark);
      },
      close: async () => undefined,
    };
  },
});

/** A part of an export goes away together with the others, at the end of a run; a file by itself as soon as it is kept. */
function afterwards(given: Settings): Afterwards | null {
  if (given.archive === 'leave') return null;
  return given.waitsForParts ? { kind: 'put-away-file' } : { kind: 'archive-file', to: takenFolder(given.folder) };
}

/**
 * Find the folder. A share is connected with its own account when it has one and is not there otherwise: after a restart of this PC or of
 * the server it has to be done again.
 */
async function reachedFolder(given: Settings, secrets: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string> {
  const { folder } = given;
  const login = shareLogin(given);
  if (login === null) return checkedFolder(folder);
  const { share, user } = login;
  if (!secrets.sharePassword) throw new Fault('secret-missing', { field: 'Password at the share', connection: share });
  const account = { user, password: secrets.sharePassword };
  return checkedFolder(folder).catch(async () => {
    await connectShare(share, account, signal);
    return checkedFolder(folder);
  });
}

/** Where to log in at a share and as whom; null where the account of the agent is enough, or the system mounts shares by itself. */
function shareLogin({ folder, shareUser }: Settings): { readonly share: string; readonly user: string } | null {
  const share = shareOf(folder);
  return shareUser === undefined || share === null || process.platform !== 'win32' ? null : { share, user: shareUser };
}

/** Name the account and what it may do: what can be tried without writing is tried. */
async function rightsThere(given: Settings): Promise<string> {
  const newest = (await list(given)).at(-1);
  if (newest) await firstByte(newest);
  const canTell = process.platform !== 'win32';
  const moves = given.archive === 'leave' ? 'not asked for' : canTell ? 'yes' : 'not tried, because that would write';
  const login = shareLogin(given);
  const as = login === null ? '' : ` (at the share ${login.user})`;
  return `${ownAccount()}${as}: list yes, read ${newest ? 'yes' : 'no file yet'}, move ${moves}`;
}

/** On Windows asking for the right to read says little; reading says it. */
async function firstByte(file: LocalFile): Promise<void> {
  const opened = await open(file.path).catch((error) => {
    throw new Fault('file-unreadable', { file: file.name }, { cause: error });
  });
  try {
    await opened.read(Buffer.alloc(1), 0, 1, 0);
  } finally {
    await opened.close();
  }
}

function takenFolder(folder: string): string {
  return join(folder, 'taken');
}

async function checkedFolder(folder: string): Promise<string> {
  try {
    const found = await stat(folder);
    if (!found.isDirectory()) throw new Fault('folder-missing', { folder });
    await access(folder, constants.R_OK | constants.X_OK);
    return await realpath(folder);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const code = (error as { code?: string }).code;
    if (code === 'EACCES' || code === 'EPERM') throw new Fault('folder-unreadable', { folder }, { cause: error });
    const hasDrive = await access(parse(folder).root).then(
      () => true,
      () => false,
    );
    throw missingFolder(folder, { isWindows: process.platform === 'win32', hasDrive, account: ownAccount() });
  }
}

/** The plain files that fit the pattern, in the order of their names: an export's name holds its time. */
async function list(given: Settings): Promise<LocalFile[]> {
  const fits = nameMatcher(given.pattern);
  const entries = await readdir(given.folder, { withFileTypes: true });
  // A link may point anywhere, and a folder may be called x.csv: only plain files are taken.
  const names = entries.filter((entry) => entry.isFile() && fits(entry.name)).map((entry) => entry.name);
  const listed: LocalFile[] = [];
  for (const name of names.sort()) {
    const file = await lookAtFile(join(given.folder, name));
    if (file) listed.push(file);
  }
  return listed;
}

async function withDoneFile(files: readonly LocalFile[]): Promise<LocalFile[]> {
  const complete: LocalFile[] = [];
  for (const file of files) {
    const done = await lookAtFile(`${file.path}.done`);
    // A done-file of an earlier export says nothing about a file that was written since. Some file systems count in two seconds.
    if (done && done.changedAtMs + 2000 >= file.changedAtMs) complete.push(file);
  }
  return complete;
}

async function standingStill(files: readonly LocalFile[], seconds: number, signal: AbortSignal): Promise<LocalFile[]> {
  if (files.length === 0) return [];
  await sleep(seconds * 1000, signal);
  // Stopped before the time was over: none of them has been watched for long enough.
  if (signal.aborted) return [];
  const still: LocalFile[] = [];
  for (const file of files) if ((await lookAtFile(file.path))?.mark === file.mark) still.push(file);
  return still;
}
