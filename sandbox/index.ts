import { Trouble, WrongUsage } from './command.ts';
import { demoCommand } from './demo/command.ts';
import { hotelCommand } from './hotel/command.ts';
import { oracleCommand } from './oracle/command.ts';
import { upstreamCommand } from './upstream/command.ts';

const usage = `Stand-ins for the systems around a hotel, on 127.0.0.1. Nothing here is real.

  demo [--seconds N] [--port N] [--home DIR] [--seed S] [--no-open] [--json]
      the whole product on a sandbox hotel; ends with what arrived
  upstream --file DIR [--port N] [--secret S] [--token T] [--json]
      the receiver of the ingest protocol; keeps what it applied in DIR/received.ndjson
  hotel --drop DIR --truth FILE [--seed S] [--every-ms N] [--stop-after-ms N] [--json]
      a hotel whose PMS drops booking exports into DIR
  hotel --drop DIR --truth FILE --once ROWS [--seed S] [--json]
      one export of ROWS rows
  oracle [--port N] [--seed S] [--rooms N] [--bookings N] [--reservations N] [--speed N] [--tls] [--stop-after-ms N] [--json]
      an Oracle database with an OPERA property that lives, N bookings a day, N times as fast as our time
`;

const commands: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  demo: demoCommand,
  upstream: upstreamCommand,
  hotel: hotelCommand,
  oracle: oracleCommand,
};

async function run(name: string, args: string[]): Promise<number> {
  const command = commands[name];
  try {
    if (!command) throw new WrongUsage(name === '' ? 'a command is missing' : `there is no command ${name}`);
    return await command(args);
  } catch (error) {
    if (error instanceof WrongUsage || String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')) {
      process.stderr.write(`${(error as Error).message}\n\n${usage}`);
      return 2;
    }
    // A failure that has no name yet is shown whole.
    process.stderr.write(`${error instanceof Trouble ? error.message : ((error as Error).stack ?? error)}\n`);
    return 1;
  }
}

const [name = '', ...args] = process.argv.slice(2);
process.exitCode = await run(name, args);
