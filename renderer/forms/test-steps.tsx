import { useRef, useState } from 'react';
import type { ConnectionDraft, TestStep } from '../../contract/connection.ts';
import type { FaultReport } from '../../contract/faults.ts';
import { useClient, useFacts } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { faultText, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Status, type Tone } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';

const tones: Record<TestStep['state'], Tone> = { running: 'busy', passed: 'ok', warned: 'warn', failed: 'fail', skipped: 'wait' };

/** Takes the key that a person has compared, and the setting it belongs into. */
type Trusting = (setting: string, hostKey: string) => void;

type What = { readonly id: string } | { readonly draft: ConnectionDraft };

/** A test of a connection: how far it is, and what it was a test of. */
export type ConnectionTest = {
  readonly steps: readonly TestStep[];
  readonly fault: FaultReport | null;
  readonly state: 'new' | 'testing' | 'done';
  /** What was tested, as a text that can be compared. */
  readonly of: string | null;
  run(what: What): void;
};

export function useTest(): ConnectionTest {
  const client = useClient();
  const [steps, setSteps] = useState<readonly TestStep[]>([]);
  const [fault, setFault] = useState<FaultReport | null>(null);
  const [state, setState] = useState<ConnectionTest['state']>('new');
  const [of, setOf] = useState<string | null>(null);
  const latest = useRef(0);
  const run = async (what: What) => {
    const number = ++latest.current;
    const isLatest = () => number === latest.current;
    setSteps([]);
    setFault(null);
    setState('testing');
    setOf(JSON.stringify(what));
    try {
      for await (const step of await client.connections.test(what)) {
        if (!isLatest()) return;
        setSteps((before) => [...before.filter((one) => one.step !== step.step), step]);
      }
    } catch (error) {
      if (isLatest()) setFault(faultOf(error));
    }
    if (isLatest()) setState('done');
  };
  return { steps, fault, state, of, run: (what) => void run(what) };
}

/** The fault of a test that only waits for a choice: nothing is wrong. */
export function waitsForChoice({ steps }: Pick<ConnectionTest, 'steps'>): boolean {
  return steps.some(({ fault }) => fault?.code === 'opera-choose');
}

/**
 * Test a connection step by step; each step shows as it starts and how it ended, the failing one with what to do.
 * `onTrust` takes the host key that a server has shown, once a person says that it is the right one.
 */
export function TestSteps({
  what,
  onTrust,
  isDatabase = false,
}: {
  readonly what: () => What | null;
  readonly onTrust?: Trusting;
  readonly isDatabase?: boolean;
}) {
  const test = useTest();
  const run = () => {
    const wanted = what();
    if (wanted) test.run(wanted);
  };
  return <TestView test={test} onRun={run} onTrust={onTrust} isDatabase={isDatabase} />;
}

type ViewProps = {
  readonly test: ConnectionTest;
  readonly onRun: () => void;
  readonly onTrust?: Trusting | undefined;
  readonly isDatabase: boolean;
};

export function TestView({ test: { steps, fault, state, ...test }, onRun, onTrust, isDatabase }: ViewProps) {
  const text = useText();
  const isChoice = waitsForChoice({ steps, ...test });
  const hasFailed = fault !== null || steps.some((step) => step.state === 'failed');
  return (
    <section className="stack" aria-label={text.connections.test}>
      <div className="actions">
        <Button onClick={onRun} isBusy={state === 'testing'} isForm>
          {state === 'new' ? text.connections.test : state === 'testing' ? text.connections.testing : text.connections.testAgain}
        </Button>
        <span role="status">
          {state === 'done' && isChoice && <Status tone="info">{text.database.wizard.choiceNeeded}</Status>}
          {state === 'done' && !isChoice && (
            <Status tone={hasFailed ? 'fail' : 'ok'}>{hasFailed ? text.connections.testFailed : text.connections.testPassed}</Status>
          )}
        </span>
      </div>
      {fault && <FaultNote fault={fault} />}
      {steps.length > 0 && (
        <ol>
          {steps.map((step) => (
            <li key={step.step}>
              <StepRow step={step} />
              {step.fault && step.fault.code !== 'opera-choose' && (
                <>
                  <FaultNote fault={step.fault} actions={onTrust && <Trust fault={step.fault} onTrust={onTrust} />} />
                  {isDatabase && <ToSend step={step} fault={step.fault} />}
                </>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function StepRow({ step }: { readonly step: TestStep }) {
  const text = useText();
  const isChoice = step.fault?.code === 'opera-choose';
  return (
    <div className="gr steprow">
      <Status tone={isChoice ? 'info' : tones[step.state]}>
        {isChoice ? text.database.wizard.choose : text.connections.stepStates[step.state]}
      </Status>
      <span>
        <span className="medium">{text.steps[step.step] ?? step.title}</span>
        {step.found && <span className="muted">: {text.found(step.found)}</span>}
        {isChoice && <span className="muted">: {step.fault?.detail.choices}</span>}
      </span>
      <span className="num small faint">{step.tookMs === null ? '' : `${Math.round(step.tookMs)} ms`}</span>
    </div>
  );
}

/** What whoever runs the database has to be told, ready to be sent. */
function ToSend({ step, fault }: { readonly step: TestStep; readonly fault: FaultReport }) {
  const text = useText();
  const words = text.database.wizard;
  const hotel = useFacts().data?.property;
  const { what } = faultText(text, fault);
  const technical = Object.entries({ code: fault.code, ...fault.detail }).map(([name, value]) => `${name}: ${value}`);
  const whole = [
    words.toSend(hotel ? `${hotel.name} (${hotel.hotelId})` : ''),
    '',
    `${text.steps[step.step] ?? step.title}: ${what}`,
    '',
    ...technical,
  ].join('\n');
  const copy = () => void navigator.clipboard?.writeText(whole).then(() => toast(text.connections.letter.copied));
  return (
    <details className="technical">
      <summary>{words.toSendTitle}</summary>
      <pre className="code wrapped">{whole}</pre>
      <Button look="quiet" onClick={copy}>
        {text.states.copy}
      </Button>
    </details>
  );
}

/** Only a key that nobody has confirmed yet is entered by a click; one that has changed is compared and typed. */
function Trust({ fault, onTrust }: { readonly fault: FaultReport; readonly onTrust: Trusting }) {
  const text = useText();
  const { key, setting } = fault.detail;
  if (fault.code !== 'host-key-unknown' || !key || !setting) return null;
  const trust = () => {
    onTrust(setting, key);
    toast(text.connections.hostKeyTrusted);
  };
  return <Button onClick={trust}>{text.connections.trustHostKey}</Button>;
}
