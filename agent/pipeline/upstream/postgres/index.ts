import { defineUpstream } from '../../upstream.ts';
import { checks } from './checks.ts';
import { letter } from './letter.ts';
import { DatabaseLine } from './line.ts';
import { placeOf, settings } from './settings.ts';

/** Four tables of a PostgreSQL database: a row for each record, in its newest state. Confirmed is what COMMIT has answered. */
export default defineUpstream({
  id: 'postgres',
  title: 'PostgreSQL database',
  summary: 'Keeps every record in its newest state in tables of a PostgreSQL database, each change in a transaction.',
  settings,
  secrets: {
    databasePassword: {
      title: 'Password of the database user',
      description: 'Whoever runs the database gives it to you.',
      isRequired: true,
    },
  },
  beside: ['question'],
  sample: { host: 'hub.example.com', port: 5432, database: 'hotels' },
  checks,
  letter,

  open: async (given, { secrets }) => {
    const line = new DatabaseLine(given, secrets);
    return {
      host: placeOf(given).shown,
      batchRecords: given.batchRecords,
      // A transaction is written when it is sent: what could be done before is too little to be worth it.
      prepare: () => undefined,
      send: (batch, signal) => line.send(batch, signal),
      highWater: (hotelId, signal) => line.highWater(hotelId, signal),
      // There is no table for signs of life, and none is needed: applied_at says when a hotel was last heard of.
      heartbeat: async () => undefined,
      close: () => line.close(),
    };
  },
});
