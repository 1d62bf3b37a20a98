import { Select } from '@mantine/core';
import { useRef } from 'react';
import type { ConnectionDraft } from '../../contract/connection.ts';
import type { SettingChoices } from '../../contract/database-setup.ts';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Skeleton } from '../ui/pieces.tsx';
import type { StepProps } from './connect-step.tsx';

/** A question to the database and its answer, which outlive the step that shows them. */
export type Asked<T> = {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly isPending: boolean;
  readonly variables: ConnectionDraft | undefined;
};

type Props = Omit<StepProps, 'onChange'> & {
  readonly choices: Asked<readonly SettingChoices[]>;
  readonly onChange: (name: string, value: string) => void;
  readonly onAsk: () => void;
};

/** What has to be chosen, from lists that the database itself gives: never typed. */
export function ChooseStep({ fields, entered, missing, choices, onChange, onAsk }: Props) {
  const text = useText();
  const words = text.database.wizard;
  const own = fields.filter(({ step }) => step === 'choose');
  // While it is asked anew, the lists of the last answer stay where they are.
  const last = useRef<readonly SettingChoices[] | undefined>(undefined);
  if (choices.data) last.current = choices.data;
  const found = choices.data ?? last.current;
  return (
    <>
      {choices.error && <FaultNote fault={faultOf(choices.error)} />}
      {choices.isPending && !found && <Skeleton rows={2} label={words.asking} />}
      {found &&
        own.map((field) => {
          const options = found.find((one) => one.field === field.name)?.options ?? [];
          const label = ({ value, rows, type }: (typeof options)[number]) =>
            rows !== null ? words.ownerRows(value, rows) : type !== null ? `${value} (${type})` : value;
          const only = options.length === 1 && !field.isRequired ? options[0]?.value : undefined;
          const chosen = String(entered.values[field.name] || (only ?? ''));
          return (
            <Select
              key={field.name}
              id={`field-${field.name}`}
              label={field.title}
              description={field.description}
              withAsterisk={field.isRequired}
              error={missing.has(field.name) ? text.connections.required : null}
              placeholder={options.length === 0 ? words.nothingToChoose : words.pleaseChoose}
              data={options.map((option) => ({ value: option.value, label: label(option) }))}
              value={options.some(({ value }) => value === chosen) ? chosen : null}
              disabled={options.length === 0}
              clearable={!field.isRequired && only === undefined}
              clearButtonProps={{ 'aria-label': words.clear(field.title) }}
              onChange={(value) => onChange(field.name, value ?? '')}
            />
          );
        })}
      <div className="actions">
        <Button isForm isBusy={choices.isPending} onClick={onAsk}>
          {found ? words.askAgain : words.ask}
        </Button>
        {choices.isPending && <span className="small muted">{words.mayWait}</span>}
      </div>
    </>
  );
}
