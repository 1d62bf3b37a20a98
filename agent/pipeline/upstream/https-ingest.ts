import { createHash, createHmac, X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Agent, type Dispatcher, Pool, ProxyAgent, request } from 'undici';
import { z } from 'zod';
import { Fault } from '../../../contract/faults.ts';
import { type Heartbeat, HighWater, ingestPaths } from '../../../contract/ingest.ts';
import { entityOf } from '../../../contract/record.ts';
import { policies, retryAfterMs } from '../../resilience/policies.ts';
import { lineFault } from '../line-faults.ts';
import { DataRefused, defineUpstream, type OutgoingBatch, RetryLater, type SendOutcome } from '../upstream.ts';

const gzipped = promisify(gzip);

/** Settings lie open in the database and in every list of connections; a login belongs to the secrets. */
const withoutLogin = (url: string) => !/^[^/]*\/\/[^/?#]*@/.test(url);
const noLogin = 'leave the login out of the address: it has fields of its own';

const settings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine(withoutLogin, noLogin)
    .meta({ title: 'Address', description: 'Of the group hub, without a path.', examples: ['https://hub.example.com'] }),
  allowHttpOnThisPc: z
    .boolean()
    .default(false)
    .meta({ title: 'Allow http to this PC', description: 'Only for a receiver on 127.0.0.1, such as the sandbox.', 'x-advanced': true }),
  batchRecords: z.int().min(1).max(5000).default(1000).meta({ title: 'Records in one request', 'x-advanced': true }),
  proxyUrl: z
    .url({ protocol: /^http$/ })
    .refine(withoutLogin, noLogin)
    .optional()
    .meta({ title: 'Proxy', examples: ['http://proxy.hotel.local:3128'], 'x-advanced': true }),
  proxyUser: z.string().max(200).optional().meta({ title: 'User name at the proxy', 'x-advanced': true }),
  proxyBypass: z.string().max(1000).default('127.0.0.1,localhost').meta({
    title: 'Addresses reached without the proxy',
    description: 'Names, with commas between; .hotel.local means everything below it.',
    'x-advanced': true,
  }),
  caPem: z.string().max(100_000).optional().meta({
    title: 'Certificate of your own authority',
    description: 'PEM text. Needed only if the hub, or a proxy that opens secure lines, uses one.',
    'x-widget': 'textarea',
    'x-advanced': true,
  }),
  pinnedKey: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/)
    .optional()
    .meta({
      title: 'Pinned key',
      description: 'SHA-256 of the public key of the hub, in base64. Any other key is refused.',
      'x-advanced': true,
    }),
});
type Settings = z.infer<typeof settings>;
type Secrets = Readonly<Record<string, string>>;

/** The ingest protocol of docs/upstream.md over HTTPS: signed, gzipped, repeatable, confirmed record by record. */
export default defineUpstream({
  id: 'https-ingest',
  title: 'Group hub over HTTPS',
  summary: 'Sends every record to the ingest interface of the group hub and keeps it until the hub has confirmed it.',
  settings,
  secrets: {
    signingSecret: {
      title: 'Signing secret',
      description: 'Starts with whsec_. The operator of the hub gives it to you.',
      isRequired: true,
    },
    token: { title: 'Access token', description: 'Only if the hub asks for one.', isRequired: false },
    proxyPassword: { title: 'Password at the proxy', description: 'Only if the proxy asks for one.', isRequired: false },
  },
  sample: { url: 'https://hub.example.com' },

  checks: (given, { secrets, hotelId, heartbeat }) => {
    /** Each step has a line of its own, so that what is wrong with the settings shows as the step that needs them. */
    const withLine = async (run: (line: IngestLine) => Promise<string> | string): Promise<{ found: string }> => {
      const line = new IngestLine(given, secrets);
      try {
        return { found: await run(line) };
      } finally {
        await line.close();
      }
    };
    return [
      { step: 'address', title: 'Check the address', run: () => withLine((line) => line.host) },
      {
        step: 'secret',
        title: 'Look for the signing secret',
        run: () => withLine((line) => (line.signingKey() ? 'stored on this PC' : '')),
      },
      {
        step: 'answer',
        title: 'Ask the hub what it has of this hotel',
        run: (signal) =>
          withLine(async (line) => {
            const generation = await line.highWater(hotelId, signal);
            if (generation === null) return 'it does not say, and need not';
            return generation === 0 ? 'nothing yet' : `generation ${generation}`;
          }),
      },
      {
        step: 'signature',
        title: 'Send a signed sign of life',
        run: (signal) =>
          withLine(async (line) => {
            try {
              await line.beat(heartbeat, signal);
            } catch (error) {
              if (isNotThere(error)) return 'it takes none; the signature is tried with the first record';
              throw error;
            }
            return 'the hub accepts our signature';
          }),
      },
    ];
  },

  open: async (given, { secrets }) => {
    const line = new IngestLine(given, secrets);
    line.signingKey();
    return {
      batchRecords: given.batchRecords,
      host: line.host,
      prepare: (batch) => line.prepare(batch),
      send: (batch, signal) => line.send(batch, signal),
      highWater: (hotelId, signal) => line.highWater(hotelId, signal),
      heartbeat: (heartbeat, signal) => line.beat(heartbeat, signal),
      close: () => line.close(),
    };
  },
});

