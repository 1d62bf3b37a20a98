import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { bookingRow, bookingsFile, hotel, hubDraft, testHotel } from '../testing.ts';
import { type Keyring, Secrets } from './secrets.ts';

let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-secrets-'));
  home = join(folder, 'home');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (options: Parameters<typeof Secrets.open>[1] = {}) => Secrets.open(home, { keyring: null, ...options });
const path = (name: string) => join(home, name);
const stored = () => JSON.parse(readFileSync(path('secrets.json'), 'utf8'));
const change = (edit: (file: ReturnType<typeof stored>) => void) => {
  const file = stored();
  edit(file);
  writeFileSync(path('secrets.json'), JSON.stringify(file));
};

function outcome(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Fault ? error.code : `not named: ${error}`;
  }
  return 'opened';
}

function memoryKeyring(): Keyring & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return { kept, get: (name) => kept.get(name) ?? null, set: (name, value) => void kept.set(name, value) };
}

const canary = 'whsec_Y2FuYXJ5IHRoYXQgbXVzdCBuZXZlciBhcHBlYXI=';

describe('the secrets of a connection', () => {
  it('come back after a restart, with every sign that a password can have', () => {
    const values = { signingSecret: canary, password: ' Pässwörd "\\\n\u0000 😀 ', empty: '' };
    const first = open();
    first.put('hub', values);
    first.put('pms', { password: 'another' });
    expect([open().of('hub'), open().of('pms'), open().of('nobody')]).toEqual([values, { password: 'another' }, {}]);
  });

  it('are replaced one by one, and forgotten together', () => {
    const secrets = open();
    secrets.put('hub', { a: '1', b: '2' });
    secrets.put('hub', { b: '3' });
    secrets.put('hub-2', { a: 'other' });
    const before = open().of('hub');
    secrets.forget('hub');
    expect([before, open().of('hub'), open().of('hub-2')]).toEqual([{ a: '1', b: '3' }, {}, { a: 'other' }]);
  });

  it.each([
    ['to another connection', 'hub/token', 'thief/token'],
    ['to another field', 'hub/token', 'hub/password'],
  ])('do not open when their sealed value is moved %s', (_name, from, to) => {
    open().put('hub', { token: canary });
    change((file) => {
      file.entries[to] = file.entries[from];
      delete file.entries[from];
    });
    const secrets = open();
    expect(outcome(() => secrets.of(to.split('/')[0] as string))).toBe('database-damaged');
  });

  it('do not open when one bit of them was changed', () => {
    open().put('hub', { token: canary });
    change((file) => {
      const sealed = Buffer.from(file.entries['hub/token'], 'base64');
      sealed[20] = (sealed[20] as number) ^ 1;
      file.entries['hub/token'] = sealed.toString('base64');
    });
    expect(outcome(() => open().of('hub'))).toBe('database-damaged');
  });

  it('of another home are worth nothing here', () => {
    open().put('hub', { token: canary });
    const other = Secrets.open(join(folder, 'other'), { keyring: null });
    other.put('hub', { token: 'mine' });
    cpSync(join(folder, 'other', 'secrets.json'), path('secrets.json'));
    expect(outcome(() => open())).toBe('secrets-locked');
  });
});

