import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
/** The zone of a process is fixed at its start: each one that a PC of a hotel may have needs a process of its own. */
const program = `
  import { startOracle } from ${JSON.stringify(`${folder}index.ts`)};
  import { drivers } from ${JSON.stringify(`${folder}testing.ts`)};
  const server = await startOracle({ zone: 'Europe/Amsterdam', now: () => Date.parse('2026-10-25T00:30:00Z') });
  const said = [];
  for (const driver of drivers) {
    const connection = await driver.getConnection({ user: 'opera', password: 'opera-owner', connectString: server.url });
    const winter = new Date(2026, 0, 15, 13, 14, 15);
    const summer = new Date(2026, 6, 15, 13, 14, 15);
    const sql = "SELECT TO_CHAR(SYSDATE,'YYYY-MM-DD HH24:MI:SS'), TO_CHAR(:1,'YYYY-MM-DD HH24:MI:SS'), TO_CHAR(:2,'YYYY-MM-DD HH24:MI:SS'), SYSTIMESTAMP, :3 FROM DUAL";
    const { rows } = await connection.execute(sql, [winter, { val: summer, type: driver.DB_TYPE_DATE }, { val: winter, type: driver.DB_TYPE_DATE }]);
    const [wall, one, other, at, date] = rows[0];
    said.push([wall, one, other, at.toISOString(), date.getTime() === winter.getTime()]);
    await connection.close();
  }
  await server.close();
  console.log(JSON.stringify(said));`;

describe.each(['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'])('on a PC whose zone is %s', (zone) => {
  it.concurrent('reads the wall clock of the server and the dates of the hotel unchanged', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, TZ: zone },
    });
    const said = ['2026-10-25 02:30:00', '2026-01-15 13:14:15', '2026-07-15 13:14:15', '2026-10-25T00:30:00.000Z', true];
    expect(JSON.parse(stdout)).toEqual([said, said]);
  });
});