/**
 * The answer as we read it: stricter hubs and looser ones, ids in capitals, longer texts and further fields are all understood.
 * What must be written stands in contract/ingest.ts.
 */
const ReadAnswer = z.object({
  applied: z.array(z.string()),
  duplicate: z.array(z.string()),
  refused: z.array(
    z.object({ eventId: z.string(), code: z.string().default('refused'), field: z.string().nullish(), message: z.string().default('') }),
  ),
});

type Answer = { readonly status: number; readonly headers: Record<string, string | string[] | undefined>; readonly text: string };

/** One line to one hub: connections kept open, own deadlines, every failure with its name. */
class IngestLine {
  readonly host: string;
  readonly #url: URL;
  readonly #secrets: Secrets;
  readonly #dispatcher: Dispatcher;
  readonly #viaProxy: string | null;
  readonly #isThisPc: boolean;
  readonly #packed = new WeakMap<OutgoingBatch, Promise<{ body: Buffer; sent: Uint8Array }>>();

  constructor(given: Settings, secrets: Secrets) {
    this.#url = new URL(given.url);
    this.host = this.#url.host;
    this.#secrets = secrets;
    this.#isThisPc = this.#url.hostname === '127.0.0.1' || this.#url.hostname === '[::1]';
    if (this.#url.protocol === 'http:' && !(given.allowHttpOnThisPc && this.#isThisPc)) {
      throw new Fault('input-wrong', { detail: 'the address must start with https://' });
    }
    this.#viaProxy = given.proxyUrl && !isBypassed(this.#url.hostname, given.proxyBypass) ? new URL(given.proxyUrl).host : null;
    this.#dispatcher = dispatcher(given, secrets, this.#viaProxy !== null);
  }

  /** The key of the Standard Webhooks signature: what stands behind `whsec_`, in base64. */
  signingKey(): Buffer {
    const secret = this.#secrets.signingSecret;
    if (!secret) throw new Fault('secret-missing', { field: 'Signing secret', connection: this.host });
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    if (!secret.startsWith('whsec_') || key.length < 24 || key.length > 64) {
      throw new Fault('input-wrong', {
        detail: 'the signing secret is none: it starts with whsec_ and goes on with 24 to 64 bytes in base64',
      });
    }
    return key;
  }

  prepare(batch: OutgoingBatch): void {
    this.#packed.set(batch, this.#pack(batch));
  }

  async #pack(batch: OutgoingBatch): Promise<{ body: Buffer; sent: Uint8Array }> {
    const body = requestBody(batch, entityOf(batch.entity).plural);
    // On the way to this very PC packing costs more than it saves.
    return { body, sent: this.#isThisPc ? body : await gzipped(body, { level: 1 }) };
  }

