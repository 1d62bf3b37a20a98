import type { SystemKind } from '../../contract/connection.ts';
import { useText } from '../text/text.tsx';

/** The kinds of system that can be connected, each with a sentence. */
export function KindChoice({ kinds, onChoose }: { readonly kinds: readonly SystemKind[]; readonly onChoose: (kind: SystemKind) => void }) {
  const text = useText();
  return (
    <ul className="stack">
      {kinds.map((kind) => {
        const words = text.kinds[kind.kind] ?? kind;
        return (
          <li key={kind.kind}>
            <button type="button" className="choice" onClick={() => onChoose(kind)}>
              <span className="strong">{words.title}</span>
              <span className="muted">{words.summary}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
