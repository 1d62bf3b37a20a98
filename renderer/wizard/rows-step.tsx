import type { SourcePreview, TablePreview } from '../../contract/database-setup.ts';
import { fieldWords, useValues } from '../records/values.ts';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Banner, Button, Skeleton } from '../ui/pieces.tsx';
import type { Asked } from './choose-step.tsx';
import styles from './wizard.module.css';

/** The first rows of each table as they would be kept. */
export function RowsStep({ preview, onAgain }: { readonly preview: Asked<SourcePreview>; readonly onAgain: () => void }) {
  const text = useText();
  const words = text.database.wizard;
  const shown = preview.isPending ? undefined : preview.data;
  return (
    <>
      {preview.isPending && <Skeleton rows={6} label={words.reading} />}
      {preview.error && <FaultNote fault={faultOf(preview.error)} />}
      {shown?.faults.map((fault) => (
        <FaultNote key={JSON.stringify(fault)} fault={fault} tone="warn" />
      ))}
      {[...(shown?.tables ?? [])].sort(bookingsFirst).map((table) => (
        <TableRows key={table.name} table={table} />
      ))}
      <div className="actions">
        <Button isForm isBusy={preview.isPending} onClick={onAgain}>
          {words.readAgain}
        </Button>
        {preview.isPending && <span className="small muted">{words.mayWait}</span>}
      </div>
    </>
  );
}

/** What the hotel lives by stands on top. */
function bookingsFirst(one: TablePreview, other: TablePreview): number {
  return Number(other.entity === 'booking') - Number(one.entity === 'booking');
}

function TableRows({ table }: { readonly table: TablePreview }) {
  const text = useText();
  const words = text.database.wizard;
  const value = useValues(table.entity);
  const { fields, rows, aside } = table;
  const title = text.database.tables.names[table.name] ?? table.name;
  const currencyAt = fields.findIndex(({ name }) => name === 'currency');
  const setAside = aside.reduce((sum, { count }) => sum + count, 0);
  return (
    <section className="stack tight" aria-label={title}>
      <h4 className="sec">{title}</h4>
      <p className="small muted">{words.wouldBe(rows.length, setAside)}</p>
      {aside.map((one) => (
        <Banner key={JSON.stringify(one)} tone="warn" title={words.asideBecause(one.count, text.rules[one.rule].title)}>
          {(one.field || one.note) && (
            <p className="muted">{[one.field && fieldWords(text, one.field), one.column, one.note].filter(Boolean).join(', ')}</p>
          )}
        </Banner>
      ))}
      {rows.length > 0 && (
        // It scrolls by itself, so the keyboard has to reach it.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by the keyboard.
        <section className={styles.rows} tabIndex={0} aria-label={words.rowsOf(title)}>
          <table>
            <thead>
              <tr>
                {fields.map(({ name, isMasked }) => (
                  <th key={name} scope="col">
                    {fieldWords(text, name)}
                    {isMasked && <span className="faint"> {words.masked}</span>}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, at) => (
                <tr key={at}>
                  {fields.map(({ name, isMasked }, column) => (
                    <td key={name}>
                      {isMasked ? (row[column] ?? '–') : value(name, row[column], currencyAt < 0 ? undefined : row[currencyAt])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
