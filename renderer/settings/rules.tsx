import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { SameRecordRule, SameRecords } from '../../contract/same-record.ts';
import { useChange, useClient, useOverview } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { toast } from '../ui/toasts.tsx';

const leads = 'leads ';
const nameOf = (rule: SameRecordRule) => (rule.rule === 'leads' ? leads + rule.source : rule.rule);
function ruleOf(name: string): SameRecordRule {
  if (name.startsWith(leads)) return { rule: 'leads', source: name.slice(leads.length) };
  return { rule: name === 'newest' ? 'newest' : 'apart' };
}

/** What holds where two sources speak of one record, for each kind that comes from any. */
export function SameRecordRules() {
  const { same } = useText();
  const client = useClient();
  const { data, error } = useQuery({ queryKey: ['same-records'], queryFn: ({ signal }) => client.sameRecords.list({}, { signal }) });
  const kinds = (data ?? []).filter(({ sources }) => sources.length > 0);
  if (kinds.length === 0 && !error) return null;
  return (
    <section className="stack" aria-label={same.title}>
      <h2 className="sec">{same.title}</h2>
      <p>{same.intro}</p>
      {error && <FaultNote fault={faultOf(error)} />}
      {kinds.map((one) => (
        <Rule key={one.entity} same={one} />
      ))}
    </section>
  );
}

function Rule({ same: { entity, rule, sources, shared } }: { readonly same: SameRecords }) {
  const text = useText();
  const words = text.same;
  const save = useChange((client, name: string) => client.sameRecords.save({ entity, rule: ruleOf(name) }));
  const [only] = sources;
  const isOne = sources.length === 1 && only !== undefined;
  return (
    <>
      <Select
        label={text.trace.kinds[entity]}
        description={isOne ? words.oneSource(only) : words.shared(shared)}
        data={[
          { value: 'apart', label: words.choices.apart },
          { value: 'newest', label: words.choices.newest },
          ...sources.map((source) => ({ value: leads + source, label: words.choices.leads(source) })),
        ]}
        value={nameOf(rule)}
        allowDeselect={false}
        disabled={save.isPending}
        onChange={(value) => save.mutate(value ?? 'apart', { onSuccess: () => toast(words.saved) })}
      />
      {save.error && <FaultNote fault={faultOf(save.error)} />}
    </>
  );
}

const choices = [90, 180, 365, 730, 1825];
const ever = 'ever';

/** For how long versions stay that are not the newest of their record. */
export function KeepDays() {
  const { keep } = useText().same;
  const { data } = useOverview();
  const save = useChange((client, days: number | null) => client.outbox.setKeepDays({ days }));
  if (!data) return null;
  const { keepDays } = data.outbox;
  const all = [...new Set(keepDays === null ? choices : [...choices, keepDays])].sort((a, b) => a - b);
  return (
    <section className="stack" aria-label={keep.title}>
      <h2 className="sec">{keep.title}</h2>
      <p>{keep.intro}</p>
      <Select
        label={keep.label}
        data={[...all.map((days) => ({ value: String(days), label: keep.days(days) })), { value: ever, label: keep.ever }]}
        value={keepDays === null ? ever : String(keepDays)}
        allowDeselect={false}
        disabled={save.isPending}
        onChange={(value) => save.mutate(value === ever ? null : Number(value), { onSuccess: () => toast(keep.saved) })}
      />
      {save.error && <FaultNote fault={faultOf(save.error)} />}
    </section>
  );
}
