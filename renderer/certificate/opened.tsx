import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Certificate, CertificateDifference, OpenedCertificate } from '../../contract/certificate.ts';
import { type RuleId, rules } from '../../contract/dead-letter.ts';
import { useChange, useClient, useFacts } from '../line.tsx';
import { hrefOf } from '../router.ts';
import { faultOf } from '../rpc.ts';
import { faultText, useClock, useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Banner, Button, Skeleton, Status } from '../ui/pieces.tsx';
import { saveFile } from '../ui/save-file.ts';
import styles from './certificate.module.css';
import { Lines } from './lines.tsx';
import { tones } from './tones.ts';

/** One certificate, as it is printed. */
export function Opened({ id }: { readonly id: number }) {
  const text = useText();
  const { certificate: words } = text;
  const clock = useClock();
  const client = useClient();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['certificate', id],
    queryFn: async ({ signal }) => (await client.certificates.get({ id }, { signal })).opened,
    gcTime: 60_000,
  });
  const save = useChange((agent, format: 'csv' | 'json') => agent.certificates.export({ id, format }));
  const exported = (format: 'csv' | 'json') =>
    save.mutate(format, { onSuccess: ({ fileName, text: content }) => saveFile(fileName, content) });
  return (
    <>
      <div className="viewhead">
        <h2 className="sec">
          {data?.certificate.businessDate ? words.businessDate(clock.businessDay(data.certificate.businessDate)) : words.full}
        </h2>
        <span className="grow" />
        {data && (
          <>
            <Button onClick={() => exported('csv')} isBusy={save.isPending}>
              {words.csv}
            </Button>
            <Button onClick={() => exported('json')} isBusy={save.isPending}>
              {words.json}
            </Button>
            <Button look="quiet" onClick={() => print()}>
              {words.print}
            </Button>
          </>
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a page that is longer than the screen is scrolled with the arrow keys. */}
      <section className="scroll" tabIndex={0} aria-label={words.full}>
        {(error ?? save.error) && (
          <FaultNote
            fault={faultOf(error ?? save.error)}
            actions={<Button onClick={() => void refetch()}>{text.states.tryAgain}</Button>}
          />
        )}
        {isPending && <Skeleton rows={10} label={text.states.loading} />}
        {data && <Paper key={id} opened={data} />}
      </section>
    </>
  );
}

function Paper({ opened: { certificate, digest, isUnchanged } }: { readonly opened: OpenedCertificate }) {
  const text = useText();
  const { certificate: words } = text;
  const clock = useClock();
  const facts = useFacts();
  const { state, records, found, mended, waiting, startedAtMs, endedAtMs, hotelId, differences } = certificate;
  const moment = (atMs: number) => `${clock.day(atMs)}, ${clock.seconds(atMs)}`;
  return (
    <article className={styles.paper}>
      <h2 className={styles.name}>{words.full}</h2>
      <p>{words.intro(facts.data?.property?.name ?? hotelId)}</p>
      {!isUnchanged && <Banner tone="fail" title={words.changed} />}
      <div className={styles.verdict}>
        <Status tone={tones[state]}>{words.states[state]}</Status>
        <p className="strong">{words.verdicts[state]}</p>
        <p>
          {words.counted(records)} {records + found > 0 && words.found(found, mended)} {waiting > 0 && words.waits(waiting)}
        </p>
        <p className="small muted">{words.made(moment(startedAtMs), moment(endedAtMs))}</p>
      </div>
      <NotCompared certificate={certificate} />
      <Lines certificate={certificate} />
      {differences.length > 0 && <Differences differences={differences} found={found} />}
      <SetAside certificate={certificate} />
      <p className="small muted">{words.explained}</p>
      <p className={`small muted ${styles.digest}`}>{words.digest(digest)}</p>
    </article>
  );
}

