import { useCallback, useRef, useState } from 'react';
import type { Connection, SystemKind } from '../../contract/connection.ts';
import { ConnectionForm } from '../forms/connection-form.tsx';
import { KindChoice } from '../forms/kind-choice.tsx';
import { useKinds } from '../line.tsx';
import { goTo } from '../router.ts';
import { useText } from '../text/text.tsx';
import { Skeleton } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';
import type { Entered } from '../wizard/entered.ts';
import { Wizard } from '../wizard/wizard.tsx';

/** Add a connection: first what it is, then its form. */
export function Add() {
  const text = useText();
  const kinds = useKinds();
  const [kind, setKind] = useState<SystemKind | null>(null);
  // What was entered for a kind is there again when its kind is chosen once more.
  const entered = useRef(new Map<string, Entered>());
  const keep = useCallback((now: Entered) => void (kind && entered.current.set(kind.kind, now)), [kind]);
  const saved = ({ id, title }: Connection) => {
    toast(text.connections.saved(title));
    goTo('connections', id);
  };
  const words = kind && (text.kinds[kind.kind] ?? kind);
  return (
    <>
      <div className="viewhead">
        <h2 className="sec">{words?.title ?? text.connections.add}</h2>
      </div>
      <div className="scroll">
        <div className="page">
          {!kinds.data && <Skeleton rows={3} label={text.states.loading} />}
          {kinds.data && !kind && (
            <>
              <h3 className="title">{text.connections.chooseKind}</h3>
              {(['source', 'destination'] as const).map((direction) => (
                <div className="stack" key={direction}>
                  <h4 className="label">{text.connections[direction]}</h4>
                  <KindChoice kinds={kinds.data.filter((one) => one.direction === direction)} onChoose={setKind} />
                </div>
              ))}
            </>
          )}
          {kind?.isDatabase && (
            <Wizard kind={kind} entered={entered.current.get(kind.kind)} onEntered={keep} onSaved={saved} onCancel={() => setKind(null)} />
          )}
          {kind && !kind.isDatabase && <ConnectionForm kind={kind} connection={null} onCancel={() => setKind(null)} onSaved={saved} />}
        </div>
      </div>
    </>
  );
}
