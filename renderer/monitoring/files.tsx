import type { FileReport, Overview, RepeatedFile } from '../../contract/health.ts';
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
            {newest(overview).map((file) =>
              'id' in file ? (
                <Row key={file.id} file={file} nowMs={overview.nowMs} />
              ) : (
                <RepeatedRow key={`${file.fileName} ${file.seenAtMs}`} file={file} nowMs={overview.nowMs} />
              ),
            )}
          </tbody>
        </table>
      )}
    </section>
  );
}

const shownFiles = 12;

/** The files that were read, and those that had been taken before, as they came. */
function newest({ recentFiles, repeatedFiles }: Overview): (FileReport | RepeatedFile)[] {
  const at = (file: FileReport | RepeatedFile) => ('id' in file ? file.takenAtMs : file.seenAtMs);
  return [...recentFiles, ...repeatedFiles].sort((a, b) => at(b) - at(a)).slice(0, shownFiles);
}

function RepeatedRow({ file, nowMs }: { readonly file: RepeatedFile; readonly nowMs: number }) {
  const text = useText();
  const clock = useClock();
  return (
    <tr>
      <td className="trim" title={file.fileName}>
        {file.fileName}
      </td>
      <td className="nowrap">{clock.moment(file.seenAtMs, nowMs)}</td>
      <td className="small muted" colSpan={5}>
        {text.monitoring.repeated(`${clock.day(file.firstTakenAtMs)}, ${clock.time(file.firstTakenAtMs)}`, file.firstName)}
      </td>
    </tr>
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