  async send(batch: OutgoingBatch, signal: AbortSignal): Promise<SendOutcome> {
    const plural = entityOf(batch.entity).plural as keyof typeof ingestPaths;
    const { body, sent } = await (this.#packed.get(batch) ?? this.#pack(batch));
    // The same records in the same order are the same request, however often it is made.
    const key = createHash('sha256')
      .update(batch.records.map((record) => record.eventId).join(' '))
      .digest('hex');
    const answer = await this.#post(ingestPaths[plural], body, sent, key, signal);
    const parsed = ReadAnswer.safeParse(json(answer.text, this.host));
    if (!parsed.success) throw new Fault('upstream-answer', { host: this.host, detail: 'lists missing' }, { cause: parsed.error });
    return {
      confirmed: new Set([...parsed.data.applied, ...parsed.data.duplicate].map((id) => id.toLowerCase())),
      refused: new Map(
        parsed.data.refused.map((one) => [
          one.eventId.toLowerCase(),
          { ...one, eventId: one.eventId.toLowerCase(), code: one.code.slice(0, 80) },
        ]),
      ),
    };
  }

  /** What the hub has seen of a hotel; null when it has no such question to answer. */
  async highWater(hotelId: string, signal: AbortSignal): Promise<number | null> {
    const answer = await this.#ask('GET', `${ingestPaths.highWater}?hotelId=${encodeURIComponent(hotelId)}`, null, {}, signal).catch(
      (error: unknown) => {
        if (isNotThere(error)) return null;
        throw error;
      },
    );
    if (answer === null) return null;
    const parsed = HighWater.safeParse(json(answer.text, this.host));
    if (!parsed.success) throw new Fault('upstream-answer', { host: this.host, detail: 'generation missing' }, { cause: parsed.error });
    return parsed.data.generation;
  }

  async beat(heartbeat: Heartbeat, signal: AbortSignal): Promise<void> {
    const body = Buffer.from(JSON.stringify(heartbeat));
    await this.#post(ingestPaths.heartbeat, body, body, `heartbeat-${heartbeat.sentAt}`, signal);
  }

  async #post(path: string, body: Buffer, sent: Uint8Array, idempotencyKey: string, signal: AbortSignal): Promise<Answer> {
    const atSeconds = String(Math.floor(Date.now() / 1000));
    const headers = {
      'content-type': 'application/json',
      ...(sent === body ? {} : { 'content-encoding': 'gzip' }),
      'idempotency-key': idempotencyKey,
      'webhook-id': idempotencyKey,
      'webhook-timestamp': atSeconds,
      'webhook-signature': `v1,${createHmac('sha256', this.signingKey()).update(`${idempotencyKey}.${atSeconds}.`).update(body).digest('base64')}`,
    };
    return this.#ask('POST', path, sent, headers, signal);
  }

  /** Whoever closes has no use for an answer any more; waiting for one would hold up the end of the agent. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #ask(
    method: 'GET' | 'POST',
    path: string,
    body: Uint8Array | null,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const authorization: Record<string, string> = this.#secrets.token ? { authorization: `Bearer ${this.#secrets.token}` } : {};
    const ended = AbortSignal.any([signal, AbortSignal.timeout(policies.totalTimeoutMs)]);
    let answer: Answer;
    try {
      answer = await unlessEnded(ended, async () => {
        const {
          statusCode,
          headers: got,
          body: stream,
        } = await request(new URL(path, this.#url), {
          method,
          body,
          headers: { accept: 'application/json', ...authorization, ...headers },
          dispatcher: this.#dispatcher,
          signal: ended,
          headersTimeout: policies.headersTimeoutMs,
          bodyTimeout: policies.bodyTimeoutMs,
        });
        return { status: statusCode, headers: got, text: await boundedText(stream) };
      });
    } catch (error) {
      if (signal.aborted) throw new Fault('stopped');
      throw lineFault(error, { host: this.host, proxy: this.#viaProxy });
    }
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw statusFault(answer, this.host);
  }
}

/** undici looks at the signal of a request only once its line stands: while one is being made, the signal itself ends the wait. */
async function unlessEnded<T>(ended: AbortSignal, run: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () => reject(ended.reason);
  ended.addEventListener('abort', end, { once: true });
  try {
    ended.throwIfAborted();
    const running = run();
    // The one that comes too late is nobody's any more.
    running.catch(() => undefined);
    return await Promise.race([running, promise]);
  } finally {
    ended.removeEventListener('abort', end);
  }
}

/** A hub may leave out the parts of the protocol that it need not have: then it answers that there is no such thing. */
function isNotThere(error: unknown): boolean {
  return error instanceof Fault && /\b(404|405|501)$/.test(error.detail.status ?? error.detail.detail ?? '');
}

