import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Add up what the runners have written: vitest and Playwright their own JSON, the rigs a line a run. A step that failed without a
 * failed test (a lint error, a build that broke) counts as one failure. Prints the sum alone on the last line.
 */
const [folder = '', ...failedSteps] = process.argv.slice(2);

function read(name) {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

function vitest() {
  const text = read('vitest.json');
  if (text === null) return { passed: 0, failed: 0 };
  const { numPassedTests, numFailedTests, numFailedTestSuites, testResults } = JSON.parse(text);
  // By name, once more at the end: the runner's own report is thousands of lines above.
  for (const { fullName, status } of testResults.flatMap((file) => file.assertionResults))
    if (status === 'failed') process.stdout.write(`failed: ${fullName}\n`);
  // A file that could not even be loaded has no failed test of its own.
  return { passed: numPassedTests, failed: numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : 0) };
}

function playwright() {
  const text = read('playwright.json');
  if (text === null) return { passed: 0, failed: 0 };
  const { expected, unexpected, flaky } = JSON.parse(text).stats;
  return { passed: expected, failed: unexpected + flaky };
}

function rigs() {
  const runs = (read('rigs.ndjson') ?? '')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  const counted = ['lost', 'twice', 'inverted', 'corrupt', 'missed', 'crashed', 'unaccountedBytes'];
  // Not every rig counts everything; what one counts must be 0.
  const isGood = (run) => run.passed !== false && counted.some((name) => name in run) && counted.every((name) => (run[name] ?? 0) === 0);
  const failed = runs.filter((run) => !isGood(run));
  for (const run of failed) process.stdout.write(`failed: ${JSON.stringify(run)}\n`);
  return { passed: runs.length - failed.length, failed: failed.length };
}

const parts = { vitest: vitest(), playwright: playwright(), rigs: rigs() };
for (const [name, { passed, failed }] of Object.entries(parts)) process.stdout.write(`${name}: ${passed} passed, ${failed} failed\n`);
const passed = Object.values(parts).reduce((sum, part) => sum + part.passed, 0);
const counted = Object.values(parts).reduce((sum, part) => sum + part.failed, 0);
for (const step of failedSteps) process.stdout.write(`failed: ${step}\n`);
const failed = Math.max(counted, failedSteps.length);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
if (failed > 0 || passed === 0) process.exitCode = 1;
