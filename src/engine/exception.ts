// An exception of a policy: what is known to be harmless here for a while, up to a volume. Unlike a host that is known it
// ends by itself, and somebody stands for it.
import {
  type HostRule,
  type ParentRule,
  PolicyError,
  readHostRule,
  readParentRule,
  shown,
} from './policy-fields.ts'

/** As people write it: `host`, or `parent` and `program`. */
export type ExceptionDocument = {
  host?: string
  parent?: string
  program?: string
  /** As `2026-12-24T18:00:00Z`: it holds back nothing from then on. */
  until: string
  /** What it holds back in a day at most, of all that it names together; beyond, alerts come after all. */
  bytesPerDayMax: number
  owner?: string
  reason?: string
}

export type Exception = {
  /** What it names, one of the two. */
  host: HostRule | undefined
  parent: ParentRule | undefined
  /** Milliseconds since 1970. */
  untilMs: number
  bytesPerDayMax: number
  /** What it is counted by. */
  rule: string
}

const BYTES_MAX = 2 ** 50
const TEXT_CHARS_MAX = 200

/** Throws PolicyError, naming the field. */
export function readException(value: unknown, where: string): Exception {
  const given: Record<string, unknown> =
    typeof value === 'object' && value !== null ? { ...value } : {}
  const { host, parent, program, until, bytesPerDayMax, owner, reason, ...more } = given
  const [other] = Object.keys(more)
  if (other !== undefined)
    throw new PolicyError('field', `${where}: there is no field ${shown(other)}`)
  const isOfHost = host !== undefined
  if (isOfHost === (parent !== undefined || program !== undefined))
    throw new PolicyError('field', `${where} wants host, or parent and program`)
  const untilMs = momentOf(until)
  if (untilMs === undefined)
    throw new PolicyError(
      'field',
      isNot(`${where}.until`, until, 'moment like 2026-12-24T18:00:00Z'),
    )
  if (
    typeof bytesPerDayMax !== 'number' ||
    !Number.isInteger(bytesPerDayMax) ||
    bytesPerDayMax < 0 ||
    bytesPerDayMax > BYTES_MAX
  )
    throw new PolicyError(
      'field',
      isNot(`${where}.bytesPerDayMax`, bytesPerDayMax, `whole number in 0..${BYTES_MAX}`),
    )
  for (const [name, text] of Object.entries({ owner, reason }))
    if (text !== undefined && (typeof text !== 'string' || text.length > TEXT_CHARS_MAX))
      throw new PolicyError(
        'field',
        `${where}.${name} is no text of at most ${TEXT_CHARS_MAX} characters`,
      )
  const of = {
    host: isOfHost ? readHostRule(host, `${where}.host`) : undefined,
    parent: isOfHost ? undefined : readParentRule({ parent, program }, where),
  }
  return {
    ...of,
    untilMs,
    bytesPerDayMax,
    rule: `exception for ${typeof host === 'string' ? host : `${of.parent?.program} under ${of.parent?.parent}`}`,
  }
}

const isNot = (where: string, value: unknown, what: string): string =>
  value === undefined
    ? `${where} is missing: a ${what} is wanted`
    : `${where}: ${shown(value)} is no ${what}`

/** Milliseconds since 1970 of `2026-12-24T18:00:00Z`; undefined when it is no such moment. */
export function momentOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) || ms < 0 ? undefined : ms
}
