import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../contract/faults.ts';

/**
 * Find the Node that runs the agent: the one named in BELLHOP_NODE, the one the installer brought, or that of a checkout.
 * It is never Electron itself: its fuses forbid that, and the agent must outlive the window.
 *
 * @throws {Fault} `agent-too-old-runtime` when there is none.
 */
export function nodeRuntime(machine: {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly env: NodeJS.ProcessEnv;
  readonly resources: string;
  readonly root: string;
}): string {
  const { platform, arch, env, resources, root } = machine;
  const isWindows = platform === 'win32';
  const name = isWindows ? 'node.exe' : 'node';
  const found = [
    env.BELLHOP_NODE,
    join(resources, 'node', name),
    join(root, 'node_modules', `node-${isWindows ? 'win' : platform}-${arch}`, 'bin', name),
  ].find((path) => path !== undefined && path !== '' && existsSync(path));
  if (found === undefined) throw new Fault('agent-too-old-runtime', { version: `Node ${process.versions.node} of Electron` });
  return found;
}
