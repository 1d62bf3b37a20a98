import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Heartbeat, HighWater, IngestAnswer, type IngestPlural, ingestBodies, ingestPaths, Refusal } from '../contract/ingest.ts';

/** Where the document lies: beside docs/upstream.md, which says in words what a schema cannot. */
export const openApiFile = join(import.meta.dirname, '..', 'docs', 'upstream.openapi.json');

const records = {
  bookings: { name: 'BookingEvent', schema: ingestBodies.bookings.shape.bookings.element },
  guests: { name: 'GuestEvent', schema: ingestBodies.guests.shape.guests.element },
  rooms: { name: 'RoomEvent', schema: ingestBodies.rooms.shape.rooms.element },
  reviews: { name: 'ReviewEvent', schema: ingestBodies.reviews.shape.reviews.element },
} as const;

const header = (name: string, description: string, required = true) => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type: 'string' },
});
const signature = [
  header('webhook-id', 'Names the request; the same in every repeat of it.'),
  header('webhook-timestamp', 'Seconds since 1970, UTC. Not more than 300 s away from the receiver’s clock.'),
  header(
    'webhook-signature',
    '`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`; several, divided by a space, while a secret changes.',
  ),
];
const json = (name: string) => ({ 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } });
const answers = {
  '400': {
    description: 'The request as a whole cannot be read. The sender halves it to find the record at fault.',
    content: json('Problem'),
  },
  '401': { description: 'Token or signature missing or wrong, or the signature is too old.', content: json('Problem') },
  '410': { description: 'This address is closed for good. The sender stops and tells a person.', content: json('Problem') },
  '413': { description: 'Too much for one request. The sender halves it.', content: json('Problem') },
  '422': { description: 'This Idempotency-Key came before with another body.', content: json('Problem') },
  '429': {
    description: 'Not now. The sender waits as long as Retry-After says, an hour at most.',
    headers: { 'Retry-After': { description: 'Seconds, or an HTTP date.', schema: { type: 'string' } } },
    content: json('Problem'),
  },
} as const;

/**
 * Write the ingest protocol as an OpenAPI 3.1 document.
 * @source contract/ingest.ts: the schemas that the agent sends by and the reference receiver checks with.
 */
export function upstreamOpenApi() {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bellhop ingest',
      version: '1',
      summary: 'What a receiver of Bellhop’s records answers to.',
      description: 'Signing, idempotency, order and repeats are described in docs/upstream.md.',
    },
    servers: [{ url: 'https://hub.example.com', description: 'The address that the hotel enters for its destination.' }],
    security: [{}, { token: [] }],
    paths: {
      ...Object.fromEntries((Object.keys(ingestBodies) as IngestPlural[]).map((plural) => [ingestPaths[plural], { post: ingest(plural) }])),
      [ingestPaths.highWater]: { get: highWater },
      [ingestPaths.heartbeat]: { post: heartbeat },
    },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } }, schemas: schemas() },
  };
}

function ingest(plural: IngestPlural) {
  return {
    operationId: `ingest-${plural}`,
    summary: `Take new and changed ${plural}`,
    parameters: [
      header('Idempotency-Key', 'Names the request; a repeat with the same key and body gets the same answer.'),
      header('Content-Encoding', '`gzip` or absent.', false),
      ...signature,
    ],
    requestBody: { required: true, content: json(`${records[plural].name}s`) },
    responses: {
      '200': { description: 'What became of every record: each event id stands in exactly one list.', content: json('IngestAnswer') },
      ...answers,
    },
  };
}

const highWater = {
  operationId: 'high-water',
  summary: 'Say the newest generation seen of a hotel',
  parameters: [{ name: 'hotelId', in: 'query', required: true, schema: { type: 'string' } }],
  responses: { '200': { description: '0 when nothing has ever come from this hotel.', content: json('HighWater') }, '401': answers['401'] },
};

const heartbeat = {
  operationId: 'heartbeat',
  summary: 'Hear that an agent lives',
  parameters: signature,
  requestBody: { required: true, content: json('Heartbeat') },
  responses: { '204': { description: 'Heard.' }, '400': answers['400'], '401': answers['401'] },
};

/** Turn the contract's schemas into JSON Schema, each under its own name and referring to the others by it. */
function schemas(): Record<string, unknown> {
  const named = z.registry<{ id: string }>();
  for (const plural of Object.keys(records) as IngestPlural[]) {
    named.add(records[plural].schema, { id: records[plural].name });
    named.add(ingestBodies[plural], { id: `${records[plural].name}s` });
  }
  named.add(Refusal, { id: 'Refusal' });
  named.add(IngestAnswer, { id: 'IngestAnswer' });
  named.add(HighWater, { id: 'HighWater' });
  named.add(Heartbeat, { id: 'Heartbeat' });
  named.add(z.object({ error: z.object({ code: z.string(), message: z.string() }) }), { id: 'Problem' });
  const written = z.toJSONSchema(named, {
    uri: (id) => `#/components/schemas/${id}`,
    // A later version may add an optional field: a receiver that is told to refuse what it does not know would break on that day.
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  }).schemas;
  return Object.fromEntries(Object.entries(written).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]));
}

if (import.meta.main) writeFileSync(openApiFile, `${JSON.stringify(upstreamOpenApi(), null, 2)}\n`);
