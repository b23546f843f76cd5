// The parameters of the API's lists, checked. An empty one is as none.

import { Status } from '../store/store.ts'
import { likenessFrom } from '../views/likeness.ts'
import type { AlertSortName, AlertStatusName, SeverityName } from '../views/page-api.ts'

/** What is wrong with a request; answered 400. */
export class ParameterError extends Error {}

/** A key with whom it acted for and its script has some 200 letters, a path up to 1,024. */
const TEXT_CHARS_MAX = 2000

/** Throws ParameterError when the query has a name that is not in `known`, or one twice. */
export function parseQuery(query: string, known: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    if (!known.includes(name))
      throw new ParameterError(
        `there is no parameter "${name}"; there is ${known.join(', ') || 'none'}`,
      )
    if (found.has(name)) throw new ParameterError(`the parameter ${name} is there twice`)
    if (value !== '') found.set(name, value)
  }
  return found
}

/** An integer in [1, max]. */
export function limitOf(query: Map<string, string>, usual: number, max: number): number {
  const text = query.get('limit')
  if (text === undefined) return usual
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > max)
    throw new ParameterError(`limit: a whole number from 1 to ${max}, not "${text}"`)
  return limit
}

/** What no clock of these machines says, and a year or seconds typed for nanoseconds do: the first eleven days of 1970. */
const NS_LEAST = 10n ** 15n
/** RFC 3339, to the second or a part of it, with its zone. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/

/** Nanoseconds since 1970 UTC in decimal, below 2^63, or a time as RFC 3339 writes it. */
export function timeOf(query: Map<string, string>, name: string): bigint | undefined {
  const text = query.get(name)
  if (text === undefined) return undefined
  const ns = /^\d{1,19}$/.test(text) ? BigInt(text) : nsOfDateTime(text)
  if (ns === undefined || (ns > 0n && ns < NS_LEAST) || ns >= 1n << 63n)
    throw new ParameterError(
      `${name}: a time like 2026-11-29T08:00:00Z, or nanoseconds since 1970 in decimal, not "${text}"`,
    )
  return ns
}

function nsOfDateTime(text: string): bigint | undefined {
  const [, fraction = ''] = DATE_TIME.exec(text) ?? []
  const ms = DATE_TIME.test(text) ? Date.parse(text.replace(fraction, '')) : Number.NaN
  if (!(ms >= 0)) return undefined
  return BigInt(ms) * 1_000_000n + BigInt(fraction.slice(1).padEnd(9, '0'))
}

/** A number that `next` of an answer named. */
export function numberOf(query: Map<string, string>, name: string): bigint | undefined {
  const text = query.get(name)
  if (text === undefined) return undefined
  const number = /^\d{1,19}$/.test(text) ? BigInt(text) : -1n
  if (number < 0n || number >= 1n << 63n)
    throw new ParameterError(`${name}: what next was in the answer before, not "${text}"`)
  return number
}

/** A place in a list, as `next` of an answer named it. */
export function placeOf(
  query: Map<string, string>,
  name: string,
): { at: bigint; row: bigint } | undefined {
  const text = query.get(name)
  if (text === undefined) return undefined
  const match = /^(\d{1,18})-(\d{1,18})$|^(\d{19})-(\d{1,18})$/.exec(text)
  const at = BigInt(match?.[1] ?? match?.[3] ?? -1)
  if (!match || at >= 1n << 63n)
    throw new ParameterError(`${name}: what next was in the answer before, not "${text}"`)
  return { at, row: BigInt(match[2] ?? match[4] ?? 0) }
}

export function severityOf(query: Map<string, string>): SeverityName | undefined {
  const text = query.get('severity')
  if (text === undefined || text === 'low' || text === 'medium' || text === 'high') return text
  throw new ParameterError(`severity: low, medium or high, not "${text}"`)
}

const STATUSES_OF: Record<AlertStatusName, readonly Status[]> = {
  active: [Status.open, Status.acknowledged, Status.grown],
  open: [Status.open],
  acknowledged: [Status.acknowledged],
  closed: [Status.closed, Status.grown],
}

