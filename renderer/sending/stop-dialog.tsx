import { Modal, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useChange } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';

type Until = 'reset' | 'trial';
type DialogProps = { readonly id: string; readonly title: string; readonly onClose: () => void };

/** Stop sending to a destination: why, and for how long. */
export function StopDialog({ id, title, onClose }: DialogProps) {
  const text = useText();
  const { sending } = text;
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState<Until>('reset');
  const trip = useChange((client, given: { id: string; reason: string; until: Until }) => client.connections.tripBreaker(given));
  const stop = () =>
    trip.mutate(
      { id, reason, until },
      {
        onSuccess: () => {
          onClose();
          toast(sending.stopped(title));
        },
      },
    );
  return (
    <Modal
      opened
      onClose={onClose}
      title={<span className="strong">{sending.stopTitle(title)}</span>}
      size={480}
      closeButtonProps={{ 'aria-label': text.states.close }}
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim() !== '') stop();
        }}
      >
        <p>{sending.stopHelp}</p>
        <TextInput
          label={sending.reason}
          description={sending.reasonHelp}
          maxLength={200}
          required
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Select
          label={sending.until}
          data={(['reset', 'trial'] as const).map((value) => ({ value, label: sending.untils[value] }))}
          value={until}
          allowDeselect={false}
          onChange={(value) => setUntil(value === 'trial' ? 'trial' : 'reset')}
        />
        {trip.error && <FaultNote fault={faultOf(trip.error)} />}
        <div className="actions">
          <Button look="primary" type="submit" isBusy={trip.isPending} isDisabled={reason.trim() === ''}>
            {sending.stopNow}
          </Button>
          <Button look="quiet" onClick={onClose}>
            {text.states.cancel}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
