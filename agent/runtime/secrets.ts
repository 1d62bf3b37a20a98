import { hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Fault } from '../../contract/faults.ts';
import { seal, sealingKey, unseal } from '../../db/seal.ts';

/**
 * The secrets of this PC: the data key that seals records and raw files, and what connections log in with.
 *
 * The data key is random and wrapped twice: with the key of the account that runs the agent (its keyring, else a key file that only
 * it may read), and with the recovery key that a person keeps on paper. Each secret is sealed with the data key and bound to its
 * connection and field, so that a sealed value moved elsewhere does not open. Nothing of it stands in the database, the log or an export.
 */
const SecretFile = z.strictObject({
  version: z.literal(1),
  keptBy: z.enum(['keyring', 'key-file']),
  wrappedKey: z.string(),
  wrappedByRecovery: z.string(),
  sealedRecovery: z.string(),
  isRecoveryKept: z.boolean(),
  entries: z.record(z.string(), z.string()),
});
type SecretFile = z.infer<typeof SecretFile>;
/** Secrets as they lie in the file: sealed. */
export type SealedSecrets = SecretFile['entries'];

/** Where the key of the account is kept. */
export type Keyring = { get(name: string): string | null; set(name: string, value: string): void };

const keyringService = 'Bellhop';
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export class Secrets {
  readonly dataKey: KeyObject;
  readonly #path: string;
  #file: SecretFile;

  private constructor(path: string, file: SecretFile, dataKey: Uint8Array) {
    this.#path = path;
    this.#file = file;
    this.dataKey = sealingKey(dataKey);
  }

  /**
   * Open the secrets of a home, making them at the first start.
   * @throws {Fault} `secrets-locked` when this account cannot open them and no right recovery key is given.
   */
  static open(home: string, options: { readonly keyring?: Keyring | null; readonly recoveryKey?: string } = {}): Secrets {
    const path = join(home, 'secrets.json');
    const keyring = options.keyring === undefined ? systemKeyring() : options.keyring;
    if (!existsSync(path) && !existsSync(copyOf(path))) {
      // Records without the key that opens them: a new key would make them unreadable for ever.
      if (existsSync(join(home, 'pipeline.db'))) throw new Fault('secrets-locked');
      return Secrets.#create(home, path, keyring);
    }
    const file = readSecretFile(path);
    if (options.recoveryKey !== undefined) return Secrets.#recover(home, path, file, keyring, options.recoveryKey);
    const secrets = new Secrets(path, file, openKey(accountKey(home, file, keyring), file.wrappedKey, 'data-key account'));
    if (!existsSync(path) || !existsSync(copyOf(path))) secrets.#save();
    return secrets;
  }

  /**
   * Open the data key of secrets that lie elsewhere, such as in a backup, without changing anything: with the recovery key, else with
   * the key that the account has for `home`.
   * @throws {Fault} `secrets-locked`
   */
  static keyOf(
    folder: string,
    by: { readonly home: string; readonly recoveryKey?: string | undefined; readonly keyring?: Keyring | null },
  ): KeyObject {
    const file = readSecretFile(join(folder, 'secrets.json'));
    if (by.recoveryKey !== undefined)
      return sealingKey(openKey(recoveryWrapKey(normalRecoveryKey(by.recoveryKey)), file.wrappedByRecovery, 'data-key recovery'));
    const keyring = by.keyring === undefined ? systemKeyring() : by.keyring;
    return sealingKey(openKey(accountKey(by.home, file, keyring), file.wrappedKey, 'data-key account'));
  }

  /** Read the secrets that lie in a backup, sealed as they are. @throws {Fault} `secrets-locked` where they are gone or damaged. */
  static sealedIn(backup: string): SealedSecrets {
    return readSecretFile(join(backup, 'secrets.json')).entries;
  }

  static #create(home: string, path: string, keyring: Keyring | null): Secrets {
    const dataKey = randomBytes(32);
    const recoveryKey = newRecoveryKey();
    const wrapped = wrapForAccount(home, dataKey, keyring);
    const secrets = new Secrets(
      path,
      {
        version: 1,
        ...wrapped,
        wrappedByRecovery: base64(seal(sealingKey(recoveryWrapKey(recoveryKey)), dataKey, 'data-key recovery')),
        sealedRecovery: base64(seal(sealingKey(dataKey), recoveryKey, 'recovery-key')),
        isRecoveryKept: false,
        entries: {},
      },
      dataKey,
    );
    secrets.#save();
    return secrets;
  }

  static #recover(home: string, path: string, file: SecretFile, keyring: Keyring | null, recoveryKey: string): Secrets {
    const dataKey = openKey(recoveryWrapKey(normalRecoveryKey(recoveryKey)), file.wrappedByRecovery, 'data-key recovery');
    const secrets = new Secrets(path, { ...file, ...wrapForAccount(home, dataKey, keyring) }, dataKey);
    secrets.#save();
    return secrets;
  }

  get keptBy(): SecretFile['keptBy'] {
    return this.#file.keptBy;
  }

  get isRecoveryKept(): boolean {
    return this.#file.isRecoveryKept;
  }

  recoveryKey(): string {
    return unseal(this.dataKey, Buffer.from(this.#file.sealedRecovery, 'base64'), 'recovery-key').toString('utf8');
  }

  confirmRecoveryKept(): void {
    this.#file = { ...this.#file, isRecoveryKept: true };
    this.#save();
  }

  /** All secrets of one connection, open. They live in the memory of the line that uses them and nowhere else. */
  of(connectionId: string): Record<string, string> {
    const found: Record<string, string> = {};
    for (const [name, sealed] of Object.entries(this.#file.entries)) {
      const [owner, field] = name.split('/');
      if (owner === connectionId && field)
        found[field] = unseal(this.dataKey, Buffer.from(sealed, 'base64'), `secret ${name}`).toString('utf8');
    }
    return found;
  }

  put(connectionId: string, values: Readonly<Record<string, string>>): void {
    const entries = { ...this.#file.entries };
    for (const [field, value] of Object.entries(values)) {
      const name = `${connectionId}/${field}`;
      entries[name] = base64(seal(this.dataKey, value, `secret ${name}`));
    }
    this.#file = { ...this.#file, entries };
    this.#save();
  }

  forget(connectionId: string): void {
    const entries = Object.fromEntries(Object.entries(this.#file.entries).filter(([name]) => !name.startsWith(`${connectionId}/`)));
    this.#file = { ...this.#file, entries };
    this.#save();
  }

  /** Take over what the secrets of a backup hold and these do not: a connection that is back needs them. */
  adopt(entries: SealedSecrets): void {
    this.#file = { ...this.#file, entries: { ...entries, ...this.#file.entries } };
    this.#save();
  }

  #save(): void {
    const text = JSON.stringify(this.#file, null, 2);
    writeDurably(this.#path, text);
    // Without this file nothing that was kept can be read again, not even with the recovery key: so there are two of it.
    writeDurably(copyOf(this.#path), text);
  }
}

const copyOf = (path: string) => path.replace(/\.json$/, '.copy.json');

/** Read the file of secrets, or its copy when the file is lost or damaged. */
function readSecretFile(path: string): SecretFile {
  let cause: unknown;
  for (const candidate of [path, copyOf(path)]) {
    try {
      return SecretFile.parse(JSON.parse(readFileSync(candidate, 'utf8')));
    } catch (error) {
      cause ??= error;
    }
  }
  throw new Fault('secrets-locked', {}, { cause });
}

function openKey(wrapping: Uint8Array, wrapped: string, context: string): Buffer {
  try {
    return unseal(sealingKey(wrapping), Buffer.from(wrapped, 'base64'), context);
  } catch (error) {
    throw new Fault('secrets-locked', {}, { cause: error });
  }
}

function accountKey(home: string, file: SecretFile, keyring: Keyring | null): Uint8Array {
  const stored = file.keptBy === 'keyring' ? askKeyring(home, keyring) : readKeyFile(home);
  if (!stored) throw new Fault('secrets-locked');
  return Buffer.from(stored, 'base64');
}

/** A keyring may throw instead of answering: without a session, or while it is locked. */
function askKeyring(home: string, keyring: Keyring | null): string | null {
  try {
    return keyring?.get(home) ?? null;
  } catch (error) {
    throw new Fault('secrets-locked', {}, { cause: error });
  }
}

function readKeyFile(home: string): string | null {
  try {
    return readFileSync(join(home, 'secrets.key'), 'utf8').trim();
  } catch {
    return null;
  }
}

function wrapForAccount(home: string, dataKey: Uint8Array, keyring: Keyring | null): Pick<SecretFile, 'keptBy' | 'wrappedKey'> {
  const wrappedWith = (key: Uint8Array) => base64(seal(sealingKey(key), dataKey, 'data-key account'));
  const key = randomBytes(32);
  if (keyring) {
    try {
      // What another data folder was wrapped with at this place stays: what was moved aside for a backup opens with it again.
      const known = keyring.get(home);
      if (known !== null && Buffer.from(known, 'base64').length === 32)
        return { keptBy: 'keyring', wrappedKey: wrappedWith(Buffer.from(known, 'base64')) };
      keyring.set(home, base64(key));
      if (keyring.get(home) === base64(key)) return { keptBy: 'keyring', wrappedKey: wrappedWith(key) };
    } catch {
      // No keyring answers this account (a service, a PC without a session): the key file serves.
    }
  }
  writeDurably(join(home, 'secrets.key'), base64(key));
  return { keptBy: 'key-file', wrappedKey: wrappedWith(key) };
}

/** The keyring of the operating system, or null where the environment asks for the key file. */
function systemKeyring(env: NodeJS.ProcessEnv = process.env): Keyring | null {
  if (env.BELLHOP_KEYRING === 'file') return null;
  try {
    const { Entry } = createRequire(import.meta.url)('@napi-rs/keyring') as typeof import('@napi-rs/keyring');
    return {
      get: (name) => new Entry(keyringService, name).getPassword(),
      set: (name, value) => new Entry(keyringService, name).setPassword(value),
    };
  } catch {
    return null;
  }
}

/** 160 random bits in Crockford's base 32, in groups that can be read over the phone. */
function newRecoveryKey(): string {
  const bytes = randomBytes(32);
  const signs = Array.from({ length: 32 }, (_, at) => alphabet[(bytes[at] as number) % 32]).join('');
  return `BH-${signs.match(/.{4}/g)?.join('-')}`;
}

/** Forgive what people write: small letters, missing hyphens, O for 0, I and L for 1. */
function normalRecoveryKey(typed: string): string {
  const signs = typed
    .toUpperCase()
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1')
    .replace(/[^0-9A-Z]/g, '')
    // Without its BH a key may begin with these two signs all the same.
    .replace(/^BH(?=.{32})/, '');
  return `BH-${signs.match(/.{1,4}/g)?.join('-')}`;
}

function recoveryWrapKey(recoveryKey: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', recoveryKey, 'bellhop', 'recovery', 32));
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** Write a small file so that a power cut leaves the old one or the new, readable by its owner alone. */
function writeDurably(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.part`;
  writeFileSync(part, '', { mode: 0o600 });
  const file = openSync(part, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}
