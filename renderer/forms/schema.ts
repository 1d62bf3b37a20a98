/** One field of a settings form, as the agent describes it in JSON Schema. */
export type FormField = {
  readonly name: string;
  readonly title: string;
  readonly description: string | null;
  readonly kind: 'text' | 'number' | 'switch' | 'choice' | 'secret' | 'folder' | 'mapping' | 'long-text';
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly initial: string | number | boolean;
  readonly placeholder: string;
  readonly isRequired: boolean;
  readonly isAdvanced: boolean;
  /** A secret of several lines. */
  readonly isLong: boolean;
  /** A secret that the agent can make. */
  readonly isMadeHere: boolean;
};

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
    };
  });
}

export type FormValues = Readonly<Record<string, string | number | boolean>>;

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
    else settings[name] = value;
  }
  return { settings, secrets };
}