/** What nothing is claimed about, and why. */
function NotCompared({ certificate: { sources, parts, destinations } }: { readonly certificate: Certificate }) {
  const text = useText();
  const { certificate: words } = text;
  const named = [
    ...sources.map(({ title, notCompared }) => ({ title, notCompared })),
    // What a source that is named already has brought needs no second word.
    ...parts
      .filter(({ connectionIds }) => !sources.some(({ id, notCompared }) => notCompared && connectionIds.includes(id)))
      .map(({ source, entity, notCompared }) => ({ title: words.from(text.entityName(entity), source), notCompared })),
  ];
  const open = [
    ...named.flatMap(({ title, notCompared }) =>
      notCompared ? [{ title, why: notCompared.fault ? faultText(text, notCompared.fault).what : words.reasons[notCompared.reason] }] : [],
    ),
    ...destinations
      .filter(({ isStopped, state }) => isStopped && state === 'not-compared')
      .map(({ title }) => ({ title, why: words.stopped })),
  ];
  const absent = [
    ...(sources.length === 0 ? [words.noSource] : []),
    ...(destinations.some(({ isShadow }) => !isShadow) ? [] : [words.noDestination]),
  ];
  if (open.length + absent.length === 0) return null;
  return (
    <section className="stack tight" aria-label={words.notCompared}>
      <h3 className="label">{words.notCompared}</h3>
      <ul className={styles.bullets}>
        {open.map(({ title, why }) => (
          <li key={title}>
            <span className="strong">{title}</span>: {why}
          </li>
        ))}
        {absent.map((why) => (
          <li key={why}>{why}</li>
        ))}
      </ul>
    </section>
  );
}

const firstShown = 20;

/** The records that differed, and what came of it. */
function Differences({ differences, found }: { readonly differences: readonly CertificateDifference[]; readonly found: number }) {
  const text = useText();
  const { certificate: words } = text;
  const [isAll, setAll] = useState(false);
  const shown = isAll ? differences : differences.slice(0, firstShown);
  return (
    <section className="stack tight" aria-label={words.differences}>
      <h3 className="label">{words.differences}</h3>
      <table className={styles.table} aria-label={words.differences}>
        <thead>
          <tr>
            {[words.columns.kind, words.difference.key, words.difference.what, words.difference.where, words.difference.outcome].map(
              (column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ source, entity, kind, key, where, isMended }) => (
            <tr key={`${source} ${entity} ${kind} ${key} ${where}`}>
              <td>{words.from(text.entityName(entity), source)}</td>
              <th scope="row" className="mono">
                <a href={hrefOf('records', undefined, { kind: entity === 'booking' ? undefined : entity, q: key })}>{key}</a>
              </th>
              <td>{words.kinds[kind]}</td>
              <td className="mono">{where}</td>
              <td>
                <Status tone={isMended ? 'ok' : 'fail'}>{isMended ? words.mended : words.open}</Status>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < differences.length && (
        <p>
          <Button onClick={() => setAll(true)}>{words.showAll(differences.length)}</Button>
        </p>
      )}
      {found > differences.length && <p className="muted">{words.moreDifferences(found - differences.length)}</p>}
    </section>
  );
}

/** The rows of the sources of which no record could be made, by their reason. */
function SetAside({ certificate: { parts } }: { readonly certificate: Certificate }) {
  const text = useText();
  const { certificate: words } = text;
  const isRule = (rule: string): rule is RuleId => rule in rules;
  const named = parts.flatMap(({ source, entity, setAside }) =>
    setAside.map((one) => ({ ...one, kind: words.from(text.entityName(entity), source) })),
  );
  if (named.length === 0) return null;
  return (
    <section className="stack tight" aria-label={words.setAside}>
      <h3 className="label">{words.setAside}</h3>
      <ul className={styles.bullets}>
        {named.map(({ rule, count, kind }) => (
          <li key={`${kind} ${rule}`}>
            {words.setAsideOf(count, kind)}:{' '}
            <a href={hrefOf('set-aside', undefined, { rule })}>{isRule(rule) ? text.rules[rule].title : rule}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}
