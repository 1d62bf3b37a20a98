import { Select, Switch } from '@mantine/core';
import type { Connection } from '../../contract/connection.ts';
import type { DestinationHealth, ShadowDifferences } from '../../contract/health.ts';
import { useChange } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { type Text, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { toast } from '../ui/toasts.tsx';

const shares = [10, 25, 50, 75, 100];

type Props = { readonly connection: Connection; readonly health: DestinationHealth };

/** Whether a destination decides anything, how it differs from the one that does, and which share of the records it gets. */
export function ShadowAndShare({ connection: { id, title }, health: { shadow, sharePercent } }: Props) {
  const text = useText();
  const words = text.same.shadow;
  const setShadow = useChange((client, isShadow: boolean) => client.connections.setShadow({ id, isShadow }));
  const setShare = useChange((client, percent: number) => client.connections.setShare({ id, percent }));
  const error = setShadow.error ?? setShare.error;
  const choices = [...new Set([...shares, sharePercent])].sort((a, b) => a - b);
  return (
    <section className="stack" aria-label={words.title}>
      <h3 className="sec">{words.title}</h3>
      {error && <FaultNote fault={faultOf(error)} />}
      <Switch
        label={words.what}
        description={words.help}
        checked={shadow !== null}
        disabled={setShadow.isPending}
        onChange={({ currentTarget: { checked } }) =>
          setShadow.mutate(checked, { onSuccess: () => toast(checked ? words.isNow(title) : words.isNoMore(title)) })
        }
      />
      {shadow && <p>{differencesText(text, shadow)}</p>}
      <Select
        label={words.share}
        description={words.shareHelp}
        data={choices.map((percent) => ({ value: String(percent), label: words.percent(percent) }))}
        value={String(sharePercent)}
        allowDeselect={false}
        disabled={setShare.isPending}
        onChange={(value) => setShare.mutate(Number(value), { onSuccess: () => toast(words.shared(title, Number(value))) })}
      />
    </section>
  );
}

function differencesText({ same: { shadow: words } }: Text, found: ShadowDifferences): string {
  if (found.leadingTitle === null) return words.noLeading;
  const parts = (['onlyShadowRefused', 'onlyLeadingRefused', 'behind', 'missed'] as const).flatMap((name) =>
    found[name] > 0 ? [words[name](found[name])] : [],
  );
  return `${words.comparedWith(found.leadingTitle)}: ${parts.join(', ') || words.none}.`;
}
