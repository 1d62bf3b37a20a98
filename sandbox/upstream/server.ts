import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { bookingEntity } from '../../contract/booking.ts';
import { guestEntity } from '../../contract/guest.ts';
import { eventFields, Heartbeat, type IngestAnswer, type IngestPlural, ingestPaths } from '../../contract/ingest.ts';
import { type EntityName, entities } from '../../contract/record.ts';
import { reviewEntity } from '../../contract/review.ts';
import { roomEntity } from '../../contract/room.ts';
import { noFaults, takeFault, takeStatus, UpstreamFaults } from './faults.ts';
import { type ReceivedCounts, ReceivedLog, type ReceivedRecord, type RefusedRecord } from './received-log.ts';

/** What a request may weigh, on the wire and unpacked: five thousand records are about 4 MiB. */
const maxWireBytes = 8 * 1024 * 1024;
const maxBodyBytes = 64 * 1024 * 1024;
const maxRecords = 5000;
/** How many answers are kept for their Idempotency-Key. Event ids, which are what makes a repeat safe, are kept for ever. */
const keptAnswers = 10_000;

const recordSchemas: Record<IngestPlural, z.ZodType<ReceivedRecord>> = {
  bookings: bookingEntity.schema.extend(eventFields),
  guests: guestEntity.schema.extend(eventFields),
  rooms: roomEntity.schema.extend(eventFields),
  reviews: reviewEntity.schema.extend(eventFields),
};

const Envelope = z.object({ source: z.string().min(1), mode: z.enum(['upsert', 'insert', 'update']) });
const unpack = promisify(gunzip);

/** A request that is answered with a status other than 200. */
class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfter: string | undefined;

  constructor(status: number, code: string, message: string, retryAfter?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export type UpstreamOptions = {
  /** The folder of `received.ndjson`. */
  readonly dir: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** `whsec_` and base64; one is made when absent. */
  readonly secret?: string;
  /** The bearer token a sender must show; none is asked for when absent. */
  readonly token?: string;
};

export type Upstream = {
  readonly url: string;
  readonly secret: string;
  /** Change it to make the receiver misbehave; see {@link UpstreamFaults}. */
  readonly faults: UpstreamFaults;
  readonly file: string;
  readonly counts: Readonly<ReceivedCounts>;
  /** How many events the received file holds. */
  received(): number;
  lastHeartbeat(): Heartbeat | null;
  close(): Promise<void>;
};

type Context = {
  readonly options: UpstreamOptions;
  readonly webhook: Webhook;
  readonly log: ReceivedLog;
  readonly faults: UpstreamFaults;
  readonly answers: Map<string, { readonly bodyHash: string; readonly answer: IngestAnswer }>;
  readonly startedAtMs: number;
  heartbeat: Heartbeat | null;
};

/**
 * Start the reference receiver of the ingest protocol (docs/upstream.md) on 127.0.0.1.
 * Everything it says "applied" to is on the disk before it says so.
 */
export async function startUpstream(options: UpstreamOptions): Promise<Upstream> {
  const secret = options.secret ?? `whsec_${randomBytes(32).toString('base64')}`;
  const context: Context = {
    options,
    webhook: new Webhook(secret),
    log: await ReceivedLog.open(options.dir),
    faults: noFaults(),
    answers: new Map(),
    startedAtMs: Date.now(),
    heartbeat: null,
  };
  const server = createServer((request, response) => {
    void answer(context, request, response);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    secret,
    faults: context.faults,
    file: context.log.file,
    counts: context.log.counts,
    received: () => context.log.size,
    lastHeartbeat: () => context.heartbeat,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await context.log.close();
    },
  };
}

async function answer(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await route(context, request, response);
  } catch (error) {
    if (request.socket.destroyed) return;
    if (!(error instanceof Refused)) return send(response, 500, { error: { code: 'internal', message: 'the receiver failed' } });
    if (error.retryAfter !== undefined) response.setHeader('retry-after', error.retryAfter);
    send(response, error.status, { error: { code: error.code, message: error.message } });
  }
}

