/** What the product promises, and the rigs that prove it. `full` is the size that a proof needs; a smaller one is a sign, and said as such. */
export type Promised = {
  readonly id: string;
  readonly says: string;
  /** Empty: nothing proves it yet. */
  readonly rigs: readonly { readonly rig: string; readonly full: number }[];
};

export const promises: readonly Promised[] = [
  {
    id: 'P1',
    says: 'The agent is killed at any moment: nothing is lost and nothing applied twice, and it is ready again within 3 s.',
    rigs: [
      { rig: 'kill', full: 10_000 },
      { rig: 'sftp', full: 1000 },
      { rig: 'first-load', full: 1_000_000 },
    ],
  },
  {
    id: 'P2',
    says: 'The power goes off at any moment: everything that the hub has seen is still known, nothing is corrupt, and it goes on from there.',
    rigs: [{ rig: 'powercut', full: 100_000 }],
  },
  {
    id: 'P3',
    says: 'Every byte of broken input is accounted for, and memory stays below 256 MiB on a file of any size.',
    rigs: [
      { rig: 'malformed', full: 50_000 },
      { rig: 'memory', full: 2048 },
    ],
  },
  {
    id: 'P4',
    says: 'Nothing that changes in a database is missed: late commits, equal stamps, changes of the clock, deletes.',
    rigs: [
      { rig: 'watermark', full: 1000 },
      { rig: 'opera', full: 72 },
    ],
  },
  {
    id: 'P5',
    says: 'Any single read, write, flush, rename or connection fails once, or is where the agent is killed: nothing is lost, and it heals or is seen within 5 s.',
    rigs: [{ rig: 'inject', full: 1000 }],
  },
  {
    id: 'P6',
    says: 'The hub is away while 72 hours of bookings come: nothing is lost, and all of it is delivered soon, without a storm of tries.',
    rigs: [{ rig: 'outage', full: 72 }],
  },
  {
    id: 'P7',
    says: 'No destination ever ends on an older state, whatever it answers, loses or does twice.',
    rigs: [
      { rig: 'answers', full: 10_000 },
      { rig: 'response-lost', full: 1000 },
      { rig: 'broker', full: 200 },
      { rig: 'restore', full: 30 },
    ],
  },
  {
    id: 'F26-F30, F32, F34',
    says: 'The line to the hub is slow, cut, silent or false: all arrives once, nothing hangs, and nothing is said to a wrong certificate.',
    rigs: [{ rig: 'net', full: 1000 }],
  },
  {
    id: 'P11',
    says: 'A migration ends at any moment, by a kill or a power cut: the schema is the old one or a new one, with every row.',
    rigs: [{ rig: 'migrate', full: 10_000 }],
  },
  {
    id: 'F17, F18',
    says: 'Files at rest are damaged: it is found, mended from copies or a backup, and nothing damaged is ever sent.',
    rigs: [{ rig: 'bitrot', full: 300 }],
  },
  {
    id: 'P12',
    says: 'The disk is full: nothing is confirmed that is not kept, and it recovers by itself.',
    rigs: [{ rig: 'diskfull', full: 300 }],
  },
];
