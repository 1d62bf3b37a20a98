import type { FileReport, Overview } from '../../contract/health.ts';
import { hrefOf } from '../router.ts';
import { useClock, useText } from '../text/text.tsx';
import { Empty } from '../ui/pieces.tsx';
import styles from './monitoring.module.css';
import { percent } from './systems.tsx';

/** The files that came in last, with where every byte of each went. */
export function Files({ overview }: { readonly overview: Overview }) {
  const text = useText();
  const { fileColumns: columns } = text.monitoring;
  return (
    <section className={styles.files} aria-label={text.monitoring.files}>
      <h2 className={`sec ${styles.heading}`}>{text.monitoring.files}</h2>
      {overview.recentFiles.length === 0 ? (
        <Empty {...text.monitoring.filesEmpty} />
      ) : (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{columns.name}</th>
              <th scope="col">{columns.taken}</th>
              <th scope="col" className="num">
                {columns.rows}
              </th>
              <th scope="col" className="num">
                {columns.kept}
              </th>
              <th scope="col" className="num">
                {columns.unchanged}
              </th>
              <th scope="col" className="num">
                {columns.aside}
              </th>
              <th scope="col">{columns.bytes}</th>
            </tr>
          </thead>
          <tbody>
            {overview.recentFiles.slice(0, 12).map((file) => (
              <Row key={file.id} file={file} nowMs={overview.nowMs} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Row({ file, nowMs }: { readonly file: FileReport; readonly nowMs: number }) {
  const text = useText();
  const clock = useClock();
  const narrowing = { kind: file.entity, file: String(file.id) };
  const done = file.bytesNormalised + file.bytesDeadLetters + file.bytesStructural;
  return (
    <tr>
      <td className="trim" title={file.fileName}>
        {file.kept > 0 ? <a href={hrefOf('records', undefined, narrowing)}>{file.fileName}</a> : file.fileName}
        <span className="small muted"> {text.monitoring.layout(file.layout)}</span>
        {file.seenBefore > 0 && <span className="small muted"> {text.monitoring.seenBefore(file.seenBefore)}</span>}
      </td>
      <td className="nowrap">{clock.moment(file.takenAtMs, nowMs)}</td>
      <td className="num">{clock.number(file.rows)}</td>
      <td className="num">{clock.number(file.kept)}</td>
      <td className="num">{clock.number(file.unchanged)}</td>
      <td className={`num ${file.deadLetters > 0 ? 'strong' : ''}`}>{clock.number(file.deadLetters)}</td>
      <td className="small muted">
        {file.finishedAtMs === null
          ? text.monitoring.reading(percent(done, file.bytes))
          : text.monitoring.bytesOf(
              clock.bytes(file.bytesNormalised),
              clock.bytes(file.bytesDeadLetters),
              clock.bytes(file.bytesStructural),
            )}
      </td>
    </tr>
  );
}
