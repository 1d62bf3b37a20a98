import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startUpstream } from '../sandbox/upstream/server.ts';
import { bookingRow, bookingsFile } from './testing.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bundle = join(root, 'out/main/cli.js');

function newest(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return /\.test\.ts$/.test(path) ? 0 : found.mtimeMs;
  return Math.max(...readdirSync(path).map((name) => newest(join(path, name))), 0);
}
const isBuilt = existsSync(bundle) && ['contract', 'db', 'agent'].every((folder) => newest(join(root, folder)) <= statSync(bundle).mtimeMs);

const secret = `whsec_${Buffer.from('canary-canary-canary-canary-1234').toString('base64')}`;
const token = 'tok-canary-1234567890';
/** Everything that any command has said, for the last test. */
const said: string[] = [];

let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-cli-'));
  home = join(folder, 'home');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

function start(args: readonly string[], input = ''): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [join(root, 'scripts/bellhop.mjs'), ...args], {
    env: { ...process.env, BELLHOP_HOME: home, BELLHOP_KEYRING: 'file', BELLHOP_NO_BUILD: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code) => {
      said.push(stdout, stderr);
      resolve({ code, stdout, stderr });
    }),
  );
  return { child, ended };
}
const run = (args: readonly string[], input = '') => start(args, input).ended;
const json = (ended: Ended) =>
  ended.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const bookings = ['--entity', 'booking', '--mapping', 'generic-pms-bookings', '--hotel', 'ALDQ'];

/** How many records, waiting events and files a home holds, looked at from outside. */
function kept(): unknown {
  if (!existsSync(join(home, 'pipeline.db'))) return 'no database';
  const db = new Database(join(home, 'pipeline.db'), { readonly: true });
  const counts = ['records', 'outbox', 'files', 'dead_letters'].map((table) => db.prepare(`select count(*) from ${table}`).pluck().get());
  db.close();
  return counts;
}
const rawFiles = () =>
  (existsSync(join(home, 'raw')) ? readdirSync(join(home, 'raw'), { recursive: true, withFileTypes: true }) : []).filter((one) =>
    one.isFile(),
  ).length;

