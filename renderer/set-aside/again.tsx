import { Switch, Textarea } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { LetterFilter, OpenedLetter } from '../../contract/dead-letter.ts';
import type { FaultReport } from '../../contract/faults.ts';
import type { Mapping } from '../../contract/mapping.ts';
import type { ReplayOrder, ReplayProgress } from '../../contract/replay.ts';
import { useClient } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button } from '../ui/pieces.tsx';
import { MappingEdit } from './mapping-edit.tsx';
import { Outcome } from './outcome.tsx';
import styles from './set-aside.module.css';

type Scope = 'this' | 'chosen' | 'all';
type How = 'as-now' | 'corrected' | 'mapping';

type AgainProps = {
  readonly letter: OpenedLetter;
  readonly chosen: ReadonlySet<number>;
  readonly filter: LetterFilter;
  readonly total: number;
  /** The newest row that the list shows: what comes later is not meant by "all". */
  readonly upToId: number;
};

/** Try one row again, the chosen ones or all: first what would come of it, then for good. */
export function Again({ letter, chosen, filter, total, upToId }: AgainProps) {
  const text = useText();
  const clock = useClock();
  const { again } = text.setAside;
  const [scope, setScope] = useState<Scope>('this');
  const [how, setHow] = useState<How>('as-now');
  const [row, setRow] = useState(() => rowText(letter));
  const [mapping, setMapping] = useState<Mapping | null>(letter.mapping);
  const [keepsMapping, setKeepsMapping] = useState(false);
  const run = useReplay();
  /** What was found for another question says nothing about this one. */
  const asked =
    <T,>(set: (value: T) => void) =>
    (value: T) => {
      set(value);
      run.forget();
    };
  const isCorrected = how === 'corrected';
  const reach = isCorrected ? 'this' : scope === 'chosen' && chosen.size === 0 ? 'this' : scope;
  const order = (): ReplayOrder => ({
    letters: reach === 'this' ? { ids: [letter.id] } : reach === 'chosen' ? { ids: [...chosen] } : { filter, upToId },
    ...(how === 'mapping' && mapping ? { mapping } : {}),
    ...(isCorrected ? { text: row ?? '' } : {}),
  });
  const hows: readonly How[] = ['as-now', ...(row === null ? [] : ['corrected' as const]), 'mapping'];
  const scopes: readonly Scope[] = ['this', ...(chosen.size > 0 ? ['chosen' as const] : []), ...(total > 1 ? ['all' as const] : [])];
  const counts: Record<Scope, number> = { this: 1, chosen: chosen.size, all: total };
  const isBusy = run.state === 'rehearsing' || run.state === 'replaying';
  const keep = () => void run.replay(order(), how === 'mapping' && keepsMapping ? mapping : null);
  return (
    <section className={styles.again} aria-label={again.title}>
      <h3 className="sec" tabIndex={-1} data-again>
        {again.title}
      </h3>
      <Choice legend={again.how} options={hows} chosen={how} label={(one) => again.hows[one]} onChoose={asked(setHow)} />
      {isCorrected && (
        <Textarea
          label={again.row}
          description={again.rowHelp}
          value={row ?? ''}
          onChange={(event) => asked(setRow)(event.currentTarget.value)}
          autosize
          minRows={2}
          maxRows={10}
          classNames={{ input: 'mono' }}
          id="corrected-row"
        />
      )}
      {how === 'mapping' && mapping && (
        <>
          <MappingEdit mapping={mapping} field={letter.field} onChange={asked(setMapping)} />
          <Switch
            label={again.keepMapping(mapping.title)}
            checked={keepsMapping}
            onChange={(event) => setKeepsMapping(event.currentTarget.checked)}
          />
        </>
      )}
      {!isCorrected && scopes.length > 1 && (
        <Choice
          legend={again.scope}
          options={scopes}
          chosen={reach}
          label={(one) => again.scopes[one](clock.number(counts[one]))}
          onChoose={asked(setScope)}
        />
      )}
      <div className="actions">
        <Button onClick={() => void run.rehearse(order())} isBusy={run.state === 'rehearsing'} isDisabled={isBusy}>
          {again.rehearse}
        </Button>
        {run.state === 'rehearsed' && run.progress && run.progress.kept + run.progress.newer + run.progress.structure > 0 && (
          <Button look="primary" onClick={keep}>
            {again.keep}
          </Button>
        )}
        {isBusy && <Button onClick={run.stop}>{again.stop}</Button>}
      </div>
      {isBusy && run.progress && run.progress.total > 1 && (
        <progress max={run.progress.total} value={run.progress.done} aria-label={again.progress} />
      )}
      <p role="status" className="strong">
        {run.state === 'stopped' && again.stopped}
        {run.state === 'replayed' && again.done}
        {run.state === 'rehearsed' && again.rehearsed}
      </p>
      <div>{run.progress && <Outcome progress={run.progress} isDone={run.state === 'replaying' || run.state === 'replayed'} />}</div>
      {run.fault && <FaultNote fault={run.fault} />}
    </section>
  );
}

