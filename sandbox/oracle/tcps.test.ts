import { afterAll, describe, expect, it } from 'vitest';
import { makeCertificates } from './certificates.ts';
import { type OracleServer, startOracle } from './index.ts';
import { drivers } from './testing.ts';

const certificates = makeCertificates();
const servers: OracleServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

describe.each(drivers)('tcps with the driver $versionString', (driver) => {
  const outcome = async (name: 'good' | 'expired' | 'wrongHost' | 'unknown', walletContent = certificates.wallet) => {
    const server = await startOracle({ tls: certificates[name] });
    servers.push(server);
    try {
      const connection = await driver.getConnection({ user: 'opera', password: 'opera-owner', connectString: server.url, walletContent });
      const { rows } = await connection.execute('SELECT 1 FROM DUAL');
      await connection.close();
      return JSON.stringify(rows);
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('talks where the certificate is good, and not where it is expired, of another host or of an unknown authority', async () => {
    expect([await outcome('good'), await outcome('expired'), await outcome('wrongHost'), await outcome('unknown')]).toEqual([
      '[[1]]',
      expect.stringMatching(/^NJS-506: [\s\S]*certificate has expired/),
      expect.stringMatching(/^NJS-506: [\s\S]*NJS-508: /),
      expect.stringMatching(/^NJS-506: [\s\S]*unable to (?:get local issuer|verify the first) certificate/),
    ]);
  });

  it('shows that the driver takes no wallet that holds the authority alone', async () => {
    expect(await outcome('good', certificates.authority)).toMatch(/^NJS-505/);
  });
});
