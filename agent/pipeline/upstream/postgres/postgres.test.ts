import { createHash } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../../../contract/faults.ts';
import type { EntityName } from '../../../../contract/record.ts';
import { eventId, recordUuid } from '../../../../db/pipeline/ids.ts';
import { selfSigned } from '../../../../sandbox/servers/own-process.ts';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../../sandbox/servers/postgres.ts';
import { runChecks } from '../../../runtime/connection-test.ts';
import { DataRefused, type OutgoingBatch, type UpstreamSession } from '../../upstream.ts';
import postgres from './index.ts';

const anyTime = new AbortController().signal;
const secrets = { databasePassword: 'a password with \'quotes"' };
const hotelId = 'ALDQ';
const heartbeat = { hotelId, version: '1', sentAt: new Date(0).toISOString(), lagSeconds: 0, depth: 0, deadLetters: 0, entities: {} };
type Given = { externalId: string; version?: number; generation?: number; [field: string]: unknown };

let seq = 0;
/** A record as it stands in the outbox. */
function outgoing({ externalId, version = 1, generation = 7, ...fields }: Given, entity: EntityName = 'booking') {
  const key = { hotelId, source: 'pms', entity, externalId };
  const hash = createHash('sha256').update(JSON.stringify(fields)).digest('hex');
  const id = eventId(key, generation, version, hash);
  const head = { eventId: id, generation, version, syncedAt: '2026-03-01T10:00:00.000Z', hash, id: recordUuid(key) };
  const text = JSON.stringify({ ...head, hotelId, source: 'pms', externalId, ...fields });
  return { eventId: id, seq: ++seq, text: Buffer.from(text) };
}
const booking = { checkInDate: '2026-03-01', checkOutDate: '2026-03-04', status: 'confirmed', currency: 'EUR', totalAmountMinor: 37350 };
const batchOf = (...records: OutgoingBatch['records']): OutgoingBatch => ({ source: 'pms', entity: 'booking', records });
const named = (error: unknown) =>
  error instanceof Fault
    ? { code: error.code, ...error.detail }
    : error instanceof DataRefused
      ? { refused: error.status }
      : `not named: ${error}`;

