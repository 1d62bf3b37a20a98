import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Fault } from '../../contract/faults.ts';
import { policies } from '../resilience/policies.ts';

/** Who logs in at a share, where it is not the account that the agent runs as. */
export type ShareAccount = { readonly user: string; readonly password: string };

/** Runs a script of PowerShell that is given by standard input, and gives what it has printed. */
export type RunScript = (script: string, signal: AbortSignal) => Promise<string>;

/** The server and share of a UNC path, or null for any other path. @shape `\\server\share\folder` gives `\\server\share`. */
export function shareOf(path: string): string | null {
  const found = /^[\\/]{2}([^\\/?.][^\\/]*)[\\/]+([^\\/]+)/.exec(path);
  return found ? `\\\\${found[1]}\\${found[2]}` : null;
}

/** The drive of a path, or null for a path without one. @shape `Z:\Exports` gives `Z:`. */
export function driveOf(path: string): string | null {
  return /^[A-Za-z]:/.exec(path)?.[0].toUpperCase() ?? null;
}

/** The account that the agent runs as, as Windows writes it where there are domains. */
export function ownAccount(env: NodeJS.ProcessEnv = process.env): string {
  const { username } = userInfo();
  return process.platform === 'win32' && env.USERDOMAIN ? `${env.USERDOMAIN}\\${username}` : username;
}

/**
 * Connect this PC to a share with an account of its own, as an agent needs that runs as a service. Done again, it changes nothing.
 * @throws {Fault} `share-unreachable`, `share-login-refused`, `share-other-login`.
 */
export async function connectShare(
  share: string,
  account: ShareAccount,
  signal: AbortSignal,
  run: RunScript = runPowershell,
): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(policies.bodyTimeoutMs)]);
  const said = await run(connectScript(share, account), deadline).catch((error) => {
    if (signal.aborted) throw new Fault('stopped');
    throw new Fault(
      'share-unreachable',
      { share, detail: deadline.aborted ? 'no answer in time' : 'PowerShell did not run' },
      { cause: error },
    );
  });
  if (said.includes(connectedWord)) return;
  const code = Number(/Windows System Error (\d+)/.exec(said)?.[1] ?? 0);
  if (refusals.has(code)) throw new Fault('share-login-refused', { share, user: account.user });
  // Windows lets one PC in at one server under one name only.
  if (code === 1219) throw new Fault('share-other-login', { share, user: account.user });
  throw new Fault('share-unreachable', { share, detail: code === 0 ? 'no reason was given' : `Windows error ${code}` });
}

const connectedWord = 'bellhop-connected';

/**
 * Windows says no to this login: access denied, wrong password, wrong name or password, account restricted, disabled, expired, locked.
 * @source learn.microsoft.com, "System Error Codes"
 */
const refusals: ReadonlySet<number> = new Set([5, 86, 1326, 1327, 1328, 1330, 1331, 1385, 1793, 1907, 1909, 2202]);

/**
 * One statement in one line with an empty line behind it: PowerShell carries out what comes by standard input as if it were typed.
 * What a person has entered goes in as Base64, where nothing of it can be taken for a command.
 * @source github.com/PowerShell/PowerShell/issues/3223
 */
function connectScript(share: string, { user, password }: ShareAccount): string {
  const given = Buffer.from(JSON.stringify({ share, user, password })).toString('base64');
  const decode = `ConvertFrom-Json ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('${given}')))`;
  const connect =
    'New-SmbMapping -RemotePath $g.share -UserName $g.user -Password $g.password -Persistent $false -ErrorAction Stop | Out-Null';
  return `& { try { $g = ${decode}; ${connect}; '${connectedWord}' } catch { $_.FullyQualifiedErrorId } }\n\n`;
}

/** The PowerShell of Windows by its whole path: what another folder calls powershell.exe must not get the password. */
function runPowershell(script: string, signal: AbortSignal): Promise<string> {
  const windows = process.env.SystemRoot ?? 'C:\\Windows';
  const program = join(windows, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  return runScript(program, ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', '-'], script, signal);
}

/** Run a program, give it a script by standard input, and give what it has printed. */
export async function runScript(program: string, args: readonly string[], script: string, signal: AbortSignal): Promise<string> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true, signal });
  const { promise: failed, reject } = Promise.withResolvers<never>();
  child.once('error', reject);
  // A program that ends without reading is told by what it has printed.
  child.stdin.on('error', () => undefined);
  child.stdin.end(script);
  return Promise.race([text(child.stdout), failed]);
}

/** What a folder that is not there most likely means on Windows. */
export function missingFolder(
  folder: string,
  seen: { readonly isWindows: boolean; readonly hasDrive: boolean; readonly account: string },
): Fault {
  const drive = driveOf(folder);
  if (seen.isWindows && drive !== null && !seen.hasDrive) return new Fault('drive-missing', { drive, account: seen.account });
  return new Fault('folder-missing', { folder });
}
