import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { AgentFacts } from '../../contract/api.ts';
import { useLine } from '../line.tsx';
import { goTo, type Place, places } from '../router.ts';
import { useClock, useText } from '../text/text.tsx';
import { useKeys } from '../ui/keys.ts';
import { BrandMark, Kbd, ToneIcon } from '../ui/pieces.tsx';
import { Toasts, undoLast } from '../ui/toasts.tsx';
import { useNow } from '../ui/use-now.ts';
import { DeliveryLine } from './delivery-line.tsx';
import { Palette } from './palette.tsx';
import { Rail } from './rail.tsx';
import { Shortcuts } from './shortcuts.tsx';

/** What stands round every screen: title bar, rail, delivery line; and what is called from everywhere. */
export function Frame({ facts, children }: { readonly facts: AgentFacts; readonly children: ReactNode }) {
  const text = useText();
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null);
  const go = (place: Place) => () => goTo(place);
  useKeys({
    'ctrl+k': () => setOpen('palette'),
    '?': () => setOpen('shortcuts'),
    ...Object.fromEntries(places.map((place, at) => [String(at + 1), go(place)])),
    z: () => void undoLast(),
  });
  return (
    <div className={`app ${facts.isSandbox ? 'has-sandbox' : ''}`}>
      <button type="button" className="skip" onClick={() => document.getElementById('content')?.focus()}>
        {text.frame.skip}
      </button>
      {facts.isSandbox && (
        <p className="sandbox">
          <ToneIcon tone="info" />
          {text.frame.sandbox}
        </p>
      )}
      <header className="titlebar">
        <div className="tb-left">
          <BrandMark />
          <span className="tb-name">Bellhop</span>
          <span className="tb-prop trim">{facts.property?.name}</span>
        </div>
        <button type="button" className="omni" onClick={() => setOpen('palette')}>
          <IconSearch size={14} stroke={1.75} aria-hidden />
          <span>{text.frame.search}</span>
          <span className="kbds" aria-hidden>
            <Kbd>Ctrl</Kbd>
            <Kbd>K</Kbd>
          </span>
        </button>
        <div className="tb-right" />
      </header>
      <Rail onShortcuts={() => setOpen('shortcuts')} />
      <main className="main" id="content" tabIndex={-1}>
        <Offline />
        {children}
      </main>
      <DeliveryLine />
      <Palette isOpen={open === 'palette'} onClose={() => setOpen(null)} onShortcuts={() => setOpen('shortcuts')} />
      <Shortcuts isOpen={open === 'shortcuts'} onClose={() => setOpen(null)} />
      <Toasts undoLabel={text.states.undo} secondsLeft={text.states.secondsLeft} />
    </div>
  );
}

function Offline() {
  const { lostAtMs } = useLine();
  const text = useText();
  const clock = useClock();
  const nowMs = useNow(1000);
  if (lostAtMs === null) return null;
  return (
    <p className="stale-note" role="alert">
      <ToneIcon tone="warn" />
      {text.line.offline(clock.span(nowMs - lostAtMs))}
    </p>
  );
}
