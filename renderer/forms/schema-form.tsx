import { NumberInput, PasswordInput, Select, Switch, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useMappings } from '../line.tsx';
import { useText } from '../text/text.tsx';
import { Button } from '../ui/pieces.tsx';
import { MadeSecret } from './made-secret.tsx';
import type { FormField, FormValues } from './schema.ts';

type Props = {
  /** The kind of system whose form this is. */
  readonly kind: string;
  readonly fields: readonly FormField[];
  readonly values: FormValues;
  readonly missing: ReadonlySet<string>;
  readonly storedSecrets: readonly string[];
  readonly onChange: (name: string, value: string | number | boolean) => void;
};

/** A form drawn from the settings of a kind of system: what most people need first, the rest behind one button. */
export function SchemaForm(props: Props) {
  const text = useText();
  const [showsMore, setShowsMore] = useState(false);
  const plain = props.fields.filter((field) => !field.isAdvanced);
  const more = props.fields.filter((field) => field.isAdvanced);
  return (
    <>
      {plain.map((field) => (
        <Field key={field.name} field={field} {...props} />
      ))}
      {more.length > 0 && (
        <div>
          <Button look="quiet" onClick={() => setShowsMore(!showsMore)}>
            {showsMore ? text.connections.fewerSettings : text.connections.moreSettings}
          </Button>
        </div>
      )}
      {showsMore && more.map((field) => <Field key={field.name} field={field} {...props} />)}
    </>
  );
}

function Field({ kind, field, values, missing, storedSecrets, onChange }: Props & { readonly field: FormField }) {
  const text = useText();
  const value = values[field.name] ?? field.initial;
  const isStored = storedSecrets.includes(field.name);
  const shared = {
    label: field.title,
    description: field.description,
    placeholder: field.placeholder,
    withAsterisk: field.isRequired,
    error: missing.has(field.name) ? text.connections.required : null,
    id: `field-${field.name}`,
  };
  const change = (next: string | number | boolean) => onChange(field.name, next);
  switch (field.kind) {
    case 'switch':
      return (
        <Switch
          label={field.title}
          description={field.description}
          checked={value === true}
          onChange={(event) => change(event.currentTarget.checked)}
          id={shared.id}
        />
      );
    case 'number':
      return <NumberInput {...shared} value={typeof value === 'number' ? value : ''} onChange={change} />;
    case 'choice':
      return (
        <Select {...shared} data={[...field.choices]} value={String(value)} allowDeselect={false} onChange={(next) => change(next ?? '')} />
      );
    case 'mapping':
      return <MappingField shared={shared} value={String(value)} onChange={change} />;
    case 'secret':
      return <SecretInput kind={kind} field={field} shared={shared} value={String(value)} isStored={isStored} onChange={change} />;
    case 'long-text':
    case 'list':
      return (
        <Textarea
          {...shared}
          value={String(value)}
          autosize
          minRows={3}
          maxRows={8}
          onChange={(event) => change(event.currentTarget.value)}
        />
      );
    case 'folder':
      return <FolderField shared={shared} value={String(value)} onChange={change} />;
    default:
      return <TextInput {...shared} value={String(value)} onChange={(event) => change(event.currentTarget.value)} />;
  }
}

type Shared = {
  readonly label: string;
  readonly description: string | null;
  readonly placeholder: string;
  readonly withAsterisk: boolean;
  readonly error: string | null;
  readonly id: string;
};

/** A secret is entered, or made here; one that was made stands in the form as its reference, which nobody reads. */
function SecretInput({
  kind,
  field,
  shared,
  value,
  isStored,
  onChange,
}: {
  readonly kind: string;
  readonly field: FormField;
  readonly shared: Shared;
  readonly value: string;
  readonly isStored: boolean;
  readonly onChange: (value: string) => void;
}) {
  const text = useText();
  const isMade = field.isMadeHere && value.startsWith('made:');
  const input = {
    ...shared,
    description: [field.description, isStored ? text.connections.secretStored : text.connections.secretHelp].filter(Boolean).join(' '),
    withAsterisk: field.isRequired && !isStored,
    value: isMade ? '' : value,
    placeholder: isMade ? text.connections.made.isMade : shared.placeholder,
    readOnly: isMade,
    autoComplete: 'off',
  };
  const onInput = (event: { readonly currentTarget: { readonly value: string } }) => onChange(event.currentTarget.value);
  return (
    <div className="stack tight">
      {field.isLong ? (
        <Textarea {...input} spellCheck={false} autosize minRows={isMade ? 1 : 3} maxRows={8} onChange={onInput} />
      ) : (
        <PasswordInput {...input} onChange={onInput} />
      )}
      {field.isMadeHere && <MadeSecret kind={kind} field={field.name} isMade={isMade} onChange={onChange} />}
    </div>
  );
}

function MappingField({
  shared,
  value,
  onChange,
}: {
  readonly shared: Shared;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const mappings = useMappings();
  const data = (mappings.data ?? []).map((mapping) => ({ value: mapping.name, label: mapping.title }));
  return <Select {...shared} data={data} value={value} allowDeselect={false} onChange={(next) => onChange(next ?? '')} />;
}

/** Only the shell can open the system's own folder dialog; in a browser the path is typed. */
function FolderField({
  shared,
  value,
  onChange,
}: {
  readonly shared: Shared;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const text = useText();
  const shell = window.bellhopShell;
  const choose = () => void shell?.chooseFolder().then((folder) => folder && onChange(folder));
  return (
    <div className="stack tight">
      <TextInput {...shared} value={value} onChange={(event) => onChange(event.currentTarget.value)} spellCheck={false} />
      {shell && (
        <div>
          <Button onClick={choose}>{text.connections.chooseFolder}</Button>
        </div>
      )}
    </div>
  );
}
