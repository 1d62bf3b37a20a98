import type { RuleId } from '../../../contract/dead-letter.ts';
import type { EntityDefinition, EntityField, IndexColumn } from '../../../contract/entity.ts';
import { indexColumns } from '../../../contract/entity.ts';
import type { FieldRule, Mapping } from '../../../contract/mapping.ts';
import { isCurrency } from '../../../contract/money.ts';
import { entityOf } from '../../../contract/record.ts';
import { amountMinor, numberReader } from './amount.ts';
import { hideCardsInText, isHiddenCard } from './cards.ts';
import { isoReader, momentReader } from './day-format.ts';
import { deriveFields, stayProblem } from './derive.ts';
import { columnKey, columnsOf } from './header.ts';

/** Why a row is set aside. `detail` says what was expected; it never repeats the value, which may be a guest's. */
export type RowProblem = {
  readonly rule: RuleId;
  readonly field: string | null;
  readonly column: string | null;
  readonly detail: string | null;
  /** The record's key, where it could be read: a later row of the same key settles the matter. */
  readonly externalId?: string;
};

/** A record before the ledger has seen it. `canonical` is what the content hash runs over. */
export type MappedRow = {
  readonly externalId: string;
  readonly canonical: string;
  readonly document: string;
  /** The index columns in their order, '' for none. */
  readonly columns: readonly string[];
};

/** Tells what is wrong with the fields of a record by their schema: the field and the kind of trouble; null when nothing is. */
export type FieldsCheck = (fields: Record<string, unknown>) => { field: string; isTooLong: boolean } | null;

/** The cells of a row by their place, without the spaces around them; '' where there is none. */
export type Cells = { at(index: number): string };
type Value = string | number | string[];
/** Reads one field from the cells of a row; amounts are read with the row's currency. */
type FieldReader = (cells: Cells, currency: string | null) => Value | undefined | RuleId;

const isRule = (value: unknown): value is RuleId => typeof value === 'string' && value.startsWith(ruleMark);
/** Marks a rule among values, which are texts too: a character that no cell keeps. */
const ruleMark = '\u0000';
const broken = (rule: RuleId) => `${ruleMark}${rule}` as RuleId;

type CompiledField = {
  readonly field: EntityField;
  readonly column: string | null;
  readonly expected: string | null;
  readonly read: FieldReader;
};

/**
 * Prepare a mapping for the header of one file.
 *
 * @returns a function from the cells of a row to a record or a problem; or, when the header lacks a mapped column or names it
 *   twice, the problem of the whole file.
 * @throws {RangeError} when the mapping itself cannot work (an unknown field, a format without a year).
 */
export function rowMapper(
  mapping: Mapping,
  header: readonly string[],
  check: FieldsCheck,
): { map: (cells: Cells) => MappedRow | RowProblem } | { problem: RowProblem } {
  const entity = entityOf(mapping.entity);
  assertFields(mapping, entity);
  const places = columnPlaces(header);
  for (const [name, rule] of Object.entries(mapping.fields)) {
    for (const column of ruleColumns(rule)) {
      const at = places.get(columnKey(column));
      if (at === undefined) return { problem: { rule: 'header-unusable', field: name, column, detail: 'missing' } };
      if (at < 0) return { problem: { rule: 'header-unusable', field: name, column, detail: 'twice' } };
    }
  }
  const compiled = compileFields(mapping, entity, places);
  const columnNames = indexColumns.map((column: IndexColumn) => entity.columns[column]);
  const currencyField = compiled.find((one) => one.field.name === 'currency') ?? null;
  const keyField = compiled.find((one) => one.field.name === 'externalId');
  return {
    map: (cells) => {
      const row = mapRow(entity, compiled, currencyField, columnNames, check, cells);
      if (!('rule' in row)) return row;
      const key = keyField?.read(cells, null);
      return typeof key === 'string' && !isRule(key) ? { ...row, externalId: key } : row;
    },
  };
}

/**
 * Refuse a mapping that could not work for any file, before one is taken with it.
 * @throws {RangeError} with what is wrong.
 */
