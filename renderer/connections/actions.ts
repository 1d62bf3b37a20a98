import type { Connection } from '../../contract/connection.ts';
import { useChange } from '../line.tsx';
import { goTo } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { faultText, useText } from '../text/text.tsx';
import { toast } from '../ui/toasts.tsx';

type Change = { mutateAsync(id: string): Promise<unknown> };
export type Actions = ReturnType<typeof useActions>;

/**
 * What can be done with a connection. Nothing is asked that can be undone: it is done, and the way back is offered.
 *
 * What follows hangs on the promise, not on the component: a connection that is removed takes its screen with it.
 */
export function useActions() {
  const text = useText();
  const pause = useChange((client, id: string) => client.connections.pause({ id }));
  const resume = useChange((client, id: string) => client.connections.resume({ id }));
  const syncNow = useChange((client, id: string) => client.connections.syncNow({ id }));
  const removal = useChange((client, id: string) => client.connections.remove({ id }));
  const takeOver = useChange((client, id: string) => client.connections.takeOver({ id }));
  const restore = useChange((client, id: string) => client.connections.restore({ id }));
  /** A failure is shown where the connection is, by `errorOf`. */
  const run = (change: Change, id: string, then: () => void) => void change.mutateAsync(id).then(then, () => undefined);
  /** The way back may be taken on another screen, so its failure is said here. */
  const goBack = (change: Change, id: string, then?: () => void) =>
    void change.mutateAsync(id).then(then, (error) => toast(faultText(text, faultOf(error)).what));
  return {
    sync: ({ id, title }: Connection) => run(syncNow, id, () => toast(text.connections.synced(title))),
    pauseOrResume: ({ id, title, isPaused }: Connection) => {
      if (isPaused) run(resume, id, () => toast(text.connections.resumed(title), () => goBack(pause, id)));
      else run(pause, id, () => toast(text.connections.paused(title), () => goBack(resume, id)));
    },
    takeOver: ({ id, title }: Connection) => run(takeOver, id, () => toast(text.connections.takeOver.done(title))),
    remove: ({ id, title }: Connection) =>
      run(removal, id, () => {
        goTo('connections');
        toast(text.connections.removed(title), () => goBack(restore, id, () => goTo('connections', id)));
      }),
    errorOf: (id: string) =>
      [pause, resume, syncNow, takeOver, removal].find((change) => change.error && change.variables === id)?.error ?? null,
  };
}
