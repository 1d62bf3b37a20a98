import type { ReturnedMessage } from 'rabbitmq-client';
import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import { bounded, isPlainLine } from '../../secure-line.ts';
import type { OutgoingBatch, OutgoingRecord, SendOutcome } from '../../upstream.ts';
import { closeChannel, type Open, openChannel } from './connect.ts';
import { brokerFault } from './faults.ts';
import { meetPlaces } from './places.ts';
import { passwordOf, placeOf, routingKeyOf, type Settings } from './settings.ts';

/** How it stands with a message that was published. */
type Underway = { state: 'waits' | 'confirmed' | 'lost'; error?: unknown; readonly settled: Promise<void> };

/**
 * One line to one broker. One channel carries everything, so that messages come to rest in the order in which they were sent.
 * A message is confirmed when the broker has said so and has not given it back.
 */
export class BrokerLine {
  readonly #given: Settings;
  readonly #secrets: Readonly<Record<string, string>>;
  #open: Open | null = null;
  /** Published on the line as it stands and not told about yet. What is asked for again meets its first publishing here. */
  readonly #underway = new Map<string, Underway>();
  readonly #returned = new Map<string, string>();
  #blocked: { readonly reason: string; readonly ended: Promise<void>; readonly end: () => void } | null = null;
  #onBlocked: (reason: string) => void = () => undefined;

  constructor(given: Settings, secrets: Readonly<Record<string, string>>) {
    this.#given = given;
    this.#secrets = secrets;
    isPlainLine(given);
    passwordOf(secrets, given);
  }

