import type { FaultReport } from '../../contract/faults.ts';
import { faultText, useText } from '../text/text.tsx';
import { Banner, Button } from './pieces.tsx';
import { toast } from './toasts.tsx';

/**
 * A named failure in three sentences; the technical text is one click below and can be copied.
 * `system` is what people call the system it is about: it stands in the sentence instead of its network address.
 */
export function FaultNote({
  fault,
  system,
  tone = 'fail',
  actions,
}: {
  readonly fault: FaultReport;
  readonly system?: string | undefined;
  readonly tone?: 'fail' | 'warn';
  readonly actions?: React.ReactNode;
}) {
  const text = useText();
  const named = system === undefined || fault.detail.host === undefined ? fault : { ...fault, detail: { ...fault.detail, host: system } };
  const { what, safe, next } = faultText(text, named);
  return (
    <Banner tone={tone} title={what} actions={actions}>
      <p>{safe}</p>
      <p>{next}</p>
      <Technical fault={fault} />
    </Banner>
  );
}

export function Technical({ fault }: { readonly fault: FaultReport }) {
  const text = useText();
  const technical = `${fault.code}\n${JSON.stringify(fault.detail, null, 1)}`;
  const copy = () => void navigator.clipboard?.writeText(technical).then(() => toast(text.states.copied));
  return (
    <details className="technical">
      <summary>{text.states.details}</summary>
      <pre className="code">{technical}</pre>
      <Button look="quiet" onClick={copy}>
        {text.states.copy}
      </Button>
    </details>
  );
}
