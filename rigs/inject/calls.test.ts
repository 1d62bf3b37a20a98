import { expect, it } from 'vitest';
import { callKinds, mostInAThread, spoilt, straceArguments } from './calls.ts';

const kindOf = (call: string) => {
  const kind = callKinds.find((one) => one.call === call);
  if (!kind) throw new Error(call);
  return kind;
};

const trace = `10 openat(AT_FDCWD</x>, "/usr/lib/libc.so.6", O_RDONLY|O_CLOEXEC) = 3
10 openat(AT_FDCWD</x>, "/rig/home/pipeline.db", O_RDWR) = 4
10 pwrite64(4</rig/home/pipeline.db>, ""..., 8192, 0) = 8192
11 pwrite64(4</rig/home/pipeline.db-wal>, ""..., 8192, 0) = 8192
11 pwrite64(4</rig/home/pipeline.db-wal>,  <unfinished ...>
10 fsync(4</rig/home>) = 0
11 <... pwrite64 resumed>""..., 8192, 8192) = 8192
11 pwrite64(9</rig/home/raw/a.raw.part>, ""..., 10, 0) = 10
`;

it('counts what one thread has made at most of a kind, for the files that are meant', () => {
  const counted = ['openat', 'pwrite64', 'fsync', 'connect'].map((call) => mostInAThread(trace, kindOf(call), '/rig'));
  expect(counted).toEqual([1, 2, 1, 0]);
});

it('knows what was spoilt: what failed on purpose, and the call in which the process ended', () => {
  const log = `10 fsync(4</rig/home>) = 0
10 fsync(4</rig/home>) = -1 EIO (Input/output error) (INJECTED)
11 fsync(5</rig/home>) = -1 EIO (Input/output error)
11 fsync(6</rig/home/raw>) = ?
`;
  expect(spoilt(log)).toEqual(['fsync(4</rig/home>) = -1 EIO (Input/output error) (INJECTED)', 'fsync(6</rig/home/raw>) = ?']);
});

it('tells strace of one call of one kind, and of nothing else', () => {
  const spoil = (error: string) => straceArguments({ kind: kindOf('ftruncate'), nth: 3, error }, { folder: '/rig', log: '/log' }).join(' ');
  expect([spoil('EIO'), spoil('KILL')]).toEqual([
    expect.stringMatching(/--seccomp-bpf .*-P \/rig\/home\/pipeline.db .*-e trace=ftruncate -e inject=ftruncate:error=EIO:when=3$/),
    expect.stringMatching(/^(?!.*seccomp).*-e inject=ftruncate:signal=KILL:when=3$/),
  ]);
});
