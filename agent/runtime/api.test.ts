import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { LiveEvent } from '../../contract/api.ts';
import type { ConnectionDraft, TestStep } from '../../contract/connection.ts';
import { type FaultReport, faultCodes } from '../../contract/faults.ts';
import { bookingRow, bookingsFile, hotel, hubDraft, sourceDraft, type TestHotel, testHotel } from '../testing.ts';
import { apiRouter } from './api.ts';
import { openPipe, Wire } from './doors.ts';
import type { Client } from './wire-client.ts';

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel({ withLoops: false });
});
afterEach(async () => {
  vi.useRealTimers();
  await test.close();
});

/** What a call ended in, as whoever called sees it. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await call };
  } catch (error) {
    const { code, data } = error as { code: string; data?: FaultReport };
    return code === 'FAULT' && data && faultCodes.includes(data.code) ? { fault: data.code, ...data.detail } : { notNamed: String(error) };
  }
}

const secret = 'whsec_Y2FuYXJ5IHRoYXQgbXVzdCBuZXZlciBhcHBlYXI=';
const hub = (more: Partial<ConnectionDraft> = {}) => ({ ...hubDraft({ url: test.upstream.url, secret }), ...more, id: 'hub' });
const source = (settings: Record<string, unknown> = {}) => sourceDraft(test.drops, settings);

it('writes down who allowed a server broken methods, and until when', async () => {
  const settings = { host: '127.0.0.1', user: 'hotel', weakUntil: '2026-12-31' };
  const draft = {
    id: 'old',
    kind: 'sftp-csv',
    title: 'Old server',
    settings,
    schedule: { kind: 'manual' },
    secrets: { password: 'canary' },
  };
  await test.client.property.save(hotel);
  await test.client.connections.add(draft as never);
  await test.client.connections.change({ ...draft, settings: { ...settings, weakUntil: undefined }, secrets: {} } as never);
  const logs = join(test.home, 'logs');
  const lines = () => readdirSync(logs).flatMap((name) => readFileSync(join(logs, name), 'utf8').trim().split('\n'));
  const noted = await test.until(
    () => lines().filter((line) => line.includes('an exception was allowed')),
    (found) => found.length > 0,
  );
  expect(noted.map((line) => JSON.parse(line))).toMatchObject([
    { actor: 'local-operator', connectionId: 'old', exception: 'weakUntil 2026-12-31' },
  ]);
});

describe('over the real wire', () => {
  let wire: Wire;
  let pipe: Awaited<ReturnType<typeof openPipe>>;
  let socket: WebSocket;
  let client: Client;
  let correlationId: string;
  beforeEach(async () => {
    wire = new Wire(apiRouter(test.agent));
    pipe = await openPipe(test.agent.stores.lock, wire);
    correlationId = randomUUID();
    socket = new WebSocket('ws://agent/wire', {
      createConnection: () => connect(test.agent.stores.lock.pipe),
      headers: { authorization: `Bearer ${test.agent.stores.lock.token}` },
    });
    await new Promise((resolve) => socket.once('open', resolve));
    client = createORPCClient(new RPCLink({ websocket: socket as never, headers: () => ({ 'x-correlation-id': correlationId }) }));
  });
  afterEach(async () => {
    socket.terminate();
    wire.close();
    await pipe.close();
  });

  const log = () =>
    readdirSync(join(test.home, 'logs'))
      .map((name) => readFileSync(join(test.home, 'logs', name), 'utf8'))
      .join('');

  it('a refusal arrives with its code and the words that fill its sentence', async () => {
    expect(await outcome(client.connections.pause({ id: 'nobody' }))).toEqual({ fault: 'connection-not-found', id: 'nobody' });
  });

  it('a fault of ours says nothing of its inside but the id under which it stands in the log', async () => {
    vi.spyOn(test.agent.live, 'tell').mockImplementation(() => {
      throw new Error('inside: select * from secrets');
    });
    expect(await outcome(client.property.save(hotel))).toEqual({ fault: 'internal', correlationId });
    await vi.waitFor(() => expect(log()).toContain(correlationId));
    const line =
      log()
        .split('\n')
        .find((one) => one.includes(correlationId)) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({
      level: 50,
      correlationId,
      call: 'property.save',
      actor: 'local-operator',
      msg: 'a call failed',
    });
  });

  it.each(['', 'no uuid', `${'x'.repeat(5000)}`, '../../etc/passwd'])(
    'a correlation id that cannot be used is replaced: %j',
    async (given) => {
      correlationId = given;
      vi.spyOn(test.agent.live, 'tell').mockImplementation(() => {
        throw new Error('inside');
      });
      expect(await outcome(client.property.save(hotel))).toEqual({
        fault: 'internal',
        correlationId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      });
    },
  );

  it('a page never brings in a file of this PC', async () => {
    const order = { path: '/etc/passwd', entity: 'booking', mapping: 'generic-pms-bookings' } as const;
    expect(await outcome(client.files.import(order))).toMatchObject({ fault: 'input-wrong' });
  });

  it('what is no draft is refused before anything looks at it', async () => {
    const wrong = [
      {},
      { kind: 'folder-csv' },
      { ...source(), title: ' ' },
      { ...source(), id: 'NO/ID' },
      { ...source(), more: 1 },
      null,
      [],
    ];
    const outcomes = await Promise.all(wrong.map((draft) => client.connections.add(draft as never).catch((error) => error.code)));
    expect([new Set(outcomes), await client.connections.list({})]).toEqual([new Set(['BAD_REQUEST']), []]);
  });

  it('the steps of a connection test arrive one after the other, each as it starts and as it ends', async () => {
    const steps: TestStep[] = [];
    for await (const step of await client.connections.test({ draft: source() })) steps.push(step);
    expect(steps.map((step) => `${step.step} ${step.state}`)).toEqual([
      'folder running',
      'folder passed',
      'files running',
      'files warned',
      'read running',
      'read warned',
      'account running',
      'account passed',
    ]);
  });

  it('a test of what cannot even be tried says so by its name', async () => {
    const run = async (what: Parameters<Client['connections']['test']>[0]) => {
      for await (const _step of await client.connections.test(what));
    };
    expect(
      await Promise.all(
        [run({ id: 'nobody' }), run({ draft: source({ stillSeconds: 0 }) }), run({ draft: { ...source(), kind: 'fax' } })].map(outcome),
      ),
    ).toEqual([
      { fault: 'connection-not-found', id: 'nobody' },
      { fault: 'input-wrong', detail: expect.stringContaining('For how many seconds') },
      { fault: 'input-wrong', detail: 'there is no kind of system called fax' },
    ]);
  });

  it('live events arrive while something changes', async () => {
    const events = await client.live.events({});
    const first = await events.next();
    await client.connections.add(source());
    const second = await events.next();
    await events.return?.();
    expect([first, second].map(({ value }) => (value as LiveEvent).topic)).toEqual(['hello', 'connections']);
  });
});

describe('a connection is not added', () => {
  it.each<[string, () => object, object]>([
    ['of a kind that there is not', () => ({ ...source(), kind: 'fax' }), { detail: 'there is no kind of system called fax' }],
    ['without its folder', () => ({ ...source(), settings: {} }), { detail: expect.stringMatching(/^Folder: /) }],
    ['with a setting that nobody knows', () => source({ colour: 'red' }), { detail: expect.stringContaining('colour') }],
    [
      'with a number that is too large',
      () => source({ stillSeconds: 1e9 }),
      { detail: expect.stringMatching(/^For how many seconds[^:]*: /) },
    ],
    [
      'with a choice that there is not',
      () => source({ completeWhen: 'soon' }),
      { detail: expect.stringMatching(/^A file is complete when: /) },
    ],
    ['for a kind of record that its mapping is not for', () => source({ entity: 'guest' }), { detail: expect.stringContaining('booking') }],
    ['with an address that is none', () => hub({ settings: { url: 'hub' } }), { detail: expect.stringMatching(/^Address: /) }],
    ['without the secret that it needs', () => hub({ secrets: {} }), { detail: 'Signing secret is missing' }],
    ['with an empty secret', () => hub({ secrets: { signingSecret: '' } }), { detail: 'Signing secret is missing' }],
    [
      'with a secret that it does not have',
      () => ({ ...source(), secrets: { password: 'x' } }),
      { detail: 'there is no secret called password' },
    ],
    [
      'with a schedule that cannot be read',
      () => ({ ...source(), schedule: { kind: 'cron', expression: 'now and then' } }),
      { detail: '"now and then" is no cron expression' },
    ],
  ])('%s', async (_name, draft, detail) => {
    expect(await outcome(test.client.connections.add(draft() as never))).toEqual({ fault: 'input-wrong', ...detail });
    expect([await test.client.connections.list({}), test.agent.stores.secrets.of('hub')]).toEqual([[], {}]);
  });

  it('with a mapping that there is not', async () => {
    expect(await outcome(test.client.connections.add(source({ mapping: 'fancy' })))).toEqual({ fault: 'mapping-not-found', name: 'fancy' });
  });

  it('under a name that was ever used: it would inherit the files of the old one', async () => {
    await test.client.connections.add(source());
    const taken = await outcome(test.client.connections.add(source()));
    await test.client.connections.remove({ id: 'pms' });
    expect([taken, await outcome(test.client.connections.add(source()))]).toEqual([
      { fault: 'connection-name-taken', id: 'pms' },
      { fault: 'connection-name-taken', id: 'pms' },
    ]);
  });
});

describe('a connection that is added', () => {
  it('gets a name from its title when it has none, and never one that was used', async () => {
    const add = (title: string) => test.client.connections.add({ ...source(), id: undefined, title });
    const ids = [];
    for (const title of ['PMS Export!', 'PMS export', 'Größe & Maß', '日本', '日本', '---', 'x'.repeat(80)])
      ids.push((await add(title)).id);
    expect(ids).toEqual([
      'pms-export',
      'pms-export-2',
      expect.stringMatching(/^gro/),
      'folder-csv',
      'folder-csv-2',
      'folder-csv-3',
      'x'.repeat(30),
    ]);
  });

  it('has every setting that nobody chose', async () => {
    const added = await test.client.connections.add(source());
    expect(added).toMatchObject({
      direction: 'source',
      isPaused: false,
      settings: { pattern: '*.csv', stillSeconds: 30, hideCardNumbers: true },
    });
  });

  it('never gives its secrets away again, whatever is asked', async () => {
    const added = await test.client.connections.add(hub({ secrets: { signingSecret: secret, token: 'tok-canary-99' } }));
    await test.client.property.save(hotel);
    const steps: TestStep[] = [];
    for await (const step of await test.client.connections.test({ id: 'hub' })) steps.push(step);
    const answers = JSON.stringify([
      added,
      await test.client.connections.list({}),
      await test.client.connections.change({ ...hub(), secrets: {} }),
      await test.client.connections.pause({ id: 'hub' }),
      await test.client.overview.get({}),
      await test.client.agent.facts({}),
      await test.client.systems.kinds({}),
      await test.client.files.list({ limit: 5 }),
      steps,
    ]);
    expect([added.secrets, answers.includes(secret.slice(6)), answers.includes('tok-canary-99')]).toEqual([
      ['signingSecret', 'token'],
      false,
      false,
    ]);
  });
});

describe('a connection that is changed', () => {
  it('keeps a secret that is left empty, and takes one that is new', async () => {
    await test.client.connections.add(hub({ secrets: { signingSecret: secret, token: 'first' } }));
    const changed = await test.client.connections.change({ ...hub(), title: 'Hub 2', secrets: { signingSecret: '', token: 'second' } });
    expect([changed.title, changed.secrets, test.agent.stores.secrets.of('hub')]).toEqual([
      'Hub 2',
      ['signingSecret', 'token'],
      { signingSecret: secret, token: 'second' },
    ]);
  });

  it('keeps everything when the change is refused', async () => {
    await test.client.connections.add(hub());
    const before = JSON.stringify(await test.client.connections.list({}));
    const outcomes = [
      await outcome(test.client.connections.change({ ...hub(), settings: { url: 'nowhere' }, secrets: { signingSecret: 'whsec_new' } })),
      await outcome(test.client.connections.change({ ...hub(), kind: 'folder-csv', settings: source().settings, secrets: {} })),
      await outcome(test.client.connections.change({ ...hub(), secrets: { nonsense: 'x' } })),
    ];
    expect([outcomes, JSON.stringify(await test.client.connections.list({})), test.agent.stores.secrets.of('hub')]).toEqual([
      [
        { fault: 'input-wrong', detail: expect.stringMatching(/^Address: /) },
        { fault: 'input-wrong', detail: 'a connection keeps its kind' },
        { fault: 'input-wrong', detail: 'there is no secret called nonsense' },
      ],
      before,
      { signingSecret: secret },
    ]);
  });

  it('keeps its schedule unless another one is given', async () => {
    await test.client.connections.add({ ...source(), schedule: { kind: 'daily', at: '02:30' } });
    const { schedule: _none, ...draft } = source();
    const changed = await test.client.connections.change({ ...draft, id: 'pms' });
    const set = await test.client.connections.setSchedule({ id: 'pms', schedule: { kind: 'every', interval: '6h' } });
    expect([changed.schedule, set.schedule]).toEqual([
      { kind: 'daily', at: '02:30' },
      { kind: 'every', interval: '6h' },
    ]);
  });

  it('is told of as not there under a name that nobody has', async () => {
    const { client } = test;
    const calls = [
      client.connections.change({ ...hub(), id: 'nobody' }),
      client.connections.remove({ id: 'nobody' }),
      client.connections.restore({ id: 'nobody' }),
      client.connections.pause({ id: 'nobody' }),
      client.connections.resume({ id: 'nobody' }),
      client.connections.syncNow({ id: 'nobody' }),
      client.connections.setSchedule({ id: 'nobody', schedule: { kind: 'manual' } }),
      (async () => {
        for await (const _step of await client.connections.test({ id: 'nobody' }));
      })(),
    ];
    expect(await Promise.all(calls.map(outcome))).toEqual(calls.map(() => ({ fault: 'connection-not-found', id: 'nobody' })));
  });

  it('pauses and goes on, and stays paused over a restart', async () => {
    await test.client.connections.add(source());
    const paused = await test.client.connections.pause({ id: 'pms' });
    await test.restart();
    const [kept] = await test.client.connections.list({});
    expect([paused.isPaused, kept?.isPaused, (await test.client.connections.resume({ id: 'pms' })).isPaused]).toEqual([true, true, false]);
  });
});

describe('a connection that is removed', () => {
  it('is gone, and comes back with its secret and its settings when that was a mistake', async () => {
    const added = await test.client.connections.add(hub());
    await test.client.connections.remove({ id: 'hub' });
    const gone = await test.client.connections.list({});
    const back = await test.client.connections.restore({ id: 'hub' });
    await test.restart();
    expect([gone, back, await test.client.connections.list({}), test.agent.stores.secrets.of('hub')]).toEqual([
      [],
      added,
      [added],
      { signingSecret: secret },
    ]);
  });

  it('has its secret forgotten after a quarter of an hour, on the disk too', async () => {
    await test.client.connections.add(hub());
    await test.client.connections.remove({ id: 'hub' });
    await test.agent.stop();
    const entries = () => Object.keys(JSON.parse(readFileSync(join(test.home, 'secrets.json'), 'utf8')).entries);
    const before = entries();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 16 * 60_000 });
    const { Agent } = await import('../index.ts');
    const later = await Agent.start(test.home, { withLoops: true });
    await later.stop();
    vi.useRealTimers();
    expect([before, entries()]).toEqual([['hub/signingSecret'], []]);
  });

  it('that came back in time keeps its secret for ever', async () => {
    await test.client.connections.add(hub());
    await test.client.connections.remove({ id: 'hub' });
    await test.client.connections.restore({ id: 'hub' });
    await test.agent.stop();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_400_000 });
    const { Agent } = await import('../index.ts');
    const later = await Agent.start(test.home, { withLoops: true });
    const kept = later.stores.secrets.of('hub');
    await later.stop();
    vi.useRealTimers();
    expect(kept).toEqual({ signingSecret: secret });
  });
});

describe('the hotel', () => {
  it('is saved, shown, and checked', async () => {
    const before = (await test.client.agent.facts({})).property;
    await test.client.property.save(hotel);
    const wrong = await Promise.all(
      [{ timeZone: 'Mars/Base' }, { currency: 'EURO' }, { hotelId: '' }, { businessDateRollsAt: '25:00' }].map((more) =>
        test.client.property.save({ ...hotel, ...more }).catch((error) => error.code),
      ),
    );
    expect([before, (await test.client.agent.facts({})).property, wrong]).toEqual([null, hotel, wrong.map(() => 'BAD_REQUEST')]);
  });

  it('may change its code until the first record is kept, and its name always', async () => {
    await test.client.property.save({ ...hotel, hotelId: 'TYPO' });
    await test.client.property.save(hotel);
    await test.client.connections.add(source());
    test.drop('a.csv', bookingsFile(bookingRow('1')));
    await test.sync();
    const refused = await outcome(test.client.property.save({ ...hotel, hotelId: 'OTHER' }));
    const renamed = await outcome(test.client.property.save({ ...hotel, name: 'New Quay' }));
    expect([refused, renamed, (await test.client.agent.facts({})).property?.hotelId]).toEqual([
      { fault: 'input-wrong', detail: expect.stringContaining('code of the hotel') },
      { value: { ...hotel, name: 'New Quay' } },
      'ALDQ',
    ]);
  });
});

describe('the recovery key', () => {
  it('is the same each time, and once it is kept the console says so', async () => {
    const first = await test.client.agent.recoveryKey({});
    const before = (await test.client.agent.facts({})).recoveryKeyShown;
    await test.client.agent.confirmRecoveryKey({});
    await test.restart();
    expect([before, (await test.client.agent.facts({})).recoveryKeyShown, await test.client.agent.recoveryKey({})]).toEqual([
      false,
      true,
      first,
    ]);
  });
});

it('a schedule shows its next times before it is saved', async () => {
  await test.client.property.save(hotel);
  const { nextMs } = await test.client.schedule.preview({ schedule: { kind: 'daily', at: '02:30' } });
  const wrong = await outcome(test.client.schedule.preview({ schedule: { kind: 'cron', expression: '99 * * * *' } }));
  expect([nextMs.length, nextMs.every((ms) => ms > Date.now()), wrong]).toEqual([
    3,
    true,
    { fault: 'input-wrong', detail: '"99 * * * *" is no cron expression' },
  ]);
});

it('a test of a connection says what is wrong and leaves out what follows from it', async () => {
  const steps: TestStep[] = [];
  for await (const step of await test.client.connections.test({ draft: source({ folder: join(test.drops, 'not-there') }) }))
    steps.push(step);
  expect(steps.map((step) => [step.step, step.state, step.fault?.code ?? null])).toEqual([
    ['folder', 'running', null],
    ['folder', 'failed', 'folder-missing'],
    ['files', 'skipped', null],
    ['read', 'skipped', null],
    ['account', 'skipped', null],
  ]);
  expect(existsSync(join(test.drops, 'not-there'))).toBe(false);
});
