import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it, vi } from 'vitest';
import { Heartbeat, HighWater, IngestAnswer, ingestBodies, ingestPaths } from '../../contract/ingest.ts';
import { startUpstream } from './server.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'upstream.md'), 'utf8');
const blocks = Array.from(page.matchAll(/^```(\w+)\n([\s\S]*?)\n```$/gm), ([, kind, text = '']) => ({ kind, text }));
const ofKind = (wanted: string) => blocks.filter(({ kind }) => kind === wanted).map(({ text }) => text);
const [request = ''] = ofKind('http');
const [body = '', signature = ''] = ofKind('text');
const [answer = '', highWater = '', heartbeat = ''] = ofKind('json');
const header = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(request)?.[1] ?? '';
const secret = /`(whsec_[^`]+)`/.exec(page)?.[1] ?? '';

it('computes the signature of the example by the steps of the page', () => {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const text = `${header('webhook-id')}.${header('webhook-timestamp')}.${body}`;
  const computed = `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
  expect([header('webhook-signature'), signature, Buffer.byteLength(body)]).toEqual([
    computed,
    computed,
    Number(/without a line end, (\d+) bytes/.exec(page)?.[1]),
  ]);
});

it('shows examples that fit the contract', () => {
  const fits = [
    ingestBodies.bookings.safeParse(JSON.parse(body)).success,
    IngestAnswer.safeParse(JSON.parse(answer)).success,
    HighWater.safeParse(JSON.parse(highWater)).success,
    Heartbeat.safeParse(JSON.parse(heartbeat)).success,
  ];
  expect(fits).toEqual([true, true, true, true]);
});

it('names every path of the protocol', () => {
  expect(Object.values(ingestPaths).filter((path) => !page.includes(path))).toEqual([]);
});

it('lets a stranger send the example to the reference receiver and get the answer that the page shows', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'bellhop-docs-'));
  vi.useFakeTimers({ toFake: ['Date'], now: Number(header('webhook-timestamp')) * 1000 });
  const upstream = await startUpstream({ dir, secret });
  try {
    const names = ['content-type', 'content-encoding', 'idempotency-key', 'webhook-id', 'webhook-timestamp', 'webhook-signature'];
    const headers = names.map((name): [string, string] => [name, new RegExp(`^${name}: (.+)$`, 'im').exec(request)?.[1] ?? '']);
    const response = await fetch(`${upstream.url}/api/ingest/bookings`, { method: 'POST', headers, body: gzipSync(body) });
    const high = await fetch(`${upstream.url}/api/ingest/high-water?hotelId=ALDQ`);
    expect([response.status, await response.json(), await high.json()]).toEqual([200, JSON.parse(answer), JSON.parse(highWater)]);
  } finally {
    vi.useRealTimers();
    await upstream.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
