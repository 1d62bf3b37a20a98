import { existsSync, readFileSync } from 'node:fs';
import { Fault } from '../../contract/faults.ts';
import { Mapping } from '../../contract/mapping.ts';
import type { Client } from '../runtime/wire-client.ts';
import { type CommandLine, table, UsageError, withAgent } from './command.ts';

/** `bellhop mappings list|show|save`: which column of an export is which field. */
export async function showMappings(line: CommandLine): Promise<number> {
  const [what = 'list', given, ...more] = line.arguments;
  if (more.length > 0) throw new UsageError(`mappings ${what} takes at most one name or file`);
  switch (what) {
    case 'list':
      return withAgent(line.home, async (client) => {
        const mappings = await client.mappings.list({});
        const rows = mappings.map(({ name, entity, version, title }) => [name, entity, String(version), title]);
        line.print(mappings, table([['NAME', 'KIND', 'VERSION', 'TITLE'], ...rows]));
        return 0;
      });
    case 'show': {
      if (given === undefined) throw new UsageError('mappings show takes the name of one');
      const mapping = await withAgent(line.home, (client) => mappingNamed(client, given));
      line.print(mapping, JSON.stringify(mapping, null, 2));
      return 0;
    }
    case 'save': {
      const mapping = given === undefined ? null : mappingFile(given);
      if (!mapping) throw new UsageError('mappings save takes a JSON file that holds a mapping');
      const saved = await withAgent(line.home, (client) => client.mappings.save(mapping));
      line.print(saved, `${saved.name}, version ${saved.version}: applies to every file from now on.`);
      return 0;
    }
    default:
      throw new UsageError(`mappings ${what} is not known: list, show or save`);
  }
}

/** A mapping of the agent by its name. */
export async function mappingNamed(client: Client, name: string): Promise<Mapping> {
  const found = (await client.mappings.list({})).find((mapping) => mapping.name === name);
  if (!found) throw new Fault('mapping-not-found', { name });
  return found;
}

/** The mapping that a file of this PC holds; null when there is no such file: then a name is meant. */
export function mappingFile(path: string): Mapping | null {
  if (!existsSync(path)) return null;
  const parsed = Mapping.safeParse(parseJson(path));
  if (!parsed.success)
    throw new Fault('input-wrong', { detail: `${path}: ${parsed.error.issues[0]?.path.join('.')} ${parsed.error.issues[0]?.message}` });
  return parsed.data;
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Fault('input-wrong', { detail: `${path} is no JSON` }, { cause: error });
  }
}
