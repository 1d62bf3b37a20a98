import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Fault } from '../contract/faults.ts';
import { runAgent } from './commands/agent.ts';
import { showAudit } from './commands/audit.ts';
import { backUp, restore } from './commands/backup.ts';
import { exportTo, manageCertificates } from './commands/certificate.ts';
import { check } from './commands/check.ts';
import { type CommandLine, faultOf, faultSentences, UsageError } from './commands/command.ts';
import { manageConnections } from './commands/connections.ts';
import { showDeadLetters } from './commands/dead-letters.ts';
import { manageFigures } from './commands/figures.ts';
import { manageHotel } from './commands/hotel.ts';
import { importFiles } from './commands/import.ts';
import { manageLeaves } from './commands/leaves.ts';
import { showMappings } from './commands/mappings.ts';
import { manageOutbox } from './commands/outbox.ts';
import { showRecords } from './commands/records.ts';
import { resendRecords } from './commands/resend.ts';
import { manageSameRecords } from './commands/same-records.ts';
import { showStatus } from './commands/status.ts';
import { traceRecords } from './commands/trace.ts';
import { defaultHome } from './runtime/home.ts';
import { version } from './version.ts';

const usage = `bellhop ${version}

  bellhop demo [--port N] [--no-open] [--seconds N]
      the whole product on a sandbox hotel
  bellhop agent [--console [--port N]] [--recovery-key-stdin]
      run the agent; --console also serves the console on 127.0.0.1
  bellhop status [--seen CODE]
      how every connection stands; --seen ends a warning that stands until somebody has seen it
  bellhop hotel [--code C --name N --zone Z --currency CUR [--rolls-at HH:MM]]
      show or set up the hotel
  bellhop connections list | add FILE [--secrets-stdin] | test ID [--site-report [FILE]] | remove ID
      the connections; a file holds no secrets, they are asked for
  bellhop connections key ID [--new]
      the public half of its key, to hand to the operator; --new makes a key pair here
  bellhop connections letter ID
      the script for the administrator of the database or the broker: what is needed there, and no right more
  bellhop connections trip ID --reason TEXT [--until-trial] | reset ID
      stop sending to a destination, for good or for a minute; let it go on and try at once, also after failures
  bellhop connections tables ID | compare ID | gone ID TABLE
      how the tables of a database stand; compare all of them now; believe that missing rows are gone
  bellhop connections runs ID [--limit N]
      the runs of a source, newest first: when, why, what they brought and how they ended
  bellhop connections shadow ID on|off | share ID PERCENT
      a destination that gets everything and decides nothing; how many of a hundred records one gets, always the same ones
  bellhop import FILE… --entity E --mapping NAME|FILE [--hotel CODE] [--source NAME] [--from D --to D] [--dry-run]
      bring files in by hand
  bellhop records list [--kind E] [--search W] [--status S] [--from D] [--to D] [--sort C [--up]] [--limit N]
      the records that are kept, newest first, and their amounts added up
  bellhop records show KEY [--kind E]
      one of them, with its versions and what each destination has said; it prints what a guest or the hotel has written
  bellhop trace KEY | NAME | EVENT-ID | --room R --day D [--kind E]
      where a record is: its file, row, mapping, masking, versions, what was tried and what each destination has said
  bellhop dead-letters list [--rule R] [--connection ID] [--limit N]
      the rows that were set aside, newest first; those imported by hand stand under '#import'
  bellhop dead-letters show ID [--hex]
      one of them, with its reason and its bytes; it prints what a guest or the hotel has written
  bellhop dead-letters replay ID… | --rule R | --connection ID | --all [--mapping NAME|FILE] [--row-stdin] [--dry-run]
      try rows again; --row-stdin reads one row as it should have been, --dry-run says what would come of it
  bellhop mappings list | show NAME | save FILE
      which column of an export is which field; what is saved applies to every file from then on
  bellhop check
      looks at everything that is kept: the database, every row of the outbox, every copy of a file; a running agent mends
  bellhop certificate [show [NO] | list [--limit N] | now | cancel | schedule HH:MM|off]
      the proof that nothing is missing: what the sources have, day by day, against what each destination has confirmed
  bellhop export certificate [NO]
      its table as CSV, or with --json the whole of it
  bellhop backup FOLDER
      a sealed, verified backup of everything, also while the agent works
  bellhop backup --schedule FOLDER|off [--at HH:MM] [--keep N] | --now | --status
      one a day by itself, at a time of the hotel, of which N are kept; make one there now; how they stand
  bellhop restore FOLDER [--recovery-key-stdin] [--replace]
      a backup into this data folder; on another PC with the recovery key; --replace moves aside what is there

  bellhop resend [--from D] [--to D] [--by kept|stay] [--entity E] | --key KEY… | --all [--to ID] [--dry-run]
      send records again, delivered or not, to the named destination or to all; --dry-run says what would come of it
  bellhop resend list | pause NO | resume NO | cancel NO
      what was ordered to be sent again, and how far it is
  bellhop leaves [--destination ID]
      what leaves this hotel: every field, by destination, with a masked sample and the rule by which it leaves
  bellhop leaves set ID KIND FIELD send|mask|tokenise|drop
      sets such a rule, from the next record that is sent on
  bellhop same-records [set KIND apart|newest|leads SOURCE]
      what is sent where two sources speak of one record
  bellhop figures [anew]
      how far the figures of guests are (stays before, spend); work them out anew from all that is kept
  bellhop outbox [keep DAYS|ever]
      how large it is, and for how long versions stay that are not the newest of their record
  bellhop audit list [--action A] [--actor ID] [--target ID] [--from D] [--to D] [--limit N]
      who did and saw what, newest first
  bellhop audit verify
      checks that no entry was changed, taken out or put in, and names the newest: note it outside of this PC
  bellhop audit export [--action A] [--actor ID] [--target ID] [--from D] [--to D]
      the entries as CSV, or with --json one in a line

  Everywhere: --home DIR (the data folder), --json (machine-readable output).
  Exit codes: 0 done, 1 a problem was reported, 2 wrong usage, 78 this machine cannot run it.
`;

