import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { BackupPlan, BackupProgress, BackupStanding, LyingBackup } from '../../contract/backup.ts';
import type { FaultReport } from '../../contract/faults.ts';
import { useChange, useClient } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Banner, Button, Skeleton, Status } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';
import styles from './backups.module.css';

/** When backups are made and to where, how the last ones stand, and a button for one now. */
export function Backups() {
  const text = useText();
  const { backups } = text.kept;
  const client = useClient();
  const { data, error, refetch } = useQuery({ queryKey: ['backups'], queryFn: ({ signal }) => client.backups.get({}, { signal }) });
  return (
    <section className="stack" aria-label={backups.title}>
      <h2 className="sec">{backups.title}</h2>
      <p>{backups.intro}</p>
      {error && <FaultNote fault={faultOf(error)} actions={<Button onClick={() => void refetch()}>{text.states.tryAgain}</Button>} />}
      {!data && !error && <Skeleton rows={3} label={text.states.loading} />}
      {data && <Plan key={JSON.stringify(data.plan)} plan={data.plan} />}
      {data?.plan && <Standing standing={data} onMade={() => void refetch()} />}
    </section>
  );
}

function Plan({ plan }: { readonly plan: BackupPlan | null }) {
  const text = useText();
  const { backups } = text.kept;
  const [folder, setFolder] = useState(plan?.folder ?? '');
  const [at, setAt] = useState(plan?.at ?? '02:30');
  const [keep, setKeep] = useState(String(plan?.keep ?? 14));
  const save = useChange((client, wanted: BackupPlan | null) => client.backups.setPlan({ plan: wanted }));
  // Another plan draws this form anew, which is no reason not to say that it was saved. A refusal is said by the form.
  const set = (wanted: BackupPlan | null, words: string) =>
    void save.mutateAsync(wanted).then(
      () => toast(words),
      () => undefined,
    );
  const isTime = /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(at);
  const isCount = /^\d{1,3}$/.test(keep) && Number(keep) >= 1 && Number(keep) <= 365;
  const [isTried, setTried] = useState(false);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    const wrong = folder.trim() === '' ? 'folder' : isTime ? (isCount ? null : 'keep') : 'at';
    if (wrong) document.getElementById(`backups-${wrong}`)?.focus();
    else set({ folder: folder.trim(), at, keep: Number(keep) }, backups.saved);
  };
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <TextInput
        id="backups-folder"
        label={backups.folder}
        description={backups.folderHelp}
        placeholder="E:\Backups"
        maxLength={500}
        value={folder}
        error={isTried && folder.trim() === '' ? text.connections.required : null}
        onChange={(event) => setFolder(event.currentTarget.value)}
      />
      <div className={styles.pair}>
        <TextInput
          id="backups-at"
          label={backups.at}
          maxLength={5}
          value={at}
          error={isTried && !isTime ? backups.atHelp : null}
          onChange={(event) => setAt(event.currentTarget.value)}
        />
        <TextInput
          id="backups-keep"
          label={backups.keep}
          inputMode="numeric"
          maxLength={3}
          value={keep}
          error={isTried && !isCount ? backups.keepHelp : null}
          onChange={(event) => setKeep(event.currentTarget.value)}
        />
      </div>
      {save.error && <FaultNote fault={faultOf(save.error)} />}
      <div className="actions">
        <Button type="submit" isForm look={plan ? 'plain' : 'primary'} isBusy={save.isPending}>
          {plan ? text.states.save : backups.begin}
        </Button>
        {plan && (
          <Button isForm look="quiet" isDisabled={save.isPending} onClick={() => set(null, backups.ended)}>
            {backups.end}
          </Button>
        )}
      </div>
    </form>
  );
}

function Standing({ standing, onMade }: { readonly standing: BackupStanding; readonly onMade: () => void }) {
  const { backups: words } = useText().kept;
  const clock = useClock();
  const client = useClient();
  const [asked, setAsked] = useState<BackupProgress | null>(null);
  const [fault, setFault] = useState<FaultReport | null>(null);
  const over = useRef<AbortController | null>(null);
  useEffect(() => () => over.current?.abort(), []);
  const run = async () => {
    const controller = new AbortController();
    over.current = controller;
    setFault(null);
    setAsked({ phase: 'snapshot', doneBytes: 0, totalBytes: 0, result: null });
    try {
      for await (const step of await client.backups.now({}, { signal: controller.signal })) setAsked(step);
      toast(words.made);
    } catch (error) {
      if (!controller.signal.aborted) setFault(faultOf(error));
    }
    setAsked(null);
    onMade();
  };
  const underWay = asked ?? standing.underWay;
  const { backups, lastVerifiedAtMs, nextAtMs, lastFault, lastFailedAtMs } = standing;
  const shown = fault ?? lastFault;
  const moment = (atMs: number) => clock.moment(atMs, Date.now());
  return (
    <>
      <div role="status" className="stack tight">
        {underWay ? (
          <Progress progress={underWay} />
        ) : (
          <p>
            <Status tone={lastVerifiedAtMs === null || shown ? 'warn' : 'ok'}>
              {lastVerifiedAtMs === null ? words.none : words.verified(moment(lastVerifiedAtMs))}
            </Status>
          </p>
        )}
        {nextAtMs !== null && !underWay && <p className="muted">{words.next(moment(nextAtMs))}</p>}
      </div>
      {shown && !underWay && (
        <>
          {fault === null && lastFailedAtMs !== null && <Banner tone="warn" title={words.failed(moment(lastFailedAtMs))} />}
          <FaultNote fault={shown} tone="warn" />
        </>
      )}
      <div className="actions">
        <Button isForm isBusy={underWay !== null} onClick={() => void run()}>
          {words.now}
        </Button>
      </div>
      {backups.length > 0 && <List backups={backups} />}
    </>
  );
}

function Progress({ progress: { phase, doneBytes, totalBytes } }: { readonly progress: BackupProgress }) {
  const { backups } = useText().kept;
  const clock = useClock();
  const of = totalBytes > 0 ? ` ${backups.of(clock.bytes(doneBytes), clock.bytes(totalBytes))}` : '';
  return (
    <>
      <progress className={styles.meter} max={Math.max(1, totalBytes)} value={doneBytes} aria-label={backups.title} />
      <p>
        {backups.phases[phase]}
        {of}
      </p>
    </>
  );
}

function List({ backups }: { readonly backups: readonly LyingBackup[] }) {
  const { backups: words } = useText().kept;
  const clock = useClock();
  return (
    <table className={styles.table}>
      <caption className="small muted">{words.lying}</caption>
      <thead>
        <tr>
          <th scope="col">{words.columns.made}</th>
          <th scope="col" className="num">
            {words.columns.records}
          </th>
          <th scope="col" className="num">
            {words.columns.rawFiles}
          </th>
          <th scope="col">{words.columns.drill}</th>
        </tr>
      </thead>
      <tbody>
        {backups.map(({ name, madeAtMs, records, rawFiles, drill }) => (
          <tr key={name}>
            <td>{clock.moment(madeAtMs, Date.now())}</td>
            <td className="num">{clock.number(records)}</td>
            <td className="num">{clock.number(rawFiles)}</td>
            <td>
              <Status tone={drill?.isWell ? 'ok' : 'warn'}>
                {drill === null ? words.noDrill : drill.isWell ? words.drilled : words.drillFailed}
              </Status>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
