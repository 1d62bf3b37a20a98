import { useState } from 'react';
import { useChange } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Banner, Button } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';

/** Offer to make a secret on this PC. What was made stands in the form as a reference; the secret itself never comes here. */
export function MadeSecret({
  kind,
  field,
  isMade,
  onChange,
}: {
  readonly kind: string;
  readonly field: string;
  readonly isMade: boolean;
  readonly onChange: (reference: string) => void;
}) {
  const words = useText().connections.made;
  const [handOver, setHandOver] = useState('');
  const make = useChange((client, _: undefined) => client.connections.makeSecret({ kind, field }));
  const onMade = ({ reference, handOver: line }: { readonly reference: string; readonly handOver: string }) => {
    setHandOver(line);
    onChange(reference);
  };
  return (
    <div className="stack tight">
      {isMade && handOver !== '' && <HandOver line={handOver} />}
      <div className="actions">
        {isMade ? (
          <Button isForm onClick={() => onChange('')}>
            {words.enterInstead}
          </Button>
        ) : (
          <Button isForm isBusy={make.isPending} onClick={() => make.mutate(undefined, { onSuccess: onMade })}>
            {words.make}
          </Button>
        )}
      </div>
      {make.error && <FaultNote fault={faultOf(make.error)} />}
    </div>
  );
}

/** Show the half of a stored secret that is for the other side when somebody asks for it. */
export function StoredHandOver({ id, field }: { readonly id: string; readonly field: string }) {
  const words = useText().connections.made;
  const show = useChange((client, _: undefined) => client.connections.handOver({ id, field }));
  if (show.data?.handOver) return <HandOver line={show.data.handOver} />;
  return (
    <>
      <Button isBusy={show.isPending} onClick={() => show.mutate(undefined)}>
        {words.show}
      </Button>
      {show.error && <FaultNote fault={faultOf(show.error)} />}
    </>
  );
}

function HandOver({ line }: { readonly line: string }) {
  const text = useText();
  const copy = () => void navigator.clipboard?.writeText(line).then(() => toast(text.connections.made.copied));
  return (
    <>
      <Banner tone="info" title={text.connections.made.handOver} />
      <output className="key">{line}</output>
      <div className="actions">
        <Button isForm onClick={copy}>
          {text.states.copy}
        </Button>
      </div>
    </>
  );
}
