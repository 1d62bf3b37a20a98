import { Fault } from '../../contract/faults.ts';
import type { EntityName } from '../../contract/record.ts';
import type { SameRecordRule } from '../../contract/same-record.ts';
import { sameRecordSetting } from '../../db/pipeline/withheld.ts';
import type { Agent } from '../index.ts';
import { type Caller, entryOf } from './audit.ts';

/**
 * Set what is done where two sources speak of one record, from the next record that is sent on.
 * @throws {Fault} `input-wrong` when the leading source has never brought such a record: a slip of the pen would let everything through.
 */
export async function saveSameRecordRule(
  agent: Agent,
  { entity, rule }: { readonly entity: EntityName; readonly rule: SameRecordRule },
  caller: Caller,
): Promise<void> {
  const { read, writer } = agent.stores;
  const isKnown = (source: string) =>
    read.prepare('select 1 from ledgers where entity = ? and source = ?').get(entity, source) !== undefined;
  if (rule.rule === 'leads' && !isKnown(rule.source))
    throw new Fault('input-wrong', { detail: `no source called ${rule.source} has brought such records yet` });
  const detail = { entity, rule: rule.rule, source: rule.rule === 'leads' ? rule.source : null };
  const entry = entryOf(agent, caller, { action: 'same-record-rule-set', kind: 'hotel', id: entity, detail });
  await writer.audited([entry], 'saveSetting', [sameRecordSetting(entity), rule]);
  agent.live.tell('overview');
}
