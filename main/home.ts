import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Say which folder the agent of this PC works in: the one asked for with `--home`, else BELLHOP_HOME, else the platform's place
 * for local, never roaming, data. The agent decides the same way; the shell only looks there for `run/agent.json`.
 */
export function agentHome(machine: {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly argv: readonly string[];
}): string {
  const { platform, env, argv } = machine;
  const asked = askedHome(argv) ?? env.BELLHOP_HOME;
  if (asked) return resolve(asked);
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Bellhop');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Bellhop');
  return join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'bellhop');
}

/** Read `--home DIR` or `--home=DIR` of a command line; nothing else on it means anything to the shell. */
export function askedHome(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === '--home' || word.startsWith('--home='));
  const word = argv[at];
  return word === '--home' ? argv[at + 1] : word?.slice('--home='.length);
}
