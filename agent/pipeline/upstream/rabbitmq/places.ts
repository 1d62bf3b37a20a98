import type { Channel } from 'rabbitmq-client';
import { queueOf, type Settings } from './settings.ts';

/** See that the exchange is there; make it, a queue and their binding where the settings say so. */
export async function meetPlaces(channel: Channel, given: Settings): Promise<void> {
  const { exchange, declares } = given;
  if (!declares) {
    await channel.exchangeDeclare({ exchange, passive: true });
    return;
  }
  const queue = queueOf(given);
  await channel.exchangeDeclare({ exchange, type: 'topic', durable: true });
  await channel.queueDeclare({ queue, durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.queueBind({ exchange, queue, routingKey: '#' });
}
