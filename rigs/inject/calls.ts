/** One kind of call of an agent that can be made to fail. */
export type CallKind = {
  readonly call: 'openat' | 'pread64' | 'pwrite64' | 'writev' | 'fsync' | 'ftruncate' | 'rename' | 'unlink' | 'mkdir' | 'connect';
  /** How it fails. */
  readonly errors: readonly string[];
  /** Only calls for these files of a home and of what lies beside it; null: whatever it is for. */
  readonly files: readonly string[] | null;
  /** So many one thread makes at most in the import of this rig, about: points are drawn from these, so that a seed always means the same. */
  readonly usual: number;
};

const database = ['home/pipeline.db', 'home/pipeline.db-wal', 'home/pipeline.db-shm'];
const known = [
  'home/secrets.key',
  'home/secrets.json',
  'home/run/lock.db',
  'home/run/agent.json',
  'home/logs/agent.1.log',
  'home/logs',
  'home',
  'drop',
];
/** The exports of a rig, as the hotel names them. */
const exported = ['drop/bookings-20260301-080000-001.csv', 'drop/bookings-20260301-080000-002.csv'];

/**
 * What an agent asks of its disk and of its line. A plain `write` is left out: Node.js wakes its own threads with it and ends when that
 * fails, which says nothing about us. A program that cannot read itself does not start, so an `openat` of that is left out too.
 */
export const callKinds: readonly CallKind[] = [
  { call: 'openat', errors: ['EIO', 'EMFILE', 'EACCES'], files: [...database, ...known, ...exported], usual: 9 },
  { call: 'pread64', errors: ['EIO'], files: database, usual: 200 },
  { call: 'pwrite64', errors: ['EIO', 'ENOSPC'], files: database, usual: 290 },
  { call: 'writev', errors: ['EIO', 'ENOSPC', 'ECONNRESET'], files: null, usual: 50 },
  { call: 'fsync', errors: ['EIO'], files: null, usual: 23 },
  { call: 'ftruncate', errors: ['EIO'], files: database, usual: 3 },
  { call: 'rename', errors: ['EIO', 'ENOSPC', 'EACCES'], files: null, usual: 2 },
  { call: 'unlink', errors: ['EIO', 'EACCES'], files: null, usual: 3 },
  { call: 'mkdir', errors: ['EIO', 'ENOSPC', 'EACCES'], files: null, usual: 4 },
  { call: 'connect', errors: ['ECONNREFUSED', 'ENETUNREACH', 'ETIMEDOUT'], files: null, usual: 2 },
];

/** The n-th call of a kind, in each thread that comes so far: there it fails once, or the process is killed. */
export type Point = { readonly kind: CallKind; readonly nth: number; readonly error: string | 'KILL' };

/** What strace has to be told to see the calls of a kind and to spoil one. @param folder what the names of the files start in. */
export function straceArguments({ kind, nth, error }: Point, { folder, log }: { readonly folder: string; readonly log: string }): string[] {
  const how = error === 'KILL' ? 'signal=KILL' : `error=${error}`;
  const paths = (kind.files ?? []).flatMap((file) => ['-P', `${folder}/${file}`]);
  return [
    // With its filter in the kernel strace does not come to send the signal.
    ...['strace', '-D', '-f', ...(error === 'KILL' ? [] : ['--seccomp-bpf']), '-y', '-s', '0', '-e', 'signal=none', '-o', log, ...paths],
    ...['-e', `trace=${kind.call}`, '-e', `inject=${kind.call}:${how}:when=${nth}`],
  ];
}

/** What strace has to be told to write down all calls of all kinds, so that {@link mostInAThread} can count them. */
export function countingArguments(log: string): string[] {
  const calls = callKinds.map(({ call }) => call).join(',');
  return ['strace', '-D', '-f', '--seccomp-bpf', '-y', '-s', '0', '-e', 'signal=none', '-o', log, '-e', `trace=${calls}`];
}

const line = /^(\d+) +(\w+)\((.*)$/;

/**
 * Count how many calls of a kind one thread has made at most: further places are never reached.
 * @param trace what strace has written with {@link countingArguments}.
 */
export function mostInAThread(trace: string, kind: CallKind, folder: string): number {
  const ofThread = new Map<string, number>();
  const files = kind.files?.map((file) => `${folder}/${file}`);
  for (const text of trace.split('\n')) {
    const [, thread = '', call = '', given = ''] = line.exec(text) ?? [];
    if (call !== kind.call) continue;
    const path = /^\d+<([^>]*)>/.exec(given)?.[1] ?? /"([^"]*)"/.exec(given)?.[1] ?? '';
    if (files && !files.includes(path)) continue;
    ofThread.set(thread, (ofThread.get(thread) ?? 0) + 1);
  }
  return Math.max(0, ...ofThread.values());
}

/** What was spoilt, as strace tells it: the call and what it was for, one a thread at most. A call in which the process ended has no answer. */
export function spoilt(trace: string): string[] {
  return trace
    .split('\n')
    .filter((text) => /\(INJECTED\)|= \?$|killed by SIGKILL/.test(text))
    .map((text) => text.replace(/^\d+ +/, '').slice(0, 160));
}
