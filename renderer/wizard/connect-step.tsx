import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { SystemKind } from '../../contract/connection.ts';
import { Letter } from '../forms/letter.tsx';
import { draftParts, type FormField } from '../forms/schema.ts';
import { SchemaForm } from '../forms/schema-form.tsx';
import { useClient } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { faultText, useText } from '../text/text.tsx';
import { Status } from '../ui/pieces.tsx';
import type { Entered } from './entered.ts';

/** What each step is drawn from. */
export type StepProps = {
  readonly kind: SystemKind;
  readonly fields: readonly FormField[];
  readonly entered: Entered;
  readonly missing: ReadonlySet<string>;
  readonly onChange: (name: string, value: string | number | boolean) => void;
};

/** How the database is reached and who logs in; the text for its administrator can be had before there is a password. */
export function ConnectStep({
  kind,
  fields,
  entered,
  missing,
  onChange,
  onTitle,
}: StepProps & { readonly onTitle: (title: string) => void }) {
  const text = useText();
  const { title, values } = entered;
  const own = fields.filter(({ step }) => step === 'connect');
  const form = { kind: kind.kind, values, missing, storedSecrets: [], onChange };
  const isAddress = ({ name }: FormField) => kind.readsAddress && name === 'address';
  return (
    <>
      <TextInput
        id="field-title"
        label={text.connections.name}
        description={text.connections.nameHelp}
        value={title}
        withAsterisk
        error={missing.has('title') ? text.connections.required : null}
        onChange={(event) => onTitle(event.currentTarget.value)}
      />
      <SchemaForm {...form} fields={own.filter(isAddress)} />
      {kind.readsAddress && (
        <Understood kind={kind.kind} address={String(values.address ?? '')} tnsFolder={String(values.tnsFolder ?? '')} />
      )}
      <SchemaForm {...form} fields={own.filter((field) => !isAddress(field))} />
      {kind.hasLetter && (
        <Letter what={() => ({ draft: { kind: kind.kind, title, settings: draftParts(fields, values).settings, secrets: {} } })} />
      )}
    </>
  );
}

/** What an address is read as, while it is being written. */
function Understood({ kind, address, tnsFolder }: { readonly kind: string; readonly address: string; readonly tnsFolder: string }) {
  const client = useClient();
  const text = useText();
  const words = text.database.wizard;
  const [asked] = useDebouncedValue(JSON.stringify({ address: address.trim(), ...(tnsFolder === '' ? {} : { tnsFolder }) }), 250);
  const isThere = address.trim().length > 2;
  const understood = useQuery({
    queryKey: ['understood', kind, asked],
    queryFn: ({ signal }) => client.connections.understand({ kind, settings: JSON.parse(asked) as Record<string, unknown> }, { signal }),
    enabled: isThere,
    gcTime: 0,
  });
  return (
    <p className="small" role="status">
      {!isThere && <span className="muted">{words.understoodNothing}</span>}
      {isThere && understood.data && <Status tone="ok">{words.understood(understood.data)}</Status>}
      {isThere && understood.error && <Status tone="warn">{faultText(text, faultOf(understood.error)).what}</Status>}
    </p>
  );
}
