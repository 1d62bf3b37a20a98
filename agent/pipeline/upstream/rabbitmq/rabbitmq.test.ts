import { createHash } from 'node:crypto';
import { Connection, type SyncMessage } from 'rabbitmq-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../../../contract/faults.ts';
import { eventId, recordUuid } from '../../../../db/pipeline/ids.ts';
import { selfSigned } from '../../../../sandbox/servers/own-process.ts';
import { hasRabbit, type RabbitServer, startRabbit } from '../../../../sandbox/servers/rabbitmq.ts';
import { runChecks } from '../../../runtime/connection-test.ts';
import { inTime } from '../../../testing.ts';
import type { OutgoingBatch, SendOutcome, UpstreamSession } from '../../upstream.ts';
import rabbitmq from './index.ts';

const anyTime = new AbortController().signal;
const secrets = { brokerPassword: 'a password with \'quotes" $(and) more' };
const hotelId = 'ALDQ';
const heartbeat = { hotelId, version: '1', sentAt: new Date(0).toISOString(), lagSeconds: 0, depth: 0, deadLetters: 0, entities: {} };
const vhost = 'hotels';
const queue = 'bellhop.records';

let seq = 0;
/** A record as it stands in the outbox. */
function outgoing(externalId: string, version = 1, fields: object = {}) {
  const key = { hotelId, source: 'pms', entity: 'booking', externalId };
  const hash = createHash('sha256').update(JSON.stringify(fields)).digest('hex');
  const id = eventId(key, 7, version, hash);
  const head = { eventId: id, generation: 7, version, syncedAt: '2026-03-01T10:00:00.000Z', hash, id: recordUuid(key) };
  const text = JSON.stringify({ ...head, hotelId, source: 'pms', externalId, guestName: 'Brandt, Jürgen 🛎', ...fields });
  return { eventId: id, seq: ++seq, text: Buffer.from(text) };
}
const batchOf = (...records: OutgoingBatch['records']): OutgoingBatch => ({ source: 'pms', entity: 'booking', records });
const named = (error: unknown) => (error instanceof Fault ? { code: error.code, ...error.detail } : `not named: ${error}`);
/** What came of a send: how many are confirmed, and what kept the others. */
const told = (outcome: SendOutcome) => [outcome.confirmed.size, outcome.refused.size, outcome.fault ? named(outcome.fault) : null];

