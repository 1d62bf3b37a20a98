import { type Channel, Connection } from 'rabbitmq-client';
import { policies } from '../../../resilience/policies.ts';
import { bounded, isPlainLine, serverName, tlsOptions } from '../../secure-line.ts';
import { brokerFault } from './faults.ts';
import { passwordOf, placeOf, type Settings } from './settings.ts';

export type Open = {
  readonly connection: Connection;
  readonly channel: Channel;
  /** What has ended the line, as soon as something has. */
  readonly broken: () => unknown;
};

/** Seconds (S38): a line that is silent for twice as long is gone. */
const heartbeatSeconds = 30;
/** The client would make a lost line anew by itself, with other deadlines than ours: it never gets to it. */
const neverMs = 24 * 3_600_000;

/** Make a connection to the broker and one channel in it. */
export async function openChannel(given: Settings, secrets: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Open> {
  const { host, port, vhost, user } = given;
  const isPlain = isPlainLine(given);
  let reason: unknown;
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const connection = new Connection({
    hostname: host,
    port,
    vhost,
    username: user,
    password: passwordOf(secrets, given),
    ...(isPlain ? {} : { tls: { ...tlsOptions(given), ...serverName(host) } }),
    connectionName: 'bellhop',
    connectionTimeout: policies.connectTimeoutMs,
    acquireTimeout: policies.connectTimeoutMs,
    heartbeat: heartbeatSeconds,
    retryLow: neverMs,
    retryHigh: neverMs,
    noDelay: true,
  });
  const breaks = (error: unknown) => {
    reason ??= error;
    connection.unsafeDestroy();
    reject(error);
  };
  connection.on('error', breaks);
  try {
    const opening = connection.acquire({ emitErrorsFromChannel: true });
    const channel = await bounded(Promise.race([opening, failed]), { shown: placeOf(given).shown, signal, ms: policies.headersTimeoutMs });
    channel.on('error', breaks);
    return { connection, channel, broken: () => reason };
  } catch (error) {
    connection.unsafeDestroy();
    throw brokerFault(error, given);
  }
}

/** End a line politely, but not for long: the client waits for an answer that may never come. */
export async function closeChannel({ connection, channel }: Open): Promise<void> {
  const goodbye = channel.close().then(() => connection.close());
  try {
    await bounded(goodbye, { shown: '', signal: new AbortController().signal, ms: policies.closeWithinMs });
  } catch {
    // Whoever did not answer in time gets no second chance.
  }
  connection.unsafeDestroy();
}
