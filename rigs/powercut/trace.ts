import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** One thing that a program asked of its disk. @units `atMs` is the wall clock in milliseconds, with fractions. */
export type DiskCall = { readonly atMs: number } & (
  | { readonly kind: 'write'; readonly path: string; readonly bytes: Buffer; readonly at: number | 'end' }
  | { readonly kind: 'truncate'; readonly path: string; readonly length: number }
  | { readonly kind: 'sync' | 'create' | 'remove' | 'make-folder'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
);

/** What strace has to be told so that {@link readTrace} understands it. A frame of a raw file is written at once and whole in the log. */
export const straceArguments = [
  ...['-D', '-f', '--seccomp-bpf', '-ttt', '-xx', '-y', '-s', '2000000', '-e', 'signal=none'],
  ...[
    '-e',
    'trace=openat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat',
  ],
];

const line = /^(\d+) +(\d+\.\d+) (.*)$/;
const started = /^(\w+)\((.*) <unfinished \.\.\.>$/;
const ended = /^<\.\.\. (\w+) resumed>(.*)$/;
const whole = /^(\w+)\((.*)\) += (-?\d+)/;

/**
 * Read what strace has written down of one program into the calls that concern files below a folder, in the order in which they took
 * effect at the earliest: a write when it was asked for, everything else when it was answered. Calls that failed are left out.
 */
export async function readTrace(file: string, folder: string): Promise<DiskCall[]> {
  const open = new Map<string, { atMs: number; begin: string; place: number }>();
  const calls: { place: number; call: DiskCall }[] = [];
  let place = 0;
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const [, thread = '', seconds = '', said = ''] = line.exec(text) ?? [];
    const atMs = Number(seconds) * 1000;
    place++;
    const begun = started.exec(said);
    if (begun) {
      open.set(thread, { atMs, begin: `${begun[1]}(${begun[2]}`, place });
      continue;
    }
    const resumed = ended.exec(said);
    const before = resumed ? open.get(thread) : undefined;
    const [, name = '', given = '', answer = '-1'] = whole.exec(before ? `${before.begin}${resumed?.[2]}` : said) ?? [];
    if (Number(answer) < 0) continue;
    const isWrite = name.includes('write');
    const at = isWrite && before ? before : { atMs, place };
    for (const call of callsOf(name, given, Number(answer), at.atMs))
      if (call.path.startsWith(folder)) calls.push({ place: at.place, call });
  }
  return calls.toSorted((one, other) => one.place - other.place).map(({ call }) => call);
}

const bytesOf = (hex: string) => Buffer.from(hex.replaceAll('\\x', ''), 'hex');
const textOf = (hex: string) => bytesOf(hex).toString('utf8');
const strings = /"((?:\\x[0-9a-f]{2})*)"/g;
const ofFile = /^\d+<((?:\\x[0-9a-f]{2})*)>/;

/** @throws {Error} for a call that is not told in full: what follows from half of it would prove nothing. */
function callsOf(name: string, given: string, answer: number, atMs: number): DiskCall[] {
  const path = textOf(ofFile.exec(given)?.[1] ?? '');
  const texts = [...given.matchAll(strings)].map(([, hex = '']) => hex);
  switch (name) {
    case 'write':
    case 'writev':
    case 'pwrite64':
    case 'pwritev':
    case 'pwritev2': {
      if (!path.startsWith('/')) return [];
      const bytes = Buffer.concat(texts.map(bytesOf)).subarray(0, answer);
      if (bytes.length !== answer) throw new Error(`${name} of ${answer} bytes, of which ${bytes.length} are told`);
      // Behind the place of a pwritev2 stand its flags.
      const place = name === 'pwritev2' ? /, (\d+), \w+$/ : /, (\d+)$/;
      const at = name.startsWith('p') ? Number(place.exec(given)?.[1]) : 'end';
      if (Number.isNaN(at)) throw new Error(`${name} without a place`);
      return [{ kind: 'write', path, bytes, at, atMs }];
    }
    case 'fsync':
    case 'fdatasync':
      return [{ kind: 'sync', path, atMs }];
    case 'ftruncate':
      return [{ kind: 'truncate', path, length: Number(/, (\d+)$/.exec(given)?.[1]), atMs }];
    case 'openat': {
      const opened = textOf(texts[0] ?? '');
      if (!given.includes('O_CREAT') && !given.includes('O_TRUNC')) return [];
      const created: DiskCall[] = given.includes('O_CREAT') ? [{ kind: 'create', path: opened, atMs }] : [];
      return given.includes('O_TRUNC') ? [...created, { kind: 'truncate', path: opened, length: 0, atMs }] : created;
    }
    case 'rename':
    case 'renameat':
    case 'renameat2':
      return [{ kind: 'rename', path: textOf(texts[0] ?? ''), to: textOf(texts[1] ?? ''), atMs }];
    case 'unlink':
    case 'unlinkat':
      return [{ kind: 'remove', path: textOf(texts[0] ?? ''), atMs }];
    case 'mkdir':
    case 'mkdirat':
      return [{ kind: 'make-folder', path: textOf(texts[0] ?? ''), atMs }];
    default:
      return [];
  }
}
