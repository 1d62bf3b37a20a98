import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { CertificatePlan } from '../../contract/certificate.ts';
import { useChange } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';
import styles from './certificate.module.css';

/** At which time of the hotel a certificate is made by itself. */
export function Plan({ plan }: { readonly plan: CertificatePlan }) {
  const { plan: words } = useText().certificate;
  const [at, setAt] = useState(plan.at ?? '06:00');
  const [isTried, setTried] = useState(false);
  const save = useChange((client, wanted: CertificatePlan) => client.certificates.setPlan(wanted));
  const isTime = /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(at);
  const set = (wanted: CertificatePlan) =>
    void save.mutateAsync(wanted).then(
      () => toast(words.saved),
      // A refusal is said by the form.
      () => undefined,
    );
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isTime) set({ at });
    else document.getElementById('certificate-at')?.focus();
  };
  return (
    <form className={styles.plan} onSubmit={submit} noValidate aria-label={words.title}>
      <TextInput
        id="certificate-at"
        label={words.at}
        description={words.why}
        maxLength={5}
        value={at}
        error={isTried && !isTime ? words.help : null}
        onChange={(event) => setAt(event.currentTarget.value)}
      />
      {save.error && <FaultNote fault={faultOf(save.error)} />}
      <div className="actions">
        <Button type="submit" isForm isBusy={save.isPending}>
          {words.save}
        </Button>
        {plan.at !== null && (
          <Button isForm look="quiet" isDisabled={save.isPending} onClick={() => set({ at: null })}>
            {words.off}
          </Button>
        )}
      </div>
    </form>
  );
}
