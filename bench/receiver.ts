import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

/**
 * The other end of the bench, a process of its own: unpacks a request, notes every event id once and confirms it.
 * It keeps nothing on disk, so that what is measured is ours. Tells its count when asked.
 */
const mark = '"eventId":"';

/** The event ids of a body, found by their name: the receiver's own speed is not what is measured here. */
function eventIds(body: string): string[] {
  const ids: string[] = [];
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length + 36))
    ids.push(body.slice(at + mark.length, at + mark.length + 36));
  return ids;
}

const seen = new Set<string>();
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    if (request.url?.startsWith('/api/ingest/high-water')) return response.end('{"generation":0}');
    if (request.url === '/count') return response.end(JSON.stringify({ count: seen.size }));
    if (request.url === '/api/ingest/heartbeat') return response.end('{}');
    const sent = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    const applied = eventIds(body.toString('latin1'));
    for (const id of applied) seen.add(id);
    response.end(JSON.stringify({ applied, duplicate: [], refused: [] }));
    if (wanted !== null && seen.size >= wanted.count) process.send?.({ done: seen.size });
  });
});
let wanted: { count: number } | null = null;
process.on('message', (message: { count: number }) => {
  seen.clear();
  wanted = message;
  process.send?.({ armed: true });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }));