describe.skipIf(!isBuilt)(
  isBuilt ? 'bellhop' : 'bellhop (SKIPPED: out/main/cli.js is missing or older than the sources: npm run build)',
  { timeout: 60_000 },
  () => {
    it('ends with 0 when it is done, and with 1 when it reports a problem', async () => {
      const calls: [number, string[]][] = [
        [0, []],
        [0, ['--help']],
        [0, ['help']],
        [0, ['--version']],
        [0, ['status']],
        [0, ['hotel']],
        [0, ['connections', 'list']],
        [1, ['connections', 'test', 'nobody']],
        [1, ['connections', 'remove', 'nobody']],
        [1, ['connections', 'take-over', 'nobody']],
        [1, ['connections', 'reset', 'nobody']],
        [1, ['connections', 'trip', 'nobody', '--reason', 'why']],
        [1, ['connections', 'shadow', 'nobody', 'on']],
        [1, ['connections', 'share', 'nobody', '10']],
        [1, ['connections', 'add', 'not-there.json']],
        [1, ['import', 'not-there.csv', ...bookings]],
        [0, ['dead-letters', 'list']],
        [0, ['dead-letters', 'replay', '--all']],
        [0, ['mappings', 'list']],
        [0, ['mappings', 'show', 'generic-pms-bookings']],
        [1, ['mappings', 'show', 'nothing-of-the-kind']],
        [1, ['dead-letters', 'show', '1']],
        [1, ['dead-letters', 'list', '--connection', 'nobody']],
        [1, ['connections', 'tables', 'nobody']],
        [1, ['connections', 'compare', 'nobody']],
        [1, ['connections', 'runs', 'nobody']],
      ];
      const codes: [number | null, string[]][] = [];
      for (const [, args] of calls) codes.push([(await run(args)).code, args]);
      expect(codes).toEqual(calls);
    });

    it('ends with 2 when it was called wrongly', async () => {
      const calls: string[][] = [
        ['frobnicate'],
        ['connections', 'frobnicate'],
        ['connections', 'add'],
        ['connections', 'trip', 'nobody'],
        ['connections', 'shadow', 'nobody', 'perhaps'],
        ['connections', 'share', 'nobody', '0'],
        ['same-records', 'set', 'fax', 'apart'],
        ['connections', 'test'],
        ['connections', 'take-over'],
        ['connections', 'gone', 'pms'],
        ['connections', 'runs'],
        ['connections', 'runs', 'pms', '--limit', '0'],
        ['connections', 'test', 'a', 'b'],
        ['hotel', '--frobnicate'],
        ['hotel', '--code', 'ALDQ'],
        ['import'],
        ['import', 'a.csv'],
        ['import', 'a.csv', '--entity', 'fax', '--mapping', 'x'],
        ['import', 'a.csv', '--entity', 'booking'],
        ['dead-letters', 'frobnicate'],
        ['dead-letters', 'list', '--rule', 'no-rule'],
        ['dead-letters', 'list', '--limit', '0'],
        ['dead-letters', 'replay'],
        ['dead-letters', 'replay', '1', '--all'],
        ['dead-letters', 'replay', '--all', '--row-stdin'],
        ['dead-letters', 'replay', '--rule', 'no-rule'],
        ['mappings', 'frobnicate'],
        ['mappings', 'save'],
        ['dead-letters', 'show'],
        ['dead-letters', 'show', 'seven'],
        ['dead-letters', 'show', '1', '2'],
        ['agent', '--port', '99999'],
        ['agent', '--port', 'x'],
        ['status', '--home'],
      ];
      // Wrong words are refused before a home is opened, so these need not wait for each other.
      const ended = await Promise.all(calls.map(async (args) => [(await run(args)).code, args]));
      expect(ended).toEqual(calls.map((args) => [2, args]));
    });

    it('says what to do on standard error when it was called wrongly, and nothing on standard output', async () => {
      const { stdout, stderr } = await run(['import', '--json']);
      expect([stdout, stderr]).toEqual(['', expect.stringContaining('import takes at least one file')]);
    });

    it('ends with 78 where this machine or folder cannot run it, and leaves no trace there', async () => {
      const wrong = join(folder, 'OneDrive', 'home');
      const { code, stderr } = await run(['status', '--home', wrong]);
      expect([code, stderr, existsSync(wrong)]).toEqual([78, expect.stringContaining('in a folder that a sync program copies'), false]);
    });

    it('sets up a hotel, shows it, and says what is missing', async () => {
      const set = await run([
        'hotel',
        '--code',
        'ALDQ',
        '--name',
        'Aldermoor Quay',
        '--zone',
        'Europe/Amsterdam',
        '--currency',
        'EUR',
        '--json',
      ]);
      const shown = await run(['hotel', '--json']);
      const wrong = await run(['hotel', '--code', 'ALDQ', '--name', 'x', '--zone', 'Mars/Base', '--currency', 'EUR']);
      expect([json(set)[0].hotelId, json(shown)[0].property.timeZone, wrong.code, wrong.stderr]).toEqual([
        'ALDQ',
        'Europe/Amsterdam',
        2,
        expect.stringContaining('--zone'),
      ]);
    });

    it('with --json says only JSON, a line for each answer, and a fault is JSON too', async () => {
      const path = file('a.csv', bookingsFile(bookingRow('1')));
      const all = [
        await run(['status', '--json']),
        await run(['--json', 'hotel']),
        await run(['connections', 'list', '--json']),
        await run(['import', path, path, ...bookings, '--json']),
        await run(['connections', 'test', 'nobody', '--json']),
        await run(['import', 'not-there.csv', ...bookings, '--json']),
      ];
      expect(all.map((ended) => [ended.stderr, json(ended).length])).toEqual([
        ['', 1],
        ['', 1],
        ['', 1],
        ['', 2],
        ['', 1],
        ['', 1],
      ]);
      expect(json(all[4] as Ended)[0]).toEqual({
        error: { code: 'connection-not-found', what: 'There is no connection nobody.', safe: expect.any(String), next: expect.any(String) },
      });
    });

    it('takes no secret from a file, and tells nobody those that it is given', async () => {
      const upstream = await startUpstream({ dir: join(folder, 'upstream'), secret });
      try {
        const draft = { id: 'hub', kind: 'https-ingest', title: 'Group hub', settings: { url: upstream.url, allowHttpOnThisPc: true } };
        const withSecrets = await run([
          'connections',
          'add',
          file('wrong.json', JSON.stringify({ ...draft, secrets: { signingSecret: secret } })),
        ]);
        const without = await run(['connections', 'add', file('hub.json', JSON.stringify(draft))]);
        const noJson = await run(['connections', 'add', join(folder, 'hub.json'), '--secrets-stdin'], `{"signingSecret": ${secret}`);
        const noText = await run(['connections', 'add', join(folder, 'hub.json'), '--secrets-stdin'], '{"signingSecret":7}');
        const added = await run(
          ['connections', 'add', join(folder, 'hub.json'), '--secrets-stdin', '--json'],
          JSON.stringify({ signingSecret: secret, token }),
        );
        const listed = await run(['connections', 'list', '--json']);
        await run(['hotel', '--code', 'ALDQ', '--name', 'A', '--zone', 'Europe/Amsterdam', '--currency', 'EUR']);
        const tested = await run(['connections', 'test', 'hub', '--json']);
        const takenOver = await run(['connections', 'take-over', 'hub', '--json']);
        expect([
          [withSecrets, without, noJson, noText, added, tested, takenOver].map((ended) => ended.code),
          json(takenOver)[0],
          json(added)[0].secrets,
          json(listed)[0].length,
          json(tested).every((step) => step.state === 'passed'),
        ]).toEqual([[2, 1, 1, 1, 0, 0, 0], { takenOver: 'hub' }, ['signingSecret', 'token'], 1, true]);
        expect(withSecrets.stderr).toContain('a configuration file holds no secrets');
      } finally {
        await upstream.close();
      }
    });

    it('accounts for every row and every byte of a mixed file', async () => {
      const rows = [
        bookingRow('1'),
        bookingRow('2'),
        bookingRow('1'),
        bookingRow('2', { status: 'CANCELLED' }),
        bookingRow('3', { arrival: 'tomorrow' }),
        bookingRow('4', { total: 'much' }),
        bookingRow('5').replace(',101,', ',101,one,too,many,'),
        bookingRow('6', { name: '"Almeida, Ada"' }),
      ];
      const path = file('mixed.csv', `${bookingsFile(...rows)}\r\n`);
      const ended = await run(['import', path, ...bookings, '--json']);
      const [report] = json(ended);
      const { file: account } = report;
      expect([ended.code, account.rows, account.kept, account.unchanged, account.deadLetters, report.duplicates]).toEqual([
        1, 8, 4, 1, 3, 2,
      ]);
      expect([
        account.kept + account.unchanged + account.deadLetters + report.skippedOutsideDays,
        Object.values<number>(report.deadLettersByRule).reduce((a, b) => a + b),
      ]).toEqual([8, 3]);
      expect([account.bytes, account.bytesNormalised + account.bytesDeadLetters + account.bytesStructural]).toEqual([
        statSync(path).size,
        statSync(path).size,
      ]);
      expect(kept()).toEqual([3, 4, 1, 3]);
    });

    it('sets what is sent where two sources speak of one record, and for how long old versions stay', async () => {
      const none = await run(['same-records']);
      await run(['import', file('a.csv', bookingsFile(bookingRow('1'), bookingRow('2'))), ...bookings, '--source', 'pms']);
      await run(['import', file('b.csv', bookingsFile(bookingRow('1', { status: 'CANCELLED' }))), ...bookings, '--source', 'channel']);
      const set = await run(['same-records', 'set', 'booking', 'leads', 'pms']);
      const listed = await run(['same-records']);
      const wrong = [
        await run(['same-records', 'set', 'booking', 'leads']),
        await run(['same-records', 'set', 'booking', 'leads', 'nobody']),
      ];
      const traced = await run(['trace', '1']);
      const shown = await run(['records', 'show', '1']);
      expect(shown.stdout.match(/^Also known from .*: pms leads, .*\.$/gm)).toHaveLength(2);
      const kept = await run(['outbox', 'keep', '730']);
      const [size] = json(await run(['outbox', '--json']));
      expect([(await run(['figures', 'anew'])).stdout, (await run(['figures', 'new'])).code]).toEqual([
        'Figures of guests are worked out while nothing comes in: 3 versions to read, 0 guests to go.\n',
        2,
      ]);
      const refused = [await run(['outbox', 'keep', 'long']), await run(['outbox', 'keep', '5'])];
      expect([none.stdout, set.code, listed.stdout.split('\n')[1]?.replaceAll(/ {2,}/g, '|'), wrong.map(({ code }) => code)]).toEqual([
        'No source has brought a record yet.\n',
        0,
        'bookings|pms leads|pms, channel|1',
        [2, 1],
      ]);
      expect(traced.stdout).toContain('pms leads, what others say of it is kept and not sent');
      expect([kept.code, size.keepDays, size.bytes > 0, refused.map(({ code }) => code)]).toEqual([0, 730, true, [2, 1]]);
    });

    it('tells people the same in words', async () => {
      const path = file('mixed.csv', bookingsFile(bookingRow('1'), bookingRow('2', { arrival: 'tomorrow' })));
      const { code, stdout, stderr } = await run(['import', path, ...bookings]);
      expect([code, stdout.replaceAll(/\s+/g, ' '), stderr]).toEqual([
        1,
        expect.stringMatching(
          /rows read 2 kept 1 unchanged 0 came twice 0 set aside 1 1 × .* bytes \d+ = \d+ kept \+ \d+ set aside \+ \d+ structure/,
        ),
        expect.stringContaining('The agent is not running'),
      ]);
      expect(stdout + stderr).not.toContain('Ada Almeida');
    });

    it('lists what was set aside, newest first, and narrows the list', async () => {
      const none = await run(['dead-letters', 'list']);
      const rows = [
        ...Array.from({ length: 250 }, (_, at) => bookingRow(`A-${at}`, { arrival: 'soon' })),
        bookingRow('B-1', { total: 'much' }),
        'just,three,cells',
      ];
      await run(['import', file('mixed.csv', bookingsFile(bookingRow('1'), ...rows)), ...bookings]);
      const [all] = json(await run(['dead-letters', 'list', '--limit', '230', '--json']));
      const [ofRule] = json(await run(['dead-letters', 'list', '--rule', 'amount-unreadable', '--json']));
      const [byHand] = json(await run(['dead-letters', 'list', '--connection', '#import', '--limit', '1', '--json']));
      const words = await run(['dead-letters', '--limit', '2']);
      const listed = await run(['dead-letters', 'list', '--limit', '2']);
      expect(none.stdout).toBe('Nothing is set aside.\n');
      expect([all.total, all.letters.map((letter: { id: number }) => letter.id), all.nextBelowId]).toEqual([
        252,
        Array.from({ length: 230 }, (_, at) => 252 - at),
        23,
      ]);
      expect([ofRule.total, ofRule.letters.length, ofRule.letters[0].line, byHand.total, byHand.letters.length]).toEqual([
        1, 1, 253, 252, 1,
      ]);
      expect([words.code, listed.code]).toEqual([2, 0]);
      expect(listed.stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, '|'))).toEqual([
        'ID|SET ASIDE|REASON|FIELD|NOTE|FILE AND LINE|CONNECTION',
        expect.stringMatching(/^252\|.*\|row-ragged\|-\|3\/16\|mixed\.csv:254\|#import$/),
        expect.stringMatching(/^251\|.*\|amount-unreadable\|totalAmountMinor\|.*\|mixed\.csv:253\|#import$/),
        '',
        '2 of 252 rows; --limit N shows more.',
        '',
      ]);
    });

    it('tries rows again by a mapping that has learned a word, after a rehearsal, and keeps the mapping', async () => {
      const waiting = ['1', '2'].map((id) => bookingRow(id, { status: 'WAITLIST' }));
      await run(['import', file('wait.csv', bookingsFile(...waiting, 'just,three,cells')), ...bookings]);
      const [mapping] = json(await run(['mappings', 'show', 'generic-pms-bookings', '--json']));
      mapping.fields.status.values.WAITLIST = 'confirmed';
      const path = file('learned.json', JSON.stringify(mapping));
      const rehearsal = await run(['dead-letters', 'replay', '--all', '--mapping', path, '--dry-run']);
      expect([rehearsal.code, rehearsal.stdout]).toEqual([
        1,
        'A rehearsal: nothing was kept.\n  2 would be kept and sent\n  1 cannot be read yet\n  1 × The row has more or fewer cells than the header.\n',
      ]);
      expect((await run(['mappings', 'save', path])).stdout).toContain('generic-pms-bookings, version 2');
      const [done] = json(await run(['dead-letters', 'replay', '--rule', 'value-unknown', '--mapping', 'generic-pms-bookings', '--json']));
      const [left] = json(await run(['dead-letters', 'list', '--json']));
      expect([done.kept, done.stillAside, left.total]).toEqual([2, 0, 1]);
      const [corrected] = json(
        await run(['dead-letters', 'replay', String(left.letters[0].id), '--row-stdin', '--json'], `${bookingRow('3')}\r\n`),
      );
      expect([corrected.kept, (await run(['dead-letters', 'list'])).stdout]).toEqual([1, 'Nothing is set aside.\n']);
    });

    it('shows one of them with its reason and its bytes, and lets none of them act on the terminal', async () => {
      const row = 'Zoë,\u001b[2Jthree\u0007,"ce""lls';
      await run(['import', file('a.csv', bookingsFile(bookingRow('1'), row)), ...bookings]);
      const shown = await run(['dead-letters', 'show', '1']);
      const [machine] = json(await run(['dead-letters', 'show', '1', '--json']));
      const hex = await run(['dead-letters', 'show', '1', '--hex']);
      const offset = Buffer.byteLength(bookingsFile(bookingRow('1')));
      const place = offset.toString(16).padStart(8, '0');
      expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('A quotation mark opens and never closes.')]);
      expect(shown.stdout).toContain('Close or remove the mark in the source, and export again.');
      expect(shown.stdout.replaceAll(/ +/g, ' ')).toContain(` place byte ${offset}, ${Buffer.byteLength(row) + 2} bytes long\n`);
      expect(shown.stdout.endsWith('\n\nZoë,␛[2Jthree␇,"ce""lls\n')).toBe(true);
      expect(Buffer.from(machine.content.base64, 'base64').toString('utf8')).toBe(row);
      expect(hex.stdout).toContain(`\n${place}  5a 6f c3 ab 2c 1b 5b 32  4a 74 68 72 65 65 07 2c  Zo..,.[2Jthree.,\n`);
      const unknown = await run(['dead-letters', 'show', '99', '--json']);
      expect([unknown.code, json(unknown)[0].error.code]).toEqual([1, 'dead-letter-not-found']);
    });

    it('lists the records, adds them up, and shows one with what each version changed', async () => {
      const first = bookingRow('1', { total: '100.10', name: 'Zoë\u001b[2J Brouwer' });
      await run(['import', file('a.csv', bookingsFile(first, bookingRow('2', { total: '-0.05' }), bookingRow('12'))), ...bookings]);
      await run(['import', file('b.csv', bookingsFile(bookingRow('1', { total: '100.10', name: 'Zoë Brouwer' }))), ...bookings]);
      const list = await run(['records', 'list', '--sort', 'key', '--up', '--limit', '2']);
      const found = await run(['records', 'list', '--search', 'zoe', '--json']);
      const shown = await run(['records', 'show', '1']);
      const lines = list.stdout.replaceAll(/ +/g, ' ').split('\n');
      expect([
        list.code,
        lines[0],
        lines[1]?.startsWith('1 Zoë Brouwer 2026-03-01 2026-03-04 confirmed 101 100.10 EUR '),
        lines.at(-2),
      ]).toEqual([0, 'KEY NAME DAY UNTIL STATUS PLACE AMOUNT KEPT', true, '2 of 3 shown; --limit N shows more. 200.05 EUR']);
      expect(json(found)[0]).toMatchObject({ total: 1, rows: [{ externalId: '1', title: 'Zoë Brouwer' }], sums: [{ sumMinor: '10010' }] });
      expect(shown.stdout).toContain('  guestName: Zoë␛[2J Brouwer -> Zoë Brouwer');
      expect([shown.stdout.match(/^Version [12] .*csv:2$/gm)?.length, shown.stdout.includes('\u001b')]).toEqual([2, false]);
      const unknown = await run(['records', 'show', '3', '--json']);
      expect([unknown.code, json(unknown)[0].error.code]).toEqual([1, 'record-not-found']);
      const wrong = [
        ['list', '--kind', 'ship'],
        ['list', '--sort', 'age'],
        ['list', '--limit', '0'],
        ['list', '--from', 'May'],
        ['show'],
        ['drop'],
      ];
      for (const words of wrong) expect([words, (await run(['records', ...words])).code]).toEqual([words, 2]);
    });

    it('says where a record is by its key, its guest or its room and day, and ends with 1 where nothing is', async () => {
      const rows = [bookingRow('HX-1', { name: 'Zoë\u001b[2J Brouwer' }), bookingRow('HX-2', { total: 'a lot' })];
      await run(['import', file('a.csv', bookingsFile(...rows)), ...bookings]);
      const [byKey, byName, byRoom] = [
        await run(['trace', 'hx-1']),
        await run(['trace', 'zoe', '--json']),
        await run(['trace', '--room', '101', '--day', '2026-03-02', '--kind', 'booking', '--json']),
      ];
      const steps = byKey.stdout
        .split('\n')
        .slice(1)
        .map((line) => /(file|row|mapping|masking|kept|outbox) {2}/.exec(line)?.[1]);
      expect([byKey.code, steps.filter(Boolean), byKey.stdout.includes('\u001b')]).toEqual([
        0,
        ['file', 'row', 'mapping', 'masking', 'kept', 'outbox'],
        false,
      ]);
      expect(
        [byName, byRoom].map((ended) => [ended.code, json(ended)[0].traces.map((one: { externalId: string }) => one.externalId)]),
      ).toEqual([
        [0, ['HX-1']],
        [0, ['HX-1']],
      ]);
      const [aside, nowhere] = [await run(['trace', 'HX-2']), await run(['trace', 'HX-3'])];
      expect([aside.code, /^Set aside:\n.* #\d+ .*HX-2/m.test(aside.stdout), nowhere.code, nowhere.stdout.split('\n')]).toEqual([
        0,
        true,
        1,
        [
          'No record and no row that was set aside fits.',
          expect.stringMatching(/^1 file of today was read\. The newest file is a\.csv, taken /),
          '1 row is set aside; the key of 0 could not be read.',
          '',
        ],
      ]);
      const wrong = [
        [],
        ['HX-1', '--kind', 'ship'],
        ['--room', '101'],
        ['--room', '101', '--day', 'May'],
        ['HX-1', '--room', '1', '--day', '2026-03-01'],
      ];
      for (const words of wrong) expect([words, (await run(['trace', ...words])).code]).toEqual([words, 2]);
    });

    it('--dry-run finds the same and keeps nothing', async () => {
      const path = file('a.csv', bookingsFile(bookingRow('1'), bookingRow('2', { arrival: 'tomorrow' })));
      const rehearsed = await run(['import', path, ...bookings, '--dry-run', '--json']);
      const before = [kept(), rawFiles()];
      const real = await run(['import', path, ...bookings, '--json']);
      const account = (ended: Ended) => {
        const [{ file: one, deadLettersByRule, wasSeenBefore }] = json(ended);
        return [
          ended.code,
          one.rows,
          one.kept,
          one.deadLetters,
          one.bytesNormalised,
          one.bytesDeadLetters,
          one.bytesStructural,
          deadLettersByRule,
          wasSeenBefore,
        ];
      };
      expect([before, json(rehearsed)[0].isDryRun, account(rehearsed)]).toEqual([[[0, 0, 0, 0], 0], true, account(real)]);
    });

    it('--from and --to take only the bookings of these days, and the others later', async () => {
      const path = file(
        'days.csv',
        bookingsFile(
          bookingRow('1', { arrival: '2026-02-01', departure: '2026-02-03' }),
          bookingRow('2', { arrival: '2026-03-10', departure: '2026-03-12' }),
          bookingRow('3', { arrival: '2026-05-01', departure: '2026-05-03' }),
        ),
      );
      const march = await run(['import', path, ...bookings, '--from', '2026-03-01', '--to', '2026-03-31', '--json']);
      const all = await run(['import', path, ...bookings, '--json']);
      const wrong = await run(['import', path, ...bookings, '--from', 'March', '--json']);
      const parts = ([march, all] as const).map((ended) => {
        const [{ file: one, skippedOutsideDays }] = json(ended);
        return [ended.code, one.rows, one.kept, one.unchanged, skippedOutsideDays];
      });
      expect([parts, wrong.code]).toEqual([
        [
          [0, 3, 1, 0, 2],
          [0, 3, 2, 1, 0],
        ],
        1,
      ]);
    });

    it('says of the same file that it was seen before, under any name, and reads nothing again', async () => {
      const content = bookingsFile(bookingRow('1'), bookingRow('2'));
      const first = await run(['import', file('a.csv', content), ...bookings, '--json']);
      const again = await run(['import', file('b.csv', content), ...bookings, '--json']);
      const words = await run(['import', join(folder, 'b.csv'), ...bookings]);
      expect([json(first)[0].wasSeenBefore, json(again)[0].wasSeenBefore, again.code, words.stdout, kept()]).toEqual([
        false,
        true,
        0,
        expect.stringMatching(/seen before, on .+ as a\.csv\./),
        [2, 2, 1, 0],
      ]);
    });

    it('makes a key pair for an SFTP server and prints the half for its operator, never the other', async () => {
      const settings = { host: 'sftp.example.com', user: 'hotel' };
      await run(['connections', 'add', file('pms.json', JSON.stringify({ id: 'pms', kind: 'sftp-csv', title: 'PMS', settings }))]);
      const none = await run(['connections', 'key', 'pms']);
      const made = await run(['connections', 'key', 'pms', '--new']);
      const shown = await run(['connections', 'key', 'pms', '--json']);
      const [connection] = json(await run(['connections', 'list', '--json']))[0];
      expect([none.code, made.code, made.stdout, made.stderr, json(shown), connection.secrets]).toEqual([
        1,
        0,
        expect.stringMatching(/^ssh-ed25519 AAAA\S+ bellhop@hotel\n$/),
        '',
        [{ id: 'pms', handOver: made.stdout.trim() }],
        ['privateKey'],
      ]);
    });

    it('takes a mapping from a file, and says what is wrong with one', async () => {
      const shipped = JSON.parse(readFileSync(join(root, 'resources/mappings/generic-pms-bookings.json'), 'utf8'));
      const path = file('a.csv', bookingsFile(bookingRow('1')));
      const own = file('own.json', JSON.stringify({ ...shipped, name: 'own', title: 'Own' }));
      const good = await run(['import', path, '--entity', 'booking', '--mapping', own, '--hotel', 'ALDQ', '--json']);
      const noJson = await run(['import', path, '--entity', 'booking', '--mapping', file('x.json', '{'), '--hotel', 'ALDQ', '--json']);
      const noMapping = await run([
        'import',
        path,
        '--entity',
        'booking',
        '--mapping',
        file('y.json', '{"name":"y"}'),
        '--hotel',
        'ALDQ',
        '--json',
      ]);
      const otherKind = await run(['import', path, '--entity', 'guest', '--mapping', own, '--hotel', 'ALDQ', '--json']);
      const unknown = await run(['import', path, '--entity', 'booking', '--mapping', 'fancy', '--hotel', 'ALDQ', '--json']);
      expect([json(good)[0].file.kept, [noJson, noMapping, otherKind, unknown].map((ended) => json(ended)[0].error.code)]).toEqual([
        1,
        ['input-wrong', 'input-wrong', 'input-wrong', 'mapping-not-found'],
      ]);
    });

    it('works through the agent that is running, and the agent ends when it is asked to', async () => {
      const { child, ended } = start(['agent', '--json']);
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      const imported = await run(['import', file('a.csv', bookingsFile(bookingRow('1'))), ...bookings, '--json']);
      const status = await run(['status', '--json']);
      const second = await run(['agent', '--json']);
      child.kill('SIGTERM');
      const { code, stdout } = await ended;
      // What the agent says when it is ready holds the token of its start: for whoever started it, and for nobody else.
      said.splice(said.indexOf(stdout), 1);
      const afterwards = await run(['status', '--json']);
      expect([
        json(imported)[0].file.kept,
        json(status)[0].isRunning,
        json(second)[0].error.code,
        second.code,
        code,
        json(afterwards)[0].isRunning,
      ]).toEqual([1, true, 'home-in-use', 1, 0, false]);
    });

    it('lists the runs of a source, with what they brought, and says what is not counted', async () => {
      await run(['hotel', '--code', 'ALDQ', '--name', 'A', '--zone', 'Europe/Amsterdam', '--currency', 'EUR']);
      const settings = { folder, completeWhen: 'done-file' };
      const draft = { id: 'pms', kind: 'folder-csv', title: 'PMS', settings, schedule: { kind: 'every', interval: '24h' } };
      await run(['connections', 'add', file('pms.json', JSON.stringify(draft)), '--secrets-stdin'], '{}');
      const none = await run(['connections', 'runs', 'pms']);
      file('a.csv', bookingsFile(bookingRow('1'), bookingRow('2'), bookingRow('3', { status: 'TENT' })));
      file('a.csv.done', '');
      const { child, ended } = start(['agent', '--json']);
      const outcome = async () => json(await run(['connections', 'runs', 'pms', '--json']))[0][0]?.outcome;
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      while ((await outcome()) !== 'well') await new Promise((resolve) => setTimeout(resolve, 50));
      child.kill('SIGTERM');
      said.splice(said.indexOf((await ended).stdout), 1);
      const listed = (await run(['connections', 'runs', 'pms'])).stdout.trim().split('\n');
      expect([none.stdout.trim(), listed.map((line) => line.split(/ {2,}/).slice(-10))]).toEqual([
        'It was not read yet.',
        [
          ['STARTED BY', 'TOOK', 'FILES', 'ROWS READ', 'NEW', 'KEPT', 'UNCHANGED', 'TWICE', 'SET ASIDE', 'ENDED'],
          ['schedule', expect.stringMatching(/^\d+\.\d s$/), '1', '3', '–', '2', '0', '0', '1', 'well'],
        ],
      ]);
    });

    it('lists what leaves this hotel, and sets a rule for a field, also while no agent runs', async () => {
      const draft = { id: 'db', kind: 'postgres', title: 'Database', settings: { host: '127.0.0.1', database: 'hotel' } };
      const none = await run(['leaves']);
      await run(['hotel', '--code', 'ALDQ', '--name', 'A', '--zone', 'Europe/Amsterdam', '--currency', 'EUR']);
      await run(
        ['connections', 'add', file('db.json', JSON.stringify(draft)), '--secrets-stdin'],
        JSON.stringify({ databasePassword: 'canary' }),
      );
      const set = await run(['leaves', 'set', 'db', 'booking', 'guestPhone', 'drop']);
      const wrong = await Promise.all(
        [
          ['leaves', 'set', 'db', 'booking', 'guestPhone', 'burn'],
          ['leaves', '--destination', 'nobody'],
        ].map((args) => run(args)),
      );
      const refused = await run(['leaves', 'set', 'db', 'booking', 'checkInDate', 'drop', '--json']);
      const listed = await run(['leaves', '--destination', 'db']);
      const asJson = await run(['leaves', '--json']);
      const fields = json(asJson)[0].destinations[0].entities[0].fields as { name: string; rule: string }[];
      expect([
        none.stdout.trim(),
        set.stdout.trim(),
        wrong.map(({ code }) => code),
        json(refused)[0].error.code,
        listed.stdout
          .split('\n')
          .find((line) => line.includes('guestPhone'))
          ?.split(/ {2,}/)
          .slice(0, 5),
        fields.filter(({ rule }) => rule !== 'send').map(({ name }) => name),
      ]).toEqual([
        'No destination is set up: nothing leaves this hotel.',
        'Database: booking guestPhone drop, from the next record on. What was sent before stays there as it is.',
        [2, 2],
        'leaving-rule-refused',
        ['booking', 'guestPhone', 'names a person', '-', 'drop'],
        ['guestPhone'],
      ]);
    });

    it('sends records again, after a rehearsal, and shows, checks and exports who did what', async () => {
      const upstream = await startUpstream({ dir: join(folder, 'upstream'), secret });
      const { child, ended } = start(['agent', '--json']);
      try {
        await new Promise((resolve) => child.stdout?.once('data', resolve));
        const draft = { id: 'hub', kind: 'https-ingest', title: 'Group hub', settings: { url: upstream.url, allowHttpOnThisPc: true } };
        await run(['hotel', '--code', 'ALDQ', '--name', 'A', '--zone', 'Europe/Amsterdam', '--currency', 'EUR']);
        await run(
          ['connections', 'add', file('hub.json', JSON.stringify(draft)), '--secrets-stdin'],
          JSON.stringify({ signingSecret: secret }),
        );
        await run(['import', file('a.csv', bookingsFile(bookingRow('1'), bookingRow('2'))), ...bookings]);
        while (upstream.received() < 2) await new Promise((resolve) => setTimeout(resolve, 20));
        const wrong = await Promise.all(
          [
            ['resend'],
            ['resend', '--key', '1', '--all'],
            ['resend', '--all', '--to', 'nobody'],
            ['resend', '--key', '9'],
            ['audit', 'lost'],
          ].map((args) => run(args)),
        );
        const rehearsed = await run(['resend', '--all', '--dry-run']);
        const sent = await run(['resend', '--key', '2', '--to', 'hub', '--json']);
        const ranged = await run(['resend', '--from', '2026-03-01', '--to', '2026-03-01', '--by', 'stay', '--json']);
        const listed = await run(['resend', 'list', '--json']);
        const verified = await run(['audit', 'verify', '--json']);
        const inWords = await run(['audit', 'list', '--action', 'resend-ordered']);
        const csv = await run(['audit', 'export']);
        const ndjson = await run(['audit', 'export', '--json', '--action', 'resend-ordered']);
        expect(wrong.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
        expect(rehearsed.stdout).toMatch(
          /^A rehearsal: nothing was sent. Of 2 records, by what Group hub has confirmed:\n {2}2 it has confirmed as they are/,
        );
        expect([json(sent)[0], json(ranged)[0], json(listed)[0].length]).toEqual([
          expect.objectContaining({ total: 1, confirmed: 1, state: 'done' }),
          expect.objectContaining({ total: 2, confirmed: 2, state: 'done' }),
          2,
        ]);
        expect([
          verified.code,
          json(verified)[0],
          inWords.stdout.split('\n').length,
          csv.stdout.split('\r\n')[0],
          json(ndjson).length,
        ]).toEqual([
          0,
          expect.objectContaining({ flaw: null, isOver: true, headHash: expect.stringMatching(/^[0-9a-f]{64}$/) }),
          4,
          'seq,at,actorId,actorName,door,action,targetKind,targetId,detail,correlationId,previousHash,hash',
          2,
        ]);
      } finally {
        child.kill('SIGTERM');
        const { stdout } = await ended;
        said.splice(said.indexOf(stdout), 1);
        await upstream.close();
      }
      const db = new Database(join(home, 'pipeline.db'));
      db.exec('delete from audit where seq = 2');
      db.close();
      const broken = await run(['audit', 'verify']);
      expect([broken.code, broken.stdout.split('\n')[0]]).toEqual([1, 'The chain is broken: entry no. 2 is missing.']);
    });

    it('has said no secret in any of this', () => {
      const all = said.join('\n');
      expect([said.length > 50, [secret, secret.slice(6), token, 'canary'].filter((one) => all.includes(one))]).toEqual([true, []]);
    });
  },
);

afterAll(() => said.splice(0));
