import type { ConnectionDraft, SystemKind } from '../../contract/connection.ts';
import type { Schedule } from '../../contract/schedule.ts';
import { draftParts, type FormField, type FormValues, initialValues } from '../forms/schema.ts';

/** The steps in which a database is set up. */
export type WizardStep = 'connect' | 'test' | 'choose' | 'reading' | 'rows' | 'save';

/** Everything that was entered so far, and where. Nothing of it is stored before the last step. */
export type Entered = {
  readonly title: string;
  readonly values: FormValues;
  readonly schedule: Schedule;
  readonly step: WizardStep;
  /** The furthest step that was reached: from there back all can be gone to. */
  readonly reached: WizardStep;
};

export function nothingEntered(kind: SystemKind, title: string, fields: readonly FormField[]): Entered {
  return { title, values: initialValues(fields), schedule: kind.schedule, step: 'connect', reached: 'connect' };
}

/** The order of the steps. What has to be chosen before anything can be tested is chosen first. */
export function stepsOf(fields: readonly FormField[]): readonly WizardStep[] {
  const isChosenFirst = fields.some(({ step, isRequired }) => step === 'choose' && isRequired);
  return isChosenFirst
    ? ['connect', 'choose', 'test', 'reading', 'rows', 'save']
    : ['connect', 'test', 'choose', 'reading', 'rows', 'save'];
}

export function draftOf(kind: SystemKind, { title, values, schedule }: Entered, fields: readonly FormField[]): ConnectionDraft {
  return { kind: kind.kind, title: title.trim(), schedule, ...draftParts(fields, values) };
}
