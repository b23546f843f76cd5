// What a policy document may be, as data: agents check documents by it, and docs/policy.schema.json is made of it.
import { brief, quoted } from '../printable.ts'

/** A text that has to be something. */
export type Format = {
  test: (text: string) => boolean
  /** Ends `X ...`, as `is neither a network nor a domain`. */
  wrong: string
  /** What is wanted, as `network or domain`; `an` where that is its article. */
  noun: string
  article?: 'an'
  /** For editors, as JSON Schema has it: takes all that `test` takes, and little else. */
  pattern: string
}

export type Shape =
  | { of: 'constant'; value: number; wrong: string }
  | { of: 'whole'; min: number; max: number }
  | { of: 'number'; min: number; max: number }
  | { of: 'flag' }
  | {
      of: 'choice'
      among: readonly string[]
      /** Ends `X ...` of a text that is none of them, where a list of all would be too long. */
      wrong?: (value: unknown) => string
    }
  | { of: 'text'; charsMax: number; format?: Format }
  | { of: 'either'; shapes: readonly Shape[]; wrong: string }
  | { of: 'list'; each: Shape; entriesMax: number }
  | ObjectShape

export type ObjectShape = {
  of: 'object'
  fields: Record<string, Field>
  rules?: readonly Rule[]
}

export type Field = {
  shape: Shape
  /** A sentence for who writes it. */
  text: string
  isRequired?: true
  byDefault?: number | boolean | string
}

/** Of the fields of an object together. */
export type Rule = {
  /** Follows where the object stands, as ` names nothing: ...`. */
  wrong: string
  test: (given: Record<string, unknown>) => boolean
  /** The same as JSON Schema. */
  schema: object
}

/** Where a value stands in its document. */
export type Place = readonly (string | number)[]

export type Fault = { place: Place; text: string }

/** Characters of a refused value or name that are repeated: it goes to a terminal, and to the collector. */
const QUOTED_MAX = 80

export const shown = (value: unknown): string =>
  typeof value === 'string'
    ? quoted(value, QUOTED_MAX)
    : brief(JSON.stringify(value) ?? 'nothing', QUOTED_MAX)

/** `policy.exceptions[0].until`: how a place is told. */
const told = (name: string, place: Place): string =>
  name +
  place
    .map((step) => (typeof step === 'number' ? `[${step}]` : `${name ? '.' : ''}${step}`))
    .join('')

const nounOf = (shape: Shape): string => {
  switch (shape.of) {
    case 'whole':
      return `a whole number in ${shape.min}..${shape.max}`
    case 'number':
      return `a number in ${shape.min}..${shape.max}`
    case 'text':
      return shape.format
        ? `${shape.format.article ?? 'a'} ${shape.format.noun}`
        : `a text of at most ${shape.charsMax} characters`
    case 'choice':
      return `one of ${shape.among.join(', ')}`
    case 'constant':
    case 'flag':
    case 'either':
    case 'list':
    case 'object':
      return 'a value'
  }
}

/** Ends `X is ...` or `X ...`; undefined: it is as the shape has it. */
function whyNot(shape: Exclude<Shape, ObjectShape>, value: unknown): string | undefined {
  switch (shape.of) {
    case 'constant':
      return value === shape.value ? undefined : shape.wrong
    case 'whole':
      return Number.isInteger(value) && isIn(value as number, shape)
        ? undefined
        : `is no whole number in ${shape.min}..${shape.max}`
    case 'number':
      return typeof value === 'number' && isIn(value, shape)
        ? undefined
        : `is no number in ${shape.min}..${shape.max}`
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'is neither true nor false'
    case 'choice':
      return typeof value === 'string' && shape.among.includes(value)
        ? undefined
        : (shape.wrong?.(value) ?? `is none of ${shape.among.join(', ')}`)
    case 'text': {
      const { charsMax, format } = shape
      const isText = typeof value === 'string' && value.length <= charsMax
      if (isText && (format?.test(value) ?? true)) return undefined
      return format && !(typeof value === 'string' && value.length > charsMax)
        ? format.wrong
        : `is no text of at most ${charsMax} characters`
    }
    case 'either':
      return shape.shapes.some((one) => one.of !== 'object' && whyNot(one, value) === undefined)
        ? undefined
        : shape.wrong
    case 'list':
      if (!Array.isArray(value)) return 'is not a list'
      return value.length > shape.entriesMax
        ? `has more than ${shape.entriesMax} entries`
        : undefined
  }
}

const isIn = (value: number, { min, max }: { min: number; max: number }): boolean =>
  value >= min && value <= max

/** All that is wrong with a value, in its order. `name`: what it is called where it is told, as `policy`. */
export function faultsOf(shape: Shape, value: unknown, name: string, place: Place = []): Fault[] {
  const where = told(name, place)
  const fault = (text: string, at: Place = place): Fault => ({ place: at, text })
  if (shape.of !== 'object') {
    const why = whyNot(shape, value)
    if (why !== undefined)
      return [
        // A list is not repeated, nor what is no text where any text is taken.
        fault(isLong(shape, value) ? `${where} ${why}` : `${where}: ${shown(value)} ${why}`),
      ]
    if (shape.of !== 'list') return []
    return (value as unknown[]).flatMap((one, index) =>
      faultsOf(shape.each, one, name, [...place, index]),
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [fault(`${where}: ${shown(value)} is no JSON object`)]
  const given: Record<string, unknown> = { ...value }
  const faults: Fault[] = []
  for (const [key, one] of Object.entries(given)) {
    const field = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined
    if (!field) faults.push(fault(`${where}: there is no field ${shown(key)}`, [...place, key]))
    else if (one !== undefined) faults.push(...faultsOf(field.shape, one, name, [...place, key]))
  }
  for (const [key, field] of Object.entries(shape.fields))
    if (field.isRequired && given[key] === undefined)
      faults.push(
        fault(`${told(name, [...place, key])} is missing: ${nounOf(field.shape)} is wanted`),
      )
  for (const { wrong, test } of shape.rules ?? [])
    if (!test(given)) faults.push(fault(`${where} ${wrong}`))
  return faults
}

const isLong = (shape: Shape, value: unknown): boolean =>
  shape.of === 'list' ||
  shape.of === 'flag' ||
  (shape.of === 'text' &&
    (!shape.format || (typeof value === 'string' && value.length > shape.charsMax)))
