import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import { lineFault } from '../../line-faults.ts';
import { DataRefused } from '../../upstream.ts';
import type { Settings } from './settings.ts';

type ServerError = {
  readonly code?: string;
  readonly severity?: string;
  readonly message?: string;
};

/**
 * Give what the database or its driver has thrown its name. What the server says about values is never repeated: it may hold
 * what a guest wrote. Of its messages only the name of the object that is missing or closed to us is taken.
 * @source PostgreSQL, "Appendix A. Error Codes"
 */
export function databaseFault(error: unknown, given: Settings): Error {
  const { host } = given;
  if (error instanceof Fault || error instanceof DataRefused) return error;
  const { code, severity, message = '' } = error as ServerError;
  if (code === undefined || severity === undefined || !/^[0-9A-Z]{5}$/.test(code)) return driverFault(error, host);
  const because = { cause: new Error(`SQLSTATE ${code}`) };
  const object = /(?:permission denied for [a-z]+ |")([A-Za-z0-9_.]{1,130})/.exec(message)?.[1] ?? '';
  switch (code) {
    case '28000':
    case '28P01':
      return new Fault('upstream-login', { host, user: given.user, place: given.database }, because);
    case '3D000':
      return new Fault('upstream-place-missing', { host, place: `database ${given.database}` }, because);
    case '3F000':
      return new Fault('upstream-place-missing', { host, place: `schema ${given.schema}` }, because);
    case '42P01':
      return new Fault('upstream-place-missing', { host, place: `table ${object || given.schema}` }, because);
    case '42501':
      return new Fault('upstream-rights', { host, user: given.user, right: 'write', place: object || given.schema }, because);
    // A missing column or key, or one of another type: the table is not the one of the letter.
    case '42703':
    case '42P10':
    case '42804':
      return new Fault('upstream-shape', { host, place: given.schema, detail: object || 'its columns or its key' }, because);
    case '57014':
      return new Fault('upstream-timeout', { host, seconds: String(statementSeconds) }, because);
    case '53300':
    case '57P03':
      return new Fault('upstream-busy', { host }, because);
  }
  const kind = code.slice(0, 2);
  if (ofTheData.has(kind)) return new DataRefused(code);
  if (kind === '08') return new Fault('upstream-unreachable', { host, detail: code }, because);
  return new Fault('upstream-error', { host, status: code }, because);
}

/** Classes that speak of a value: wrong data, constraints, checks of a view, a row too large, a trigger of the other side that refuses. */
const ofTheData = new Set(['22', '23', '44', '54', 'P0']);

/** The longest that one statement may take. */
export const statementSeconds = policies.statementTimeoutMs / 1000;

function driverFault(error: unknown, host: string): Fault {
  const message = error instanceof Error ? error.message : '';
  if (message.includes('does not support SSL')) {
    return new Fault('tls-failed', { host, reason: 'the server offers none' }, { cause: error });
  }
  if (message === 'timeout expired')
    return lineFault(Object.assign(new Error('late', { cause: error }), { code: 'ETIMEDOUT' }), { host, proxy: null });
  return lineFault(error, { host, proxy: null });
}
