import { createHash, createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { Fault } from '../../../../contract/faults.ts';
import { type Heartbeat, HighWater, ingestPaths } from '../../../../contract/ingest.ts';
import { entityOf } from '../../../../contract/record.ts';
import { listed } from '../../../../db/pipeline/blocks.ts';
import { policies, retryAfterMs } from '../../../resilience/policies.ts';
import { lineFault } from '../../line-faults.ts';
import { DataRefused, type OutgoingBatch, RetryLater, type SendOutcome } from '../../upstream.ts';
import { dispatcher, isBypassed } from './dispatcher.ts';
import type { Secrets, Settings } from './settings.ts';

const gzipped = promisify(gzip);

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
export class IngestLine {
  readonly host: string;
  readonly #url: URL;
  readonly #secrets: Secrets;
  readonly #dispatcher: Dispatcher;
  readonly #viaProxy: string | null;
  readonly #isThisPc: boolean;
  readonly #packed = new WeakMap<OutgoingBatch, Promise<Body>>();

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
    const packed = this.#pack(batch);
    // Nobody may ever ask for it; whoever does gets its failure.
    packed.catch(() => undefined);
    this.#packed.set(batch, packed);
  }

  async #pack(batch: OutgoingBatch): Promise<Body> {
    const text = requestText(batch, entityOf(batch.entity).plural);
    // On the way to this very PC packing costs more than it saves.
    return { text, packed: this.#isThisPc ? null : await gzipped(Buffer.concat(text), { level: 1 }) };
  }

  async send(batch: OutgoingBatch, signal: AbortSignal): Promise<SendOutcome> {
    const plural = entityOf(batch.entity).plural as keyof typeof ingestPaths;
    const body = await (this.#packed.get(batch) ?? this.#pack(batch));
    // The same records in the same order are the same request, however often it is made; ordered to be sent again they are another one.
    const key = createHash('sha256')
      .update([...batch.records.map((record) => record.eventId), ...(batch.again ? [batch.again] : [])].join(' '))
      .digest('hex');
    const answer = await this.#post(ingestPaths[plural], body, key, signal);
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
    const body = { text: [Buffer.from(JSON.stringify(heartbeat))], packed: null };
    await this.#post(ingestPaths.heartbeat, body, `heartbeat-${heartbeat.sentAt}`, signal);
  }

  async #post(path: string, { text, packed }: Body, idempotencyKey: string, signal: AbortSignal): Promise<Answer> {
    const atSeconds = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', this.signingKey()).update(`${idempotencyKey}.${atSeconds}.`);
    for (const piece of text) signature.update(piece);
    const pieces = packed === null ? text : [packed];
    const headers = {
      'content-type': 'application/json',
      'content-length': String(pieces.reduce((sum, piece) => sum + piece.length, 0)),
      ...(packed === null ? {} : { 'content-encoding': 'gzip' }),
      'idempotency-key': idempotencyKey,
      'webhook-id': idempotencyKey,
      'webhook-timestamp': atSeconds,
      'webhook-signature': `v1,${signature.digest('base64')}`,
    };
    return this.#ask('POST', path, pieces, headers, signal);
  }

  /** Whoever closes has no use for an answer any more; waiting for one would hold up the end of the agent. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #ask(
    method: 'GET' | 'POST',
    path: string,
    body: readonly Uint8Array[] | null,
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
          body: body && Readable.from(body, { objectMode: false }),
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
export function isNotThere(error: unknown): boolean {
  return error instanceof Fault && /\b(404|405|501)$/.test(error.detail.status ?? error.detail.detail ?? '');
}

/** The text of a request in pieces, which are signed and written one behind the other, and the same packed, if it is to be. */
type Body = { readonly text: readonly Uint8Array[]; readonly packed: Uint8Array | null };

/** Put the texts of the records together, without taking any of them apart and without copying them. */
function requestText(batch: OutgoingBatch, plural: string): Uint8Array[] {
  const opening = Buffer.from(`{"source":${JSON.stringify(batch.source)},"mode":"upsert","${plural}":[`);
  return [opening, ...listed(batch.records.map((record) => record.text)), Buffer.from(']}')];
}

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