/** The row as text, to be corrected; null where it is not whole, not read in one way, or stands for a whole file. */
function rowText({ content, rule }: OpenedLetter): string | null {
  if (content.kind !== 'bytes' || content.isCut || rule === 'letters-unsure' || rule === 'header-unusable') return null;
  const bytes = Uint8Array.from(atob(content.base64), (letter) => letter.charCodeAt(0));
  return new TextDecoder(content.encoding, { ignoreBOM: true }).decode(bytes);
}

type ChoiceProps<T extends string> = {
  readonly legend: string;
  readonly options: readonly T[];
  readonly chosen: T;
  readonly label: (one: T) => string;
  readonly onChoose: (one: T) => void;
};

function Choice<T extends string>({ legend, options, chosen, label, onChoose }: ChoiceProps<T>) {
  return (
    <fieldset className="hstack plain-fieldset">
      <legend>{legend}</legend>
      {options.map((one) => (
        <button type="button" className={`btn ${styles.view}`} key={one} aria-pressed={chosen === one} onClick={() => onChoose(one)}>
          {label(one)}
        </button>
      ))}
    </fieldset>
  );
}

type State = 'new' | 'rehearsing' | 'rehearsed' | 'replaying' | 'replayed' | 'stopped';

/** Runs a rehearsal or a replay, tells how far it is, and stops it when it is told to or its screen is left. */
function useReplay() {
  const client = useClient();
  const queries = useQueryClient();
  const [state, setState] = useState<State>('new');
  const [progress, setProgress] = useState<ReplayProgress | null>(null);
  const [fault, setFault] = useState<FaultReport | null>(null);
  const over = useRef<AbortController | null>(null);
  useEffect(() => () => over.current?.abort(), []);
  const follow = async (mode: 'rehearse' | 'replay', order: ReplayOrder) => {
    const controller = new AbortController();
    over.current = controller;
    setFault(null);
    setProgress(null);
    setState(mode === 'rehearse' ? 'rehearsing' : 'replaying');
    try {
      for await (const step of await client.deadLetters[mode](order, { signal: controller.signal })) setProgress(step);
      setState(mode === 'rehearse' ? 'rehearsed' : 'replayed');
    } catch (error) {
      setState('stopped');
      if (!controller.signal.aborted) setFault(faultOf(error));
    }
    if (mode === 'replay') void queries.invalidateQueries({ queryKey: ['letter-counts'] });
  };
  const replay = async (order: ReplayOrder, mapping: Mapping | null) => {
    if (mapping) {
      try {
        await client.mappings.save(mapping);
        void queries.invalidateQueries({ queryKey: ['mappings'] });
      } catch (error) {
        setFault(faultOf(error));
        return;
      }
    }
    await follow('replay', order);
  };
  return {
    state,
    progress,
    fault,
    rehearse: (order: ReplayOrder) => follow('rehearse', order),
    replay,
    stop: () => over.current?.abort(),
    forget: () => {
      setState('new');
      setProgress(null);
      setFault(null);
    },
  };
}
