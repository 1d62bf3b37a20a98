import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../../../contract/faults.ts';
import { createOperaHotel, type OperaHotel, type OracleOptions, type OracleServer, startOracle } from '../../../../sandbox/oracle/index.ts';
import { operaTables } from '../../../../sandbox/oracle/opera/schema.ts';
import type { TrueReservation } from '../../../../sandbox/oracle/opera/truth.ts';
import { grantsOn, operaUsers } from '../../../../sandbox/oracle/opera/users.ts';
import { runChecks } from '../../../runtime/connection-test.ts';
import { type TestHotel, testHotel } from '../../../testing.ts';
import opera from './index.ts';
import { codeLines } from './site-report.ts';

const anyTime = new AbortController().signal;
const secrets = { databasePassword: 'Lobby-3-kings' };
const hour = 3_600_000;

type Received = Record<string, unknown>;

/** What the receiver has applied of one kind, newest version per key. */
function received(test: TestHotel, entity = 'booking'): Map<string, Received> {
  if (!existsSync(test.upstream.file)) return new Map();
  const lines = readFileSync(test.upstream.file, 'utf8').split('\n').slice(0, -1);
  const all = lines.map((line) => JSON.parse(line) as { entity: string; record: Received });
  return new Map(all.filter((one) => one.entity === entity).map(({ record }) => [String(record.externalId), record]));
}

/** Statuses that a booking can have upstream; the others are set aside with their value. */
const statuses: Record<string, string> = {
  RESERVED: 'confirmed',
  'CHECKED IN': 'checked_in',
  'CHECKED OUT': 'checked_out',
  CANCELLED: 'cancelled',
  'NO SHOW': 'no_show',
};

/** What differs between the hotel's truth and what has arrived, without the product's code. */
function differences(hotel: OperaHotel, got: ReadonlyMap<string, Received>): string[] {
  const wrong: string[] = [];
  for (const one of hotel.truth()) {
    const status = statuses[one.status];
    const record = got.get(`${hotel.resort}-${one.resvNameId}`);
    if (one.kind !== 'guest' || status === undefined) {
      if (record) wrong.push(`${one.resvNameId} ${one.kind} ${one.status} has arrived`);
      continue;
    }
    const told = record && [
      record.status,
      record.checkInDate,
      record.checkOutDate,
      record.totalAmountMinor ?? 0,
      record.goneAt,
      record.guestEmail ?? null,
      record.confirmationNumber,
    ];
    const wanted = [status, one.arrival, one.departure, one.totalMinor, undefined, one.email, one.confirmationNo];
    if (JSON.stringify(told) !== JSON.stringify(wanted))
      wrong.push(`${one.resvNameId}: ${JSON.stringify(told)} is not ${JSON.stringify(wanted)}`);
  }
  return wrong;
}

let test: TestHotel;
let server: OracleServer;
beforeEach(async () => {
  test = await testHotel();
});
afterEach(async () => {
  await test.close();
  await server?.close();
});

const settings = (more: object = {}) => ({ address: server.url, user: 'HOTEL_READER', ...more });
async function connect(more: object = {}, password = secrets.databasePassword): Promise<void> {
  await test.connect({});
  await test.client.connections.remove({ id: 'pms' });
  await test.client.connections.add({
    id: 'opera',
    kind: 'opera-oracle',
    title: 'OPERA',
    settings: settings(more),
    schedule: { kind: 'manual' },
    secrets: { databasePassword: password },
  });
}
async function sync(): Promise<unknown> {
  const [source] = (await test.client.connections.list({})).filter((one) => one.id === 'opera');
  if (source) await test.agent.sources.syncNow(source);
  return test.agent.sources.state('opera').fault?.report() ?? null;
}
const delivered = () =>
  test.until(
    async () => (await test.client.overview.get({})).waiting,
    (waiting) => waiting === 0,
  );
const guests = (hotel: OperaHotel) => [...hotel.truth()].filter((one: TrueReservation) => one.kind === 'guest' && statuses[one.status]);

