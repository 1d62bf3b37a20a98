import type { Reader } from '../bytes.ts';
import { call, executeOption, message } from '../constants.ts';
import { type AuthRequest, readAuth } from './handshake.ts';
import {
  type ExecuteRequest,
  type LobRequest,
  type Piggyback,
  readBindRows,
  readExecute,
  readLob,
  readPiggyback,
  readReexecute,
} from './requests.ts';

/** One call of a client, taken apart. */
export type Request =
  | { readonly kind: 'challenge' | 'proof'; readonly auth: AuthRequest }
  | { readonly kind: 'execute'; readonly execute: ExecuteRequest }
  | { readonly kind: 'fetch'; readonly cursor: number; readonly rows: number }
  | { readonly kind: 'lob'; readonly lob: LobRequest }
  | { readonly kind: 'commit' | 'rollback' | 'ping' | 'logoff' }
  | { readonly kind: 'unknown'; readonly code: number; readonly bytes: string };

/** What a session must remember of a statement to read the values with which it runs again. */
export type KnownCursor = { readonly bindTypes: readonly number[]; readonly isQuery: boolean };
export type FindCursor = (id: number) => KnownCursor | undefined;

export type WholeRequest = { readonly sequence: number; readonly piggybacks: readonly Piggyback[]; readonly request: Request };

/**
 * Read a call with what hangs in front of it.
 * @throws {MoreBytesNeeded} when it goes on in a packet that has not come yet.
 */
export function readRequest(reader: Reader, findCursor: FindCursor): WholeRequest {
  const piggybacks: Piggyback[] = [];
  for (;;) {
    const kind = reader.u8();
    const code = reader.u8();
    const sequence = reader.u8();
    if (kind === message.call) return { sequence, piggybacks, request: readCall(code, reader, findCursor) };
    if (kind !== message.piggyback) throw new RangeError(`nobody has taught this server the message ${kind}`);
    piggybacks.push(readPiggyback(code, reader));
  }
}

function readCall(code: number, reader: Reader, findCursor: FindCursor): Request {
  switch (code) {
    case call.authOne:
      return { kind: 'challenge', auth: readAuth(reader) };
    case call.authTwo:
      return { kind: 'proof', auth: readAuth(reader) };
    case call.execute:
      return { kind: 'execute', execute: readExecute(reader) };
    case call.reexecute:
    case call.reexecuteAndFetch:
      return { kind: 'execute', execute: readAgain(code, reader, findCursor) };
    case call.fetch:
      return { kind: 'fetch', cursor: reader.ub(), rows: reader.ub() };
    case call.lob:
      return { kind: 'lob', lob: readLob(reader) };
    case call.commit:
      return { kind: 'commit' };
    case call.rollback:
      return { kind: 'rollback' };
    case call.ping:
      return { kind: 'ping' };
    case call.logoff:
      return { kind: 'logoff' };
    default:
      return { kind: 'unknown', code, bytes: reader.rest().subarray(0, 32).toString('hex') };
  }
}

/** A statement that runs again brings its values without saying of which types they are. */
function readAgain(code: number, reader: Reader, findCursor: FindCursor): ExecuteRequest {
  const { cursor, rows, isCommitted } = readReexecute(reader);
  const known = findCursor(cursor);
  const count = code === call.reexecute && !known?.isQuery ? rows : 1;
  const binds = known ? readBindRows(reader, { types: known.bindTypes, count }) : [];
  const fetch = code === call.reexecuteAndFetch ? executeOption.fetch : 0;
  const options = executeOption.execute | fetch | (isCommitted ? executeOption.commit : 0);
  return { options, cursor, sql: '', rows, bindTypes: null, defines: null, binds };
}
