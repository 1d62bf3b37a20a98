import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Connection, ConnectionDraft, SystemKind } from '../../contract/connection.ts';
import type { SettingChoices } from '../../contract/database-setup.ts';
import type { EntityName } from '../../contract/record.ts';
import { formFields, missingFields } from '../forms/schema.ts';
import { TestView, useTest, waitsForChoice } from '../forms/test-steps.tsx';
import { useChange, useClient } from '../line.tsx';
import { useText } from '../text/text.tsx';
import { Button } from '../ui/pieces.tsx';
import { ChooseStep } from './choose-step.tsx';
import { ConnectStep } from './connect-step.tsx';
import { draftOf, type Entered, nothingEntered, stepsOf, type WizardStep } from './entered.ts';
import { ReadingStep } from './reading-step.tsx';
import { RowsStep } from './rows-step.tsx';
import { SaveStep } from './save-step.tsx';
import styles from './wizard.module.css';

type Props = {
  readonly kind: SystemKind;
  /** What was entered before, when the person comes back to this kind. */
  readonly entered: Entered | undefined;
  readonly onEntered: (entered: Entered) => void;
  readonly onSaved: (connection: Connection) => void;
  readonly onCancel: (() => void) | null;
};

/** Set up a database step by step: how to reach it, a test, what to choose, what to read, its first rows, and only then is it stored. */
export function Wizard({ kind, entered: before, onEntered, onSaved, onCancel }: Props) {
  const text = useText();
  const client = useClient();
  const words = text.database.wizard;
  const fields = formFields(kind.settingsSchema, text.fields, (entity) => text.entityName(entity as EntityName));
  const [entered, setEntered] = useState<Entered>(() => before ?? nothingEntered(kind, (text.kinds[kind.kind] ?? kind).title, fields));
  const [missing, setMissing] = useState<ReadonlySet<string>>(new Set());
  const test = useTest();
  const choices = useMutation({ mutationFn: (draft: ConnectionDraft) => client.connections.choices({ draft }) });
  const preview = useMutation({ mutationFn: (draft: ConnectionDraft) => client.connections.preview({ draft }) });
  const save = useChange((agent, draft: ConnectionDraft) => agent.connections.add(draft));
  const heading = useRef<HTMLHeadingElement>(null);
  const steps = stepsOf(fields);
  const { step } = entered;
  const at = steps.indexOf(step);
  const draft = draftOf(kind, entered, fields);
  const change = (part: Partial<Entered>) => setEntered((now) => ({ ...now, ...part }));
  const changeValue = (name: string, value: string | number | boolean) =>
    setEntered((now) => ({ ...now, values: { ...now.values, [name]: value } }));
  const key = JSON.stringify({ draft: testable(draft) });
  const runTest = (of: ConnectionDraft = draft) => test.run({ draft: testable(of) });
  const hasLoggedIn = test.of !== null && test.steps.some((one) => one.step === 'login' && ['passed', 'warned'].includes(one.state));

  useEffect(() => onEntered(entered), [entered, onEntered]);

  const goTo = (to: WizardStep) => {
    setMissing(new Set());
    change({ step: to, reached: steps.indexOf(to) > steps.indexOf(entered.reached) ? to : entered.reached });
    // A step that asks the database does so when it is come to, unless it has asked the same before.
    if (to === 'test' && test.of !== key && test.state !== 'testing') runTest();
    if (to === 'choose' && hasLoggedIn && !choices.data && !choices.isPending) choices.mutate(draft);
    if (to === 'rows' && JSON.stringify(preview.variables) !== JSON.stringify(draft)) preview.mutate(draft);
    requestAnimationFrame(() => heading.current?.focus());
  };
  const next = () => {
    const here = fields.filter((field) => (step === 'connect' || step === 'choose' || step === 'reading') && field.step === step);
    const absent = missingFields(here, entered.values).map(({ name }) => name);
    if (step === 'connect' && entered.title.trim() === '') absent.push('title');
    setMissing(new Set(absent));
    if (absent[0] !== undefined) document.getElementById(`field-${absent[0]}`)?.focus();
    else if (steps[at + 1]) goTo(steps[at + 1] as WizardStep);
  };
  const back = () => (at === 0 ? onCancel?.() : goTo(steps[at - 1] as WizardStep));
  const choose = (name: string, value: string) => {
    // The properties are those of one owner.
    const isOwner = name === 'owner' && value !== entered.values.owner;
    const values = { ...entered.values, [name]: value, ...(isOwner && { resort: '' }) };
    change({ values });
    const chosen = draftOf(kind, { ...entered, values }, fields);
    // The test has stopped for this choice: it goes on by itself once nothing is left to choose.
    const goOn = () => waitsForChoice(test) && runTest(chosen);
    if (isOwner) choices.mutate(chosen, { onSuccess: (found) => isChosen(found, 'resort') && goOn() });
    else if (name === 'resort' && value !== '') goOn();
  };
  const shared = { kind, fields, entered, missing, onChange: changeValue };
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (step !== 'save') next();
      }}
    >
      <Progress steps={steps} entered={entered} onGo={goTo} />
      <h3 className="title" ref={heading} tabIndex={-1}>
        {words.titles[step]}
      </h3>
      <p className="muted">{words.helps[step]}</p>
      {step === 'connect' && <ConnectStep {...shared} onTitle={(title) => change({ title })} />}
      {step === 'choose' && <ChooseStep {...shared} choices={choices} onChange={choose} onAsk={() => choices.mutate(draft)} />}
      {(step === 'test' || (step === 'choose' && steps.indexOf('test') < at && test.state !== 'new')) && (
        <>
          {test.state === 'done' && test.of !== key && <p className="small muted">{words.testIsOld}</p>}
          <TestView test={test} onRun={() => runTest()} isDatabase />
        </>
      )}
      {step === 'reading' && <ReadingStep {...shared} onSchedule={(schedule) => change({ schedule })} />}
      {step === 'rows' && <RowsStep preview={preview} onAgain={() => preview.mutate(draft)} />}
      {step === 'save' && (
        <SaveStep
          draft={draft}
          fields={fields}
          rowsSeen={preview.data !== undefined && JSON.stringify(preview.variables) === JSON.stringify(draft)}
          save={save}
          onSave={(isPaused) => save.mutate({ ...draft, isPaused }, { onSuccess: onSaved })}
        />
      )}
      <div className={`actions ${styles.nav}`}>
        {(at > 0 || onCancel) && (
          <Button isForm onClick={back}>
            {text.states.back}
          </Button>
        )}
        {step !== 'save' && (
          <Button look="primary" type="submit" isForm>
            {text.states.next}
          </Button>
        )}
      </div>
    </form>
  );
}

