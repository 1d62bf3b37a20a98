import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import type { Check, OpenContext } from '../../connector.ts';
import { addressesOf, bounded, isPlainLine, reach, secured } from '../../secure-line.ts';
import { closeChannel, type Open, openChannel } from './connect.ts';
import { brokerFault } from './faults.ts';
import { placeOf, routingKeyOf, type Settings } from './settings.ts';

type Found = { readonly found: string; readonly isWarning?: boolean };

/** The steps of the test, each with a line of its own. Nothing is published and nothing is made. */
export function checks(given: Settings, context: OpenContext & { readonly hotelId: string }): readonly Check[] {
  const place = placeOf(given);
  const withChannel = async (signal: AbortSignal, run: (open: Open) => Promise<Found>): Promise<Found> => {
    const open = await openChannel(given, context.secrets, signal);
    try {
      return await bounded(run(open), { shown: place.shown, signal, ms: policies.headersTimeoutMs });
    } catch (error) {
      throw brokerFault(open.broken() ?? error, given);
    } finally {
      await closeChannel(open);
    }
  };
  const { exchange, queue, declares } = given;
  const isMade = { found: 'is made when sending starts' };
  return [
    { step: 'name', title: 'Find the server', run: async (signal) => ({ found: await addressesOf(place, signal) }) },
    {
      step: 'port',
      title: 'Reach its port',
      run: async (signal) => {
        (await reach(place, signal)).destroy();
        return { found: place.shown };
      },
    },
    { step: 'tls', title: 'Make a secure line', run: (signal) => checkTls(given, signal) },
    {
      step: 'login',
      title: 'Log in',
      run: (signal) => withChannel(signal, async () => ({ found: `${given.user} at ${given.vhost}` })),
    },
    {
      step: 'exchange',
      title: 'Look for the exchange',
      run: (signal) =>
        withChannel(signal, async ({ channel }) => {
          if (declares) return isMade;
          await channel.exchangeDeclare({ exchange, passive: true });
          return { found: `${exchange} is there` };
        }),
    },
    {
      step: 'queue',
      title: 'Look for the queue',
      run: (signal) =>
        withChannel(signal, async ({ channel }) => {
          if (declares) return isMade;
          if (queue === undefined) return { found: 'not named in the settings: the first record shows whether one takes it' };
          await channel.queueDeclare({ queue, passive: true });
          return { found: `${queue} is there` };
        }),
    },
    {
      step: 'publish',
      title: 'May this user send there',
      run: (signal) => withChannel(signal, (open) => (declares ? Promise.resolve(isMade) : checkPublish(open, given, context.hotelId))),
    },
  ];
}

/** Publish inside a transaction that is taken back: the broker looks at the rights at once, and at the queues only at a commit. */
async function checkPublish({ channel }: Open, given: Settings, hotelId: string): Promise<Found> {
  const routingKey = routingKeyOf(given, { entity: 'booking', hotelId, source: 'bellhop-test' });
  await channel.txSelect();
  await channel.basicPublish({ exchange: given.exchange, routingKey }, Buffer.from('{}'));
  await channel.txRollback();
  return { found: 'yes; nothing was sent' };
}

async function checkTls(given: Settings, signal: AbortSignal): Promise<Found> {
  if (isPlainLine(given)) return { found: 'none, as set: the server is this PC', isWarning: true };
  const place = placeOf(given);
  const socket = await reach(place, signal);
  try {
    const tls = await secured(socket, place, given, signal);
    return { found: tls.getProtocol() ?? 'TLS' };
  } catch (error) {
    // The port for lines without TLS answers with its own greeting.
    if (error instanceof Fault && error.code === 'tls-failed')
      throw new Fault('tls-failed', { host: place.shown, reason: 'what answers at this port speaks no TLS' }, { cause: error });
    throw error;
  } finally {
    socket.destroy();
  }
}
