// What docs/policy.schema.json says of a value, by the keywords of JSON Schema (draft 2020-12) that it has; of any other it throws.

type Schema = Record<string, unknown>

const ANNOTATIONS = new Set(['$schema', 'title', 'description', 'default'])

/** Whether the value is as the schema has it. REQUIRES: both are as JSON has them. */
export function isValid(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, wants]) => {
    if (ANNOTATIONS.has(keyword)) return true
    const holds = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined
    if (!holds) throw new Error(`the schema has ${keyword}, which is not known here`)
    return holds(wants, value, schema)
  })
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const TYPES: Record<string, (value: unknown) => boolean> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
}

const KEYWORDS: Record<string, (wants: unknown, value: unknown, of: Schema) => boolean> = {
  type: (wants, value) => TYPES[wants as string]?.(value) ?? false,
  const: (wants, value) => value === wants,
  enum: (wants, value) => (wants as unknown[]).includes(value),
  minimum: (wants, value) => typeof value !== 'number' || value >= (wants as number),
  maximum: (wants, value) => typeof value !== 'number' || value <= (wants as number),
  maxLength: (wants, value) =>
    typeof value !== 'string' || Array.from(value).length <= (wants as number),
  pattern: (wants, value) =>
    typeof value !== 'string' || new RegExp(wants as string, 'u').test(value),
  maxItems: (wants, value) => !Array.isArray(value) || value.length <= (wants as number),
  minItems: (wants, value) => !Array.isArray(value) || value.length >= (wants as number),
  items: (wants, value) =>
    !Array.isArray(value) || value.every((one) => isValid(wants as Schema, one)),
  properties: (wants, value) =>
    !isObject(value) ||
    Object.entries(wants as Record<string, Schema>).every(
      ([name, schema]) => !Object.hasOwn(value, name) || isValid(schema, value[name]),
    ),
  additionalProperties: (wants, value, { properties }) =>
    wants === false &&
    (!isObject(value) ||
      Object.keys(value).every((name) => Object.hasOwn(properties as Schema, name))),
  required: (wants, value) =>
    !isObject(value) || (wants as string[]).every((name) => Object.hasOwn(value, name)),
  anyOf: (wants, value) => (wants as Schema[]).some((schema) => isValid(schema, value)),
  allOf: (wants, value) => (wants as Schema[]).every((schema) => isValid(schema, value)),
  not: (wants, value) => !isValid(wants as Schema, value),
}
