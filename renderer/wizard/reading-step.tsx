import type { Schedule } from '../../contract/schedule.ts';
import { ScheduleEditor } from '../forms/schedule-editor.tsx';
import { SchemaForm } from '../forms/schema-form.tsx';
import type { StepProps } from './connect-step.tsx';

/** What somebody sets up once; the rest of the step is what every hotel decides. */
const rarely = /mapping|^source$/i;

/** What is read, how often, and when the database is left in peace. */
export function ReadingStep({
  kind,
  fields,
  entered,
  missing,
  onChange,
  onSchedule,
}: StepProps & { readonly onSchedule: (schedule: Schedule) => void }) {
  const own = fields
    .filter(({ step }) => step === 'reading')
    .map((field) => ({ ...field, isAdvanced: field.isAdvanced && rarely.test(field.name) }));
  return (
    <>
      <SchemaForm kind={kind.kind} fields={own} values={entered.values} missing={missing} storedSecrets={[]} onChange={onChange} />
      <ScheduleEditor schedule={entered.schedule} onChange={onSchedule} />
    </>
  );
}