describe('the key of the account', () => {
  it.runIf(process.platform !== 'win32')('lies in a file that only its owner may read, as the secrets do', () => {
    const before = process.umask(0o000);
    try {
      open().put('hub', { token: canary });
    } finally {
      process.umask(before);
    }
    expect(['secrets.key', 'secrets.json'].map((name) => (statSync(path(name)).mode & 0o777).toString(8))).toEqual(['600', '600']);
  });

  it('lies in the keyring where there is one, and then in no file', () => {
    const keyring = memoryKeyring();
    open({ keyring }).put('hub', { token: canary });
    const again = open({ keyring });
    expect([again.keptBy, again.of('hub'), existsSync(path('secrets.key')), keyring.kept.size]).toEqual([
      'keyring',
      { token: canary },
      false,
      1,
    ]);
  });

  it.each<[string, Keyring]>([
    [
      'throws',
      {
        get: () => {
          throw new Error('no session bus');
        },
        set: () => {
          throw new Error('no session bus');
        },
      },
    ],
    ['takes everything and keeps nothing', { get: () => null, set: () => undefined }],
    ['gives back something else', { get: () => 'bm9uc2Vuc2U=', set: () => undefined }],
    [
      'takes it and cannot be asked',
      {
        get: () => {
          throw new Error('locked');
        },
        set: () => undefined,
      },
    ],
  ])('falls back to the key file where the keyring %s', (_name, keyring) => {
    open({ keyring }).put('hub', { token: canary });
    expect([open({ keyring }).keptBy, open({ keyring }).of('hub'), existsSync(path('secrets.key'))]).toEqual([
      'key-file',
      { token: canary },
      true,
    ]);
  });

  it("is asked for by name when the keyring is gone, is another account's, or throws at a later start", () => {
    open({ keyring: memoryKeyring() });
    const throwing: Keyring = {
      get: () => {
        throw new Error('no session bus');
      },
      set: () => undefined,
    };
    expect([null, memoryKeyring(), throwing].map((keyring) => outcome(() => open({ keyring })))).toEqual([
      'secrets-locked',
      'secrets-locked',
      'secrets-locked',
    ]);
  });

  it('is asked for by name when its file is lost, empty or another one', () => {
    open();
    const seen = ['', 'bm9uc2Vuc2U=', Buffer.alloc(32, 9).toString('base64'), '\u0000'].map((content) => {
      writeFileSync(path('secrets.key'), content);
      return outcome(() => open());
    });
    rmSync(path('secrets.key'));
    expect([...seen, outcome(() => open())]).toEqual(Array.from({ length: 5 }, () => 'secrets-locked'));
  });

  it('never is made anew over records that need the old one', () => {
    open();
    writeFileSync(path('pipeline.db'), 'records');
    rmSync(path('secrets.json'));
    rmSync(path('secrets.copy.json'));
    expect([outcome(() => open()), outcome(() => open({ recoveryKey: 'BH-0000' })), existsSync(path('secrets.json'))]).toEqual([
      'secrets-locked',
      'secrets-locked',
      false,
    ]);
  });

  const damaged = ['', '{', '{}', '{"version":2}', 'null', '[]'];

  it.each(damaged)('opens from the copy when the secret file says %j, also with the recovery key', (content) => {
    const recoveryKey = open().recoveryKey();
    open().put('hub', { token: 'kept safe' });
    writeFileSync(path('secrets.json'), content);
    expect(open().of('hub')).toEqual({ token: 'kept safe' });
    rmSync(path('secrets.key'));
    rmSync(path('secrets.json'));
    expect(open({ recoveryKey }).of('hub')).toEqual({ token: 'kept safe' });
  });

  it.each(damaged)('is locked when both files say %j, which stay as they are', (content) => {
    open();
    for (const name of ['secrets.json', 'secrets.copy.json']) writeFileSync(path(name), content);
    expect([outcome(() => open()), readFileSync(path('secrets.json'), 'utf8')]).toEqual(['secrets-locked', content]);
  });
});

