import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import { lineFault } from '../../line-faults.ts';
import { placeOf, type Settings } from './settings.ts';

/** What has happened to the line to a database that is read, in the words of a source. */
export function lineBroke(error: unknown, given: Settings): Fault {
  const { shown: host } = placeOf(given);
  const message = error instanceof Error ? error.message : '';
  if (/does not support S(?:SL|ecure)/i.test(message))
    return new Fault('tls-failed', { host, reason: 'the server offers none' }, { cause: error });
  const late = message === 'timeout expired' ? Object.assign(new Error('late', { cause: error }), { code: 'ETIMEDOUT' }) : error;
  const fault = late instanceof Fault ? late : lineFault(late, { host, proxy: null });
  const because = { cause: fault.cause ?? error };
  switch (fault.code) {
    case 'upstream-timeout':
      return new Fault('source-timeout', { host, seconds: fault.detail.seconds ?? String(policies.statementTimeoutMs / 1000) }, because);
    case 'upstream-name-unknown':
      return new Fault('source-unreachable', { host, detail: 'there is no server of that name' }, because);
    case 'upstream-unreachable':
      return new Fault('source-unreachable', { host, detail: fault.detail.detail ?? 'the line broke' }, because);
    default:
      return fault;
  }
}
