import { OracleError } from '../errors.ts';
import { timeParts } from '../values.ts';
import type { Expression } from './syntax.ts';
import type { TokenCursor } from './token-cursor.ts';

/** A value that stands in the statement itself; null when something else comes. */
export function parseLiteral(tokens: TokenCursor): Expression | null {
  const { kind, value } = tokens.now;
  if (kind === 'number' || kind === 'text') {
    tokens.take();
    return { kind, value };
  }
  if (kind === 'bind') {
    tokens.take();
    return { kind: 'bind', index: tokens.nextBind() };
  }
  if (tokens.takeWords('NULL')) return { kind: 'null' };
  if (tokens.ahead(1).kind !== 'text') return null;
  if (tokens.isWord('INTERVAL')) return parseInterval(tokens);
  return value === 'DATE' || value === 'TIMESTAMP' ? parseTime(tokens) : null;
}

const unitsPerDay: Readonly<Record<string, number>> = { DAY: 1, HOUR: 24, MINUTE: 1440, SECOND: 86_400 };

/** `INTERVAL '15' MINUTE`. */
function parseInterval(tokens: TokenCursor): Expression {
  tokens.take();
  const count = Number(tokens.take().value);
  const perDay = unitsPerDay[tokens.take().value];
  return perDay === undefined || Number.isNaN(count) ? tokens.fail(933) : { kind: 'interval', days: count / perDay };
}

/** `DATE '2026-03-01'` and `TIMESTAMP '2026-03-01 12:00:00.5'`. */
function parseTime(tokens: TokenCursor): Expression {
  const sqlType = tokens.take().value === 'DATE' ? 'date' : 'timestamp';
  const { value, at } = tokens.take();
  if (!timeParts(value)) throw new OracleError(1861, undefined, at);
  const whole = value.length === 10 ? `${value} 00:00:00` : value.replace('T', ' ');
  return { kind: 'time', value: whole.includes('.') ? whole.replace(/\.?0*$/, '') : whole, sqlType };
}

/** A type as `CAST` names it: `VARCHAR2(20)`, `NUMBER(10,2)`. */
export function parseType(tokens: TokenCursor): string {
  let type = tokens.take().value;
  if (!tokens.isSign('(')) return type;
  for (let next = ''; next !== ')'; type += next) {
    next = tokens.now.kind === 'end' ? tokens.fail(907) : tokens.take().value;
    if (next === 'CHAR' || next === 'BYTE') next = ` ${next}`;
  }
  return type;
}
