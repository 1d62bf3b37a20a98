import { NumberInput, PasswordInput, Select, Switch, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useMappings } from '../line.tsx';
import { useText } from '../text/text.tsx';
import { Button } from '../ui/pieces.tsx';
import type { FormField, FormValues } from './schema.ts';

type Props = {
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

function Field({ field, values, missing, storedSecrets, onChange }: Props & { readonly field: FormField }) {
  const text = useText();
  const value = values[field.name] ?? field.initial;
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
    case 'secret': {
      const isStored = storedSecrets.includes(field.name);
      const description = [field.description, isStored ? text.connections.secretStored : text.connections.secretHelp]
        .filter(Boolean)
        .join(' ');
      if (field.isLong) {
        return (
          <Textarea
            {...shared}
            description={description}
            withAsterisk={field.isRequired && !isStored}
            value={String(value)}
            autoComplete="off"
            spellCheck={false}
            autosize
            minRows={3}
            maxRows={8}
            onChange={(event) => change(event.currentTarget.value)}
          />
        );
      }
      return (
        <PasswordInput
          {...shared}
          description={description}
          withAsterisk={field.isRequired && !isStored}
          value={String(value)}
          autoComplete="off"
          onChange={(event) => change(event.currentTarget.value)}
        />
      );
    }
    case 'long-text':
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