/** Where there is one alone, it need not be chosen. */
function isChosen(found: readonly SettingChoices[], field: string): boolean {
  return found.find((one) => one.field === field)?.options.length === 1;
}

/** A test needs no schedule and no name. */
function testable({ kind, settings, secrets }: ConnectionDraft): ConnectionDraft {
  return { kind, title: kind, settings, secrets };
}

type ProgressProps = { readonly steps: readonly WizardStep[]; readonly entered: Entered; readonly onGo: (step: WizardStep) => void };

/** The steps; those that were reached can be gone back to. */
function Progress({ steps, entered: { step, reached }, onGo }: ProgressProps) {
  const text = useText();
  const words = text.database.wizard;
  const at = steps.indexOf(step);
  return (
    <ol className={styles.steps} aria-label={text.firstRun.progress(at + 1, steps.length)}>
      {steps.map((one, index) => (
        <li
          key={one}
          className={index === at ? styles.now : index < at ? styles.past : ''}
          aria-current={one === step ? 'step' : undefined}
        >
          {index !== at && index <= steps.indexOf(reached) ? (
            <button type="button" onClick={() => onGo(one)}>
              {words.steps[one]}
            </button>
          ) : (
            words.steps[one]
          )}
        </li>
      ))}
    </ol>
  );
}
