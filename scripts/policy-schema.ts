// docs/policy.schema.json, for editors: the policy's table as JSON Schema (draft 2020-12).
import type { Field, ObjectShape, Shape } from '../src/engine/policy-shape.ts'
import { POLICY } from '../src/engine/policy-table.ts'

export const POLICY_SCHEMA_FILE = 'docs/policy.schema.json'

/** The text of the file. */
export const policySchema = (): string =>
  `${JSON.stringify(
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Freshet policy',
      description:
        'Generated from src/engine/policy-table.ts; policy.md says what each field does.',
      ...ofShape(POLICY),
    },
    null,
    2,
  )}\n`

function ofShape(shape: Shape): object {
  switch (shape.of) {
    case 'constant':
      return { const: shape.value }
    case 'whole':
      return { type: 'integer', minimum: shape.min, maximum: shape.max }
    case 'number':
      return { type: 'number', minimum: shape.min, maximum: shape.max }
    case 'flag':
      return { type: 'boolean' }
    case 'choice':
      return { enum: shape.among }
    case 'text': {
      const { charsMax: maxLength, format } = shape
      return { type: 'string', maxLength, ...(format && { pattern: format.pattern }) }
    }
    case 'either':
      return { anyOf: shape.shapes.map(ofShape) }
    case 'list':
      return { type: 'array', maxItems: shape.entriesMax, items: ofShape(shape.each) }
    case 'object':
      return ofObject(shape)
  }
}

function ofObject({ fields, rules = [] }: ObjectShape): object {
  const required = Object.entries(fields).flatMap(([name, { isRequired }]) =>
    isRequired ? [name] : [],
  )
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, ofField(field)]),
    ),
    ...(required.length > 0 && { required }),
    ...(rules.length > 0 && { allOf: rules.map(({ schema }) => schema) }),
  }
}

const ofField = ({ shape, text, byDefault }: Field): object => ({
  description: text,
  ...ofShape(shape),
  ...(byDefault !== undefined && { default: byDefault }),
})