describe('OPERA on Oracle, by the real driver and a stand-in server', { timeout: 120_000 }, () => {
  it('brings every reservation upstream as the hotel has it, with guests and rooms, and nothing that is none', async () => {
    const hotel = createOperaHotel({ seed: 3, bookingsPerDay: 40, startAtMs: Date.UTC(2026, 4, 1, 9) });
    hotel.fill(600);
    hotel.settle();
    server = await startOracle({ hotel });
    await connect();
    expect(await sync()).toBeNull();
    await delivered();
    expect(differences(hotel, received(test))).toEqual([]);
    const [someone] = guests(hotel);
    const found = await test.until(
      () => test.client.trace.find({ text: someone?.confirmationNo ?? '' }),
      ({ hits }) => hits.length > 0,
    );
    expect(found.hits.map(({ by, row }) => [by, row.externalId])).toContainEqual(['number', `${hotel.resort}-${someone?.resvNameId}`]);
    const names = new Map([...received(test, 'guest')].map(([key, record]) => [key, record.lastName]));
    expect([
      guests(hotel).filter((one) => names.get(String(one.nameId)) !== one.lastName).length,
      received(test, 'room').size > 0,
      [...received(test, 'room').keys()].filter((room) => room.startsWith('9')),
      server.stats.rejected,
    ]).toEqual([0, true, [], []]);
  });

  it('follows two days of the hotel with its night audits, late commits, merges and deletes', async () => {
    const hotel = createOperaHotel({ seed: 11, bookingsPerDay: 60, startAtMs: Date.UTC(2026, 4, 1, 9) });
    hotel.fill(300);
    server = await startOracle({ hotel });
    await connect();
    await sync();
    for (let turn = 0; turn < 48; turn++) {
      hotel.advance(hour);
      await sync();
    }
    hotel.settle();
    hotel.advance(20 * 60_000);
    hotel.settle();
    for (let turn = 0; turn < 3; turn++) {
      await test.client.connections.compareNow({ id: 'opera' });
      await test.until(
        () => test.agent.sources.state('opera').isRunning,
        (isRunning) => !isRunning,
      );
      hotel.advance(60_000);
      hotel.settle();
    }
    await sync();
    await delivered();
    const got = received(test);
    const ghosts = [...hotel.deleted].filter((id) => {
      const record = got.get(`${hotel.resort}-${id}`);
      return record !== undefined && record.goneAt === undefined;
    });
    expect([differences(hotel, got), ghosts, server.stats.rejected]).toEqual([[], [], []]);
  });

  it('sets a status aside that it does not know, with its value', async () => {
    const hotel = createOperaHotel({ seed: 5, bookingsPerDay: 60, startAtMs: Date.UTC(2026, 4, 1, 9) });
    hotel.fill(400);
    hotel.settle();
    server = await startOracle({ hotel });
    await connect();
    await sync();
    const prospects = [...hotel.truth()].filter((one) => one.kind === 'guest' && !statuses[one.status]).length;
    const { letters, total } = await test.client.deadLetters.list({ limit: 200 });
    expect([prospects > 0, total, letters.filter(({ rule, field }) => rule !== 'value-unknown' || field !== 'status')]).toEqual([
      true,
      prospects,
      [],
    ]);
  });

  it('asks with one login, two sessions at most, and never for a table of companions, cards or notes', async () => {
    server = await startOracle();
    server.hotel.fill(50);
    server.hotel.settle();
    await connect();
    for (let turn = 0; turn < 5; turn++) await sync();
    const { logins, maxSessions, readsPerTable } = server.stats;
    const tables = Object.keys(readsPerTable).map((name) => name.split('.').at(-1));
    expect([logins, maxSessions <= 2, tables.filter((name) => /NOTE|CREDIT|DOCUMENT/.test(name ?? ''))]).toEqual([1, true, []]);
  });

  it('never locks an account: a wrong password is tried once, whatever restarts or is pressed', async () => {
    server = await startOracle();
    await connect({}, 'wrong');
    for (let turn = 0; turn < 3; turn++) await sync();
    await test.restart();
    await sync();
    const tried = async () => {
      for await (const step of await test.client.connections.test({ id: 'opera' })) void step;
    };
    for (let press = 0; press < 4; press++) await tried();
    expect(server.stats.failedLogins).toEqual({ HOTEL_READER: 2 });
    // The right password, entered by a person, goes through: the account was never locked.
    await test.client.connections.change({ id: 'opera', kind: 'opera-oracle', title: 'OPERA', settings: settings(), secrets });
    expect(await sync()).toBeNull();
  });

  it('goes on by its schedule when a test has logged in again after the account was unlocked', async () => {
    server = await startOracle();
    server.hotel.fill(10);
    server.hotel.settle();
    const { accounts } = server;
    const { HOTEL_READER: reader } = operaUsers('OPERA');
    accounts.set('HOTEL_READER', { ...reader, password: secrets.databasePassword, status: 'locked' });
    await connect();
    const refused = await sync();
    const scheduled = await test.client.connections.setSchedule({ id: 'opera', schedule: { kind: 'every', interval: '15m' } });
    const rests = test.agent.sources.nextRunMs(scheduled);
    accounts.set('HOTEL_READER', { ...reader, password: secrets.databasePassword });
    for await (const step of await test.client.connections.test({ id: 'opera' })) void step;
    const { alerts } = await test.client.overview.get({});
    const goesOn = test.agent.sources.nextRunMs(scheduled);
    expect([refused, rests, alerts.filter((alert) => alert.connectionId === 'opera'), goesOn !== null, await sync()]).toEqual([
      expect.objectContaining({ code: 'source-login' }),
      null,
      [],
      true,
      null,
    ]);
  });

  it('goes on by itself when sessions are killed, lines are cut or a page fails', async () => {
    const hotel = createOperaHotel({ seed: 7, bookingsPerDay: 40, startAtMs: Date.UTC(2026, 4, 1, 9) });
    hotel.fill(200);
    hotel.settle();
    server = await startOracle({ hotel });
    await connect();
    const faults = [];
    server.setFault({ on: 'execute', sql: /RESERVATION_DAILY/, times: 1, error: 1555 });
    faults.push(await sync());
    server.setFault({ on: 'execute', sql: /RESERVATION_NAME/, times: 1, killsSession: true });
    faults.push(await sync());
    server.setFault({ on: 'fetch', times: 1, cutsLine: 'before' });
    faults.push(await sync());
    server.setFault(null);
    faults.push(await sync());
    await delivered();
    expect([
      faults.map((fault) => (fault as { code: string } | null)?.code ?? null).filter((code) => code !== null).length > 0,
      faults.at(-1),
    ]).toEqual([true, null]);
    expect(differences(hotel, received(test))).toEqual([]);
  });

  it('stops only what a missing column concerns, and says which', async () => {
    server = await startOracle();
    server.hotel.fill(30);
    server.hotel.settle();
    server.setFault({ on: 'execute', sql: /ALL_TAB_COLUMNS/, error: 942 });
    await connect();
    expect(await sync()).toMatchObject({ code: 'source-place-missing' });
    server.setFault(null);
    expect(await sync()).toBeNull();
  });
});