describe.skipIf(!hasPostgres)('a PostgreSQL destination (SKIPPED where PostgreSQL is not installed)', () => {
  let server: PostgresServer;
  let tls: ReturnType<typeof selfSigned>;
  let session: UpstreamSession;
  const settings = (more: object = {}) =>
    postgres.settings.parse({ host: '127.0.0.1', port: server.port, database: server.database, caPem: tls.certificate, ...more });
  const open = (more: object = {}) => postgres.open(settings(more), { secrets, now: Date.now });
  const tested = async (more: object = {}, given: Record<string, string> = secrets) => {
    const steps = [];
    for await (const { step, state, found, fault } of runChecks(
      postgres.checks(settings(more), { secrets: given, now: Date.now, hotelId, heartbeat }),
      anyTime,
    )) {
      if (state === 'passed' || state === 'warned') steps.push([step, state, found]);
      if (state === 'failed') steps.push([step, fault?.code, fault?.detail]);
    }
    return steps;
  };
  const standing = () =>
    server.ask('SELECT external_id, generation, version, status, document FROM production.bookings ORDER BY external_id');
  const runLetter = () =>
    server.script(postgres.letter!(settings(), { hotelId }).text, `${secrets.databasePassword}\n${secrets.databasePassword}\n`);

  beforeAll(async () => {
    tls = selfSigned();
    server = await startPostgres({ tls });
    runLetter();
  });
  afterAll(() => server?.close());
  beforeEach(async () => {
    await server.ask('TRUNCATE production.bookings, production.guests, production.rooms, production.reviews');
    session = await open();
  });
  afterEach(() => session.close());

  it('keeps a record whole, with the columns that people ask for, and confirms it when COMMIT has answered', async () => {
    const one = outgoing({ externalId: '0048213', ...booking, guestName: 'Brandt, Jürgen' });
    const outcome = await session.send(batchOf(one), anyTime);
    const rows = await server.ask(
      `SELECT hotel_id, source, external_id, event_id, generation, version, synced_at AT TIME ZONE 'UTC' = '2026-03-01T10:00:00' AS "syncedAt",
       check_in_date::text, check_out_date::text, status, guest_name, room_number, total_amount_minor, currency, document FROM production.bookings`,
    );
    expect([[...outcome.confirmed], rows]).toEqual([
      [one.eventId],
      [
        {
          hotel_id: 'ALDQ',
          source: 'pms',
          external_id: '0048213',
          event_id: one.eventId,
          generation: '7',
          version: 1,
          syncedAt: true,
          check_in_date: '2026-03-01',
          check_out_date: '2026-03-04',
          status: 'confirmed',
          guest_name: 'Brandt, Jürgen',
          room_number: null,
          total_amount_minor: '37350',
          currency: 'EUR',
          document: JSON.parse(one.text.toString()),
        },
      ],
    ]);
  });

  it('keeps guests, rooms and reviews in their tables, too', async () => {
    const given: [EntityName, Record<string, unknown>][] = [
      ['guest', { lastName: 'Brandt', totalSpendMinor: 99 }],
      ['room', { number: '101', status: 'clean' }],
      ['review', { rating: 4.5, reviewDate: '2026-03-02' }],
    ];
    for (const [entity, fields] of given) {
      const record = outgoing({ externalId: 'x', ...fields }, entity);
      await session.send({ source: 'pms', entity, records: [record] }, anyTime);
    }
    const rows = await server.ask(
      'SELECT last_name, total_spend_minor, number, r.status, review_date::text FROM production.guests, production.rooms r, production.reviews',
    );
    expect(rows).toEqual([{ last_name: 'Brandt', total_spend_minor: '99', number: '101', status: 'clean', review_date: '2026-03-02' }]);
  });

  it('applies an event once however often it comes, and never goes back to an older state', async () => {
    const first = outgoing({ externalId: '1', ...booking });
    const second = outgoing({ externalId: '1', version: 2, ...booking, status: 'cancelled' });
    await session.send(batchOf(first), anyTime);
    await session.send(batchOf(second), anyTime);
    const before = await server.ask('SELECT xmin::text FROM production.bookings');
    const again = await session.send(batchOf(second), anyTime);
    const late = await session.send(batchOf(first), anyTime);
    const after = await server.ask('SELECT xmin::text FROM production.bookings');
    expect([[...again.confirmed], [...late.confirmed], late.refused.size, (await standing())[0]?.status, after]).toEqual([
      [second.eventId],
      [first.eventId],
      0,
      'cancelled',
      before,
    ]);
  });

  it('ends on the newest state when a batch holds several of one booking, and confirms them all', async () => {
    const states = [1, 2, 3].map((version) => outgoing({ externalId: '1', version, ...booking, status: `s${version}` }));
    const outcome = await session.send(batchOf(...states), anyTime);
    expect([[...outcome.confirmed], (await standing()).map((row) => [row.version, row.status])]).toEqual([
      states.map((one) => one.eventId),
      [[3, 's3']],
    ]);
  });

  it('takes a newer generation over a higher version of an older one', async () => {
    await session.send(batchOf(outgoing({ externalId: '1', generation: 7, version: 9, ...booking })), anyTime);
    await session.send(batchOf(outgoing({ externalId: '1', generation: 8, version: 1, ...booking, status: 'cancelled' })), anyTime);
    expect([(await standing())[0]?.status, await session.highWater('ALDQ', anyTime), await session.highWater('NONE', anyTime)]).toEqual([
      'cancelled',
      8,
      0,
    ]);
  });

  it('refuses another content under the same version instead of saying that it arrived', async () => {
    const kept = outgoing({ externalId: '1', ...booking });
    const clash = outgoing({ externalId: '1', ...booking, status: 'cancelled' });
    await session.send(batchOf(kept), anyTime);
    const outcome = await session.send(batchOf(clash, outgoing({ externalId: '2', ...booking })), anyTime);
    const within = await session.send(
      batchOf(outgoing({ externalId: '3', ...booking }), outgoing({ externalId: '3', ...booking, status: 'no_show' })),
      anyTime,
    );
    expect([
      outcome.confirmed.size,
      [...outcome.refused.values()].map((one) => one.code),
      [...within.refused.values()].map((one) => one.code),
      (await standing()).map((row) => row.status),
    ]).toEqual([1, ['version-reused'], ['version-reused'], ['confirmed', 'confirmed', 'confirmed']]);
  });

  it.each([
    ['a NUL character', { guestName: 'a\u0000b' }, '22P05'],
    ['half a character', { guestName: 'a\ud800b' }, '22P02'],
    ['a day that no calendar has', { checkInDate: '2026-02-31' }, '22008'],
    ['an amount beyond every number', { totalAmountMinor: 1e30 }, '22003'],
  ])('refuses a batch with %s as data, keeps nothing of it, and goes on with the next', async (_name, wrong, state) => {
    const good = outgoing({ externalId: 'good', ...booking });
    const refused = await session.send(batchOf(good, outgoing({ externalId: 'bad', ...booking, ...wrong })), anyTime).catch(named);
    const kept = (await standing()).length;
    const outcome = await session.send(batchOf(good), anyTime);
    expect([refused, kept, outcome.confirmed.size]).toEqual([{ refused: state }, 0, 1]);
  });

  it('refuses as data what a trigger of the other side refuses, without repeating what it says', async () => {
    await server.ask(`CREATE FUNCTION production.refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF NEW.guest_name = 'Brandt' THEN RAISE EXCEPTION 'no % here', NEW.guest_name; END IF; RETURN NEW; END $$`);
    await server.ask('CREATE TRIGGER refuse BEFORE INSERT ON production.bookings FOR EACH ROW EXECUTE FUNCTION production.refuse()');
    const refused = await session
      .send(batchOf(outgoing({ externalId: '1', ...booking, guestName: 'Brandt' })), anyTime)
      .catch((error: Error) => [named(error), `${error.stack} ${error.cause}`.includes('Brandt')]);
    await server.ask('DROP TRIGGER refuse ON production.bookings');
    expect(refused).toEqual([{ refused: 'P0001' }, false]);
  });

  it('never counts as delivered what a trigger of the other side swallows', async () => {
    await server.ask(`CREATE FUNCTION production.swallow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF NEW.external_id = '1' THEN RETURN NULL; END IF; RETURN NEW; END $$`);
    await server.ask('CREATE TRIGGER swallow BEFORE INSERT ON production.bookings FOR EACH ROW EXECUTE FUNCTION production.swallow()');
    const said = await session.send(batchOf(outgoing({ externalId: '1', ...booking }), outgoing({ externalId: '2', ...booking })), anyTime);
    const twice = await session.send(
      batchOf(outgoing({ externalId: '1', ...booking }), outgoing({ externalId: '1', ...booking, version: 2, status: 'cancelled' })),
      anyTime,
    );
    await server.ask('DROP TRIGGER swallow ON production.bookings');
    expect([twice.confirmed.size, twice.refused.size]).toEqual([0, 2]);
    expect([said.confirmed.size, [...said.refused.values()].map(({ code }) => code)]).toEqual([1, ['not-stored']]);
  });

  it('names a server that is away, one whose backend is ended, and one that takes no writes, and goes on when they are well', async () => {
    const one = () => session.send(batchOf(outgoing({ externalId: '1', ...booking })), anyTime).then((done) => done.confirmed.size, named);
    const found: unknown[] = [await one()];
    await server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bellhop'");
    // Whether the end of the line was noticed before or with the question, nothing is confirmed wrongly and the next one is well.
    await one();
    found.push(await one());
    await server.ask('ALTER ROLE bellhop SET default_transaction_read_only = on');
    await session.close();
    found.push(await one());
    await server.ask('ALTER ROLE bellhop RESET default_transaction_read_only');
    await session.close();
    found.push(await one());
    await server.crash();
    await one();
    found.push(await one());
    await server.start();
    found.push(await one());
    expect(found).toEqual([
      1,
      1,
      { code: 'upstream-error', host: '127.0.0.1', status: '25006' },
      1,
      { code: 'upstream-unreachable', host: '127.0.0.1', detail: 'ECONNREFUSED' },
      1,
    ]);
  });

  it('lets go of a lock that does not open when it is stopped, and applies the same records once afterwards', async () => {
    await session.send(batchOf(outgoing({ externalId: '1', ...booking })), anyTime);
    const { Client } = (await import('pg')).default;
    const other = new Client({ host: '127.0.0.1', port: server.port, user: 'admin', database: server.database, ssl: false });
    await other.connect();
    await other.query('BEGIN; LOCK TABLE production.bookings');
    const newer = batchOf(outgoing({ externalId: '1', version: 2, ...booking, status: 'cancelled' }));
    const stopped = await session.send(newer, AbortSignal.timeout(200)).catch(named);
    await other.query('ROLLBACK');
    await other.end();
    const outcome = await session.send(newer, anyTime);
    expect([stopped, outcome.confirmed.size, (await standing()).map((row) => row.status)]).toEqual([{ code: 'stopped' }, 1, ['cancelled']]);
  });

  it('commits to the disk even where the user is set not to wait for it', async () => {
    await server.ask('ALTER ROLE bellhop SET synchronous_commit = off');
    await server.ask(`CREATE FUNCTION production.note() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.currency := current_setting('synchronous_commit'); RETURN NEW; END $$`);
    await server.ask('CREATE TRIGGER note BEFORE INSERT ON production.bookings FOR EACH ROW EXECUTE FUNCTION production.note()');
    await session.send(batchOf(outgoing({ externalId: '1', ...booking })), anyTime);
    const rows = await server.ask('SELECT currency FROM production.bookings');
    await server.ask('DROP TRIGGER note ON production.bookings; ALTER ROLE bellhop RESET synchronous_commit');
    expect(rows).toEqual([{ currency: 'on' }]);
  });

  it('the text for the administrator makes a user who can do what sending needs and nothing else', async () => {
    runLetter();
    const steps = await tested();
    const act = async (text: string) => {
      const { Client } = (await import('pg')).default;
      const client = new Client({
        host: '127.0.0.1',
        port: server.port,
        user: 'bellhop',
        password: secrets.databasePassword,
        database: server.database,
        ssl: { ca: tls.certificate },
      });
      await client.connect();
      const code = await client.query(text).then(
        () => 'allowed',
        (error: { code: string }) => error.code,
      );
      await client.end();
      return code;
    };
    const forbidden = [
      'DELETE FROM production.bookings',
      'TRUNCATE production.bookings',
      'DROP TABLE production.bookings',
      'ALTER TABLE production.bookings ADD x int',
      'CREATE TABLE production.mine ()',
      'CREATE TABLE public.mine ()',
      'CREATE SCHEMA mine',
    ];
    const said = [];
    for (const text of forbidden) said.push(await act(text));
    expect([
      steps,
      said,
      postgres.letter!(settings(), { hotelId }).text.includes(secrets.databasePassword),
      (await standing()).length,
    ]).toEqual([
      [
        ['name', 'passed', '127.0.0.1'],
        ['port', 'passed', `127.0.0.1:${server.port}`],
        ['tls', 'passed', 'TLSv1.3'],
        ['login', 'passed', expect.stringMatching(/^bellhop, PostgreSQL \d+/)],
        ['rights', 'passed', 'SELECT, INSERT, UPDATE in hotels.production, nothing more'],
        ['shape', 'passed', 'bookings, guests, rooms, reviews'],
        ['write', 'passed', 'works; nothing of it was kept'],
      ],
      ['42501', '42501', '42501', '42501', '42501', '42501', '42501'],
      false,
      0,
    ]);
  });

  it('says which step fails and why', async () => {
    const last = async (more: object = {}, given = secrets) => (await tested(more, given)).at(-1);
    const found: unknown[] = [
      await last({ caPem: undefined }),
      await last({}, { databasePassword: 'wrong' }),
      await last({ database: 'elsewhere' }),
      await last({ schema: 'elsewhere' }),
    ];
    await server.ask('REVOKE UPDATE ON production.rooms FROM bellhop');
    found.push(await last());
    await server.ask('GRANT UPDATE, DELETE ON production.rooms TO bellhop');
    found.push((await tested()).find(([step]) => step === 'rights'));
    await server.ask('REVOKE DELETE ON production.rooms FROM bellhop');
    await server.ask('ALTER TABLE production.guests RENAME last_name TO surname');
    await server.ask('ALTER TABLE production.guests ALTER version TYPE text');
    found.push(await last());
    await server.ask('ALTER TABLE production.guests RENAME surname TO last_name');
    await server.ask('ALTER TABLE production.guests ALTER version TYPE integer USING version::integer');
    await server.ask('ALTER TABLE production.guests ADD must text NOT NULL');
    found.push(await last());
    await server.ask('ALTER TABLE production.guests DROP must');
    await server.ask('ALTER TABLE production.reviews RENAME TO old_reviews');
    found.push(await last());
    found.push(await session.highWater('ALDQ', anyTime).catch(named));
    await server.ask('ALTER TABLE production.old_reviews RENAME TO reviews');
    const host = '127.0.0.1';
    expect(found).toEqual([
      ['tls', 'tls-untrusted', { host: `${host}:${server.port}` }],
      ['login', 'upstream-login', { host, user: 'bellhop', place: 'hotels' }],
      ['login', 'upstream-place-missing', { host, place: 'database elsewhere' }],
      ['rights', 'upstream-place-missing', { host, place: 'schema elsewhere' }],
      ['rights', 'upstream-rights', { host, user: 'bellhop', right: 'UPDATE', place: 'table production.rooms' }],
      ['rights', 'warned', 'enough, and more than needed: DELETE on production.rooms'],
      ['shape', 'upstream-shape', { host, place: 'production.guests', detail: 'version is text, not integer; last_name is missing' }],
      ['write', 'upstream-shape', { host, place: 'production', detail: 'SQLSTATE 23502 at a plain row' }],
      ['rights', 'upstream-place-missing', { host, place: 'table production.reviews' }],
      { code: 'upstream-place-missing', host, place: 'table production.reviews' },
    ]);
  });

  it('sends no user name and no password to a server that offers no TLS, or whose key is another', async () => {
    let bytes = '';
    const plain = createServer((socket) => {
      socket.on('data', (chunk) => {
        bytes += chunk.toString('latin1');
        socket.write('N');
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const to = await open({ port: (plain.address() as AddressInfo).port });
    const found = [await to.highWater('ALDQ', anyTime).catch(named)];
    await to.close();
    await new Promise((resolve) => plain.close(resolve));
    const pinned = await open({ pinnedKey: `${'A'.repeat(43)}=` });
    found.push(await pinned.highWater('ALDQ', anyTime).catch(named));
    await pinned.close();
    const far = await open({ host: '192.0.2.1', allowPlainOnThisPc: true }).catch(named);
    expect([found, bytes.length, far]).toEqual([
      [
        { code: 'tls-failed', host: '127.0.0.1', reason: 'the server offers none' },
        { code: 'tls-pin', host: '127.0.0.1' },
      ],
      8,
      { code: 'input-wrong', detail: 'a line without TLS is allowed only to 127.0.0.1' },
    ]);
  });
});
