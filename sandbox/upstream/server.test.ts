import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { IngestAnswer } from '../../contract/ingest.ts';
import { startUpstream, type Upstream } from './server.ts';

let dir: string;
let upstream: Upstream;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bellhop-upstream-'));
  upstream = await startUpstream({ dir });
});
afterEach(async () => {
  await upstream.close();
  rmSync(dir, { recursive: true, force: true });
});

const hash = 'a'.repeat(64);

function booking(changes: Record<string, unknown> = {}) {
  return {
    id: randomUUID(),
    hotelId: 'ALDQ',
    source: 'pms',
    externalId: 'B-1',
    syncedAt: '2026-03-01T10:00:00.000Z',
    version: 1,
    generation: 7,
    eventId: randomUUID(),
    hash,
    checkInDate: '2026-03-01',
    checkOutDate: '2026-03-04',
    status: 'confirmed',
    ...changes,
  };
}

type Sent = { key?: string; headers?: Record<string, string>; signedAt?: Date; signedText?: string; path?: string };

async function sendText(text: string, sent: Sent = {}) {
  const id = sent.key ?? randomUUID();
  const at = sent.signedAt ?? new Date();
  return fetch(upstream.url + (sent.path ?? '/api/ingest/bookings'), {
    method: 'POST',
    body: gzipSync(text),
    headers: {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'idempotency-key': id,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(upstream.secret).sign(id, at, sent.signedText ?? text),
      ...sent.headers,
    },
  });
}

function sendBookings(bookings: readonly unknown[], sent: Sent = {}) {
  return sendText(JSON.stringify({ source: 'pms', mode: 'upsert', bookings }), sent);
}

async function answered(sent: Promise<Response>) {
  return (await (await sent).json()) as IngestAnswer;
}

const lines = () => readFileSync(upstream.file, 'utf8').trimEnd().split('\n');

async function restart() {
  await upstream.close();
  upstream = await startUpstream({ dir, secret: upstream.secret });
}

it('has a booking on its disk when it says "applied"', async () => {
  const sent = booking();
  const answer = await sendBookings([sent]);
  expect([answer.status, await answer.json(), JSON.parse(lines()[0] ?? '').record]).toEqual([
    200,
    { applied: [sent.eventId], duplicate: [], refused: [] },
    sent,
  ]);
});

it('refuses one bad record by name and applies its neighbours', async () => {
  const [first, bad, last] = [booking(), booking({ externalId: 'B-2', status: 'tent' }), booking({ externalId: 'B-3' })];
  const answer = await answered(sendBookings([first, bad, last]));
  expect(answer).toMatchObject({
    applied: [first.eventId, last.eventId],
    duplicate: [],
    refused: [{ eventId: bad.eventId, code: 'record-invalid', field: 'status' }],
  });
});

it('applies an event once however often it comes, also after a restart', async () => {
  const sent = booking();
  await sendBookings([sent]);
  const again = await answered(sendBookings([sent]));
  await restart();
  const afterRestart = await answered(sendBookings([sent]));
  expect([again, afterRestart, upstream.received()]).toEqual([
    { applied: [], duplicate: [sent.eventId], refused: [] },
    { applied: [], duplicate: [sent.eventId], refused: [] },
    1,
  ]);
});

it('gives the same answer to the same request, and refuses its key for another one', async () => {
  const key = randomUUID();
  const sent = booking();
  const first = await answered(sendBookings([sent], { key }));
  const repeated = await answered(sendBookings([sent], { key }));
  const other = await sendBookings([booking({ externalId: 'B-2' })], { key });
  expect([repeated, other.status, upstream.counts.wireDuplicates]).toEqual([first, 422, 1]);
});

it('never lets an older version replace a newer one, whatever the order of arrival', async () => {
  const newer = booking({ version: 2, status: 'cancelled' });
  const older = booking({ version: 1 });
  const restored = booking({ generation: 8, version: 1, status: 'checked_in' });
  await sendBookings([newer]);
  const late = await answered(sendBookings([older]));
  const generation = await answered(sendBookings([restored]));
  expect([late.duplicate, generation.applied, upstream.counts.stale, upstream.received()]).toEqual([
    [older.eventId],
    [restored.eventId],
    1,
    2,
  ]);
});

