import { Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Connection, ConnectionDraft, SystemKind } from '../../contract/connection.ts';
import type { EntityName } from '../../contract/record.ts';
import type { Schedule } from '../../contract/schedule.ts';
import { useChange } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button } from '../ui/pieces.tsx';
import { Letter } from './letter.tsx';
import { ScheduleEditor } from './schedule-editor.tsx';
import { draftParts, type FormValues, formFields, initialValues, missingFields } from './schema.ts';
import { SchemaForm } from './schema-form.tsx';
import { TestSteps } from './test-steps.tsx';

type Props = {
  readonly kind: SystemKind;
  /** The connection that is changed, or null for a new one. */
  readonly connection: Connection | null;
  readonly onSaved: (connection: Connection) => void;
  readonly onCancel: (() => void) | null;
};

/** Set up or change one connection: settings, schedule, a test of what stands in the form, save. */
export function ConnectionForm({ kind, connection, onSaved, onCancel }: Props) {
  const text = useText();
  const words = text.kinds[kind.kind] ?? kind;
  const fields = formFields(kind.settingsSchema, text.fields, (entity) => text.entityName(entity as EntityName));
  const [title, setTitle] = useState(connection?.title ?? words.title);
  const [values, setValues] = useState<FormValues>(() => initialValues(fields, connection?.settings));
  const [schedule, setSchedule] = useState<Schedule>(connection?.schedule ?? kind.schedule);
  const [isPaused, setIsPaused] = useState(false);
  const [missing, setMissing] = useState<ReadonlySet<string>>(new Set());
  const save = useChange((client, draft: ConnectionDraft) =>
    connection ? client.connections.change({ ...draft, id: connection.id }) : client.connections.add(draft),
  );
  const stored = connection?.secrets ?? [];

  /** What stands in the form, or null with the missing fields marked. */
  const draft = (): ConnectionDraft | null => {
    const absent = missingFields(fields, values, stored);
    setMissing(new Set([...absent.map((field) => field.name), ...(title.trim() === '' ? ['title'] : [])]));
    if (absent.length > 0 || title.trim() === '') {
      document.getElementById(absent[0] ? `field-${absent[0].name}` : 'field-title')?.focus();
      return null;
    }
    const which = connection ? { id: connection.id } : isPaused ? { isPaused } : {};
    return { ...which, kind: kind.kind, title, schedule, ...draftParts(fields, values) };
  };
  /** What stands in the form, whole or not: whoever asks for the letter mostly has no password yet. */
  const unchecked = (): ConnectionDraft => {
    const { settings } = draftParts(fields, values);
    return { kind: kind.kind, title: title.trim() || words.title, settings, secrets: {} };
  };
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    const wanted = draft();
    if (wanted) save.mutate(wanted, { onSuccess: onSaved });
  };

  return (
    <form className="stack" onSubmit={submit} noValidate>
      <TextInput
        id="field-title"
        label={text.connections.name}
        description={text.connections.nameHelp}
        value={title}
        withAsterisk
        error={missing.has('title') ? text.connections.required : null}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <SchemaForm
        kind={kind.kind}
        fields={fields}
        values={values}
        missing={missing}
        storedSecrets={stored}
        onChange={(name, value) => setValues((before) => ({ ...before, [name]: value }))}
      />
      {kind.direction === 'destination' && !connection && (
        <Switch
          label={text.connections.startPaused}
          description={text.connections.startPausedHelp}
          checked={isPaused}
          onChange={(event) => setIsPaused(event.currentTarget.checked)}
        />
      )}
      {kind.direction === 'source' && <ScheduleEditor schedule={schedule} onChange={setSchedule} />}
      <TestSteps
        isDatabase={kind.isDatabase}
        what={() => {
          const wanted = draft();
          return wanted && { draft: wanted };
        }}
        onTrust={(setting, hostKey) => setValues((before) => ({ ...before, [setting]: hostKey }))}
      />
      {kind.hasLetter && <Letter what={() => ({ draft: unchecked() })} />}
      {save.error && <FaultNote fault={faultOf(save.error)} />}
      <div className="actions">
        <Button look="primary" type="submit" isForm isBusy={save.isPending}>
          {text.states.save}
        </Button>
        {onCancel && (
          <Button isForm onClick={onCancel}>
            {text.states.cancel}
          </Button>
        )}
      </div>
    </form>
  );
}