async function route(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const call = `${request.method} ${url.pathname}`;
  if (call === 'GET /') return sendText(response, page(context));
  if (call === 'GET /sandbox/counts') return send(response, 200, { ...context.log.counts, received: context.log.size });
  if (call === 'GET /sandbox/faults') return send(response, 200, context.faults);
  if (call === 'POST /sandbox/faults') return setFaults(context, request, response);
  if (call === `GET ${ingestPaths.highWater}`) return sendHighWater(context, request, url, response);
  if (call === `POST ${ingestPaths.heartbeat}`) return takeHeartbeat(context, request, response);
  for (const entity of Object.keys(entities) as EntityName[]) {
    const plural = entities[entity].plural;
    if (call === `POST ${ingestPaths[plural]}`) return takeBatch(context, { entity, plural, request, response });
  }
  const isKnownPath = (Object.values(ingestPaths) as string[]).includes(url.pathname);
  throw isKnownPath ? new Refused(405, 'method', 'this path takes another method') : new Refused(404, 'path', 'there is nothing here');
}

type BatchRequest = {
  readonly entity: EntityName;
  readonly plural: IngestPlural;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
};

async function takeBatch(context: Context, { entity, plural, request, response }: BatchRequest): Promise<void> {
  const { faults } = context;
  const body = await readSigned(context, request);
  if (faults.latencyMs > 0) await delay(faults.latencyMs);
  if (takeFault(faults, 'hang')) return;
  const forced = takeStatus(faults);
  if (forced) throw new Refused(forced.code, 'sandbox-fault', 'the sandbox was told to answer this', forced.retryAfter);
  if (takeFault(faults, 'captivePortal')) return sendText(response, '<!doctype html><title>Wi-Fi login</title>', 'text/html');

  const idempotencyKey = single(request.headers['idempotency-key']);
  if (!idempotencyKey) throw new Refused(400, 'idempotency-key', 'the header Idempotency-Key is missing');
  const bodyHash = createHash('sha256').update(plural).update('\0').update(body).digest('hex');
  const before = context.answers.get(idempotencyKey);
  if (before && before.bodyHash !== bodyHash) {
    throw new Refused(422, 'idempotency-key-reused', 'this Idempotency-Key came before with another body');
  }

  // Not kept under its key: the repeat must be able to bring what was overlooked here.
  if (!before && takeFault(faults, 'omitIds')) return send(response, 200, await applyBatch(context, { entity, plural, body, skip: 1 }));
  if (before) context.log.counts.wireDuplicates += before.answer.applied.length + before.answer.duplicate.length;
  const result = before?.answer ?? (await applyBatch(context, { entity, plural, body }));
  keepAnswer(context, idempotencyKey, { bodyHash, answer: result });
  if (faults.answerLatencyMs > 0) await delay(faults.answerLatencyMs);
  if (takeFault(faults, 'dropAnswers')) return void request.socket.destroy();
  send(response, 200, result);
}

async function applyBatch(
  context: Context,
  {
    entity,
    plural,
    body,
    skip = 0,
  }: { readonly entity: EntityName; readonly plural: IngestPlural; readonly body: string; readonly skip?: number },
): Promise<IngestAnswer> {
  const { mode, rows } = readBody(body, plural, context.faults.maxRecords ?? maxRecords);
  const records: ReceivedRecord[] = [];
  const refused: RefusedRecord[] = [];
  for (const row of rows.slice(skip)) {
    const checked = recordSchemas[plural].safeParse(row);
    if (checked.success) records.push(checked.data);
    else refused.push(refusal(row, checked.error));
  }
  const verdicts = await context.log.apply({ entity, mode, records, refuseKeys: context.faults.refuseKeys });
  context.log.counts.refused += refused.length;
  return { applied: verdicts.applied, duplicate: verdicts.duplicate, refused: [...refused, ...verdicts.refused] };
}

function readBody(body: string, plural: IngestPlural, most: number) {
  const json = parseJson(body);
  const envelope = Envelope.safeParse(json);
  if (!envelope.success) throw new Refused(400, 'body', 'source and mode are wanted');
  const rows = (json as Record<string, unknown>)[plural];
  if (!Array.isArray(rows) || rows.length === 0) throw new Refused(400, 'body', `a list with the name ${plural} is wanted`);
  if (rows.length > most) throw new Refused(413, 'too-many-records', `at most ${most} records in one request`);
  // A record that cannot be named in the answer cannot be refused alone: the sender would never learn which one it was.
  if (rows.some((row) => eventIdOf(row) === null)) throw new Refused(400, 'event-id', 'every record needs an eventId that is a UUID');
  return { mode: envelope.data.mode, rows: rows as unknown[] };
}

