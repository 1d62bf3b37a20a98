import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemKinds } from '../pipeline/registry.ts';
import { hotel, sourceDraft, type TestHotel, testHotel } from '../testing.ts';

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel({ withLoops: false });
  await test.client.property.save(hotel);
});
afterEach(() => test.close());

const draft = {
  id: 'warehouse',
  kind: 'postgres',
  title: 'Group database',
  settings: { host: 'db.example.com', database: 'hotels', user: 'bellhop_aldq' },
};
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fine',
    (error: { data?: { code: string } }) => error.data?.code,
  );

it('gives the text for the administrator before the password is known, and the same when the connection is saved', async () => {
  const before = await test.client.connections.letter({ draft: { ...draft, secrets: {} } });
  await test.client.connections.add({ ...draft, secrets: { databasePassword: 'canary-password' } });
  const saved = await test.client.connections.letter({ id: 'warehouse' });
  expect([
    saved,
    before.fileName,
    before.text.includes('GRANT SELECT, INSERT, UPDATE ON production.bookings'),
    before.text.includes('bellhop_aldq'),
    before.text.includes('hotel ALDQ'),
    saved.text.includes('canary-password'),
  ]).toEqual([before, 'bellhop.sql', true, true, true, false]);
});

it('says which kinds have such a text, and that the others need none', async () => {
  await test.client.connections.add(sourceDraft(test.drops));
  const having = systemKinds()
    .filter((kind) => kind.hasLetter)
    .map((kind) => kind.kind);
  const asked = [
    await codeOf(test.client.connections.letter({ id: 'pms' })),
    await codeOf(test.client.connections.letter({ id: 'nobody' })),
    await codeOf(
      test.client.connections.letter({ draft: { ...draft, settings: { host: 'db.example.com', database: "x'; DROP" }, secrets: {} } }),
    ),
  ];
  expect([having, asked]).toEqual([
    ['opera-oracle', 'postgres', 'rabbitmq'],
    ['input-wrong', 'connection-not-found', 'input-wrong'],
  ]);
});