/** What people said of the alerts that are asked for; undefined: whatever. */
export function statusesOf(query: Map<string, string>): readonly Status[] | undefined {
  const text = query.get('status')
  if (text === undefined) return undefined
  if (Object.hasOwn(STATUSES_OF, text)) return STATUSES_OF[text as AlertStatusName]
  throw new ParameterError(`status: ${Object.keys(STATUSES_OF).join(', ')}, not "${text}"`)
}

export function sortOf(query: Map<string, string>): AlertSortName {
  const text = query.get('sort') ?? 'newest'
  if (text === 'newest' || text === 'score' || text === 'bytes') return text
  throw new ParameterError(`sort: newest, score or bytes, not "${text}"`)
}

/** Where a page of alerts begins: behind the last of the page before, which said so; or before a time of opening. */
export function cursorOf(
  query: Map<string, string>,
  sort: AlertSortName,
): { before: bigint | undefined; below: number | bigint | undefined } {
  const name = query.has('after') ? 'after' : 'before'
  const text = query.get(name)
  if (text === undefined || (name === 'before' && !text.includes('~')))
    return { before: timeBefore(query, sort), below: undefined }
  return heightOf(name, text, sort)
}

function timeBefore(query: Map<string, string>, sort: AlertSortName): bigint | undefined {
  const before = timeOf(query, 'before')
  if (before !== undefined && sort !== 'newest')
    throw new ParameterError(`before: a time is for sort=newest; until is for a list by ${sort}`)
  return before
}

function heightOf(
  name: string,
  text: string,
  sort: AlertSortName,
): { before: bigint; below: number | bigint } {
  const heights = sort === 'newest' ? TIME_CURSOR : NUMBER_CURSOR
  const [, height = '', time = ''] = heights.exec(text) ?? []
  if (time === '')
    throw new ParameterError(`${name}: what the page before said in "next", not "${text}"`)
  const before = numberOf(new Map([[name, time]]), name) ?? 0n
  if (sort !== 'newest') return { before, below: Number(height) }
  return { before, below: numberOf(new Map([[name, height]]), name) ?? 0n }
}

const TIME_CURSOR = /^(\d{1,19})~(\d{1,19})$/
/** Any number as JavaScript prints it: without an exponent from 1e-6 on, with up to 17 digits after five zeros. */
const NUMBER_CURSOR = /^(-?\d{1,21}(?:\.\d{1,22})?(?:e[+-]\d{1,3})?)~(\d{1,19})$/

/** The same of groups, which go on in what was stored at a time. */
export function groupPlaceOf(
  query: Map<string, string>,
  sort: AlertSortName,
): { asOf: bigint; before: bigint; below: number | bigint } | undefined {
  const after = query.get('after')
  if (after === undefined) return undefined
  const [, asOf, rest] = /^(\d{1,19})~(.+)$/.exec(after) ?? []
  if (asOf === undefined || rest === undefined)
    throw new ParameterError(`after: what the page before said in "next", not "${after}"`)
  const place = heightOf('after', rest, sort)
  return { asOf: numberOf(new Map([['after', asOf]]), 'after') ?? 0n, ...place }
}

/** A group, as the list of them names it. */
export function groupOf(query: Map<string, string>): bigint | undefined {
  const text = query.get('group')
  if (text === undefined) return undefined
  if (!/^[0-9a-f]{16}$/.test(text))
    throw new ParameterError(`group: 16 hex digits, not "${text.slice(0, 100)}"`)
  return likenessFrom(text)
}

/** Throws ParameterError where nothing could be in it. */
export function rangeOf(query: Map<string, string>): {
  since: bigint | undefined
  until: bigint | undefined
} {
  const since = timeOf(query, 'since')
  const until = timeOf(query, 'until')
  if (since !== undefined && until !== undefined && until <= since)
    throw new ParameterError(`until: a time after since, ${since}, not ${until}`)
  return { since, until }
}

/** A text that has to be there. */
export function neededOf(query: Map<string, string>, name: string): string {
  const text = textOf(query, name)
  if (text === undefined) throw new ParameterError(`${name}: it is missing`)
  return text
}

export function textOf(query: Map<string, string>, name: string): string | undefined {
  const text = query.get(name)
  if (text !== undefined && text.length > TEXT_CHARS_MAX)
    throw new ParameterError(`${name}: at most ${TEXT_CHARS_MAX} characters`)
  return text
}
