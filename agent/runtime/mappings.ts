import { Fault } from '../../contract/faults.ts';
import { Mapping } from '../../contract/mapping.ts';

/** The mappings that come with the product, read when the agent is built. */
const files = import.meta.glob<Mapping>('../../resources/mappings/*.json', { eager: true, import: 'default' });

export const shippedMappings: readonly Mapping[] = Object.values(files).map((file) => Mapping.parse(file));

/** @throws {Fault} `mapping-not-found` */
export function mappingNamed(name: string): Mapping {
  const found = shippedMappings.find((mapping) => mapping.name === name);
  if (!found) throw new Fault('mapping-not-found', { name });
  return found;
}
