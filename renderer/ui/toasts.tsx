import { useEffect, useState } from 'react';
import { create } from 'zustand';

export type Toast = { readonly id: number; readonly text: string; readonly undo?: () => void; readonly untilMs: number };

const shownMs = 10_000;
let nextId = 1;

const useToasts = create<{ readonly toasts: readonly Toast[]; add(toast: Toast): void; drop(id: number): void }>()((set) => ({
  toasts: [],
  add: (toast) => set(({ toasts }) => ({ toasts: [...toasts.slice(-2), toast] })),
  drop: (id) => set(({ toasts }) => ({ toasts: toasts.filter((one) => one.id !== id) })),
}));

/** Say what was done, with the way back for 10 s where there is one. */
export function toast(text: string, undo?: () => void): void {
  const id = nextId++;
  useToasts.getState().add({ id, text, untilMs: Date.now() + shownMs, ...(undo ? { undo } : {}) });
  setTimeout(() => useToasts.getState().drop(id), shownMs);
}

/** Undo what the newest toast tells of; false when there is nothing to undo. */
export function undoLast(): boolean {
  const last = useToasts.getState().toasts.findLast((one) => one.undo);
  if (!last?.undo) return false;
  useToasts.getState().drop(last.id);
  last.undo();
  return true;
}

export function Toasts({ undoLabel, secondsLeft }: { readonly undoLabel: string; readonly secondsLeft: (seconds: number) => string }) {
  const toasts = useToasts((state) => state.toasts);
  const drop = useToasts((state) => state.drop);
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    if (toasts.length === 0) return;
    const timer = setInterval(() => setNowMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, [toasts.length]);
  return (
    <div className="toasts" aria-live="polite">
      {toasts.map((one) => (
        <div className="toast" key={one.id}>
          <span>{one.text}</span>
          {one.undo && (
            <>
              <button
                type="button"
                onClick={() => {
                  drop(one.id);
                  one.undo?.();
                }}
              >
                {undoLabel}
              </button>
              <span className="t2" aria-hidden>
                {secondsLeft(Math.max(0, Math.ceil((one.untilMs - Math.max(nowMs, one.untilMs - shownMs)) / 1000)))}
              </span>
            </>
          )}
        </div>
      ))}
    </div>
  );
}