  async send(batch: OutgoingBatch, signal: AbortSignal): Promise<SendOutcome> {
    try {
      const open = await this.#opened(signal);
      await this.#untilOpenToMessages(signal);
      const messages = batch.records.map((record) => ({
        id: record.eventId,
        order: batch.again,
        underway: this.#published(open, batch, record),
      }));
      const ended = await this.#untilSettled(
        messages.map(({ underway }) => underway.settled),
        signal,
      );
      // What is given back is told before it is confirmed, and passed on to us a turn later.
      await new Promise((resolve) => setImmediate(resolve));
      return this.#told(open, messages, ended);
    } catch (error) {
      this.#drop();
      throw brokerFault(error, this.#given);
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    const isBlocked = this.#blocked !== null;
    this.#forget();
    if (!open) return;
    // A broker that reads nothing hears no goodbye.
    if (isBlocked || open.broken()) open.connection.unsafeDestroy();
    else await closeChannel(open);
  }

  async #opened(signal: AbortSignal): Promise<Open> {
    if (this.#open && this.#open.broken() === undefined && this.#open.channel.active) return this.#open;
    this.#drop();
    const open = await openChannel(this.#given, this.#secrets, signal);
    this.#open = open;
    open.channel.on('basic.return', ({ messageId, routingKey }: ReturnedMessage) => {
      if (messageId !== undefined) this.#returned.set(messageId, routingKey);
    });
    open.connection.on('connection.blocked', (reason) => {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      if (this.#open !== open) return;
      this.#blocked = { reason, ended, end };
      this.#onBlocked(reason);
    });
    open.connection.on('connection.unblocked', () => {
      this.#blocked?.end();
      this.#blocked = null;
    });
    const meeting = meetPlaces(open.channel, this.#given)
      .then(() => open.channel.confirmSelect())
      .catch((error: unknown) => {
        throw open.broken() ?? error;
      });
    await bounded(meeting, this.#patience(signal, policies.headersTimeoutMs));
    return open;
  }

  /** While the broker has no room nothing more is published: it would only wait in our memory. */
  async #untilOpenToMessages(signal: AbortSignal): Promise<void> {
    const blocked = this.#blocked;
    if (!blocked) return;
    await bounded(blocked.ended, this.#patience(signal, policies.headersTimeoutMs)).catch((error: unknown) => {
      if (signal.aborted) throw error;
    });
  }

  #published(open: Open, batch: OutgoingBatch, record: OutgoingRecord): Underway {
    const known = this.#underway.get(underwayKey(record.eventId, batch.again));
    if (known) return known;
    // Blocked since: whatever is not on its way stays here.
    if (this.#blocked) return { state: 'waits', settled: this.#blocked.ended };
    const message = messageOf(this.#given, batch, record);
    const publishing = open.channel.basicPublish(message.envelope, message.body);
    const settled = publishing.then(
      () => void Object.assign(underway, { state: 'confirmed' }),
      (error: unknown) => void Object.assign(underway, { state: 'lost', error }),
    );
    const underway: Underway = { state: 'waits', settled };
    this.#underway.set(underwayKey(record.eventId, batch.again), underway);
    return underway;
  }

  /** Wait until everything is settled or the broker has no room. @returns the fault that ended the wait, if one did. */
  async #untilSettled(all: readonly Promise<void>[], signal: AbortSignal): Promise<Fault | null> {
    const { promise: blocked, resolve } = Promise.withResolvers<string>();
    this.#onBlocked = resolve;
    if (this.#blocked) resolve(this.#blocked.reason);
    try {
      const reason = await bounded(
        Promise.race([Promise.all(all).then(() => null), blocked]),
        this.#patience(signal, policies.totalTimeoutMs),
      );
      return reason === null ? null : new Fault('upstream-blocked', { host: this.#given.host, reason });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return error;
    }
  }

  /** Say of a batch what is known: what has been told is forgotten, what is still on its way is not. */
  #told(
    open: Open,
    messages: readonly { readonly id: string; readonly order: string | undefined; readonly underway: Underway }[],
    ended: Fault | null,
  ): SendOutcome {
    const confirmed = new Set<string>();
    const faults: Fault[] = [];
    for (const { id, order, underway } of messages) {
      const key = this.#returned.get(id);
      if (underway.state === 'waits') continue;
      this.#underway.delete(underwayKey(id, order));
      this.#returned.delete(id);
      if (key !== undefined) {
        const { host, exchange } = this.#given;
        faults.push(new Fault('upstream-unroutable', { host, exchange, key }));
      } else if (underway.state === 'confirmed') confirmed.add(id);
      else faults.push(brokerFault(underway.error, this.#given));
    }
    // What only follows from the end of the channel says less than what ended it.
    const telling = faults.find((fault) => fault.who === 'person') ?? (open.broken() ? brokerFault(open.broken(), this.#given) : faults[0]);
    const fault = telling ?? ended;
    if (fault && fault.code !== 'upstream-blocked' && fault.code !== 'upstream-unroutable') this.#drop();
    return { confirmed, refused: new Map(), ...(fault && { fault }) };
  }

  #patience(signal: AbortSignal, ms: number) {
    return { shown: placeOf(this.#given).shown, signal, ms };
  }

  #drop(): void {
    this.#open?.connection.unsafeDestroy();
    this.#open = null;
    this.#forget();
  }

  #forget(): void {
    this.#underway.clear();
    this.#returned.clear();
    this.#blocked?.end();
    this.#blocked = null;
  }
}

/** A message: the event as it was kept, byte for byte, and beside it what a receiver needs to know without reading it. */
function messageOf(given: Settings, batch: OutgoingBatch, { eventId, text }: OutgoingRecord) {
  const body = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const { hotelId = '', externalId, generation, version, hash } = JSON.parse(body.toString('utf8')) as Record<string, string>;
  const { entity, source } = batch;
  return {
    body,
    envelope: {
      exchange: given.exchange,
      routingKey: routingKeyOf(given, { entity, source, hotelId }),
      mandatory: true,
      durable: true,
      messageId: eventId,
      contentType: 'application/json',
      appId: 'bellhop',
      headers: { entity, source, hotelId, externalId, generation, version, hash },
    },
  };
}

/** A record that is ordered to be sent again is another message, even while the one before has not been confirmed. */
const underwayKey = (eventId: string, order: string | undefined) => `${eventId} ${order ?? ''}`;
