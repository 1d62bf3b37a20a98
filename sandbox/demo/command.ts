import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { electronBinary, hasDisplay } from '../../scripts/electron-binary.mjs';
import { openAddress } from '../../scripts/open-address.mjs';
import type { Standing } from '../agent.ts';
import { agentProgram } from '../agent.ts';
import { tell, untilStopped, wholeNumber } from '../command.ts';
import { type DemoReport, removeFolder, runDemo } from './demo.ts';

/**
 * Run the demo until Ctrl+C or for `--seconds`, and end with what arrived.
 * @returns 0 only when nothing was lost, nothing came twice, and everything else the checker looks at is in order.
 */
export async function demoCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string' },
      port: { type: 'string' },
      home: { type: 'string' },
      seed: { type: 'string' },
      'no-open': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const { json } = values;
  const program = resolve(process.argv[1] ?? '.');
  const electron = values['no-open'] || json || !hasDisplay() ? null : electronBinary();
  const folder = values.home === undefined ? join(tmpdir(), `bellhop-demo-${process.pid}`) : resolve(values.home);
  const port = values.port === undefined ? [] : ['--port', String(wholeNumber(values.port, { name: '--port' }))];
  const seconds = values.seconds === undefined ? undefined : wholeNumber(values.seconds, { name: '--seconds', least: 1 });
  const seed = values.seed === undefined ? randomInt(1_000_000) : wholeNumber(values.seed, { name: '--seed' });
  try {
    const report = await runDemo({
      folder,
      seed,
      agentProgram: agentProgram(program),
      // In Electron the console speaks over the pipe, and no port is opened at all.
      agentArgs: electron ? [] : ['--console', ...port],
      signal: untilStopped(seconds === undefined ? undefined : seconds * 1000),
      onReady: ({ console: address, home, upstream, drop }) => {
        tell({
          json,
          event: { event: 'ready', console: address, home, upstream: upstream.url, drop, seed },
          text: welcome(address, drop, seconds),
        });
        if (electron) spawn(electron, [dirname(dirname(dirname(program))), '--home', home], { stdio: 'ignore' });
        else if (address && !values['no-open'] && !json) openAddress(address);
      },
      onExport: ({ name, rows }) =>
        tell({ json, event: { event: 'export', name, rows }, text: `  the PMS drops ${name} with ${rows} rows` }),
      onStanding: (now) => tell({ json, event: { event: 'standing', ...figures(now) }, text: standingText(now) }),
    });
    tell({ json, event: report, text: ending(report) });
    return report.isWhole ? 0 : 1;
  } finally {
    if (values.home === undefined) removeFolder(folder);
  }
}

function figures({ captured, overview, filesDone }: Standing) {
  return { files: filesDone, captured, waiting: overview.waiting, deadLetters: overview.setAside };
}

function standingText(now: Standing): string {
  const { files, captured, waiting, deadLetters } = figures(now);
  return `  the agent has read ${files} ${files === 1 ? 'file' : 'files'}: ${captured} changes kept, ${waiting} of them still waiting, ${deadLetters} rows set aside`;
}

function welcome(address: string | null, drop: string, seconds: number | undefined): string {
  return [
    '',
    '  Bellhop, on a sandbox hotel: nothing here is real.',
    '',
    `  console   ${address ?? 'opens in Electron'}`,
    `  exports   ${drop}`,
    `  ends      ${seconds === undefined ? 'with Ctrl+C' : `after ${seconds} s, or with Ctrl+C`}`,
    '',
  ].join('\n');
}

function ending(report: DemoReport): string {
  const lines = [
    '',
    `  ${report.files} files with ${report.rows} rows in ${report.seconds} s (seed ${report.seed})`,
    `  ${report.captured} changes kept, ${report.delivered} delivered: ${report.lost} lost, ${report.twice} twice, ${report.inverted} out of order, ${report.corrupt} changed on the way`,
    `  ${report.deadLetters} bad rows set aside, ${report.missed} missed, ${report.wronglySetAside} good ones among them`,
    ...report.findings.map((finding) => `  ${finding}`),
    `  ${report.isWhole ? 'Everything arrived, once.' : 'This is not what was promised.'}`,
    '',
  ];
  return lines.join('\n');
}
