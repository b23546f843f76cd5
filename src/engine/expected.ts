// Expected applications: rows of the shipped list (expected-rows.ts) that a policy accepts by their ids, each as one exception that
// has no end, with one volume for all its hosts.
import type { Exception } from './exception.ts'
import { EXPECTED, type ExpectedApplication, type ExpectedRow } from './expected-rows.ts'
import { type HostRule, hostOf } from './policy-fields.ts'

export const EXPECTED_IDS: readonly string[] = EXPECTED.map(({ id }) => id)

export const expectedOf = (id: string): ExpectedApplication | undefined =>
  EXPECTED.find((one) => one.id === id)

/** REQUIRES: it is as policy-table.ts has it. */
export const expectedException = (row: ExpectedRow): Exception => ({
  signingIds: row.signingIds,
  team: row.team,
  hosts: row.hosts.map((host) => hostOf(host) as HostRule),
  bytesPerDayMax: row.bytesPerDayMax,
  untilMs: Number.POSITIVE_INFINITY,
  rule: `exception for ${expectedText(row)} (expected:${row.id})`,
})

/** What it names, in words: `com.example.a of team ABCDE12345 to a.example or b.example`. */
export const expectedText = ({ signingIds, team, hosts }: ExpectedRow): string =>
  `${signingIds.join(' or ')} of team ${team} to ${hosts.join(' or ')}`

/** What identifies a row and bounds it, without what is for people. */
const boundsOf = ({ id, signingIds, team, hosts, bytesPerDayMax }: ExpectedRow): ExpectedRow => ({
  ...{ id, signingIds, team, hosts, bytesPerDayMax },
})

/** What of a policy's document says which rows are accepted. */
type Accepting = { expectedApplications?: string[]; expectedRows?: ExpectedRow[] }

/**
 * The same document with the rows themselves in place of their ids: what a record of a policy has, so that a capture is judged by
 * the rows of its time. REQUIRES: it is a policy.
 */
export function withRows<T extends object>(document: T & Accepting): T {
  const { expectedApplications = [], expectedRows = [], ...rest } = document
  if (expectedApplications.length === 0) return document
  return { ...rest, expectedRows: acceptedRows({ expectedApplications, expectedRows }) } as T
}

/** Each row once; of an id that is there as a row too, that one. */
export function acceptedRows(document: Accepting): ExpectedRow[] {
  const rows = new Map<string, ExpectedRow>()
  for (const id of document.expectedApplications ?? []) {
    const row = expectedOf(id)
    if (row) rows.set(id, boundsOf(row))
  }
  for (const row of document.expectedRows ?? []) rows.set(row.id, row)
  return [...rows.values()]
}

const NEAREST_MAX = 3
/** Letters of an id, of which one may be another. */
const LETTERS_A_CHANGE = 3
/** Longer texts are nobody's misspelt id. */
const LOOKED_AT_MAX = 64

/** Ids that may have been meant, the nearest first; none: none is near. */
export function nearestIds(text: string): string[] {
  const given = text.toLowerCase()
  if (given.length > LOOKED_AT_MAX) return []
  return EXPECTED_IDS.map((id) => ({ id, far: distanceOf(given, id) }))
    .filter(({ id, far }) => far <= Math.max(1, Math.floor(id.length / LETTERS_A_CHANGE)))
    .sort((a, b) => a.far - b.far)
    .slice(0, NEAREST_MAX)
    .map(({ id }) => id)
}

/** What stands after an id that this version does not know. */
export function unknownText(text: unknown): string {
  const near = typeof text === 'string' ? nearestIds(text) : []
  const meant = near.length === 0 ? '' : `is ${near.join(' or ')} meant? `
  return `is none of the ${EXPECTED.length} expected applications that this version has: ${meant}\`freshet policy expected\` lists them`
}

/** Letters to change; 1 where the one is a part of the other, as `drive` of `google-drive`. */
function distanceOf(text: string, id: string): number {
  if (text === id) return 0
  if (text.length > 2 && (id.includes(text) || text.includes(id))) return 1
  let row = Array.from({ length: id.length + 1 }, (_, i) => i)
  for (let i = 1; i <= text.length; i++) {
    const next = [i]
    for (let j = 1; j <= id.length; j++)
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + (text[i - 1] === id[j - 1] ? 0 : 1),
        ),
      )
    row = next
  }
  return row[id.length] as number
}
