import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/** Tell whether this very process can run the product. */
export function isFit() {
  return Number(process.versions.node.split('.')[0]) >= 24 && Number(process.versions.napi) >= 10;
}

/**
 * Find a Node 24: the one of `BELLHOP_NODE`, the shipped one, the development dependency of a checkout, or this process's own.
 * Null when there is none.
 */
export function findNode24() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const candidates = [process.env.BELLHOP_NODE, join(root, 'resources', 'node', name)];
  try {
    const platform = process.platform === 'win32' ? 'win' : process.platform;
    candidates.push(join(dirname(require.resolve(`node-${platform}-${process.arch}/package.json`)), 'bin', name));
  } catch {
    // Not installed for this platform: then the developer's own Node has to do.
  }
  return candidates.find((path) => path && existsSync(path)) ?? (isFit() ? process.execPath : null);
}

/** @type {{ arguments: string[], environment: Record<string, string> }} */
const agentRuntime = JSON.parse(readFileSync(join(root, 'resources', 'agent-runtime.json'), 'utf8'));

/** What Node is started with for the agent, so that its memory stays flat on a file of any size. */
export const agentArguments = agentRuntime.arguments;

/** The environment for it. The memory settings are those of glibc and mean nothing elsewhere; what is set already stays. */
export function agentEnvironment() {
  return { ...agentRuntime.environment, ...process.env };
}