/** Put the texts of the records together without taking any of them apart. */
function requestBody(batch: OutgoingBatch, plural: string): Buffer {
  const opening = `{"source":${JSON.stringify(batch.source)},"mode":"upsert","${plural}":[`;
  // A UTF-16 unit takes at most three bytes.
  const room = batch.records.reduce((sum, record) => sum + record.head.length * 3 + record.tail.length + 1, opening.length * 3 + 2);
  const body = Buffer.allocUnsafe(room);
  let at = body.write(opening);
  for (const { head, tail } of batch.records) {
    at += body.write(head, at);
    body.set(tail, at);
    at += tail.length;
    body[at++] = comma;
  }
  // The comma behind the last record makes room for the end of the list.
  body.write(']}', at - 1);
  return body.subarray(0, at + 1);
}

const comma = 44;
const mostAnswerBytes = 16 * 1024 * 1024;

async function boundedText(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > mostAnswerBytes) throw new RangeError('answer too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function json(text: string, host: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const looksLikePage = text.trimStart().startsWith('<');
    throw new Fault('upstream-answer', { host, detail: looksLikePage ? 'a web page' : 'no JSON' }, { cause: error });
  }
}

/** What a status other than 2xx means, and who can end it. */
function statusFault(answer: Answer, host: string): Error {
  const status = String(answer.status);
  const header = (name: string) => [answer.headers[name]].flat()[0];
  const clockOffMs = Date.parse(header('date') ?? '') - Date.now();
  switch (answer.status) {
    case 401:
    case 403:
      // A receiver that refuses our signature for its time looks just like a wrong key: its own clock tells them apart.
      if (Math.abs(clockOffMs) > 240_000) return new Fault('clock-wrong', { offset: `${Math.round(Math.abs(clockOffMs) / 60_000)} min` });
      return new Fault('upstream-forbidden', { host, status });
    case 407:
      return new Fault('proxy-login', { host });
    case 410:
      return new Fault('upstream-gone', { host, status });
    case 400:
    case 409:
    case 413:
    case 415:
    case 422:
      return new DataRefused(answer.status);
    case 429:
    case 503:
      return new RetryLater(new Fault('upstream-busy', { host }), retryAfterMs(header('retry-after'), Date.now()));
    default:
      if (answer.status >= 500 || answer.status === 408)
        return new RetryLater(new Fault('upstream-error', { host, status }), retryAfterMs(header('retry-after'), Date.now()));
      // 3xx, 404 and the like: this is not the interface we were told of.
      return new Fault('upstream-answer', { host, detail: `status ${status}` });
  }
}

function isBypassed(hostname: string, list: string): boolean {
  return list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
    .some((name) => hostname === name || (name.startsWith('.') && hostname.endsWith(name)));
}

function dispatcher(given: Settings, secrets: Secrets, isProxied: boolean): Dispatcher {
  const tls = {
    ...(given.caPem ? { ca: given.caPem } : {}),
    minVersion: 'TLSv1.2' as const,
    // Said here, it holds against NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment, which would pass by the pin as well.
    rejectUnauthorized: true,
    checkServerIdentity: (host: string, cert: PeerCertificate) => checkServerIdentity(host, cert) ?? pinError(cert, given.pinnedKey),
  };
  const limits = {
    headersTimeout: policies.headersTimeoutMs,
    bodyTimeout: policies.bodyTimeoutMs,
    keepAliveTimeout: 10_000,
    connections: 2,
  };
  if (!isProxied || !given.proxyUrl) return new Agent({ ...limits, connect: { ...tls, timeout: policies.connectTimeoutMs } });
  const login = given.proxyUser
    ? `Basic ${Buffer.from(`${given.proxyUser}:${secrets.proxyPassword ?? ''}`).toString('base64')}`
    : undefined;
  return new ProxyAgent({
    ...limits,
    uri: given.proxyUrl,
    proxyTunnel: true,
    ...(login ? { token: login } : {}),
    requestTls: { ...tls, timeout: policies.connectTimeoutMs },
    proxyTls: { timeout: policies.connectTimeoutMs },
    // A proxy that takes the line and says nothing would be waited for five minutes.
    clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: policies.headersTimeoutMs }),
  });
}

/** The fingerprint that people pin: SHA-256 over the public key, so that a renewed certificate with the same key still fits. */
function pinError(cert: PeerCertificate, pinned: string | undefined): Error | undefined {
  if (pinned === undefined) return undefined;
  const key = new X509Certificate(cert.raw).publicKey.export({ type: 'spki', format: 'der' });
  const found = createHash('sha256').update(key).digest('base64');
  return found === pinned ? undefined : Object.assign(new Error('another key'), { code: 'BELLHOP_PIN' });
}
