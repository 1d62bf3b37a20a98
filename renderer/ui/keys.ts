import { useEffect, useRef } from 'react';

/** Keys that a screen answers: `j`, `Enter`, `?`, or `ctrl+k`. A field that is being written in keeps its keys. */
export type KeyMap = Readonly<Record<string, () => void>>;

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function useKeys(keys: KeyMap): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const withControl = event.ctrlKey || event.metaKey;
      const name = withControl ? `ctrl+${event.key.toLowerCase()}` : event.key.length === 1 ? event.key.toLowerCase() : event.key;
      if (event.defaultPrevented || event.altKey || (!withControl && (isWriting(event.target) || document.querySelector('[role=dialog]'))))
        return;
      // Enter on a button or a link is that button's own.
      if (name === 'Enter' && event.target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(event.target.tagName)) return;
      const run = current.current[name];
      if (!run) return;
      event.preventDefault();
      run();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);
}
