import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ended, tell, untilStopped, wholeNumber } from '../command.ts';
import { makeCertificates } from './certificates.ts';
import { createOperaHotel, startOracle } from './index.ts';
import { operaUsers } from './opera/users.ts';

const stepMs = 200;
const reader = 'HOTEL_READER';

/** Run a database with a property behind it until it is stopped. Its passwords are printed: they are made up and nothing here is real. */
export async function oracleCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '1521' },
      seed: { type: 'string', default: '1' },
      rooms: { type: 'string', default: '120' },
      bookings: { type: 'string', default: '60' },
      reservations: { type: 'string', default: '5000' },
      speed: { type: 'string', default: '1' },
      tls: { type: 'boolean', default: false },
      'stop-after-ms': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { json, tls } = values;
  const number = (name: 'port' | 'seed' | 'rooms' | 'bookings' | 'reservations' | 'speed', least = 0) =>
    wholeNumber(values[name], { name: `--${name}`, least });
  const stopAfterMs = values['stop-after-ms'];
  const signal = untilStopped(stopAfterMs === undefined ? undefined : wholeNumber(stopAfterMs, { name: '--stop-after-ms' }));
  const speed = number('speed', 1);
  const startMs = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-oracle-wallet-'));
  const hotel = createOperaHotel({
    seed: number('seed'),
    rooms: number('rooms', 1),
    bookingsPerDay: number('bookings'),
    now: () => startMs + (Date.now() - startMs) * speed,
  });
  const certificates = tls ? makeCertificates() : null;
  if (certificates) writeFileSync(join(folder, 'ewallet.pem'), certificates.wallet);
  try {
    hotel.fill(number('reservations'));
    const server = await startOracle({ port: number('port'), hotel, ...(certificates && { tls: certificates.good }) });
    const { password } = operaUsers(hotel.owner)[reader] ?? {};
    const place = { address: server.url, service: 'OPERA', user: reader, password, owner: hotel.owner, resort: hotel.resort };
    const wallet = certificates ? folder : null;
    tell({ json, event: { event: 'ready', port: server.port, ...place, wallet }, text: welcome({ ...place, wallet }) });
    const life = setInterval(() => hotel.step(), stepMs);
    await ended(signal);
    clearInterval(life);
    await server.close();
    const { logins, statements, rowsSent, rejected } = server.stats;
    const said = { logins, statements, rowsSent, commits: hotel.counts.commits, rejected };
    tell({ json, event: { event: 'stopped', ...said }, text: farewell(said) });
    return 0;
  } finally {
    hotel.close();
    rmSync(folder, { recursive: true });
  }
}

type Place = { readonly address: string; readonly service: string; readonly user: string; readonly password: string | undefined };

function welcome(of: Place & { readonly owner: string; readonly resort: string; readonly wallet: string | null }): string {
  const lines = [
    'Sandbox Oracle database with an OPERA property (nothing here is real)',
    `  address   ${of.address}`,
    `  service   ${of.service}`,
    `  user      ${of.user}`,
    `  password  ${of.password}`,
    `  owner     ${of.owner}`,
    `  resort    ${of.resort}`,
  ];
  return [...lines, ...(of.wallet === null ? [] : [`  wallet    ${of.wallet}`])].join('\n');
}

type Said = {
  readonly statements: number;
  readonly rowsSent: number;
  readonly commits: number;
  readonly rejected: readonly { readonly sql: string; readonly error: string }[];
};

function farewell({ statements, rowsSent, commits, rejected }: Said): string {
  const lines = rejected.map(({ sql, error }) => `  ${error}: ${sql}`);
  return [
    `${commits} commits by the hotel, ${statements} statements answered with ${rowsSent} rows, ${rejected.length} rejected`,
    ...lines,
  ].join('\n');
}
