/** One field of a settings form, as the agent describes it in JSON Schema. */
export type FormField = {
  readonly name: string;
  readonly title: string;
  readonly description: string | null;
  readonly kind: 'text' | 'number' | 'switch' | 'choice' | 'secret' | 'folder' | 'mapping' | 'long-text' | 'list';
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly initial: string | number | boolean;
  readonly placeholder: string;
  readonly isRequired: boolean;
  readonly isAdvanced: boolean;
  /** A secret of several lines. */
  readonly isLong: boolean;
  /** A secret that the agent can make. */
  readonly isMadeHere: boolean;
  /** Where a database is set up step by step: the step in which it is asked for. */
  readonly step: FormStep;
};
export type FormStep = 'connect' | 'choose' | 'reading';

type Property = {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly oneOf?: readonly { readonly const: string; readonly title: string }[];
  readonly default?: string | number | boolean;
  readonly examples?: readonly unknown[];
  readonly 'x-secret'?: boolean;
  readonly 'x-widget'?: string;
  readonly 'x-advanced'?: boolean;
  readonly 'x-made-here'?: boolean;
  readonly 'x-step'?: Exclude<FormStep, 'connect'>;
};

/** Words of the reader's language for fields that the agent names in English. */
export type FieldWords = Readonly<
  Record<string, { readonly title: string; readonly description?: string; readonly choices?: Record<string, string> }>
>;

function kindOf(property: Property): FormField['kind'] {
  if (property['x-secret']) return 'secret';
  if (property['x-widget'] === 'folder') return 'folder';
  if (property['x-widget'] === 'mapping') return 'mapping';
  if (property['x-widget'] === 'textarea') return 'long-text';
  if (property.enum || property.oneOf) return 'choice';
  if (property.type === 'boolean') return 'switch';
  if (property.type === 'array') return 'list';
  return property.type === 'integer' || property.type === 'number' ? 'number' : 'text';
}

/** Read the fields of a form out of a JSON Schema, in its order. */
export function formFields(schema: Record<string, unknown>, words: FieldWords, entityName: (entity: string) => string): FormField[] {
  const properties = (schema.properties ?? {}) as Record<string, Property>;
  const required = (schema.required ?? []) as readonly string[];
  return Object.entries(properties).map(([name, property]) => {
    const word = words[name];
    const choices =
      property.oneOf?.map((one) => ({ value: one.const, label: word?.choices?.[one.const] ?? one.title })) ??
      property.enum?.map((value) => ({ value, label: name === 'entity' ? entityName(value) : value })) ??
      [];
    return {
      name,
      title: word?.title ?? property.title ?? name,
      description: word?.description ?? property.description ?? null,
      kind: kindOf(property),
      choices,
      initial: property.default ?? (property.type === 'boolean' ? false : ''),
      placeholder: typeof property.examples?.[0] === 'string' ? property.examples[0] : '',
      isRequired: required.includes(name),
      isAdvanced: property['x-advanced'] === true,
      isLong: property['x-widget'] === 'textarea',
      isMadeHere: property['x-made-here'] === true,
      step: property['x-step'] ?? 'connect',
    };
  });
}

export type FormValues = Readonly<Record<string, string | number | boolean>>;

/** What a form starts with: its defaults, and over them what is stored. A list is written one entry a line. */
export function initialValues(fields: readonly FormField[], stored: Readonly<Record<string, unknown>> = {}): FormValues {
  const values = fields.map(({ name, initial }) => {
    const value = stored[name] ?? initial;
    return [name, Array.isArray(value) ? value.join('\n') : value] as const;
  });
  return Object.fromEntries(values) as FormValues;
}

/** The fields that have to be filled and are not; a secret that is stored need not be. */
export function missingFields(fields: readonly FormField[], values: FormValues, storedSecrets: readonly string[] = []): FormField[] {
  return fields.filter(
    ({ name, isRequired, kind }) => isRequired && (values[name] ?? '') === '' && !(kind === 'secret' && storedSecrets.includes(name)),
  );
}

/** Split what was entered into settings and secrets; what was left empty is left out. */
export function draftParts(
  fields: readonly FormField[],
  values: FormValues,
): { settings: Record<string, unknown>; secrets: Record<string, string> } {
  const settings: Record<string, unknown> = {};
  const secrets: Record<string, string> = {};
  for (const { name, kind } of fields) {
    const value = values[name];
    if (value === undefined || value === '') continue;
    if (kind === 'secret') secrets[name] = String(value);
    else if (kind === 'list') settings[name] = linesOf(String(value));
    else settings[name] = value;
  }
  return { settings, secrets };
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
