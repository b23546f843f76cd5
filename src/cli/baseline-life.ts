// What `freshet baseline show` says of one identity: what it is, and its life as the baseline has it.
import {
  bytesOfBin,
  type History,
  ordinaryOf,
  quantileOf,
  readHistory,
} from '../baseline/history.ts'
import { usualHard, usualSoft } from '../baseline/usual.ts'
import type { IdentityLife } from '../baseline/view.ts'
import { counted, humanBytes } from '../engine/sentence.ts'
import { printable } from '../printable.ts'
import type { UnixNs } from '../units.ts'

/** As wide as the longest bar. */
const BAR_COLUMNS = 24

export const time = (at: UnixNs | undefined): string =>
  at === undefined
    ? '-'.padEnd(20)
    : `${new Date(Number(at / 1_000_000n)).toISOString().slice(0, 19)}Z`
const dayOf = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10)

/** 64-bit integers as text. */
export const plain = (row: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? String(value) : value,
    ]),
  )

export function lifeJson(life: IdentityLife): Record<string, unknown> {
  const { identity, wasHere, named, versions, versionsInAll } = life
  return {
    ...plain(identity),
    wasHere,
    ...(named ? { named: plain(named) } : {}),
    versions: versions.map(({ key, firstExecAt, lastSeenAt }) =>
      plain({ key, firstExecAt, lastSeenAt }),
    ),
    versionsInAll,
    destinations: life.destinations.map(plain),
    destinationsInAll: life.destinationsInAll,
  }
}

type Field = readonly [name: string, value: string]

export function lifeLines(life: IdentityLife): string[] {
  const { identity, destinations, destinationsInAll } = life
  const history = readHistory(identity.history)
  const fields: Field[] = [
    ['signer', identity.signerClass],
    ['path', identity.path],
    ['sha256', identity.sha256],
    ['signing id', identity.signingId],
    ['team id', identity.teamId],
    ['cdhash', identity.cdhash],
    ...timesOf(life),
    ...(history ? sentOf(history) : [['hours', 'cannot be read'] as const]),
  ]
  const rest = destinationsInAll - destinations.length
  return [
    printable(identity.key),
    ...fields.filter(([, value]) => value !== '').map(lineOf),
    ...(history ? hourLines(history) : []),
    ...versionLines(life),
    lineOf(['destinations', String(destinationsInAll)]),
    ...destinations.map(
      (one) => `    ${time(one.firstAt)} to ${time(one.lastAt)}  ${printable(one.destinationKey)}`,
    ),
    ...(rest > 0 ? [`    and ${rest} more, used before these`] : []),
  ]
}

const lineOf = ([name, value]: Field): string => `  ${name.padEnd(14)} ${printable(value)}`

function timesOf({ identity, wasHere, named }: IdentityLife): Field[] {
  const { firstExecAt, firstNetworkAt, lastSeenAt, daysActive, lastActiveDay } = identity
  const last = lastActiveDay < 0 ? '' : `, the last ${dayOf(lastActiveDay)}`
  return [
    // It was found running: when it was first run nobody knows.
    [
      'first run',
      wasHere ? `before ${time(firstExecAt)}, when Freshet first looked` : time(firstExecAt),
    ],
    ['first network', time(firstNetworkAt)],
    ['last seen', time(lastSeenAt)],
    ['active days', `${daysActive}${last}`],
    [
      'its name',
      named
        ? `"${named.name}" used the network from ${time(named.firstAt)} to ${time(named.lastAt)} with ${humanBytes(named.sent)} sent, as macOS had it when Freshet came; another program may have borne it`
        : '',
    ],
  ]
}

function sentOf(history: History): Field[] {
  const { hours, hourOut, hour, usual } = history
  const ordinary = ordinaryOf(history)
  const [least, most] = [quantileOf(history, 0.1), quantileOf(history, 0.9)]
  return [
    [
      'ordinary hour',
      ordinary && least !== undefined && most !== undefined
        ? `about ${humanBytes(Math.expm1(ordinary.median))} out, eight of ten between ${humanBytes(least)} and ${humanBytes(most)}`
        : '',
    ],
    [
      'last hour',
      hourOut > 0 ? `${humanBytes(hourOut)} out, in the hour of ${time(hourStart(hour))}` : '',
    ],
    [
      'usual day',
      usual.day < 0
        ? ''
        : `at most ${humanBytes(usualHard(usual))} beyond what came back, ${humanBytes(usualSoft(usual))} beyond half of it, in the weeks before ${dayOf(usual.day)}; on that day ${humanBytes(usual.hard)} and ${humanBytes(usual.soft)}`,
    ],
    ['slow drip', history.drip > 0 ? `${history.drip.toFixed(1)} deviations above ordinary` : ''],
    ['sending hours', hours === 0 ? 'none yet' : String(hours)],
  ]
}

const hourStart = (hour: number): UnixNs =>
  (BigInt(Math.max(0, hour)) * 3_600_000_000_000n) as UnixNs

/** How many hours sent how much, by powers of ten. */
function hourLines(history: History): string[] {
  const decades = new Map<number, number>()
  for (const [bin, count] of history.bins) {
    const decade = Math.floor(Math.log10(Math.max(1, bytesOfBin(bin))))
    decades.set(decade, (decades.get(decade) ?? 0) + count)
  }
  if (decades.size === 0) return []
  const [lowest, highest] = [Math.min(...decades.keys()), Math.max(...decades.keys())]
  const most = Math.max(...decades.values())
  const lines: string[] = []
  for (let decade = lowest; decade <= highest; decade++) {
    const count = decades.get(decade) ?? 0
    const bar = '█'.repeat(Math.ceil((count / most) * BAR_COLUMNS))
    const from = `from ${humanBytes(10 ** decade)}`
    lines.push(`    ${from.padEnd(12)} ${bar}${bar === '' ? '' : ' '}${counted(count, 'hour')}`)
  }
  return lines
}

function versionLines({ versions, versionsInAll }: IdentityLife): string[] {
  if (versionsInAll === 0) return []
  const rest = versionsInAll - versions.length
  return [
    lineOf(['same path', `${counted(versionsInAll, 'other program')} ran from there`]),
    ...versions.map(
      (one) => `    ${time(one.firstExecAt)} to ${time(one.lastSeenAt)}  ${printable(one.key)}`,
    ),
    ...(rest > 0 ? [`    and ${rest} more, first run before these`] : []),
  ]
}