describe('the doctor of OPERA', { timeout: 60_000 }, () => {
  const tested = async (more: object = {}, given: Record<string, string> = secrets) => {
    const steps: (readonly [string, string, unknown])[] = [];
    for await (const { step, state, found, fault } of runChecks(
      opera.checks(opera.settings.parse(settings(more)), { secrets: given, now: Date.now }),
      anyTime,
    )) {
      if (state === 'passed' || state === 'warned') steps.push([step, state, found]);
      if (state === 'failed') steps.push([step, fault?.code ?? '', fault?.detail]);
    }
    return steps;
  };
  const ends = async (more: object, options: OracleOptions = {}, given: Record<string, string> = secrets) => {
    const own = await startOracle(options);
    try {
      server = own;
      const steps = await tested({ address: own.url, ...more }, given);
      return steps.at(-1)?.slice(0, 2);
    } finally {
      await own.close();
    }
  };

  it('goes through every step, and says what it has found', async () => {
    server = await startOracle();
    server.hotel.fill(30);
    server.hotel.settle();
    const steps = await tested();
    expect(steps.map(([step, state]) => [step, state])).toEqual([
      ['address', 'passed'],
      ['name', 'passed'],
      ['port', 'passed'],
      ['protocol', 'passed'],
      ['login', 'warned'],
      ['place', 'passed'],
      // The account of the sandbox may read two tables more.
      ['rights', 'warned'],
      ['clock', 'passed'],
      ['columns', 'passed'],
      ['rows', 'passed'],
    ]);
    expect(server.stats.rejected).toEqual([]);
  });

  it.each([
    ['a wrong password', {}, {}, { databasePassword: 'wrong' }, ['login', 'source-login']],
    ['an unknown user', { user: 'NOBODY_AT_ALL' }, {}, secrets, ['login', 'source-login']],
    ['a locked account', { user: 'HOTEL_LOCKED' }, {}, secrets, ['login', 'source-login']],
    ['a password that has run out', { user: 'HOTEL_EXPIRED' }, {}, secrets, ['login', 'source-login']],
    ['a user without CREATE SESSION', { user: 'HOTEL_NOBODY' }, {}, secrets, ['login', 'source-rights']],
    ['a server of version 11.2', {}, { serverVersion: '11.2' }, secrets, ['protocol', 'oracle-too-old']],
    ['a password kept as in 10g', {}, { verifier: '10g' }, secrets, ['protocol', 'oracle-verifier']],
    ['a user who may write', { user: 'HOTEL_WRITER' }, {}, secrets, ['rights', 'source-may-write']],
    ['another owner', { owner: 'ELSEWHERE' }, {}, secrets, ['place', 'opera-choose']],
    ['another property', { resort: 'XYZ' }, {}, secrets, ['place', 'opera-choose']],
  ] as const)('names %s', async (_what, more, options, given, wanted) => {
    expect(await ends(more, options as OracleOptions, given)).toEqual(wanted);
  });

  it('names a service that is not there, a SID that is not there, a port on which nobody listens, and an address that is none', async () => {
    server = await startOracle();
    const { port } = server;
    const last = async (address: string) => (await tested({ address })).at(-1)?.slice(0, 2);
    expect([
      await last(`127.0.0.1:${port}/NOPE`),
      await last(`127.0.0.1:${port}:NOPE`),
      await last('127.0.0.1:9/OPERA'),
      await last('OPERA'),
    ]).toEqual([
      ['protocol', 'oracle-service'],
      ['protocol', 'oracle-service'],
      ['port', 'source-unreachable'],
      ['address', 'oracle-address'],
    ]);
  });

  it('warns of a password that runs out soon, and of a user who may write when that is accepted by name', async () => {
    server = await startOracle();
    const soon = await tested({ user: 'HOTEL_EXPIRING' });
    const named = (await tested({ user: 'HOTEL_WRITER' })).at(-1)?.[2] as { rights: string };
    const accepted = await tested({ user: 'HOTEL_WRITER', acknowledgedRights: named.rights.replace(/ and \d+ more$/, '').split(', ') });
    expect([soon.find(([step]) => step === 'login')?.[1], accepted.find(([step]) => step === 'rights')?.[1]]).toEqual(['warned', 'warned']);
  });

  it('needs nothing but what its letter grants, and its letter names every table that is read', async () => {
    server = await startOracle();
    const text = opera.letter?.(opera.settings.parse(settings()), { hotelId: 'ALDQ' }).text ?? '';
    const granted = Array.from(text.matchAll(/^GRANT READ ON OPERA\.(\S+) TO/gm), ([, table]) => table ?? '');
    server.accounts.set('BELLHOP_READER', {
      password: secrets.databasePassword,
      grants: Object.fromEntries(granted.map((table) => [`OPERA.${table}`, ['READ']])),
    });
    server.hotel.fill(20);
    server.hotel.settle();
    const steps = await tested({ user: 'BELLHOP_READER' });
    expect([steps.at(-1)?.[1], steps.find(([step]) => step === 'rights')?.[1], granted.length]).toEqual(['passed', 'passed', 10]);
  });

  it('gives no fault without a name', async () => {
    server = await startOracle();
    server.setFault({ on: 'execute', sql: /SYSTIMESTAMP/, error: { number: 600, text: 'ORA-00600: internal' } });
    const last = (await tested()).at(-1);
    expect([last?.[0], typeof last?.[1], last?.[1] === 'internal']).toEqual(['clock', 'string', false]);
    expect(new Fault('source-error').who).toBe('later');
  });

  it('lists owners and properties for a draft, in one login, before anything is chosen', async () => {
    const hotel = createOperaHotel({ seed: 4, bookingsPerDay: 4, startAtMs: Date.UTC(2026, 4, 1, 9) });
    const neighbour = createOperaHotel({ seed: 5, resort: 'BRGN', neighbourOf: hotel });
    hotel.fill(20);
    server = await startOracle({ hotel });
    const draft = { kind: 'opera-oracle', title: 'OPERA', settings: settings(), secrets };
    const before = server.stats.logins;
    const found = await test.client.connections.choices({ draft });
    expect([found, server.stats.logins - before, server.stats.rejected]).toEqual([
      [
        { field: 'owner', options: [{ value: 'OPERA', rows: expect.any(Number), type: null }] },
        {
          field: 'resort',
          options: [
            { value: 'ALDQ', rows: null, type: null },
            { value: 'BRGN', rows: null, type: null },
          ],
        },
      ],
      1,
      [],
    ]);
    neighbour.close();
  });

  it('lists the properties of an owner once one of several is chosen', async () => {
    const hotel = createOperaHotel({ seed: 4, bookingsPerDay: 4, startAtMs: Date.UTC(2026, 4, 1, 9) });
    hotel.database.create('OPERA2', operaTables);
    const grants = { ...grantsOn('OPERA', ['READ']), ...grantsOn('OPERA2', ['READ']) };
    server = await startOracle({ hotel, users: { HOTEL_READER: { password: secrets.databasePassword, grants } } });
    const choices = async (more: object) => {
      const draft = { kind: 'opera-oracle', title: 'OPERA', settings: settings(more), secrets };
      return (await test.client.connections.choices({ draft })).map(({ field, options }) => [field, options.map(({ value }) => value)]);
    };
    expect([await choices({}), await choices({ owner: 'OPERA' }), server.stats.rejected]).toEqual([
      [
        ['owner', ['OPERA', 'OPERA2']],
        ['resort', []],
      ],
      [
        ['owner', ['OPERA', 'OPERA2']],
        ['resort', ['ALDQ']],
      ],
      [],
    ]);
  });

  it('shows the first rows of a draft as they would be kept, names nobody, keeps nothing and stores nothing', async () => {
    const hotel = createOperaHotel({ seed: 6, bookingsPerDay: 10, startAtMs: Date.UTC(2026, 4, 1, 9) });
    hotel.fill(300);
    hotel.settle();
    server = await startOracle({ hotel });
    const preview = await test.client.connections.preview({
      draft: { kind: 'opera-oracle', title: 'OPERA', settings: settings(), secrets },
    });
    const people = [...hotel.truth()].map((one) => one.lastName).filter((name) => name.length > 3);
    const shown = JSON.stringify(preview);
    const bookings = preview.tables.find(({ name }) => name === 'reservations');
    const day = bookings?.fields.findIndex(({ name }) => name === 'checkInDate') ?? -1;
    expect([
      preview.tables.map(({ name, entity }) => [name, entity]),
      (bookings?.rows.length ?? 0) + (bookings?.aside.reduce((sum, { count }) => sum + count, 0) ?? 0) > 10,
      bookings?.rows.every((row) => /^\d{4}-\d\d-\d\d$/.test(String(row[day]))),
      people.filter((name) => shown.includes(name)),
      (await test.client.records.counts({})).length,
      await test.client.connections.list({}),
      server.stats.rejected,
    ]).toEqual([
      [
        ['rooms', 'room'],
        ['profiles', 'guest'],
        ['reservations', 'booking'],
      ],
      true,
      true,
      [],
      0,
      [],
      [],
    ]);
  });

  it('never takes a stored password to an address that it was not stored for', async () => {
    server = await startOracle();
    await connect();
    const elsewhere = { ...settings(), address: server.url.replace('127.0.0.1', 'localhost') };
    const draft = { id: 'opera', kind: 'opera-oracle', title: 'OPERA', settings: elsewhere };
    const codes = await Promise.all([
      test.client.connections.choices({ draft }).catch((error) => error.data.code),
      test.client.connections.preview({ draft }).catch((error) => error.data.code),
    ]);
    expect([codes, server.stats.logins]).toEqual([['secret-missing', 'secret-missing'], 0]);
  });

  it('makes a report of the site out of counts and codes, without anything of a guest', async () => {
    const hotel = createOperaHotel({ seed: 8, bookingsPerDay: 10, startAtMs: Date.UTC(2026, 4, 1, 9) });
    hotel.fill(300);
    hotel.settle();
    server = await startOracle({ hotel });
    await connect();
    const { text } = await test.client.connections.siteReport({ id: 'opera' });
    const truth = [...hotel.truth()];
    const today = /business date (\d{4}-\d\d-\d\d)/.exec(text)?.[1] ?? '';
    const staying = truth.filter(
      ({ kind, status, arrival, departure }) => kind === 'guest' && status === 'CHECKED IN' && (departure > today || arrival === departure),
    );
    const inHouse = new Set(staying.map(({ room }) => room));
    const confirmed = truth.filter(({ status }) => status === 'RESERVED').length;
    const told = truth.flatMap(({ lastName, email }) => [lastName, email]).filter((one) => one && one.length > 3 && text.includes(one));
    const parts = text.split('\n').filter((line) => line.startsWith('## '));
    expect([
      parts,
      Number(/- RESERVED: (\d+)/.exec(text)?.[1]) >= confirmed,
      Number(/- (\d+) rooms on the business date/.exec(text)?.[1]),
      text.includes('- rights to write: none'),
      text.includes('unknown'),
      told,
      server.stats.rejected,
    ]).toEqual([
      [
        '## Versions',
        '## Owner and property',
        '## RESERVATION_NAME.RESV_STATUS',
        '## RESERVATION_NAME.NAME_USAGE_TYPE',
        '## NAME.NAME_TYPE',
        '## NAME_PHONE.PHONE_ROLE',
        '## ROOM.ROOM_STATUS',
        '## Reservations without a time of change',
        '## Clock and business date',
        '## Rooms in house, to compare with the report of the hotel itself',
        '## Index on changes',
        '## Tables and columns that are different',
        '## Rights of this user',
      ],
      true,
      inHouse.size,
      true,
      false,
      [],
      [],
    ]);
  });

  it('leaves out of the report what does not look like a code', () => {
    const rows = [
      ['CHECKED IN', '12'],
      [null, '3'],
      ['Mrs Almeida, suite', '1'],
      ['4471902', '2'],
    ];
    expect(codeLines(rows)).toEqual([
      '- CHECKED IN: 12',
      '- (empty): 3',
      '- other values, which are not shown because they do not look like codes: 3',
    ]);
  });
});
