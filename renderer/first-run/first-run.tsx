import { useCallback, useRef, useState } from 'react';
import type { AgentFacts } from '../../contract/api.ts';
import type { Connection } from '../../contract/connection.ts';
import { ConnectionForm } from '../forms/connection-form.tsx';
import { HotelForm } from '../forms/hotel-form.tsx';
import { KindChoice } from '../forms/kind-choice.tsx';
import { RecoveryKey } from '../forms/recovery-key.tsx';
import { useChange, useKinds } from '../line.tsx';
import { goTo } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { useSetUp } from '../set-up.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { BrandMark, Button, ToneIcon } from '../ui/pieces.tsx';
import { Toasts, toast } from '../ui/toasts.tsx';
import type { Entered } from '../wizard/entered.ts';
import { Wizard } from '../wizard/wizard.tsx';
import styles from './first-run.module.css';

const steps = ['hotel', 'recovery', 'source', 'destination'] as const;
type Step = (typeof steps)[number];

/** What a person sees who has just installed Bellhop: explore, or connect the hotel in four steps. */
export function FirstRun({ facts, connections }: { readonly facts: AgentFacts; readonly connections: readonly Connection[] }) {
  const text = useText();
  const { isSettingUp, set } = useSetUp();
  return (
    <div className={styles.page}>
      <main className={styles.sheet}>
        <div className="hstack">
          <BrandMark />
          <span className="strong">Bellhop</span>
        </div>
        {isSettingUp ? (
          <SetUp facts={facts} connections={connections} />
        ) : (
          <>
            <div className="stack">
              <h1 className="title">{text.firstRun.title}</h1>
              <p className="muted">{text.firstRun.body}</p>
            </div>
            <div className={styles.choices}>
              <section className={styles.choice} aria-label={text.firstRun.connect.title}>
                <h2 className="sec">{text.firstRun.connect.title}</h2>
                <p className="muted">{text.firstRun.connect.body}</p>
                <Button look="primary" isForm onClick={() => set(true)}>
                  {text.firstRun.connect.button}
                </Button>
              </section>
              <Explore />
            </div>
          </>
        )}
      </main>
      <Toasts undoLabel={text.states.undo} secondsLeft={text.states.secondsLeft} />
    </div>
  );
}

function Explore() {
  const text = useText();
  const explore = useChange((client, _: undefined) => client.sandbox.explore({}));
  const words = text.firstRun.explore;
  return (
    <section className={styles.choice} aria-label={words.title}>
      <h2 className="sec">{words.title}</h2>
      <p className="muted">{words.body}</p>
      {explore.data ? (
        <>
          <p role="status">{words.ready}</p>
          <a className="btn primary form" href={explore.data.url} target="_blank" rel="noreferrer">
            {words.open}
          </a>
        </>
      ) : (
        <Button isForm isBusy={explore.isPending} onClick={() => explore.mutate(undefined)}>
          {explore.isPending ? words.starting : words.button}
        </Button>
      )}
      {explore.error && <FaultNote fault={faultOf(explore.error)} />}
    </section>
  );
}

function SetUp({ facts, connections }: { readonly facts: AgentFacts; readonly connections: readonly Connection[] }) {
  const text = useText();
  const [step, setStep] = useState<Step>(facts.property === null ? 'hotel' : facts.recoveryKeyShown ? 'source' : 'recovery');
  const finish = useSetUp((state) => state.set);
  const at = steps.indexOf(step);
  const next = () => {
    const following = steps[at + 1];
    if (following) return setStep(following);
    finish(false);
    goTo('monitoring');
    toast(text.firstRun.done);
  };
  return (
    <>
      <ol className={styles.steps} aria-label={text.firstRun.progress(at + 1, steps.length)}>
        {steps.map((one, index) => (
          <li
            key={one}
            className={index < at ? styles.past : index === at ? styles.now : ''}
            aria-current={index === at ? 'step' : undefined}
          >
            {text.firstRun.steps[one]}
            <small>{text.firstRun.who[one]}</small>
          </li>
        ))}
      </ol>
      <h1 className="title">{text.firstRun.steps[step]}</h1>
      {step === 'hotel' && <HotelForm property={facts.property} submitLabel={text.states.next} onSaved={next} />}
      {step === 'recovery' && <RecoveryKey onKept={next} />}
      {(step === 'source' || step === 'destination') && <ConnectStep key={step} direction={step} existing={connections} onDone={next} />}
    </>
  );
}

function ConnectStep({
  direction,
  existing,
  onDone,
}: {
  readonly direction: 'source' | 'destination';
  readonly existing: readonly Connection[];
  readonly onDone: () => void;
}) {
  const text = useText();
  const kinds = useKinds();
  const fitting = kinds.data?.filter((kind) => kind.direction === direction) ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  // With one kind there is nothing to choose.
  const kind = fitting.find((one) => one.kind === chosen) ?? (fitting.length === 1 ? fitting[0] : undefined);
  const entered = useRef(new Map<string, Entered>());
  const kindId = kind?.kind;
  const keep = useCallback((now: Entered) => void (kindId && entered.current.set(kindId, now)), [kindId]);
  if (!kinds.data) return <ToneIcon tone="busy" />;
  const saved = ({ title }: Connection) => {
    toast(text.connections.saved(title));
    onDone();
  };
  const cancel = fitting.length > 1 ? () => setChosen(null) : null;
  return (
    <>
      {kind?.isDatabase ? (
        <Wizard kind={kind} entered={entered.current.get(kind.kind)} onEntered={keep} onSaved={saved} onCancel={cancel} />
      ) : kind ? (
        <ConnectionForm kind={kind} connection={null} onCancel={cancel} onSaved={saved} />
      ) : (
        <KindChoice kinds={fitting} onChoose={(one) => setChosen(one.kind)} />
      )}
      <div>
        <Button look="quiet" onClick={onDone}>
          {existing.some((one) => one.direction === direction) ? text.states.next : text.firstRun.skip}
        </Button>
      </div>
    </>
  );
}