function eventIdOf(row: unknown): string | null {
  const id = z.object({ eventId: z.uuid() }).safeParse(row);
  return id.success ? id.data.eventId : null;
}

function refusal(row: unknown, error: z.ZodError): RefusedRecord {
  const issue = error.issues[0];
  const field = issue?.path.join('.').slice(0, 80) || null;
  return { eventId: eventIdOf(row) ?? '', code: 'record-invalid', field, message: (issue?.message ?? 'not valid').slice(0, 500) };
}

function keepAnswer(context: Context, key: string, kept: { readonly bodyHash: string; readonly answer: IngestAnswer }): void {
  context.answers.set(key, kept);
  const oldest = context.answers.keys().next().value;
  if (context.answers.size > keptAnswers && oldest !== undefined) context.answers.delete(oldest);
}

async function sendHighWater(context: Context, request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
  checkToken(context, request);
  const hotelId = url.searchParams.get('hotelId');
  if (!hotelId) throw new Refused(400, 'hotel-id', 'the query hotelId is wanted');
  send(response, 200, { generation: context.faults.highWater ?? context.log.highWater(hotelId) });
}

async function takeHeartbeat(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const beat = Heartbeat.safeParse(parseJson(await readSigned(context, request)));
  if (!beat.success) throw new Refused(400, 'body', 'this is no heartbeat');
  context.heartbeat = beat.data;
  response.writeHead(204).end();
}

async function setFaults(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const faults = UpstreamFaults.partial().safeParse(parseJson((await readBytes(request)).toString('utf8')));
  if (!faults.success) throw new Refused(400, 'body', z.prettifyError(faults.error));
  Object.assign(context.faults, faults.data);
  send(response, 200, context.faults);
}

/** Read a body, unpack it and make sure of its sender: token, then signature over the unpacked JSON text. */
async function readSigned(context: Context, request: IncomingMessage): Promise<string> {
  checkToken(context, request);
  const body = await unpacked(request, await readBytes(request));
  const headers: Record<string, string> = {};
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) headers[name] = single(request.headers[name]) ?? '';
  try {
    context.webhook.verify(body, headers, { jsonParse: false });
  } catch {
    throw new Refused(401, 'signature', 'the signature is missing, wrong, or made more than 300 s ago');
  }
  return body;
}

async function unpacked(request: IncomingMessage, bytes: Buffer): Promise<string> {
  const encoding = single(request.headers['content-encoding']) ?? 'identity';
  if (encoding === 'identity') return bytes.toString('utf8');
  if (encoding !== 'gzip') throw new Refused(415, 'encoding', 'only gzip and identity are taken');
  try {
    return (await unpack(bytes, { maxOutputLength: maxBodyBytes })).toString('utf8');
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLarge
      ? new Refused(413, 'body-too-large', 'too large when unpacked')
      : new Refused(400, 'encoding', 'this is no whole gzip');
  }
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // What is too much is read to its end and dropped: leaving the loop would cut the line before the 413 is read.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= maxWireBytes) chunks.push(chunk);
  }
  if (length > maxWireBytes) throw new Refused(413, 'body-too-large', 'too large on the wire');
  return Buffer.concat(chunks);
}

function checkToken(context: Context, request: IncomingMessage): void {
  const { token } = context.options;
  if (token === undefined) return;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${token}`))) {
    throw new Refused(401, 'token', 'the bearer token is missing or wrong');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(400, 'json', 'this is no JSON');
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}

function sendText(response: ServerResponse, text: string, type = 'text/plain'): void {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(text);
}

function page(context: Context): string {
  const { counts, size, file } = context.log;
  return [
    'Bellhop sandbox upstream: nothing here is real.',
    '',
    `events kept            ${size}`,
    `applied since start    ${counts.applied}`,
    `came again             ${counts.wireDuplicates}`,
    `older than known       ${counts.stale}`,
    `refused                ${counts.refused}`,
    `last heartbeat         ${context.heartbeat?.sentAt ?? 'none yet'}`,
    `started                ${new Date(context.startedAtMs).toISOString()}`,
    `file                   ${file}`,
    '',
  ].join('\n');
}