const commands: Readonly<Record<string, (line: CommandLine) => Promise<number>>> = {
  agent: runAgent,
  status: showStatus,
  hotel: manageHotel,
  connections: manageConnections,
  import: importFiles,
  records: showRecords,
  'dead-letters': showDeadLetters,
  mappings: showMappings,
  check,
  certificate: manageCertificates,
  export: exportTo,
  backup: backUp,
  restore,
  trace: traceRecords,
  resend: resendRecords,
  leaves: manageLeaves,
  'same-records': manageSameRecords,
  outbox: manageOutbox,
  figures: manageFigures,
  audit: showAudit,
};

/** Take `--home` and `--json`, which every command has, out of the arguments. */
function readLine(args: readonly string[]): { command: string; line: CommandLine } {
  const rest: string[] = [];
  let home = defaultHome();
  let isJson = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === '--json') isJson = true;
    else if (arg.startsWith('--home=')) home = resolve(arg.slice('--home='.length));
    else if (arg === '--home') {
      const dir = args[++at];
      if (!dir) throw new UsageError('--home takes a folder');
      home = resolve(dir);
    } else rest.push(arg);
  }
  const [command = '', ...others] = rest;
  const line: CommandLine = {
    home,
    isJson,
    arguments: others,
    print: (value, text) => void process.stdout.write(`${isJson ? JSON.stringify(value) : text}\n`),
    tell: (text) => void (isJson || process.stderr.write(`${text}\n`)),
    readAll: () => text(process.stdin).then((all) => all.trim()),
  };
  return { command, line };
}

function assertRuntime(): void {
  // better-sqlite3 is built on Node-API 10: an older runtime does not fail, it crashes.
  if (Number(process.versions.napi) < 10 || Number(process.versions.node.split('.')[0]) < 24) {
    throw new Fault('agent-too-old-runtime', { version: process.version });
  }
}

function report(error: unknown, isJson: boolean): number {
  if (error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  const fault = faultOf(error) ?? new Fault('internal', {}, { cause: error });
  const { what, safe, next } = faultSentences(fault);
  if (isJson) process.stdout.write(`${JSON.stringify({ error: { code: fault.code, what, safe, next } })}\n`);
  else process.stderr.write(`${what}\n${safe}\n${next}\n`);
  if (fault.code === 'internal' && error instanceof Error && !isJson) process.stderr.write(`\n${error.stack}\n`);
  return fault.code === 'agent-too-old-runtime' || fault.code === 'home-unsuitable' || fault.code === 'database-unsafe' ? 78 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--version')) {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  if (args.length === 0 || args.includes('--help') || args[0] === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  try {
    assertRuntime();
    const { command, line } = readLine(args);
    const run = commands[command];
    if (!run) throw new UsageError(`there is no command ${command}`);
    return await run(line);
  } catch (error) {
    return report(error, args.includes('--json'));
  }
}

// What the agent writes is its owner's alone.
process.umask(0o077);
process.exitCode = await main(process.argv.slice(2));
// A driver's open handle must not keep a finished command alive.
process.stdout.write('', () => process.exit());
