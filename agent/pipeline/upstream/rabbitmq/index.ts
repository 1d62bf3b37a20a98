import { defineUpstream } from '../../upstream.ts';
import { checks } from './checks.ts';
import { letter } from './letter.ts';
import { BrokerLine } from './line.ts';
import { placeOf, settings } from './settings.ts';

/** Messages at an exchange of a RabbitMQ broker: one for each version of a record. Confirmed is what the broker has confirmed. */
export default defineUpstream({
  id: 'rabbitmq',
  title: 'RabbitMQ broker',
  summary: 'Sends every record at least once as a lasting message to an exchange and keeps it until the broker has confirmed it.',
  settings,
  secrets: {
    brokerPassword: {
      title: 'Password of the broker user',
      description: 'Whoever runs the broker gives it to you.',
      isRequired: true,
    },
  },
  beside: [],
  sample: { host: 'hub.example.com', port: 5671 },
  checks,
  letter,

  open: async (given, { secrets }) => {
    const line = new BrokerLine(given, secrets);
    return {
      host: placeOf(given).shown,
      batchRecords: given.batchRecords,
      // A message is written when it is sent: what could be done before is too little to be worth it.
      prepare: () => undefined,
      send: (batch, signal) => line.send(batch, signal),
      // A broker hands on and forgets: it cannot say what it has seen of a hotel.
      highWater: async () => null,
      // A sign of life between the records would be rubbish in the queue of a receiver that knows records alone.
      heartbeat: async () => undefined,
      close: () => line.close(),
    };
  },
});