it('refuses an event id that returns with other content, and a version that is used twice', async () => {
  const sent = booking();
  await sendBookings([sent]);
  const answer = await answered(sendBookings([{ ...sent, hash: 'b'.repeat(64) }, booking({ status: 'no_show' })]));
  expect(answer.refused.map((refusal: { code: string }) => refusal.code)).toEqual(['event-id-reused', 'version-reused']);
});

it('takes insert for new keys only and update for known keys only', async () => {
  const send = async (mode: string, record: unknown) => answered(sendText(JSON.stringify({ source: 'pms', mode, bookings: [record] })));
  const unknown = await send('update', booking());
  const inserted = await send('insert', booking());
  const exists = await send('insert', booking({ version: 2 }));
  const updated = await send('update', booking({ version: 2 }));
  expect([unknown.refused[0]?.code, inserted.applied.length, exists.refused[0]?.code, updated.applied.length]).toEqual([
    'key-unknown',
    1,
    'key-exists',
    1,
  ]);
});

it.each([
  ['a body that was changed on the way', { signedText: '{}' }],
  ['a signature made 301 s ago', { signedAt: new Date(Date.now() - 302_000) }],
  ['a signature from the future', { signedAt: new Date(Date.now() + 302_000) }],
  ['no signature', { headers: { 'webhook-signature': '' } }],
  ['a signature of another id', { headers: { 'webhook-id': 'another' } }],
])('refuses %s with 401 and keeps nothing', async (_, sent: Sent) => {
  const answer = await sendBookings([booking()], sent);
  expect([answer.status, upstream.received()]).toEqual([401, 0]);
});

it('accepts either of two signatures while a secret is being changed', async () => {
  const text = JSON.stringify({ source: 'pms', mode: 'upsert', bookings: [booking()] });
  const id = randomUUID();
  const old = new Webhook(`whsec_${Buffer.from('the secret of before').toString('base64')}`).sign(id, new Date(), text);
  const now = new Webhook(upstream.secret).sign(id, new Date(), text);
  const answer = await sendText(text, { key: id, headers: { 'webhook-signature': `${old} ${now}` } });
  expect(answer.status).toBe(200);
});

it.each([
  ['text that is no JSON', '{', 400],
  ['no list of bookings', '{"source":"pms","mode":"upsert"}', 400],
  ['an empty list', '{"source":"pms","mode":"upsert","bookings":[]}', 400],
  ['a record without an event id', '{"source":"pms","mode":"upsert","bookings":[{"externalId":"B-1"}]}', 400],
])('answers %s with a plain refusal', async (_, text, status) => {
  expect((await sendText(text)).status).toBe(status);
});

it('answers 413 to a body that unpacks to more than it may hold, without unpacking it whole', async () => {
  const answer = await sendText('0'.repeat(65 * 1024 * 1024), { signedText: '' });
  expect(answer.status).toBe(413);
});

it('answers 400 to a gzip that was cut', async () => {
  const answer = await fetch(`${upstream.url}/api/ingest/bookings`, {
    method: 'POST',
    body: gzipSync('{"source":"pms"}').subarray(0, 12),
    headers: { 'content-encoding': 'gzip' },
  });
  expect(answer.status).toBe(400);
});

it('knows the newest generation of a hotel, also after a restart', async () => {
  await sendBookings([booking({ generation: 9 }), booking({ generation: 8, externalId: 'B-2' })]);
  await restart();
  const ask = async (hotel: string) => (await fetch(`${upstream.url}/api/ingest/high-water?hotelId=${hotel}`)).json();
  expect([await ask('ALDQ'), await ask('OTHER')]).toEqual([{ generation: 9 }, { generation: 0 }]);
});

it('cuts off a last line that a power cut tore, because nobody was told about it', async () => {
  await sendBookings([booking()]);
  await upstream.close();
  appendFileSync(join(dir, 'received.ndjson'), '{"receivedAtMs":1,"enti');
  upstream = await startUpstream({ dir, secret: upstream.secret });
  await sendBookings([booking({ externalId: 'B-2' })]);
  expect(lines().map((line) => JSON.parse(line).record.externalId)).toEqual(['B-1', 'B-2']);
});

