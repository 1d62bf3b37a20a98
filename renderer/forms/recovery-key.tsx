import { useState } from 'react';
import { useChange } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Banner, Button } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';

/** The recovery key, shown when a person asks for it, with what it can do in the wrong hands. */
export function RecoveryKey({ onKept }: { readonly onKept: (() => void) | null }) {
  const text = useText();
  const [key, setKey] = useState('');
  const show = useChange((client, _: undefined) => client.agent.recoveryKey({}));
  const confirm = useChange((client, _: undefined) => client.agent.confirmRecoveryKey({}));
  const copy = () => void navigator.clipboard?.writeText(key).then(() => toast(text.recovery.copied));
  return (
    <div className="stack">
      <p className="muted">{text.recovery.body}</p>
      {key === '' ? (
        <div>
          <Button
            isForm
            look={onKept ? 'primary' : 'plain'}
            isBusy={show.isPending}
            onClick={() => show.mutate(undefined, { onSuccess: ({ recoveryKey }) => setKey(recoveryKey) })}
          >
            {text.recovery.show}
          </Button>
        </div>
      ) : (
        <>
          <output className="key">{key}</output>
          <Banner tone="warn" title={text.recovery.warning} />
          <div className="actions">
            {onKept && (
              <Button look="primary" isForm onClick={() => confirm.mutate(undefined, { onSuccess: onKept })}>
                {text.recovery.kept}
              </Button>
            )}
            <Button isForm onClick={copy}>
              {text.states.copy}
            </Button>
            {!onKept && (
              <Button isForm look="quiet" onClick={() => setKey('')}>
                {text.states.close}
              </Button>
            )}
          </div>
        </>
      )}
      {show.error && <FaultNote fault={faultOf(show.error)} />}
    </div>
  );
}