describe('the recovery key', () => {
  it('is thirty-two signs that nobody mixes up, new for every home', () => {
    const keys = Array.from({ length: 50 }, (_, at) => Secrets.open(join(folder, `home-${at}`), { keyring: null }).recoveryKey());
    expect(keys.filter((key) => !/^BH(-[0-9A-HJKMNP-TV-Z]{4}){8}$/.test(key))).toEqual([]);
    expect(new Set(keys).size).toBe(50);
  });

  it('opens the secrets when the key of the account is lost, and the account opens them again afterwards', () => {
    const first = open();
    first.put('hub', { token: canary });
    const recoveryKey = first.recoveryKey();
    rmSync(path('secrets.key'));
    const recovered = open({ recoveryKey });
    expect([recovered.of('hub'), recovered.recoveryKey(), open().of('hub'), open().dataKey.equals(first.dataKey)]).toEqual([
      { token: canary },
      recoveryKey,
      { token: canary },
      true,
    ]);
  });

  it('leaves what lay in the folder before readable, where a keyring keeps the key', () => {
    const keyring = memoryKeyring();
    open({ keyring }).put('hub', { token: canary });
    cpSync(home, join(folder, 'aside'), { recursive: true });
    const elsewhere = Secrets.open(join(folder, 'elsewhere'), { keyring: null });
    for (const name of ['secrets.json', 'secrets.copy.json']) cpSync(join(folder, 'elsewhere', name), path(name));
    open({ keyring, recoveryKey: elsewhere.recoveryKey() });
    const restored = open({ keyring }).of('hub');
    for (const name of ['secrets.json', 'secrets.copy.json']) cpSync(join(folder, 'aside', name), path(name));
    expect([restored, open({ keyring }).of('hub')]).toEqual([{}, { token: canary }]);
  });

  it('moves the key into the keyring of the new account', () => {
    const recoveryKey = open().recoveryKey();
    const keyring = memoryKeyring();
    open({ keyring, recoveryKey });
    expect([open({ keyring }).keptBy, keyring.kept.size]).toEqual(['keyring', 1]);
  });

  it.each<[string, (key: string) => string]>([
    ['in small letters', (key) => key.toLowerCase()],
    ['without hyphens', (key) => key.replaceAll('-', '')],
    ['without its BH', (key) => key.slice(3)],
    ['with O for zero', (key) => key.replaceAll('0', 'O')],
    ['with o for zero and l for one', (key) => key.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l')],
    ['with I for one', (key) => key.replaceAll('1', 'I')],
    ['with blanks and a line break around it', (key) => `  ${key}\r\n`],
    ['with blanks for hyphens', (key) => key.replaceAll('-', ' ')],
    ['in small letters without anything', (key) => key.toLowerCase().replace(/[^a-z0-9]/g, '')],
    ['with long dashes', (key) => key.replaceAll('-', '–')],
  ])('opens typed %s', (_name, typed) => {
    // Some twenty homes, so that each sign has been among them.
    for (let at = 0; at < 20; at++) {
      const one = join(folder, `typed-${at}`);
      const recoveryKey = Secrets.open(one, { keyring: null }).recoveryKey();
      rmSync(join(one, 'secrets.key'));
      expect(Secrets.open(one, { keyring: null, recoveryKey: typed(recoveryKey) }).recoveryKey()).toBe(recoveryKey);
    }
  });

  it('that is wrong opens nothing and changes nothing', () => {
    const right = open().recoveryKey();
    const before = readFileSync(path('secrets.json'), 'utf8') + readFileSync(path('secrets.key'), 'utf8');
    const other = Secrets.open(join(folder, 'other'), { keyring: null }).recoveryKey();
    const wrong = [other, '', 'BH-', 'BH', right.slice(0, -1), `${right}0`, right.split('-').reverse().join('-'), 'Bellhop'];
    expect(wrong.map((recoveryKey) => outcome(() => open({ recoveryKey })))).toEqual(wrong.map(() => 'secrets-locked'));
    expect(readFileSync(path('secrets.json'), 'utf8') + readFileSync(path('secrets.key'), 'utf8')).toBe(before);
  });

  it('is shown until a person says that it is kept, and that is remembered', () => {
    const secrets = open();
    const before = secrets.isRecoveryKept;
    secrets.confirmRecoveryKept();
    expect([before, open().isRecoveryKept]).toEqual([false, true]);
  });
});

it('no file of a home that has worked holds a secret, the recovery key or a guest in the open', async () => {
  const test = await testHotel();
  try {
    await test.client.property.save(hotel);
    const draft = hubDraft(test.upstream);
    await test.client.connections.add({ ...draft, secrets: { ...draft.secrets, token: 'tok-canary-1234567890' } });
    await test.client.connections.add({
      id: 'pms',
      kind: 'folder-csv',
      title: 'PMS',
      settings: { folder: test.drops, completeWhen: 'done-file' },
      schedule: { kind: 'manual' },
      secrets: {},
    });
    test.drop('a.csv', bookingsFile(bookingRow('1'), bookingRow('2', { arrival: 'Zzyzx-canary-letter' })));
    await test.sync();
    await test.until(
      () => test.upstream.received(),
      (count) => count === 1,
    );
    const canaries = [
      ...[test.upstream.secret, test.upstream.secret.slice(6), 'tok-canary-1234567890'],
      ...[test.agent.stores.secrets.recoveryKey(), test.agent.stores.secrets.recoveryKey().replaceAll('-', '')],
      ...[test.agent.stores.secrets.dataKey.export().toString('base64'), test.agent.stores.secrets.dataKey.export().toString('latin1')],
      'Zzyzx-canary-letter',
    ];
    const files = readdirSync(test.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const hits = files.flatMap((entry) => {
      const content = readFileSync(join(entry.parentPath, entry.name)).toString('latin1');
      return canaries.filter((text) => content.includes(text)).map((text) => `${entry.name}: ${text}`);
    });
    expect([files.length > 5, hits]).toEqual([true, []]);
  } finally {
    await test.close();
  }
});
