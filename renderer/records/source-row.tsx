import { useQuery } from '@tanstack/react-query';
import type { FieldRule } from '../../contract/mapping.ts';
import type { RecordVersion, SourceRow as SourceRowAnswer } from '../../contract/record-view.ts';
import { useClient } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { type Text, useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button, Skeleton, ToneIcon } from '../ui/pieces.tsx';
import { type BytesView, BytesViews, RawBytes } from '../ui/raw-bytes.tsx';
import styles from './records.module.css';
import { fieldWords } from './values.ts';

type RowProps = {
  readonly version: RecordVersion;
  readonly number: number;
  readonly view: BytesView;
  readonly onView: (view: BytesView) => void;
};

/** The row of the source as it came, and how it was read. */
export function SourceRow({ version, number, view, onView }: RowProps) {
  const text = useText();
  const clock = useClock();
  const client = useClient();
  const { seq, fileName, line } = version;
  const row = useQuery({
    queryKey: ['record-row', seq],
    queryFn: ({ signal }) => client.records.row({ seq }, { signal }),
    gcTime: 0,
  });
  const { asText, asHex, view: label } = text.setAside;
  const content = row.data?.content.kind === 'bytes' ? row.data.content : null;
  return (
    <>
      <section className="stack" aria-label={text.records.row}>
        <div className="hstack">
          <h3 className="sec">{text.records.row}</h3>
          <span className="faint grow">{text.records.rowOf(number)}</span>
          {content && <BytesViews view={view} onView={onView} label={label} words={{ text: asText, hex: asHex }} />}
        </div>
        {row.error && (
          <FaultNote fault={faultOf(row.error)} actions={<Button onClick={() => void row.refetch()}>{text.states.tryAgain}</Button>} />
        )}
        {row.isPending && <Skeleton rows={2} label={text.states.loading} />}
        {row.data && content && (
          <>
            <RawBytes {...content} from={row.data.byteOffset} view={view} label={view === 'hex' ? asHex : asText} />
            {content.isCut && <p>{text.setAside.cut(clock.number(Math.floor((content.base64.length * 3) / 4)))}</p>}
            <p className="small muted">
              {[
                fileName !== null && line !== null ? text.records.fromFile(fileName, clock.number(line)) : null,
                text.records.place(clock.number(row.data.byteOffset)),
              ]
                .filter(Boolean)
                .join(', ')}
            </p>
            <p className="small muted hstack">
              <ToneIcon tone="info" />
              {text.setAside.private}
            </p>
          </>
        )}
      </section>
      {row.data && <HowRead mapping={row.data.mapping} layout={row.data.layout} wasSetAside={version.wasSetAside} />}
    </>
  );
}

function HowRead({ mapping, layout, wasSetAside }: Pick<SourceRowAnswer, 'mapping' | 'layout'> & Pick<RecordVersion, 'wasSetAside'>) {
  const text = useText();
  const { mappingColumns: columns } = text.records;
  return (
    <section className="stack" aria-label={text.records.mapping}>
      <h3 className="sec">{text.records.mapping}</h3>
      <p>
        {text.records.mappingNamed(mapping.title, mapping.version)} <span className="small muted">{text.monitoring.layout(layout)}</span>
      </p>
      {wasSetAside && <p className="small">{text.records.triedAgain}</p>}
      <table className={styles.mapping}>
        <thead>
          <tr>
            <th scope="col">{columns.field}</th>
            <th scope="col">{columns.column}</th>
            <th scope="col">{columns.rule}</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(mapping.fields).map(([field, rule]) => (
            <tr key={field}>
              <td>{fieldWords(text, field)}</td>
              <td>{sourceOf(text, rule)}</td>
              <td className="muted">{ruleWords(text, rule)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function sourceOf(text: Text, rule: FieldRule): string {
  if (rule.constant !== undefined) return text.records.constant(rule.constant);
  return rule.columns?.join(` ${rule.join} `) ?? rule.column ?? '';
}

function ruleWords(text: Text, rule: FieldRule): string {
  const { words, otherwise, whenEmpty, minor } = text.records;
  return [
    rule.format,
    rule.values && words(Object.keys(rule.values).length),
    rule.otherwise !== undefined && otherwise(rule.otherwise),
    rule.default !== undefined && whenEmpty(rule.default),
    rule.unit === 'minor' && minor,
  ]
    .filter(Boolean)
    .join(', ');
}
