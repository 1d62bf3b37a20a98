import { useState } from 'react';
import type { Connection } from '../../contract/connection.ts';
import type { SystemHealth } from '../../contract/health.ts';
import type { EntityName } from '../../contract/record.ts';
import { ConnectionForm } from '../forms/connection-form.tsx';
import { Letter } from '../forms/letter.tsx';
import { StoredHandOver } from '../forms/made-secret.tsx';
import { formFields } from '../forms/schema.ts';
import { TestSteps } from '../forms/test-steps.tsx';
import { useKinds } from '../line.tsx';
import { ResendDialog } from '../resend/dialog.tsx';
import { Orders } from '../resend/orders.tsx';
import { faultOf } from '../rpc.ts';
import { rests, SendingPanel, StopButton } from '../sending/panel.tsx';
import { useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';
import type { Actions } from './actions.ts';
import { ColumnFingerprint } from './fingerprint.tsx';
import { Runs } from './runs.tsx';
import { ShadowAndShare } from './shadow.tsx';
import { SiteReport } from './site-report.tsx';
import { Tables } from './tables.tsx';

/** One connection: what is wrong with it, what it does, its settings, and what can be done. */
export function Detail({
  connection,
  health,
  actions,
}: {
  readonly connection: Connection;
  readonly health: SystemHealth | undefined;
  readonly actions: Actions;
}) {
  const text = useText();
  const kinds = useKinds();
  const error = actions.errorOf(connection.id);
  const [isChanging, setIsChanging] = useState(false);
  const kind = kinds.data?.find((one) => one.kind === connection.kind);
  return (
    <>
      <div className="viewhead">
        <h2 className="sec trim">{connection.title}</h2>
        <span className="grow" />
        <Button look="quiet" shortcut="S" onClick={() => actions.sync(connection)}>
          {connection.direction === 'source' ? text.connections.syncNow : text.connections.sendNow}
        </Button>
        <Button look="quiet" shortcut="P" onClick={() => actions.pauseOrResume(connection)}>
          {connection.isPaused ? text.connections.resume : text.connections.pause}
        </Button>
        <Button look="quiet" onClick={() => setIsChanging(!isChanging)}>
          {text.connections.change}
        </Button>
        <Button look="danger" onClick={() => actions.remove(connection)}>
          {text.connections.remove}
        </Button>
      </div>
      <div className="scroll">
        {error && <FaultNote fault={faultOf(error)} />}
        {health?.fault && (
          <FaultNote
            fault={health.fault}
            system={connection.title}
            tone={health.state === 'failing' ? 'fail' : 'warn'}
            actions={health.fault.code === 'upstream-ahead' && <TakeOver onSure={() => actions.takeOver(connection)} />}
          />
        )}
        <div className="page">
          {isChanging && kind ? (
            <ConnectionForm
              kind={kind}
              connection={connection}
              onCancel={() => setIsChanging(false)}
              onSaved={({ title }) => {
                setIsChanging(false);
                toast(text.connections.changed(title));
              }}
            />
          ) : (
            <>
              <State connection={connection} health={health} />
              {health?.direction === 'destination' && (rests(health) ? <SendingPanel health={health} /> : <Stop connection={connection} />)}
              {connection.direction === 'destination' && <SendAgain connection={connection} />}
              {health?.direction === 'destination' && <ShadowAndShare connection={connection} health={health} />}
              {kind?.isDatabase && <Tables connection={connection} />}
              {kind?.isDatabase && <ColumnFingerprint id={connection.id} />}
              {kind?.direction === 'source' && <Runs connection={connection} isDatabase={kind.isDatabase} />}
              <Settings connection={connection} />
              <TestSteps what={() => ({ id: connection.id })} isDatabase={kind?.isDatabase === true} />
              {kind?.hasLetter && <Letter what={() => ({ id: connection.id })} />}
              {kind?.hasSiteReport && <SiteReport id={connection.id} />}
            </>
          )}
        </div>
      </div>
    </>
  );
}

function Stop({ connection: { id, title } }: { readonly connection: Connection }) {
  return (
    <div className="actions">
      <StopButton id={id} title={title} />
    </div>
  );
}

/** A range of days again, and what was ordered before. */
function SendAgain({ connection: { id } }: { readonly connection: Connection }) {
  const { resend } = useText();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <div className="actions">
        <Button onClick={() => setIsOpen(true)}>{resend.open}</Button>
      </div>
      <Orders destinationId={id} which="all" />
      {isOpen && <ResendDialog selection={null} destinationId={id} onClose={() => setIsOpen(false)} />}
    </>
  );
}

