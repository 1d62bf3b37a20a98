import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openApiFile, upstreamOpenApi } from './upstream-openapi.ts';

it('describes the protocol that the code speaks (write it anew with: node scripts/upstream-openapi.ts && npx biome format --write docs)', () => {
  expect(JSON.parse(readFileSync(openApiFile, 'utf8'))).toEqual(upstreamOpenApi());
});

it('names every schema it refers to', () => {
  const text = JSON.stringify(upstreamOpenApi());
  const wanted = new Set(Array.from(text.matchAll(/"#\/components\/schemas\/(\w+)"/g), ([, name]) => name));
  const there = Object.keys(upstreamOpenApi().components.schemas);
  expect([...wanted].filter((name) => !there.includes(name ?? ''))).toEqual([]);
});