it('keeps the last heartbeat', async () => {
  const beat = {
    hotelId: 'ALDQ',
    version: '0.1.0',
    sentAt: '2026-03-01T10:00:00.000Z',
    lagSeconds: 3,
    depth: 12,
    deadLetters: 1,
    entities: { booking: 400, guest: 0, room: 0, review: 0 },
  };
  const answer = await sendText(JSON.stringify(beat), { path: '/api/ingest/heartbeat' });
  expect([answer.status, upstream.lastHeartbeat()]).toEqual([204, beat]);
});

it('wants the bearer token where one is set', async () => {
  await upstream.close();
  upstream = await startUpstream({ dir, token: 'key-of-the-hotel' });
  const status = async (authorization?: string) =>
    (await sendBookings([booking()], { headers: authorization ? { authorization } : {} })).status;
  expect([await status(), await status('Bearer wrong'), await status('Bearer key-of-the-hotel')]).toEqual([401, 401, 200]);
});

it('misbehaves as it is told over the wire, and then stops', async () => {
  const told = await fetch(`${upstream.url}/sandbox/faults`, {
    method: 'POST',
    body: JSON.stringify({ status: { code: 429, requests: 1, retryAfter: '7' }, captivePortal: 1, maxRecords: 1 }),
  });
  const busy = await sendBookings([booking()]);
  const portal = await sendBookings([booking()]);
  const tooMany = await sendBookings([booking(), booking({ externalId: 'B-2' })]);
  const fine = await sendBookings([booking()]);
  expect([
    told.status,
    [busy.status, busy.headers.get('retry-after')],
    [portal.status, portal.headers.get('content-type'), upstream.received()],
    tooMany.status,
    fine.status,
  ]).toEqual([200, [429, '7'], [200, 'text/html; charset=utf-8', 1], 413, 200]);
});

it('loses its answer after it has applied the batch, so that the sender must ask again', async () => {
  upstream.faults.dropAnswers = 1;
  const key = randomUUID();
  const sent = booking();
  await expect(sendBookings([sent], { key })).rejects.toThrow();
  const again = await answered(sendBookings([sent], { key }));
  expect([again.applied, upstream.received()]).toEqual([[sent.eventId], 1]);
});

it('overlooks a record when told so, takes it when it comes again, and refuses the keys it was given', async () => {
  Object.assign(upstream.faults, { omitIds: 1, refuseKeys: ['B-9'] });
  const [key, both] = [randomUUID(), [booking(), booking({ externalId: 'B-2' })]];
  const partial = await answered(sendBookings(both, { key }));
  const again = await answered(sendBookings(both, { key }));
  const refused = await answered(sendBookings([booking({ externalId: 'B-9' })]));
  expect([partial.applied, again.applied, again.duplicate]).toEqual([[both[1]?.eventId], [both[0]?.eventId], [both[1]?.eventId]]);
  expect([partial.duplicate.length, refused.refused[0]?.code]).toEqual([0, 'key-refused']);
});

it('leaves a sender without any answer when told so, and still serves the next one', async () => {
  upstream.faults.hang = 1;
  const unanswered = expect(sendBookings([booking()])).rejects.toThrow();
  await vi.waitUntil(() => upstream.faults.hang === 0);
  const next = await sendBookings([booking()]);
  await upstream.close();
  await unanswered;
  upstream = await startUpstream({ dir });
  expect(next.status).toBe(200);
});

it('tells a person what it has, on a plain page', async () => {
  await sendBookings([booking()]);
  expect(await (await fetch(upstream.url)).text()).toMatch(/nothing here is real[\s\S]*events kept {12}1\n/);
});

it('refuses unknown paths, methods and faults', async () => {
  const status = async (path: string, init: RequestInit = {}) => (await fetch(upstream.url + path, init)).status;
  expect([
    await status('/api/ingest/minibars', { method: 'POST' }),
    await status('/api/ingest/bookings'),
    await status('/sandbox/faults', { method: 'POST', body: '{"explode":1}' }),
    await status('/api/ingest/high-water'),
  ]).toEqual([404, 405, 400, 400]);
});