/** What cannot be undone is asked twice. */
function TakeOver({ onSure }: { readonly onSure: () => void }) {
  const words = useText().connections.takeOver;
  const [isAsked, setIsAsked] = useState(false);
  if (!isAsked) return <Button onClick={() => setIsAsked(true)}>{words.ask}</Button>;
  return (
    <>
      <p>{words.warning}</p>
      <Button look="danger" onClick={onSure}>
        {words.sure}
      </Button>
      <Button look="quiet" onClick={() => setIsAsked(false)}>
        {words.not}
      </Button>
    </>
  );
}

function State({ connection, health }: { readonly connection: Connection; readonly health: SystemHealth | undefined }) {
  const text = useText();
  const clock = useClock();
  const { columns } = text.monitoring;
  const nowMs = Date.now();
  const at = (atMs: number | null) => (atMs === null ? text.monitoring.never : clock.moment(atMs, nowMs));
  if (!health) return null;
  return (
    <dl className="dl">
      {health.direction === 'source' ? (
        <>
          <dt>{text.connections.schedule}</dt>
          <dd>{text.schedule.words(connection.schedule)}</dd>
          <dt>{columns.last}</dt>
          <dd>{at(health.lastSyncAtMs)}</dd>
          <dt>{columns.next}</dt>
          <dd>{health.nextSyncAtMs === null ? text.monitoring.byHand : at(health.nextSyncAtMs)}</dd>
          <dt>{columns.counts}</dt>
          <dd>{health.entities.map((one) => text.entities(one.entity, one.records)).join(', ') || '–'}</dd>
          {health.waitsFor.map(({ name, missing, of }) => (
            <div className="contents" key={name}>
              <dt>{text.monitoring.incomplete}</dt>
              <dd>{text.monitoring.waitsForParts(name, missing, of)}</dd>
            </div>
          ))}
        </>
      ) : (
        <>
          <dt>{columns.last}</dt>
          <dd>{at(health.lastConfirmedAtMs)}</dd>
          <dt>{columns.counts}</dt>
          <dd>
            {text.monitoring.confirmed(health.confirmed)}, {text.monitoring.waiting(health.waiting)}
            {health.refused > 0 && `, ${text.monitoring.refused(health.refused)}`}
            {health.withheld > 0 && `, ${text.same.shadow.withheld(health.withheld)}`}
          </dd>
        </>
      )}
    </dl>
  );
}

/** What it is set to, in the words of its form. */
function Settings({ connection }: { readonly connection: Connection }) {
  const text = useText();
  const kinds = useKinds();
  const kind = kinds.data?.find((one) => one.kind === connection.kind);
  if (!kind) return null;
  const fields = formFields(kind.settingsSchema, text.fields, (entity) => text.entityName(entity as EntityName));
  const words = (name: string, value: unknown): string => {
    if (typeof value === 'boolean') return value ? text.connections.yes : text.connections.no;
    return fields.find((field) => field.name === name)?.choices.find((choice) => choice.value === value)?.label ?? String(value);
  };
  return (
    <section className="stack" aria-label={text.connections.settings}>
      <h3 className="sec">{text.connections.settings}</h3>
      <dl className="dl">
        <dt>{text.connections.kind}</dt>
        <dd>{(text.kinds[kind.kind] ?? kind).title}</dd>
        <dt>{text.connections.id}</dt>
        <dd className="mono">{connection.id}</dd>
        {fields.map((field) => {
          const isSecret = field.kind === 'secret';
          const value = connection.settings[field.name];
          if (isSecret ? !connection.secrets.includes(field.name) : value === undefined) return null;
          return (
            <div className="contents" key={field.name}>
              <dt>{field.title}</dt>
              {isSecret && field.isMadeHere ? (
                <dd className="stack tight">
                  <span className="muted">{text.connections.hidden}</span>
                  <StoredHandOver id={connection.id} field={field.name} />
                </dd>
              ) : (
                <dd className="trim">{isSecret ? <span className="muted">{text.connections.hidden}</span> : words(field.name, value)}</dd>
              )}
            </div>
          );
        })}
      </dl>
    </section>
  );
}
