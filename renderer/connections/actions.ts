import type { Connection } from '../../contract/connection.ts';
import { useChange } from '../line.tsx';
import { goTo } from '../router.ts';
import { useText } from '../text/text.tsx';
import { toast } from '../ui/toasts.tsx';

/** What can be done with a connection. Nothing is asked that can be undone: it is done, and the way back is offered. */
export function useActions() {
  const text = useText();
  const pause = useChange((client, id: string) => client.connections.pause({ id }));
  const resume = useChange((client, id: string) => client.connections.resume({ id }));
  const syncNow = useChange((client, id: string) => client.connections.syncNow({ id }));
  const removal = useChange((client, id: string) => client.connections.remove({ id }));
  const restore = useChange((client, id: string) => client.connections.restore({ id }));
  return {
    sync: ({ id, title }: Connection) => syncNow.mutate(id, { onSuccess: () => toast(text.connections.synced(title)) }),
    pauseOrResume: ({ id, title, isPaused }: Connection) => {
      if (isPaused) resume.mutate(id, { onSuccess: () => toast(text.connections.resumed(title), () => pause.mutate(id)) });
      else pause.mutate(id, { onSuccess: () => toast(text.connections.paused(title), () => resume.mutate(id)) });
    },
    remove: ({ id, title }: Connection) =>
      removal.mutate(id, {
        onSuccess: () => {
          goTo('connections');
          toast(text.connections.removed(title), () => restore.mutate(id, { onSuccess: () => goTo('connections', id) }));
        },
      }),
    error: pause.error ?? resume.error ?? syncNow.error ?? removal.error ?? restore.error,
  };
}
