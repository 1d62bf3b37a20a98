import { defineUpstream } from '../../upstream.ts';
import { IngestLine, isNotThere } from './line.ts';
import { settings } from './settings.ts';

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
  beside: ['heartbeat', 'question'],
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
