import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { drivers } from './testing.ts';

const program = fileURLToPath(new URL('../index.ts', import.meta.url));
type Said = { readonly event: string; readonly [more: string]: unknown };

it('runs a database by hand, says how to reach it, and ends in order with what it has seen', async () => {
  const args = [program, 'oracle', '--port', '0', '--reservations', '300', '--speed', '3600', '--tls', '--json'];
  const child = execFile(process.execPath, args);
  const said: Said[] = [];
  const lines = createInterface({ input: child.stdout! });
  lines.on('line', (line) => said.push(JSON.parse(line) as Said));
  await once(lines, 'line');
  const [{ address, user, password, owner, wallet }] = said as [Said];
  const [driver] = drivers;
  const connection = await driver!.getConnection({ user, password, connectString: address, walletLocation: wallet });
  const { rows } = await connection.execute(`SELECT COUNT(*) FROM ${owner}.reservation_name`);
  await connection.close();
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect([code, Number(rows?.[0]?.[0]) >= 300, said.map(({ event }) => event), said[1]?.statements, said[1]?.rejected]).toEqual([
    0,
    true,
    ['ready', 'stopped'],
    1,
    [],
  ]);
});
