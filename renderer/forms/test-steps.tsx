import { useState } from 'react';
import type { ConnectionDraft, TestStep } from '../../contract/connection.ts';
import type { FaultReport } from '../../contract/faults.ts';
import { useClient } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Status, type Tone } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';

const tones: Record<TestStep['state'], Tone> = { running: 'busy', passed: 'ok', warned: 'warn', failed: 'fail', skipped: 'wait' };

/** Takes the key that a person has compared, and the setting it belongs into. */
type Trusting = (setting: string, hostKey: string) => void;

type What = { readonly id: string } | { readonly draft: ConnectionDraft };

/**
 * Test a connection step by step; each step shows as it starts and how it ended, the failing one with what to do.
 * `onTrust` takes the host key that a server has shown, once a person says that it is the right one.
 */
export function TestSteps({ what, onTrust }: { readonly what: () => What | null; readonly onTrust?: Trusting }) {
  const client = useClient();
  const text = useText();
  const [steps, setSteps] = useState<readonly TestStep[]>([]);
  const [fault, setFault] = useState<FaultReport | null>(null);
  const [state, setState] = useState<'new' | 'testing' | 'done'>('new');

  const run = async () => {
    const wanted = what();
    if (!wanted) return;
    setSteps([]);
    setFault(null);
    setState('testing');
    try {
      for await (const step of await client.connections.test(wanted)) {
        setSteps((before) => [...before.filter((one) => one.step !== step.step), step]);
      }
    } catch (error) {
      setFault(faultOf(error));
    }
    setState('done');
  };

  const hasFailed = fault !== null || steps.some((step) => step.state === 'failed');
  return (
    <section className="stack" aria-label={text.connections.test}>
      <div className="actions">
        <Button onClick={() => void run()} isBusy={state === 'testing'} isForm>
          {state === 'new' ? text.connections.test : state === 'testing' ? text.connections.testing : text.connections.testAgain}
        </Button>
        <span role="status">
          {state === 'done' && (
            <Status tone={hasFailed ? 'fail' : 'ok'}>{hasFailed ? text.connections.testFailed : text.connections.testPassed}</Status>
          )}
        </span>
      </div>
      {fault && <FaultNote fault={fault} />}
      {steps.length > 0 && (
        <ol>
          {steps.map((step) => (
            <li key={step.step}>
              <div className="gr steprow">
                <Status tone={tones[step.state]}>{text.connections.stepStates[step.state]}</Status>
                <span className="trim">
                  <span className="medium">{text.steps[step.step] ?? step.title}</span>
                  {step.found && <span className="muted">: {text.found(step.found)}</span>}
                </span>
                <span className="num small faint">{step.tookMs === null ? '' : `${Math.round(step.tookMs)} ms`}</span>
              </div>
              {step.fault && <FaultNote fault={step.fault} actions={onTrust && <Trust fault={step.fault} onTrust={onTrust} />} />}
            </li>
          ))}
        </ol>
      )}
    </section>
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
