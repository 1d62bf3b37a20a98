import type { FieldKind } from '../../../contract/field.ts';
import { nameFields } from '../../../contract/leaves.ts';

/** What stands for the part of a value that is hidden. */
const hidden = '***';
const mostInitials = 5;
const mostEmail = 320;

/** What kinds of value a mask can leave something of. An id, an amount or a day is whole or it is nothing. */
export const maskable: readonly FieldKind[] = ['email', 'phone', 'text'];

/**
 * Hide most of a value: of an e-mail address the first letter and the domain stay, of a telephone number the last two digits, of a name the
 * initials, of any other text how long it is.
 */
export function masked(field: string, kind: FieldKind, value: string): string {
  // An address that is as long as one may be would get longer than that.
  if (kind === 'email') return value.length + hidden.length > mostEmail ? hidden : maskedEmail(value);
  if (kind === 'phone') return maskedPhone(value);
  return nameFields.includes(field) ? initials(value) : `[${[...value].length} characters]`;
}

const plainDomain = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;

function maskedEmail(value: string): string {
  const at = value.lastIndexOf('@');
  // What has no plain domain behind it is no address, and nothing of it is known to be harmless: nobody has checked what stands there.
  if (at < 0 || !plainDomain.test(value.slice(at + 1))) return hidden;
  const local = [...value.slice(0, at)];
  // One letter is all of it.
  return `${local.length < 2 ? '' : local[0]}${hidden}${value.slice(at)}`;
}

function maskedPhone(value: string): string {
  const digits = value.replace(/\D/g, '');
  return digits.length < 6 ? hidden : hidden + digits.slice(-2);
}

function initials(value: string): string {
  // Where letters have no case, the first sign of a name may be all of the family name.
  if (!/\p{Lu}|\p{Ll}/u.test(value)) return hidden;
  const letters = (value.match(/\p{L}[\p{L}\p{M}\p{N}]*/gu) ?? []).map((word) => [...word]).filter((word) => word.length > 1);
  const some = letters.slice(0, mostInitials).map(([first]) => `${first}.`);
  return some.length > 0 ? some.join(' ') : hidden;
}

/** A value as a page may show it to explain the field: nothing in it names a person or says what somebody paid or when somebody came. */
export function sampleOf(field: string, kind: FieldKind, value: unknown): string {
  switch (kind) {
    case 'email':
    case 'phone':
    case 'text':
      return masked(field, kind, String(value));
    case 'id':
      return [...String(value)].length < 6 ? hidden : hidden + [...String(value)].slice(-2).join('');
    case 'day':
    case 'moment':
      return `${String(value).slice(0, 4)}-${hidden}`;
    case 'money':
    case 'integer':
    case 'decimal':
      return hidden;
    case 'choice':
      return String(value);
    case 'list':
      return `[${Array.isArray(value) ? value.length : 0} entries]`;
    default:
      throw new Error(`a field of another kind: ${kind satisfies never}`);
  }
}
