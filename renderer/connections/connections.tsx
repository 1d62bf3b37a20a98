import { IconPlus } from '@tabler/icons-react';
import type { Connection } from '../../contract/connection.ts';
import type { SystemHealth } from '../../contract/health.ts';
import { useConnections, useOverview } from '../line.tsx';
import { goTo, hrefOf, routeNow, useRoute } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { useKeys } from '../ui/keys.ts';
import { Button, Empty, Kbd, Skeleton, Status, type Tone } from '../ui/pieces.tsx';
import { useActions } from './actions.ts';
import { Add } from './add.tsx';
import styles from './connections.module.css';
import { Detail } from './detail.tsx';

/** All connections on the left, one of them on the right. */
export function Connections() {
  const { id } = useRoute();
  const list = useConnections();
  const overview = useOverview();
  const text = useText();
  // In the order in which they stand on the screen.
  const connections = (['source', 'destination'] as const).flatMap(
    (direction) => list.data?.filter((one) => one.direction === direction) ?? [],
  );
  // With nothing chosen the first one is shown, so that the place is never empty.
  const chosenAt = (at: string | null) => connections.find((one) => one.id === at) ?? (at === null ? connections[0] : undefined);
  const chosen = chosenAt(id);
  // A key that follows another at once means the connection which that one has gone to.
  const meant = () => chosenAt(routeNow().id);
  const actions = useActions();
  const move = (step: number) => {
    const at = connections.findIndex((connection) => connection.id === meant()?.id);
    const next = connections[Math.min(connections.length - 1, Math.max(0, at + step))];
    if (next) goTo('connections', next.id);
  };
  const actOn = (act: (connection: Connection) => void) => {
    const connection = meant();
    if (connection) act(connection);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    n: () => goTo('connections', 'new'),
    Enter: () => document.getElementById('detail')?.focus(),
    s: () => actOn(actions.sync),
    p: () => actOn(actions.pauseOrResume),
  });
  const healthOf = (connection: Connection) => overview.data?.systems.find((system) => system.id === connection.id);
  return (
    <div className="split">
      <section aria-label={text.connections.title}>
        <div className="viewhead">
          <h1>{text.connections.title}</h1>
          <span className="faint">{connections.length}</span>
          <span className="grow" />
          <Button onClick={() => goTo('connections', 'new')} shortcut="N">
            <IconPlus size={14} stroke={1.75} aria-hidden />
            {text.connections.add}
          </Button>
        </div>
        <div className="scroll">
          {list.error && !list.data && <FaultNote fault={faultOf(list.error)} />}
          {!list.data && !list.error && <Skeleton rows={4} label={text.states.loading} />}
          {list.data && connections.length === 0 && <Empty {...text.connections.empty} />}
          {(['source', 'destination'] as const).map((direction) => (
            <Group
              key={direction}
              title={direction === 'source' ? text.connections.sources : text.connections.destinations}
              connections={connections.filter((one) => one.direction === direction)}
              chosenId={chosen?.id ?? null}
              healthOf={healthOf}
            />
          ))}
        </div>
        <div className="hints" aria-hidden>
          <span>
            <Kbd>J</Kbd> <Kbd>K</Kbd> {text.connections.hints.move}
          </span>
          <span>
            <Kbd>S</Kbd> {text.connections.hints.sync}
          </span>
          <span>
            <Kbd>P</Kbd> {text.connections.hints.pause}
          </span>
        </div>
      </section>
      <section id="detail" tabIndex={-1} aria-label={chosen?.title ?? text.connections.title}>
        {id === 'new' && <Add />}
        {chosen && <Detail key={chosen.id} connection={chosen} health={healthOf(chosen)} actions={actions} />}
        {id !== 'new' && !chosen && list.data && <Empty {...text.connections.pick} />}
      </section>
    </div>
  );
}

type GroupProps = {
  readonly title: string;
  readonly connections: readonly Connection[];
  readonly chosenId: string | null;
  readonly healthOf: (connection: Connection) => SystemHealth | undefined;
};

function Group({ title, connections, chosenId, healthOf }: GroupProps) {
  if (connections.length === 0) return null;
  return (
    <>
      <h2 className="gr group">{title}</h2>
      <ul>
        {connections.map((connection) => (
          <li key={connection.id}>
            <a
              className={`gr link ${styles.row} ${connection.id === chosenId ? 'selected' : ''}`}
              href={hrefOf('connections', connection.id)}
              aria-current={connection.id === chosenId || undefined}
            >
              <span className="trim">{connection.title}</span>
              <RowState health={healthOf(connection)} />
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

const tones: Record<SystemHealth['state'], Tone> = {
  never: 'wait',
  running: 'busy',
  ok: 'ok',
  late: 'warn',
  failing: 'fail',
  paused: 'pause',
  idle: 'ok',
  sending: 'busy',
  waiting: 'wait',
};

function RowState({ health }: { readonly health: SystemHealth | undefined }) {
  const text = useText();
  if (!health) return null;
  const words =
    health.direction === 'source' ? text.monitoring.states.source[health.state] : text.monitoring.states.destination[health.state];
  return <Status tone={tones[health.state]}>{words}</Status>;
}
