/** A statement as it was written, taken apart: what the parser gives and the translator reads. */

export type Expression =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'time'; readonly value: string; readonly sqlType: 'date' | 'timestamp' }
  | { readonly kind: 'interval'; readonly days: number }
  /** The n-th placeholder of the statement: plain SQL has one value for each place, whatever its name. */
  | { readonly kind: 'bind'; readonly index: number }
  | { readonly kind: 'column'; readonly path: readonly string[]; readonly at: number }
  | Call
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'minus' | 'not'; readonly value: Expression }
  | { readonly kind: 'row'; readonly items: readonly Expression[] }
  | { readonly kind: 'in'; readonly value: Expression; readonly among: readonly Expression[] | Select; readonly isNot: boolean }
  | {
      readonly kind: 'between';
      readonly value: Expression;
      readonly low: Expression;
      readonly high: Expression;
      readonly isNot: boolean;
    }
  | {
      readonly kind: 'like';
      readonly value: Expression;
      readonly pattern: Expression;
      readonly escape: Expression | null;
      readonly isNot: boolean;
    }
  | { readonly kind: 'isNull'; readonly value: Expression; readonly isNot: boolean }
  | Case
  | { readonly kind: 'cast'; readonly value: Expression; readonly type: string }
  | { readonly kind: 'exists' | 'scalar'; readonly select: Select };

export type Call = {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expression[];
  /** `COUNT(*)`. */
  readonly isStar: boolean;
  readonly isDistinct: boolean;
  readonly over: { readonly partition: readonly Expression[]; readonly order: readonly Ordering[] } | null;
  readonly at: number;
};

export type Case = {
  readonly kind: 'case';
  readonly of: Expression | null;
  readonly whens: readonly { readonly when: Expression; readonly result: Expression }[];
  readonly otherwise: Expression | null;
};

export type Ordering = { readonly value: Expression; readonly isDescending: boolean; readonly nulls: 'first' | 'last' | null };

export type SelectItem =
  | { readonly kind: 'all'; readonly of: string | null; readonly at: number }
  | { readonly kind: 'value'; readonly value: Expression; readonly alias: string | null; readonly source: string };

export type TableReference = {
  readonly source: TableName | Select;
  readonly alias: string | null;
  /** How it hangs on what stands before it; a comma is `cross`. */
  readonly join: 'first' | 'cross' | 'inner' | 'left';
  readonly on: Expression | null;
};

export type TableName = { readonly kind: 'table'; readonly owner: string | null; readonly name: string; readonly at: number };

export type Select = {
  readonly kind: 'select';
  readonly isDistinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: readonly TableReference[];
  readonly where: Expression | null;
  readonly groupBy: readonly Expression[];
  readonly having: Expression | null;
  readonly orderBy: readonly Ordering[];
  readonly offset: Expression | null;
  readonly fetch: Expression | null;
  readonly isForUpdate: boolean;
};

export type Write =
  | {
      readonly kind: 'insert';
      readonly table: TableName;
      readonly columns: readonly string[];
      readonly values: readonly Expression[];
    }
  | {
      readonly kind: 'update';
      readonly table: TableName;
      readonly alias: string | null;
      readonly sets: readonly { readonly column: string; readonly value: Expression }[];
      readonly where: Expression | null;
    }
  | { readonly kind: 'delete'; readonly table: TableName; readonly alias: string | null; readonly where: Expression | null };

export type Setting =
  | { readonly kind: 'alterSession'; readonly settings: readonly { readonly name: string; readonly value: string }[] }
  | { readonly kind: 'readOnly' | 'readWrite' | 'commit' | 'rollback' }
  | { readonly kind: 'lock'; readonly table: TableName };

export type Statement = Select | Write | Setting;
