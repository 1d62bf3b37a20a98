import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { entityOf } from '../../contract/record.ts';
import { ownFields } from '../../contract/record-difference.ts';
import type { OpenedRecord, RecordRow } from '../../contract/record-view.ts';
import { useClient } from '../line.tsx';
import { ResendDialog } from '../resend/dialog.tsx';
import { hrefOf } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Skeleton } from '../ui/pieces.tsx';
import type { BytesView } from '../ui/raw-bytes.tsx';
import { Deliveries } from './deliveries.tsx';
import { nameOf } from './query.ts';
import { SourceRow } from './source-row.tsx';
import { fieldWords, useValues } from './values.ts';
import { Versions } from './versions.tsx';
import { Way } from './way.tsx';

type PageProps = {
  readonly of: Pick<RecordRow, 'ledgerId' | 'externalId'>;
  /** The version that is shown first, by its row of the outbox; the newest where none is named. */
  readonly seq: number | null;
  readonly view: BytesView;
  readonly onView: (view: BytesView) => void;
  readonly onClose: () => void;
};

/** One record: its fields in words, where it was sent, its versions with what changed, and the row it came from. */
export function RecordPage({ of: { ledgerId, externalId }, seq, view, onView, onClose }: PageProps) {
  const text = useText();
  const client = useClient();
  // Guest data: forgotten as soon as another record is shown.
  const opened = useQuery({
    queryKey: ['record', ledgerId, externalId],
    queryFn: ({ signal }) => client.records.get({ ledgerId, externalId }, { signal }),
    gcTime: 0,
  });
  const record = opened.data;
  return (
    <>
      <div className="viewhead">
        <h2 className="sec trim grow">{record ? titleOf(record) : externalId}</h2>
        {record && <span className="faint trim">{externalId}</span>}
        <Button look="quiet" onClick={onClose} shortcut="Esc">
          {text.records.close}
        </Button>
      </div>
      <div className="scroll">
        {opened.error && (
          <FaultNote
            fault={faultOf(opened.error)}
            actions={<Button onClick={() => void opened.refetch()}>{text.states.tryAgain}</Button>}
          />
        )}
        {opened.isPending && <Skeleton rows={8} label={text.states.loading} />}
        {record && <Opened record={record} seq={seq} view={view} onView={onView} />}
      </div>
    </>
  );
}

function titleOf({ entity, externalId, versions }: OpenedRecord): string {
  const { title = 'externalId' } = entityOf(entity).columns;
  return String(versions[0]?.record[title] ?? externalId);
}

function Opened({ record, seq, view, onView }: { readonly record: OpenedRecord } & Pick<PageProps, 'seq' | 'view' | 'onView'>) {
  const text = useText();
  const [newest] = record.versions;
  const [rowOf, setRowOf] = useState(seq);
  const [isSending, setIsSending] = useState(false);
  const shown = record.versions.find(({ seq }) => seq === rowOf) ?? newest;
  if (!newest || !shown) return null;
  return (
    <div className="page">
      <section className="stack" aria-label={text.records.theRecord}>
        <Fields record={record} />
        <OtherSources record={record} />
      </section>
      <section className="stack" aria-label={text.records.arrived}>
        <h3 className="sec">{text.records.arrived}</h3>
        {newest.deliveries.length === 0 && <p className="muted">{text.records.noDestination}</p>}
        <Deliveries deliveries={newest.deliveries} />
        {newest.deliveries.length > 0 && (
          <div className="actions">
            <Button onClick={() => setIsSending(true)}>{text.resend.open}</Button>
          </div>
        )}
        {isSending && (
          <ResendDialog
            selection={{ kind: 'records', keys: [{ ledgerId: record.ledgerId, externalId: record.externalId }] }}
            onClose={() => setIsSending(false)}
          />
        )}
      </section>
      <Way ledgerId={record.ledgerId} externalId={record.externalId} seq={shown.seq} />
      <Versions record={record} shownSeq={shown.seq} onShowRow={setRowOf} />
      <SourceRow version={shown} number={record.total - record.versions.indexOf(shown)} view={view} onView={onView} />
    </div>
  );
}

/** Where the same record is known from as well, and what holds then. */
function OtherSources({ record: { entity, externalId, otherSources, rule } }: { readonly record: OpenedRecord }) {
  const { same } = useText();
  if (otherSources.length === 0) return null;
  return (
    <>
      <p>
        {same.alsoFrom(otherSources.map(({ source }) => source).join(', '))} <span className="muted">{same.rule(rule)}</span>
      </p>
      <p className="hstack">
        {otherSources.map(({ ledgerId, source }) => (
          <a key={ledgerId} href={hrefOf('records', nameOf({ ledgerId, externalId }), { kind: entity })}>
            {same.lookAt(source)}
          </a>
        ))}
      </p>
    </>
  );
}

function Fields({ record: { entity, versions } }: { readonly record: OpenedRecord }) {
  const text = useText();
  const values = useValues(entity);
  const fields = versions[0]?.record ?? {};
  return (
    <dl className="dl">
      {ownFields(fields).map(([field, value]) => (
        <div className="contents" key={field}>
          <dt>{fieldWords(text, field)}</dt>
          <dd>{values(field, value, fields.currency)}</dd>
        </div>
      ))}
    </dl>
  );
}
