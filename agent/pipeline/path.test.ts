import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bookingRow, bookingsFile, sourceDraft, type TestHotel, testHotel } from '../testing.ts';

const mappingText = readFileSync('resources/mappings/generic-pms-bookings.json', 'utf8');

/** What the receiver has applied, newest version per booking. */
function received(test: TestHotel): Record<string, Record<string, unknown>> {
  if (!existsSync(test.upstream.file)) return {};
  // What stands behind the last line end is still being written.
  const lines = readFileSync(test.upstream.file, 'utf8').split('\n').slice(0, -1);
  return Object.fromEntries(lines.map((line) => JSON.parse(line).record).map((record) => [record.externalId, record]));
}

const hub = async (test: TestHotel) =>
  (await test.client.overview.get({})).systems.find((system) => system.id === 'hub') as {
    confirmed: number;
    waiting: number;
    refused: number;
    state: string;
  };

describe('the path of a record', { timeout: 60_000 }, () => {
  let test: TestHotel;
  beforeEach(async () => {
    test = await testHotel();
  });
  afterEach(async () => {
    await test.close();
  });

  it('brings a dropped file upstream, field by field as it was written', async () => {
    await test.connect();
    test.drop(
      'one.csv',
      bookingsFile(
        '00123,"Łukasz ""Luke"", Größe",a@example.com,+31201234567,101,Suite,2026-03-01,2026-03-04,2026-01-01 10:00:00,CHECKED IN,OTA,1249.50,100,EUR,CC,High floor',
      ),
    );
    await test.sync();
    await test.until(
      () => hub(test),
      (state) => state.confirmed === 1,
    );
    expect(received(test)['00123']).toMatchObject({
      hotelId: 'ALDQ',
      source: 'pms',
      externalId: '00123',
      version: 1,
      guestName: 'Łukasz "Luke", Größe',
      guestEmail: 'a@example.com',
      roomNumber: '101',
      checkInDate: '2026-03-01',
      checkOutDate: '2026-03-04',
      bookedAt: '2026-01-01T10:00:00',
      status: 'checked_in',
      channel: 'ota',
      totalAmountMinor: 124_950,
      depositPaidMinor: 10_000,
      currency: 'EUR',
      paymentMethod: 'credit_card',
      specialRequests: 'High floor',
      leadTime: 59,
      lengthOfStay: 3,
    });
  });

  it('keeps the good booking when its neighbour cannot be read', async () => {
    await test.connect();
    test.drop(
      'mixed.csv',
      bookingsFile(
        bookingRow('1'),
        bookingRow('2', { status: 'TENT' }),
        bookingRow('3', { arrival: '31/12/2026' }),
        bookingRow('', {}),
        bookingRow('5'),
      ),
    );
    await test.sync();
    await test.until(
      () => hub(test),
      (state) => state.confirmed === 2,
    );
    const overview = await test.client.overview.get({});
    expect(overview.setAsideByRule).toEqual([
      { rule: 'day-unreadable', count: 1 },
      { rule: 'key-missing', count: 1 },
      { rule: 'value-unknown', count: 1 },
    ]);
    expect(Object.keys(received(test))).toEqual(['1', '5']);
  });

  it('sends nothing for an unchanged booking, and the next version for a changed one', async () => {
    await test.connect();
    test.drop('a.csv', bookingsFile(bookingRow('1'), bookingRow('2')));
    await test.sync();
    test.drop('b.csv', bookingsFile(bookingRow('1'), bookingRow('2', { status: 'CANCELLED' }), bookingRow('2', { status: 'CANCELLED' })));
    await test.sync();
    await test.until(
      () => hub(test),
      (state) => state.confirmed === 3,
    );
    expect((await test.client.files.list({ limit: 1 }))[0]).toMatchObject({ rows: 3, kept: 1, unchanged: 2 });
    expect([received(test)['1']?.version, received(test)['2']?.version, test.upstream.received()]).toEqual([1, 2, 3]);
  });

  it('takes the same content once, under whatever name it comes again', async () => {
    await test.connect();
    test.drop('a.csv', bookingsFile(bookingRow('1')));
    await test.sync();
    test.drop('again.csv', bookingsFile(bookingRow('1')));
    await test.sync();
    await test.restart();
    await test.sync();
    const files = await test.client.files.list({});
    const { repeatedFiles } = await test.client.overview.get({});
    expect([files.map((file) => [file.fileName, file.rows, file.seenBefore]), repeatedFiles]).toEqual([
      [['a.csv', 1, 1]],
      [
        {
          connectionId: 'pms',
          fileName: 'again.csv',
          seenAtMs: expect.any(Number),
          firstName: 'a.csv',
          firstTakenAtMs: files[0]?.takenAtMs,
        },
      ],
    ]);
  });

  it('never takes a file that is still being written', async () => {
    await test.connect({ completeWhen: 'still', stillSeconds: 1 });
    let rows = 0;
    const write = () => test.drop('a.csv', bookingsFile(...Array.from({ length: ++rows }, (_, index) => bookingRow(String(index)))));
    write();
    const writing = setInterval(write, 100);
    await test.sync();
    clearInterval(writing);
    expect(await test.client.files.list({})).toEqual([]);
    await test.sync();
    expect((await test.client.files.list({})).map((file) => file.rows)).toEqual([rows]);
  });

  it('moves a file into the archive when every row is kept, never over another one', async () => {
    await test.connect({ archive: 'move' });
    test.drop('a.csv', bookingsFile(bookingRow('1')));
    await test.sync();
    await test.until(() => existsSync(join(test.drops, 'taken', 'a.csv')), Boolean);
    test.drop('a.csv', bookingsFile(bookingRow('2')));
    await test.sync();
    await test.until(
      () => readdirSync(join(test.drops, 'taken')).filter((name) => name.endsWith('.csv')),
      (names) => names.length === 2,
    );
    expect(readdirSync(test.drops)).toEqual(['taken']);
  });

  it('never archives an export that was written under the same name after the one that was taken', async () => {
    await test.connect({ archive: 'move' });
    test.drop('bookings.csv', bookingsFile(...Array.from({ length: 20_000 }, (_, index) => bookingRow(String(index)))));
    const syncing = test.sync();
    await test.until(() => test.agent.sources.state('pms').progress !== null, Boolean);
    test.drop('bookings.csv', bookingsFile(bookingRow('new')));
    await syncing;
    await test.sync();
    await test.until(
      () => test.client.files.list({}),
      (files) => files.filter((file) => file.finishedAtMs !== null).length === 2,
    );
    await test.until(
      () => received(test).new,
      (record) => record !== undefined,
    );
  });

  it('takes a file anew from the source when its raw copy was lost before it was read', async () => {
    await test.connect();
    test.drop('a.csv', bookingsFile(...Array.from({ length: 20_000 }, (_, index) => bookingRow(String(index)))));
    void test.sync();
    await test.until(() => test.agent.sources.state('pms').progress !== null, Boolean);
    await test.agent.stop();
    rmSync(join(test.home, 'raw'), { recursive: true });
    await test.restart();
    await test.sync();
    expect((await test.client.files.list({}))[0]).toMatchObject({ rows: 20_000, kept: 20_000 });
    await test.until(
      () => hub(test),
      (state) => state.confirmed === 20_000,
    );
  });

  it('follows a booking that changes and changes back, also when the export is the old one byte for byte', async () => {
    await test.connect();
    for (const status of ['RESERVED', 'CANCELLED', 'RESERVED']) {
      test.drop('today.csv', bookingsFile(bookingRow('1', { status })));
      await test.sync();
    }
    await test.until(
      () => received(test)['1']?.version,
      (version) => version === 3,
    );
    expect(received(test)['1']?.status).toBe('confirmed');
  });

  it('stops one source without holding up the other', async () => {
    await test.connect();
    const other = mkdtempSync(join(test.folder, 'other-'));
    await test.client.connections.add({ ...sourceDraft(other), id: 'pms-2' });
    test.drop('big.csv', bookingsFile(...Array.from({ length: 30_000 }, (_, index) => bookingRow(String(index)))));
    writeFileSync(join(other, 'b.csv'), bookingsFile(bookingRow('b')));
    writeFileSync(join(other, 'b.csv.done'), '');
    const syncing = test.sync();
    await test.until(() => test.agent.sources.state('pms').progress !== null, Boolean);
    await test.client.connections.syncNow({ id: 'pms-2' });
    await test.client.connections.pause({ id: 'pms-2' });
    await syncing;
    expect((await test.client.files.list({})).find((file) => file.fileName === 'big.csv')).toMatchObject({ rows: 30_000 });
    await test.client.connections.resume({ id: 'pms-2' });
    await test.client.connections.syncNow({ id: 'pms-2' });
    await test.until(
      () => received(test).b,
      (record) => record !== undefined,
    );
  });

  it('does not take a file for complete by the done-file of an earlier one', async () => {
    await test.connect();
    test.drop('a.csv', bookingsFile(bookingRow('1')));
    const yesterday = new Date(Date.now() - 86_400_000);
    utimesSync(join(test.drops, 'a.csv.done'), yesterday, yesterday);
    await test.sync();
    expect(await test.client.files.list({})).toEqual([]);
  });

  it('sets a file with a missing column aside as one, and uses nothing of it', async () => {
    await test.connect();
    test.drop('broken.csv', bookingsFile(bookingRow('1'), bookingRow('2')).replace('Arrival', 'Anreise'));
    await test.sync();
    const [file] = await test.client.files.list({});
    expect(file).toMatchObject({ rows: 1, kept: 0, deadLetters: 1, bytesNormalised: 0, bytesDeadLetters: file?.bytes });
    expect((await test.client.overview.get({})).setAsideByRule).toEqual([{ rule: 'header-unusable', count: 1 }]);
  });

  it('goes on with the other files when one that was half read is damaged', async () => {
    await test.connect();
    const taken = await test.agent.stores.writer.step('registerFile', [
      {
        connectionId: 'pms',
        hotelId: 'ALDQ',
        source: 'pms',
        entity: 'booking',
        name: 'lost.csv',
        path: '/lost.csv',
        mark: '1',
        sha256: 'x',
        rawPath: 'raw/none.raw',
        mappingJson: mappingText,
        layoutJson: '{"encoding":"utf-8","otherEncodings":[],"delimiter":",","isFound":false}',
        bytes: 100,
      },
    ]);
    expect(taken.isKnown).toBe(false);
    test.drop('good.csv', bookingsFile(bookingRow('1')));
    await test.sync();
    await test.until(
      () => hub(test),
      (state) => state.confirmed === 1,
    );
    await test.until(
      async () => (await test.client.overview.get({})).alerts.map((alert) => alert.fault.code).join(),
      (codes) => codes === 'database-damaged',
    );
  });

  it('reads a file again under a mended mapping when nothing of it could be used', async () => {
    await test.connect();
    const [mapping] = (await test.client.mappings.list({})).filter((one) => one.name === 'generic-pms-bookings');
    const path = join(test.folder, 'by-hand.csv');
    writeFileSync(path, bookingsFile(bookingRow('1')).replace('Arrival', 'Anreise'));
    const order = { path, entity: 'booking', hotelId: 'ALDQ' } as const;
    const first = await test.client.files.import({ ...order, mapping: mapping as never });
    const mended = { ...mapping, fields: { ...mapping?.fields, checkInDate: { column: 'Anreise' } } };
    const second = await test.client.files.import({ ...order, mapping: mended as never });
    expect([first.deadLettersByRule, second.deadLettersByRule, second.file.kept, second.wasSeenBefore]).toEqual([
      { 'header-unusable': 1 },
      {},
      1,
      false,
    ]);
    expect((await test.client.overview.get({})).setAside).toBe(0);
  });

  it('names the currency, not the amount, when the currency is unknown, and keeps a booking whose e-mail is a dash', async () => {
    await test.connect();
    test.drop(
      'odd.csv',
      bookingsFile(
        bookingRow('1', { currency: 'XYZ' }),
        '2,Ada,-,-,101,Suite,2026-03-01,2026-03-04,2026-01-01 10:00:00,RESERVED,OTA,1,,EUR,CC,',
      ),
    );
    await test.sync();
    await test.until(
      () => hub(test),
      (state) => state.confirmed === 1,
    );
    expect((await test.client.overview.get({})).setAsideByRule).toEqual([{ rule: 'currency-unknown', count: 1 }]);
  });

  it('hides a card number before anything of it reaches the disk or the wire', async () => {
    await test.connect();
    const card = '4111111111111111';
    test.drop('cards.csv', bookingsFile(bookingRow('1', { name: `Ada ${card}` }), bookingRow(card)));
    await test.sync();
    await test.until(
      () => hub(test),
      (state) => state.confirmed === 1,
    );
    await test.agent.stop();
    expect(received(test)['1']?.guestName).toBe('Ada ****************');
    expect(filesHolding(test.folder, card).filter((path) => !path.startsWith(test.drops))).toEqual([]);
  });

  it('keeps guests out of plain sight on the disk: only the columns that are searched stand open', async () => {
    await test.connect();
    test.drop(
      'a.csv',
      bookingsFile(
        '77,Greta Garbo,canary-mail@example.com,+31600000001,101,Suite,2026-03-01,2026-03-04,2026-01-01 10:00:00,RESERVED,OTA,1,,EUR,CC,canary-wish',
      ),
    );
    await test.sync();
    await test.until(
      () => hub(test),
      (state) => state.confirmed === 1,
    );
    await test.agent.stop();
    const open = (text: string) => filesHolding(test.home, text).length;
    expect([open('canary-mail'), open('31600000001'), open('canary-wish'), open(test.upstream.secret.slice(6))]).toEqual([0, 0, 0, 0]);
    // The guest's name is a column that people search by: docs/security.md says so.
    expect(open('Greta Garbo')).toBeGreaterThan(0);
  });

  it('accounts for every byte of any file, however broken', async () => {
    await test.connect();
    const piece = fc.constantFrom(
      '1,',
      'a',
      '"',
      '\r\n',
      '\n',
      '\r',
      ',',
      '\0',
      '\u001a',
      'ü',
      bookingRow('9'),
      '\r\n',
      `${bookingRow('8')}\r\n`,
      bookingsFile(bookingRow('7')),
    );
    const files = fc.sample(fc.tuple(fc.array(piece, { maxLength: 30 }), fc.boolean()), { numRuns: 60, seed: 11 });
    for (const [index, [pieces, hasHeader]] of files.entries()) {
      test.drop(`f${String(index).padStart(3, '0')}.csv`, `${hasHeader ? bookingsFile() : ''}${pieces.join('')}${index}`);
    }
    await test.sync();
    const reports = await test.client.files.list({ limit: 500 });
    expect(reports).toHaveLength(files.length);
    const wrong = reports.filter(
      (file) => file.finishedAtMs === null || file.bytesNormalised + file.bytesDeadLetters + file.bytesStructural !== file.bytes,
    );
    expect(wrong).toEqual([]);
  });

  it('finds how each file is written, says what it has found, and never invents a letter', async () => {
    await test.connect();
    const named = (id: string, name: string) => bookingsFile(bookingRow(id, { name }));
    test.drop('bom.csv', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(named('1', 'İpek ß 北京'))]));
    test.drop('latin.csv', Buffer.from(named('2', 'Größe').replaceAll(',', ';'), 'latin1'));
    test.drop('wide.csv', Buffer.from(`\uFEFF${named('3', 'Łukasz 北京')}`.replaceAll(',', '\t'), 'utf16le'));
    // The euro sign of one encoding is the general currency sign of its sister: which one was meant nobody can know.
    const unsure = Buffer.from(bookingsFile(bookingRow('4'), bookingRow('5', { name: 'Größe \xa4' })), 'latin1');
    test.drop('unsure.csv', unsure);
    test.drop(
      'damaged.csv',
      Buffer.concat([Buffer.from(named('6', 'Größe')), Buffer.from(`${bookingRow('7', { name: 'Gr\xf6' })}\r\n`, 'latin1')]),
    );
    await test.sync();
    await test.until(
      () => hub(test),
      (state) => state.confirmed === 5,
    );
    const found = received(test);
    expect(['1', '2', '3', '4', '6'].map((id) => found[id]?.guestName)).toEqual([
      'İpek ß 北京',
      'Größe',
      'Łukasz 北京',
      'Ada Almeida',
      'Größe',
    ]);
    const files = await test.client.files.list({});
    expect(files.map(({ fileName, layout }) => [fileName, layout.encoding, layout.delimiter])).toEqual([
      ['wide.csv', 'utf-16le', '\t'],
      ['unsure.csv', 'windows-1252', ','],
      ['latin.csv', 'windows-1252', ';'],
      ['damaged.csv', 'utf-8', ','],
      ['bom.csv', 'utf-8', ','],
    ]);
    const { letters } = await test.client.deadLetters.list({ limit: 10 });
    expect(letters.map(({ fileName, rule, detail }) => [fileName, rule, detail])).toEqual([
      ['unsure.csv', 'letters-unsure', expect.stringMatching(/^windows-1252 .*iso-8859-15/)],
      ['damaged.csv', 'row-undecodable', 'utf-8'],
    ]);
  });

  it('finds no card number less in UTF-16', async () => {
    await test.connect();
    test.drop('wide.csv', Buffer.from(bookingsFile(bookingRow('1', { name: 'Ada 4111 1111 1111 1111' })), 'utf16le').swap16());
    await test.sync();
    await test.until(
      () => hub(test),
      (state) => state.confirmed === 1,
    );
    expect(received(test)['1']?.guestName).not.toContain('4111 1111');
    expect(filesHolding(test.home, '4111')).toEqual([]);
  });

  it('finishes a file empty or with nothing but a header', async () => {
    await test.connect();
    test.drop('empty.csv', '');
    test.drop('header.csv', bookingsFile());
    await test.sync();
    expect((await test.client.files.list({})).map((file) => [file.fileName, file.rows, file.finishedAtMs !== null])).toEqual([
      ['header.csv', 0, true],
      ['empty.csv', 0, true],
    ]);
  });
});

/** The files below a folder in which a text stands, read as bytes. */
function filesHolding(folder: string, text: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}
