import { performance } from 'node:perf_hooks';
import type { TestStep } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import type { Agent } from '../index.ts';
import type { Check } from '../pipeline/connector.ts';

/**
 * Run the steps of a connection test one after the other. Each is told when it starts and when it has ended; the steps behind
 * the first failing one are skipped, because what they would say follows from it.
 */
export async function* runChecks(checks: readonly Check[], signal: AbortSignal): AsyncGenerator<TestStep> {
  let hasFailed = false;
  try {
    for (const check of checks) {
      const blank: TestStep = { step: check.step, title: check.title, state: 'running', tookMs: null, found: null, fault: null };
      if (hasFailed || signal.aborted) {
        yield { ...blank, state: 'skipped' };
        continue;
      }
      yield blank;
      const startedAt = performance.now();
      const took = () => Math.round((performance.now() - startedAt) * 10) / 10;
      try {
        const { found, isWarning } = await check.run(signal);
        yield { ...blank, state: isWarning ? 'warned' : 'passed', tookMs: took(), found };
      } catch (error) {
        hasFailed = true;
        const fault = error instanceof Fault ? error : new Fault('internal', {}, { cause: error });
        yield { ...blank, state: 'failed', tookMs: took(), fault: fault.report() };
      }
    }
  } finally {
    // Also where nobody waits for the rest of them.
    await checks.at(-1)?.close?.();
  }
}

/**
 * A test of a connection that goes through to its end has logged in: what rested because of a refused login goes on by its schedule.
 */
export async function* goingOn(agent: Agent, connectionId: string, steps: AsyncIterable<TestStep>): AsyncGenerator<TestStep> {
  let isWell = true;
  for await (const step of steps) {
    if (step.state === 'failed' || step.state === 'skipped') isWell = false;
    yield step;
  }
  if (isWell) await agent.stores.writer.step('clearAlert', [connectionId, 'source-login']);
}