export function assertMapping(mapping: Mapping): void {
  const made = rowMapper(mapping, mapping.file.header ?? columnsOf(mapping), () => null);
  if ('problem' in made) throw new RangeError(`its header lacks the column ${made.problem.column}, or names it twice`);
}

const ruleColumns = ({ column, columns }: FieldRule): readonly string[] => columns ?? (column === undefined ? [] : [column]);

/** The columns that a mapping reads, each once, with those of them that a header lacks, and those that it names twice. */
export function mappedColumns(mapping: Mapping, header: readonly string[]): { needed: string[]; missing: string[]; twice: string[] } {
  const places = columnPlaces(header);
  const all = Object.values(mapping.fields).flatMap(ruleColumns);
  const needed = [...new Map(all.map((column) => [columnKey(column), column])).values()];
  const at = (column: string) => places.get(columnKey(column));
  return { needed, missing: needed.filter((one) => at(one) === undefined), twice: needed.filter((one) => (at(one) ?? 0) < 0) };
}

function columnPlaces(header: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [index, name] of header.entries()) places.set(columnKey(name), places.has(columnKey(name)) ? -1 : index);
  return places;
}

function assertFields(mapping: Mapping, entity: EntityDefinition): void {
  for (const name of Object.keys(mapping.fields)) {
    if (!entity.hashFields.includes(name)) throw new RangeError(`a ${entity.name} has no field ${name} that a mapping can fill`);
  }
  for (const field of entity.fields) {
    if (field.isRequired && !(field.name in mapping.fields))
      throw new RangeError(`the field ${field.name} of a ${entity.name} needs a rule`);
  }
}

/** The mapped fields in the fixed order of the hash. */
function compileFields(mapping: Mapping, entity: EntityDefinition, places: ReadonlyMap<string, number>): CompiledField[] {
  const compiled: CompiledField[] = [];
  for (const field of entity.fields) {
    const rule = mapping.fields[field.name];
    if (!rule) continue;
    const read = valueReader(field, rule, textOf(rule, places));
    compiled.push({ field, column: rule.column ?? rule.columns?.join(' + ') ?? null, expected: expectation(field, rule), read });
  }
  return compiled;
}

function expectation(field: EntityField, rule: FieldRule): string | null {
  if (field.kind === 'day' || field.kind === 'moment') return rule.format ?? 'YYYY-MM-DD';
  if (field.kind === 'money' || field.kind === 'decimal') return `1${rule.grouping}234${rule.decimal}50`;
  return null;
}

function textOf(rule: FieldRule, places: ReadonlyMap<string, number>): (cells: Cells) => string {
  if (rule.constant !== undefined) {
    const constant = rule.constant;
    return () => constant;
  }
  if (rule.columns) {
    const indexes = rule.columns.map((column) => places.get(columnKey(column)) as number);
    const join = rule.join;
    return (cells) => {
      const parts = indexes.map((index) => cells.at(index));
      // A key with a part missing would be another booking's key.
      return parts.includes('') ? '' : parts.join(join);
    };
  }
  const index = places.get(columnKey(rule.column as string)) as number;
  return (cells) => cells.at(index);
}

function translator(rule: FieldRule): ((text: string) => string | undefined) | null {
  if (!rule.values) return null;
  const words = new Map(Object.entries(rule.values).map(([word, meaning]) => [word.trim().toLocaleUpperCase('en'), meaning]));
  return (text) => words.get(text) ?? words.get(text.toLocaleUpperCase('en')) ?? rule.otherwise;
}

function valueReader(field: EntityField, rule: FieldRule, text: (cells: Cells) => string): FieldReader {
  const translate = translator(rule);
  const convert = converter(field, rule);
  return (cells, currency) => {
    let found = text(cells);
    if (found !== '' && translate) {
      const meaning = translate(found);
      if (meaning === undefined) return broken('value-unknown');
      found = meaning;
    }
    if (found === '') found = rule.default ?? '';
    return found === '' ? undefined : convert(found, currency);
  };
}

