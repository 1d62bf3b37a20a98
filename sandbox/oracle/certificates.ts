import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Certificate, runCommand } from '../servers/own-process.ts';

export type OracleCertificates = {
  /** The authority that a wallet has to hold: it signed all but `unknown`. */
  readonly authority: string;
  /**
   * What a DBA hands out as `ewallet.pem`: a key and a certificate for the client, and the authority. The driver reads all three out of
   * one text and refuses a wallet with the authority alone (NJS-505).
   */
  readonly wallet: string;
  readonly good: Certificate;
  /** As good as `good`, with another key: only whoever has pinned that one minds. */
  readonly otherKey: Certificate;
  readonly expired: Certificate;
  readonly wrongHost: Certificate;
  readonly unknown: Certificate;
};

const config = `
[ca]
default_ca = sandbox
[sandbox]
new_certs_dir = .
database = index
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
`;
const ellipticKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Make the certificates of a listener for tcps with openssl: a good one, and three of which each is wrong in one way. */
export function makeCertificates(): OracleCertificates {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-oracle-certificates-'));
  try {
    writeFileSync(join(folder, 'ca.cnf'), config);
    const authority = makeAuthority(folder, 'known');
    makeAuthority(folder, 'unknown');
    const soon = yearsFromNow(1);
    const client = sign(folder, { by: 'known', host: 'DNS:client', until: soon });
    return {
      authority,
      wallet: client.key + client.certificate + authority,
      good: sign(folder, { by: 'known', host: 'DNS:localhost,IP:127.0.0.1', until: soon }),
      otherKey: sign(folder, { by: 'known', host: 'DNS:localhost,IP:127.0.0.1', until: soon }),
      expired: sign(folder, { by: 'known', host: 'DNS:localhost,IP:127.0.0.1', until: '20210101000000Z' }),
      wrongHost: sign(folder, { by: 'known', host: 'DNS:db.elsewhere.example', until: soon }),
      unknown: sign(folder, { by: 'unknown', host: 'DNS:localhost,IP:127.0.0.1', until: soon }),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function yearsFromNow(years: number): string {
  return `${new Date().getUTCFullYear() + years}1231000000Z`;
}

function makeAuthority(folder: string, name: string): string {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
  runCommand('openssl', ['req', '-x509', ...ellipticKey, ...files, '-days', '3650', '-subj', `/CN=Sandbox authority ${name}`], {
    folder,
    account: null,
  });
  return readFileSync(join(folder, `${name}.pem`), 'utf8');
}

function sign(folder: string, { by, host, until }: { readonly by: string; readonly host: string; readonly until: string }): Certificate {
  const run = { folder, account: null };
  writeFileSync(join(folder, 'index'), '');
  const about = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${host}`];
  runCommand('openssl', ['req', '-new', ...ellipticKey, '-keyout', 'key', '-out', 'request', ...about], run);
  const authority = ['-config', 'ca.cnf', '-cert', `${by}.pem`, '-keyfile', `${by}.key`];
  const dates = ['-startdate', '20200101000000Z', '-enddate', until];
  runCommand('openssl', ['ca', '-batch', '-notext', ...authority, ...dates, '-in', 'request', '-out', 'certificate'], run);
  return { certificate: readFileSync(join(folder, 'certificate'), 'utf8'), key: readFileSync(join(folder, 'key'), 'utf8') };
}
