import { Fault } from '../../../../contract/faults.ts';
import { entityNames } from '../../../../contract/record.ts';
import { type Check, defineConnector } from '../../connector.ts';
import { type LineSpec, SftpLine, tryLogin, unknownTime } from './line.ts';
import { fitting, SftpSession } from './session.ts';
import { lineSpec, putAwayOrder, type Settings, secrets, settings } from './settings.ts';
import { wrongHostKey } from './ssh-fault.ts';
import type { SshHost } from './ssh-line.ts';

/**
 * CSV files that a hotel system puts on an SFTP server.
 *
 * Nothing is sent to a server before its host key was compared with the one that a person has confirmed. A file is offered when it is
 * complete, as in a folder of this PC; it is read to its listed size and must then still be what it was.
 */
export default defineConnector({
  id: 'sftp-csv',
  title: 'Files on an SFTP server',
  summary: 'Reads the CSV files that the hotel system puts on an SFTP server.',
  settings,
  secrets,
  entities: entityNames,
  sample: { host: '127.0.0.1', port: 9, user: 'hotel', serverFolder: '/exports' },

  checks: (given, context) => {
    const spec = lineSpec(given, context);
    const withLine = async <T>(signal: AbortSignal, run: (line: SftpLine) => Promise<T>): Promise<T> => {
      const line = await SftpLine.open(spec, signal);
      try {
        return await run(line);
      } finally {
        line.close();
      }
    };
    const listed = async (line: SftpLine) => {
      const { files, unusable } = await line.list(given.serverFolder);
      return { files: fitting(given, files), unusable };
    };
    const { jump } = spec;
    return [
      ...(jump ? jumpChecks(jump) : []),
      {
        step: 'host-key',
        title: 'Compare the host key',
        run: (signal) => compareHostKey(spec, signal),
      },
      {
        step: 'login',
        title: 'Log in',
        run: (signal) =>
          withLine(signal, async () =>
            given.weakUntil === undefined
              ? { found: given.user }
              : { found: `${given.user}; broken methods are allowed until ${given.weakUntil}`, isWarning: true },
          ),
      },
      {
        step: 'files',
        title: 'Look for files',
        run: (signal) =>
          withLine(signal, async (line) => {
            const { files, unusable } = await listed(line);
            const newest = files.at(-1);
            if (!newest) return { found: `no file like ${given.pattern} yet`, isWarning: true };
            if (unusable > 0) return { found: `${unusable} names cannot be used; ${files.length} like ${given.pattern}`, isWarning: true };
            return { found: `${files.length} like ${given.pattern}, newest ${newest.name}` };
          }),
      },
      {
        step: 'read',
        title: 'Open the newest file',
        run: (signal) =>
          withLine(signal, async (line) => {
            const newest = (await listed(line)).files.at(-1);
            if (!newest) return { found: 'nothing to open yet', isWarning: true };
            await line.read({ ...newest, bytes: Math.min(newest.bytes, 1) }, signal).next();
            return { found: `${newest.name}, ${newest.bytes} bytes` };
          }),
      },
      ...(given.afterwards === 'leave'
        ? []
        : [
            {
              step: 'archive',
              title: 'May files be put away',
              run: (signal: AbortSignal) => withLine(signal, (line) => mayPutAway(line, given)),
            },
          ]),
    ];
  },

  open: async (given, context) => new SftpSession(given, context),
});

/** Show the key of a server, or what is the matter with it. */
async function compareHostKey(spec: LineSpec, signal: AbortSignal): Promise<{ found: string }> {
  const key = await SftpLine.hostKey(spec, signal);
  if (spec.hostKey !== key.text) throw wrongHostKey(spec, key);
  return { found: key.text };
}

/** The jump host comes first: without it nobody gets to the server. */
function jumpChecks(jump: SshHost): Check[] {
  return [
    { step: 'jump-key', title: 'Compare the host key of the jump host', run: (signal) => compareHostKey(jump, signal) },
    {
      step: 'jump-login',
      title: 'Log in at the jump host',
      run: async (signal) => {
        await tryLogin(jump, signal);
        return { found: `${jump.user} at ${jump.host}` };
      },
    },
  ];
}

const anyWriteBit = 0o222;

/**
 * Say what can be told about putting files away without writing anything.
 * @throws {Fault} where it is sure to be refused.
 */
async function mayPutAway(line: SftpLine, given: Settings): Promise<{ found: string; isWarning?: boolean }> {
  if (given.afterwards === 'leave') return { found: 'files stay where they are' };
  const order = putAwayOrder(given, given.afterwards);
  const { host, user, folder, archive } = order;
  const goesTo = given.afterwards === 'move' ? archive : folder;
  const [from, to] = [await line.attributes(folder), await line.attributes(goesTo)];
  const isShut = [from, to].some((one) => one?.mode !== undefined && (one.mode & anyWriteBit) === 0);
  if (isShut && given.afterwards === 'move') throw new Fault('archive-refused', { host, user, folder, archive });
  if (isShut) throw new Fault('removal-refused', { host, user, folder });
  const newest = fitting(given, (await line.list(folder)).files).at(-1);
  if (newest?.modifiedAtS === unknownTime) throw new Fault('archive-unsure', { host, file: newest.name });
  return { found: `not tried, because that would write: the first file that is taken will show it (${goesTo})` };
}
