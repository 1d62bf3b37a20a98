import { AMQPConnectionError, AMQPError } from 'rabbitmq-client';
import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import { lineFault } from '../../line-faults.ts';
import type { Settings } from './settings.ts';

/**
 * Give what the broker or its client has thrown its name.
 * @source AMQP 0-9-1, reply codes; the client spells them out.
 */
export function brokerFault(error: unknown, given: Settings): Fault {
  const { host, user } = given;
  if (error instanceof Fault) return error;
  const because = { cause: error };
  if (!(error instanceof AMQPError)) return lineFault(error, { host, proxy: null });
  const ofConnection = error instanceof AMQPConnectionError;
  const vhost = `virtual host ${given.vhost}`;
  switch (error.code) {
    case 'ACCESS_REFUSED':
      if (ofConnection) return new Fault('upstream-login', { host, user, place: vhost }, because);
      return new Fault('upstream-rights', { host, user, ...refusedRight(error.message, given) }, because);
    case 'NOT_ALLOWED':
      return new Fault('upstream-place-missing', { host, place: vhost }, because);
    case 'NOT_FOUND': {
      const [, kind = 'exchange', name = given.exchange] = /no (exchange|queue) '([A-Za-z0-9_.-]+)'/.exec(error.message) ?? [];
      return new Fault('upstream-place-missing', { host, place: `${kind} ${name}` }, because);
    }
    case 'PRECONDITION_FAILED': {
      const [, what, kind, name] = /inequivalent arg '([\w-]+)' for (exchange|queue) '([A-Za-z0-9_.-]+)'/.exec(error.message) ?? [];
      const place = kind ? `${kind} ${name}` : `exchange ${given.exchange}`;
      return new Fault('upstream-shape', { host, place, detail: what ? `another ${what}` : 'PRECONDITION_FAILED' }, because);
    }
    case 'CONNECTION_TIMEOUT':
    case 'TIMEOUT':
      return new Fault('upstream-timeout', { host, seconds: String(policies.connectTimeoutMs / 1000) }, because);
    // It closed the line, or the line is gone.
    case 'CONN_CLOSE':
    case 'CH_CLOSE':
    case 'CLOSING':
    case 'SOCKET_TIMEOUT':
    case 'READ_END':
      return new Fault('upstream-unreachable', { host, detail: 'the line broke' }, because);
    case 'VERSION_MISMATCH':
    case 'UNEXPECTED_FRAME':
      return new Fault('upstream-answer', { host, detail: 'no AMQP 0-9-1' }, because);
    default:
      return new Fault('upstream-error', { host, status: error.code.toLowerCase() }, because);
  }
}

/** @shape `access to exchange 'x' in vhost 'y' refused for user 'z'` */
function refusedRight(message: string, { exchange }: Settings): { right: string; place: string } {
  const [, kind = 'exchange', name = exchange] = /access to (exchange|queue) '([A-Za-z0-9_.-]+)'/.exec(message) ?? [];
  return { right: message.includes('Declare') ? 'configure' : 'write', place: `${kind} ${name}` };
}