describe.skipIf(!hasRabbit)('a RabbitMQ destination (SKIPPED where RabbitMQ is not installed)', () => {
  let server: RabbitServer;
  let tls: ReturnType<typeof selfSigned>;
  let session: UpstreamSession;
  let admin: Connection;
  const host = '127.0.0.1';
  const settings = (more: object = {}) =>
    rabbitmq.settings.parse({ host, port: server.tlsPort, vhost, queue, caPem: tls.certificate, ...more });
  const open = (more: object = {}, given: Record<string, string> = secrets) =>
    rabbitmq.open(settings(more), { secrets: given, now: Date.now });
  const runLetter = (more: object = {}) => server.script(rabbitmq.letter!(settings(more), { hotelId }).text, `${secrets.brokerPassword}\n`);
  const send = (...records: OutgoingBatch['records']) => session.send(batchOf(...records), anyTime).then(told, named);
  const tested = async (more: object = {}, given: Record<string, string> = secrets) => {
    const steps: unknown[][] = [];
    const checks = rabbitmq.checks(settings(more), { secrets: given, now: Date.now, hotelId, heartbeat });
    for await (const { step, state, found, fault } of runChecks(checks, anyTime)) {
      if (state === 'passed' || state === 'warned') steps.push([step, state, found]);
      if (state === 'failed') steps.push([step, fault?.code, fault?.detail]);
    }
    return steps;
  };
  const connected = () => {
    admin = new Connection({ hostname: host, port: server.port, vhost, username: 'admin', password: 'admin' });
    admin.on('error', () => undefined);
  };
  /** Take everything out of the queue. */
  const taken = async () => {
    const messages: SyncMessage[] = [];
    for (;;) {
      const message = await admin.basicGet({ queue, noAck: true });
      if (!message) return messages;
      messages.push(message);
    }
  };
  const untilSo = async (look: () => Promise<boolean>) => {
    const deadline = Date.now() + 15_000;
    while (!(await look())) {
      if (Date.now() > deadline) throw new Error('still not so');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  beforeAll(async () => {
    tls = selfSigned();
    server = await startRabbit({ tls });
    runLetter();
    server.ctl('set_permissions', '-p', vhost, 'admin', '.*', '.*', '.*');
    connected();
  }, 60_000);
  afterAll(async () => {
    admin?.unsafeDestroy();
    await server?.close();
  });
  beforeEach(async () => {
    session = await open();
    await admin.queuePurge({ queue });
  });
  afterEach(() => session.close());

  it('puts one lasting message for each record, byte for byte, with its id and its order beside it', async () => {
    const one = outgoing('0048213');
    const long = outgoing('0048214', 3, { specialRequests: 'ä'.repeat(30_000) });
    const outcome = await send(one, long);
    const messages = await taken();
    expect([
      outcome,
      messages.map(({ body, messageId, contentType, appId, durable, routingKey, headers }) => [
        JSON.stringify(body),
        messageId,
        contentType,
        appId,
        durable,
        routingKey,
        headers,
      ]),
    ]).toEqual([
      [2, 0, null],
      [
        [one, '0048213', 1],
        [long, '0048214', 3],
      ].map(([record, externalId, version]) => {
        const { text, eventId: id } = record as typeof one;
        const { hash } = JSON.parse(text.toString());
        const headers = { entity: 'booking', source: 'pms', hotelId, externalId, generation: 7, version, hash };
        return [text.toString(), id, 'application/json', 'bellhop', true, 'booking.ALDQ', expect.objectContaining(headers)];
      }),
    ]);
  });

  it('keeps the order in which records were kept', async () => {
    const records = Array.from({ length: 500 }, (_, at) => outgoing('1', at + 1));
    const outcome = await send(...records);
    expect([outcome, (await taken()).map(({ messageId }) => messageId)]).toEqual([[500, 0, null], records.map((one) => one.eventId)]);
  });

  it('says that no queue takes a message, sets nothing aside, and confirms what did come to rest', async () => {
    await admin.queueUnbind({ exchange: queue, queue, routingKey: '#' });
    await admin.queueBind({ exchange: queue, queue, routingKey: 'guest.*' });
    const found: unknown[] = [await send(outgoing('1'), outgoing('2'))];
    const guests = { ...batchOf(outgoing('3')), entity: 'guest' as const };
    found.push(told(await session.send(guests, anyTime)));
    await admin.queueUnbind({ exchange: queue, queue, routingKey: 'guest.*' });
    await admin.queueBind({ exchange: queue, queue, routingKey: '#' });
    found.push(await send(outgoing('1'), outgoing('2')), (await taken()).length);
    const fault = { code: 'upstream-unroutable', host, exchange: queue, key: 'booking.ALDQ' };
    expect(found).toEqual([[0, 0, fault], [1, 0, null], [2, 0, null], 3]);
  });

  it('counts nothing as delivered that the broker turned down', async () => {
    server.ctl('set_policy', '-p', vhost, '--apply-to', 'queues', 'small', '^small$', '{"max-length":1,"overflow":"reject-publish"}');
    await admin.queueDeclare({ queue: 'small', durable: true });
    await admin.queueUnbind({ exchange: queue, queue, routingKey: '#' });
    await admin.queueBind({ exchange: queue, queue: 'small', routingKey: '#' });
    const first = await send(outgoing('1'));
    const second = await send(outgoing('2'), outgoing('3'));
    await admin.queueDelete({ queue: 'small' });
    await admin.queueBind({ exchange: queue, queue, routingKey: '#' });
    expect([first, second]).toEqual([
      [1, 0, null],
      [0, 0, { code: 'upstream-error', host, status: 'nack' }],
    ]);
  });

  it('stops while the broker has no memory left, says so, and goes on by itself without sending anything twice', async () => {
    const before = await send(outgoing('0'));
    server.ctl('set_vm_memory_high_watermark', '0');
    const records = Array.from({ length: 20 }, (_, at) => outgoing('1', at + 1));
    const blocked = await send(...records);
    const again = session.send(batchOf(...records), anyTime).then(told, named);
    server.ctl('set_vm_memory_high_watermark', '0.4');
    expect([before, blocked, await again, (await taken()).map(({ messageId }) => messageId).slice(1)]).toEqual([
      [1, 0, null],
      [0, 0, { code: 'upstream-blocked', host, reason: expect.stringContaining('memory') }],
      [20, 0, null],
      records.map((one) => one.eventId),
    ]);
  });

  it('can be stopped and closed in time while the broker takes nothing', async () => {
    server.ctl('set_vm_memory_high_watermark', '0');
    await send(outgoing('1'));
    const stopped = await inTime(send2(AbortSignal.timeout(100)));
    const closed = await inTime(session.close(), 3000);
    server.ctl('set_vm_memory_high_watermark', '0.4');
    expect([stopped, closed]).toEqual([[0, 0, { code: 'stopped' }], undefined]);
  });
  const send2 = (signal: AbortSignal) => session.send(batchOf(outgoing('1')), signal).then(told, (error) => [0, 0, named(error)]);

  it('names what is missing at the broker when it goes missing in the middle, and goes on when it is back', async () => {
    const found: unknown[] = [await send(outgoing('1'))];
    await admin.exchangeDelete({ exchange: queue });
    found.push(await send(outgoing('2'), outgoing('3')), await send(outgoing('2'), outgoing('3')));
    await admin.exchangeDeclare({ exchange: queue, type: 'topic', durable: true });
    await admin.queueBind({ exchange: queue, queue, routingKey: '#' });
    found.push(await send(outgoing('2'), outgoing('3')));
    server.ctl('set_permissions', '-p', vhost, 'bellhop', '^$', '^$', '^$');
    await session.close();
    found.push(await send(outgoing('4')));
    runLetter();
    found.push(await send(outgoing('4')), (await taken()).length);
    const gone = { code: 'upstream-place-missing', host, place: `exchange ${queue}` };
    const closed = { code: 'upstream-rights', host, user: 'bellhop', right: 'write', place: `exchange ${queue}` };
    expect(found).toEqual([[1, 0, null], [0, 0, gone], gone, [2, 0, null], [0, 0, closed], [1, 0, null], 4]);
  });

  it('sends again under the same ids what a broker had not confirmed when it was killed, and loses nothing', async () => {
    const records = Array.from({ length: 2000 }, (_, at) => outgoing(String(at)));
    const sending = session.send(batchOf(...records), anyTime).then(told, named);
    await server.crash();
    const cut = await sending;
    const away = await send(...records);
    await server.start();
    const outcome = await send(...records);
    await untilSo(async () => (await admin.queueDeclare({ queue, passive: true })).messageCount >= records.length);
    const ids = (await taken()).map(({ messageId }) => messageId);
    expect([cut, away, outcome, new Set(ids)]).toEqual([
      expect.anything(),
      { code: 'upstream-unreachable', host, detail: 'ECONNREFUSED' },
      [2000, 0, null],
      new Set(records.map((one) => one.eventId)),
    ]);
  }, 90_000);

  it('the text for the administrator makes a user who can send to the exchange and nothing else', async () => {
    runLetter();
    const steps = await tested();
    const user = new Connection({ hostname: host, port: server.port, vhost, username: 'bellhop', password: secrets.brokerPassword });
    user.on('error', () => undefined);
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => 'allowed',
        (error: { code: string }) => error.code,
      );
    const said = [
      await code(user.queueDeclare({ queue: 'mine' })),
      await code(user.exchangeDeclare({ exchange: 'mine' })),
      await code(user.basicGet({ queue })),
      await code(user.queuePurge({ queue })),
      await code(user.queueDelete({ queue })),
      await code(user.queueBind({ exchange: queue, queue, routingKey: 'x' })),
    ];
    user.unsafeDestroy();
    const { text } = rabbitmq.letter!(settings(), { hotelId });
    expect([steps, new Set(said), said.length, text.includes(secrets.brokerPassword), (await taken()).length]).toEqual([
      [
        ['name', 'passed', host],
        ['port', 'passed', `${host}:${server.tlsPort}`],
        ['tls', 'passed', 'TLSv1.3'],
        ['login', 'passed', 'bellhop at hotels'],
        ['exchange', 'passed', 'bellhop.records is there'],
        ['queue', 'passed', 'bellhop.records is there'],
        ['publish', 'passed', 'yes; nothing was sent'],
      ],
      new Set(['ACCESS_REFUSED']),
      6,
      false,
      0,
    ]);
  });

  it('says which step fails and why', async () => {
    const last = async (more: object = {}, given: Record<string, string> = secrets) => (await tested(more, given)).at(-1);
    const found = [
      await last({ caPem: undefined }),
      await last({ port: server.port }),
      await last({}, { brokerPassword: 'wrong' }),
      await last({ vhost: 'elsewhere' }),
      await last({ exchange: 'elsewhere' }),
      await last({ queue: 'elsewhere' }),
    ];
    server.ctl('set_permissions', '-p', vhost, 'bellhop', '^$', '^$', '^$');
    found.push(await last());
    runLetter();
    expect(found).toEqual([
      ['tls', 'tls-untrusted', { host: `${host}:${server.tlsPort}` }],
      ['tls', 'tls-failed', { host: `${host}:${server.port}`, reason: 'what answers at this port speaks no TLS' }],
      ['login', 'upstream-login', { host, user: 'bellhop', place: 'virtual host hotels' }],
      ['login', 'upstream-place-missing', { host, place: 'virtual host elsewhere' }],
      ['exchange', 'upstream-place-missing', { host, place: 'exchange elsewhere' }],
      ['queue', 'upstream-place-missing', { host, place: 'queue elsewhere' }],
      ['publish', 'upstream-rights', { host, user: 'bellhop', right: 'write', place: 'exchange bellhop.records' }],
    ]);
  });

  it('makes exchange, queue and binding itself where the settings say so, and says when what is there is another', async () => {
    const more = { exchange: 'made.here', queue: 'made.queue', declares: true };
    runLetter(more);
    await admin.exchangeDelete({ exchange: 'made.here' });
    await admin.queueDelete({ queue: 'made.queue' });
    const making = await open(more);
    const found: unknown[] = [told(await making.send(batchOf(outgoing('1')), anyTime))];
    await making.close();
    found.push((await admin.queueDeclare({ queue: 'made.queue', passive: true })).queue);
    await admin.exchangeDelete({ exchange: 'made.here' });
    await admin.exchangeDeclare({ exchange: 'made.here', type: 'direct', durable: true });
    const other = await open(more);
    found.push(await other.send(batchOf(outgoing('1')), anyTime).then(told, named));
    await other.close();
    runLetter();
    expect(found).toEqual([
      [1, 0, null],
      'made.queue',
      { code: 'upstream-shape', host, place: 'exchange made.here', detail: 'another type' },
    ]);
  });
});