function converter(field: EntityField, rule: FieldRule): (text: string, currency: string | null) => Value | RuleId {
  switch (field.kind) {
    case 'id':
      return (text) => (isHiddenCard(text) ? broken('key-is-card-number') : text.normalize('NFC'));
    case 'text':
      if (field.name === 'currency') return (text) => (isCurrency(text.toUpperCase()) ? text.toUpperCase() : broken('currency-unknown'));
      return (text) => hideCardsInText(text.normalize('NFC'));
    case 'email':
    case 'phone':
      return (text) => text;
    case 'day':
    case 'moment': {
      const read =
        rule.format === undefined || rule.format === 'YYYY-MM-DD' ? isoReader(field.kind) : momentReader(rule.format, rule.months);
      return (text) => {
        const moment = read(text);
        if (moment === null) return broken('day-unreadable');
        return field.kind === 'day' ? moment.slice(0, 10) : moment;
      };
    }
    case 'money': {
      const read = numberReader(rule.decimal, rule.grouping, rule.negative);
      return (text, currency) => {
        const plain = read(text);
        if (plain === null) return broken('amount-unreadable');
        if (currency === null) return broken('amount-without-currency');
        return amountMinor(plain, currency, rule.unit) ?? broken('amount-unreadable');
      };
    }
    case 'integer':
      return (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : broken('number-unreadable'));
    case 'decimal': {
      const read = numberReader(rule.decimal, rule.grouping, rule.negative);
      return (text) => {
        const plain = read(text);
        return plain === null ? broken('number-unreadable') : Number(plain);
      };
    }
    case 'choice': {
      const choices = new Set(field.choices);
      return (text) => (choices.has(text) ? text : broken('value-unknown'));
    }
    case 'list':
      return (text) =>
        text
          .split(rule.separator)
          .map((part) => hideCardsInText(part.trim().normalize('NFC')))
          .filter((part) => part !== '');
    default: {
      const never: never = field.kind;
      throw new Error(`no reader for ${never}`);
    }
  }
}

function mapRow(
  entity: EntityDefinition,
  compiled: readonly CompiledField[],
  currencyField: CompiledField | null,
  columnNames: readonly (string | undefined)[],
  check: FieldsCheck,
  cells: Cells,
): MappedRow | RowProblem {
  const foundCurrency = currencyField?.read(cells, null);
  // A currency that cannot be read is the reason, not the amounts that need it.
  if (currencyField && isRule(foundCurrency))
    return { rule: foundCurrency.slice(1) as RuleId, field: 'currency', column: currencyField.column, detail: null };
  const currency = typeof foundCurrency === 'string' ? foundCurrency : null;
  // The hash runs over the fields in their fixed order, absent ones left out: so a new optional field changes nothing until it is filled.
  const fields: Record<string, unknown> = {};
  for (const one of compiled) {
    const { field, column, expected } = one;
    const value = one === currencyField ? foundCurrency : one.read(cells, currency);
    if (isRule(value)) return { rule: value.slice(1) as RuleId, field: field.name, column, detail: expected };
    if (value !== undefined) fields[field.name] = value;
    else if (field.isRequired)
      return { rule: field.name === 'externalId' ? 'key-missing' : 'value-missing', field: field.name, column, detail: null };
  }
  const trouble = check(fields);
  if (trouble) {
    const column = compiled.find((one) => one.field.name === trouble.field)?.column ?? null;
    return { rule: trouble.isTooLong ? 'value-too-long' : 'number-unreadable', field: trouble.field, column, detail: null };
  }
  const backwards = stayProblem(fields);
  if (backwards) return backwards;
  const canonical = JSON.stringify(fields);
  const derived = deriveFields(entity.name, fields);
  const document = derived === null ? canonical : `${canonical.slice(0, -1)},${derived}}`;
  return {
    externalId: fields.externalId as string,
    canonical,
    document,
    columns: columnNames.map((name) => (name === undefined ? '' : ((fields[name] as string | undefined) ?? ''))),
  };
}
