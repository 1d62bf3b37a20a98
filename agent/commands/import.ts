import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { rules } from '../../contract/dead-letter.ts';
import { type EntityName, entityNames } from '../../contract/record.ts';
import type { Client } from '../runtime/wire-client.ts';
import { type CommandLine, UsageError, whenText, withAgent } from './command.ts';
import { mappingFile } from './mappings.ts';

type Report = Awaited<ReturnType<Client['files']['import']>>;

/** `bellhop import FILE…`: bring files in by hand, with an account of every byte. Exit code 1 when a row was set aside. */
export async function importFiles(line: CommandLine): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...line.arguments],
    allowPositionals: true,
    options: {
      entity: text,
      mapping: text,
      hotel: text,
      source: text,
      from: text,
      to: text,
      'dry-run': { type: 'boolean', default: false },
    },
  });
  if (positionals.length === 0) throw new UsageError('import takes at least one file');
  if (!values.entity || !(entityNames as readonly string[]).includes(values.entity))
    throw new UsageError(`--entity is one of ${entityNames.join(', ')}`);
  if (!values.mapping) throw new UsageError('--mapping is the name of a mapping or a JSON file that holds one');
  const order = {
    entity: values.entity as EntityName,
    mapping: mappingFile(values.mapping) ?? values.mapping,
    isDryRun: values['dry-run'],
    ...(values.hotel ? { hotelId: values.hotel } : {}),
    ...(values.source ? { source: values.source } : {}),
    ...(values.from ? { from: values.from } : {}),
    ...(values.to ? { to: values.to } : {}),
  };
  return withAgent(line.home, async (client, isRunning) => {
    let letters = 0;
    for (const path of positionals) {
      const showing = showProgress(line, client);
      try {
        const report = await client.files.import({ ...order, path: resolve(path) });
        letters += report.file.deadLetters;
        line.print({ path, isDryRun: values['dry-run'], ...report }, reportText(path, report, values['dry-run']));
      } finally {
        showing.stop();
      }
    }
    if (!isRunning && !values['dry-run']) line.tell('The agent is not running: what was kept is sent when it is started.');
    return letters > 0 ? 1 : 0;
  });
}

function showProgress(line: CommandLine, client: Client): { stop(): void } {
  if (line.isJson || !process.stderr.isTTY) return { stop: () => undefined };
  const timer = setInterval(() => {
    void client.files.list({ limit: 1 }).then(([file]) => {
      if (file && file.finishedAtMs === null) {
        const done = file.bytesNormalised + file.bytesDeadLetters + file.bytesStructural;
        process.stderr.write(`\r${file.fileName}: ${file.rows} rows, ${Math.floor((done / Math.max(1, file.bytes)) * 100)} %  `);
      }
    });
  }, 500);
  return {
    stop: () => {
      clearInterval(timer);
      process.stderr.write('\r\x1b[K');
    },
  };
}

/** Under which name it was taken, where that was another. */
function sameName(path: string, takenAs: string): string {
  return basename(path) === takenAs ? '' : ` as ${takenAs}`;
}

function reportText(path: string, report: Report, isDryRun: boolean): string {
  const { file } = report;
  if (report.wasSeenBefore)
    return `${path}: seen before, on ${whenText(file.takenAtMs)}${sameName(path, file.fileName)}. Nothing was read again.`;
  const lines = [
    `${path}${isDryRun ? ' (rehearsal: nothing was kept)' : ''}`,
    `  written in     ${file.layout.encoding}, cells divided by ${file.layout.delimiter === '\t' ? 'tabs' : file.layout.delimiter}`,
    `  rows read      ${file.rows}`,
    `  kept           ${file.kept}`,
    `  unchanged      ${file.unchanged}`,
    `  came twice     ${report.duplicates}`,
    ...(report.skippedOutsideDays > 0 ? [`  outside days   ${report.skippedOutsideDays}`] : []),
    `  set aside      ${file.deadLetters}`,
    ...Object.entries(report.deadLettersByRule).map(
      ([rule, count]) => `    ${count} × ${rules[rule as keyof typeof rules]?.title ?? rule}`,
    ),
    `  bytes          ${file.bytes} = ${file.bytesNormalised} kept + ${file.bytesDeadLetters} set aside + ${file.bytesStructural} structure`,
  ];
  return lines.join('\n');
}
