// Reads JSON of unknown shape: what is not as expected is absent.
import { MalformedLine } from './malformed.ts'

export type JsonObject = Record<string, unknown>

/** A line that must hold one JSON object. Throws MalformedLine. */
export function parseObject(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new MalformedLine('not JSON')
  }
  const object = asObject(value)
  if (object === undefined) throw new MalformedLine('JSON, but not an object')
  return object
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined
}

export const asList = (value: unknown): readonly unknown[] | undefined =>
  Array.isArray(value) ? value : undefined

/** Empty when it is no string. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** As text what a table has in a column, whether numbers are written as such or as text; empty for all else. */
export const columnOf = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'boolean' ? `${Number(value)}` : textOf(value)

/** A whole number in [0, max], given as a number or in digits; undefined when it is none. */
export function wholeOf(value: unknown, max = 0xffffffff): number | undefined {
  const number = typeof value === 'string' && /^[0-9]{1,16}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= max
    ? number
    : undefined
}
