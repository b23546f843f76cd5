// What programs sent in ways whose flows no source tells, summed by program and way: said once an hour by who sent most.
import { quoted } from '../printable.ts'
import type { UnseenRecord } from '../records/record.gen.ts'
import type { EngineCounters, UnseenSum } from './counters.ts'
import type { Said } from './health-log.ts'
import type { Process } from './process/process.ts'
import { humanBytes } from './sentence.ts'

export type UnseenSums = {
  /** `sinceMs`: since when it was sent. */
  note(record: UnseenRecord, sinceMs: number, nowMs: number): void
  /** Time passed. */
  pass(nowMs: number): void
  /** Says what was not said yet. */
  say(): void
  /** Who sent most since the engine of this boot was made, at most NAMED_MAX. */
  top(): UnseenSum[]
}

const HOUR_MS = 3_600_000
/** The first is said soon: who tries a machine out, or looks at one that has just begun, is not to wait an hour. */
const FIRST_SAID_MS = 60_000
/** Programs and ways that are kept apart: a machine runs some hundred that send so; what is beyond is summed as one. */
const SUMS_MAX = 1024
const NAMED_MAX = 5
/** Of an identity's characters: a key with a hash has 80. */
const KEY_CHARS_MAX = 120
/** Identities that an item names, for alerts that are of one of them; and the longest key of one. */
const PROGRAMS_MAX = 32
const PROGRAM_CHARS_MAX = 512

/** AF_PACKET of Linux, packet(7). */
const AF_PACKET = 17
/** IANA's numbers; 255 is IPPROTO_RAW. */
const PROTOCOLS: Record<number, string> = { 1: 'ICMP', 17: 'UDP', 58: 'ICMPv6', 255: 'raw sockets' }
const wayOf = ({ family, protocol }: UnseenRecord): string =>
  family === AF_PACKET ? 'packet sockets' : (PROTOCOLS[protocol] ?? `protocol ${protocol}`)

type Sum = UnseenSum & { unsaid: number }

export function createUnseenSums(
  emit: (health: Said) => void,
  counters: Pick<EngineCounters, 'unseenBytes'>,
  find: (pid: number, pidversion: number) => Process | undefined,
): UnseenSums {
  const sums = new Map<string, Sum>()
  let dueMs = Number.POSITIVE_INFINITY
  /** Of what is not said yet. */
  let from = { sinceMs: Number.POSITIVE_INFINITY, untilMs: 0 }
  let programs = new Set<string>()
  /** Others than those. */
  let isMore = false
  /** Whose identity was not certain when it sent. */
  let uncertain = new Set<Process>()

  const senderIs = (process: Process | undefined): void => {
    const key = process?.identity?.stored.key
    if (process && key === undefined && uncertain.size < PROGRAMS_MAX) uncertain.add(process)
    else nameProgram(key)
  }
  const nameProgram = (key: string | undefined): void => {
    const isShort = key !== undefined && key.length <= PROGRAM_CHARS_MAX
    if (isShort && programs.size < PROGRAMS_MAX) programs.add(key)
    else isMore ||= key === undefined || !programs.has(key)
  }

  const sumOf = (process: Process | undefined, way: string): Sum => {
    const path = process?.image.path ?? ''
    const key = path === '' ? '' : (process?.image.program?.key ?? `path:${path}`)
    const id = `${key}\n${way}`
    const known = sums.get(id)
    if (known) return known
    // The last place is for all that find none.
    if (sums.size >= SUMS_MAX - 1) return sums.get('') ?? add('', { name: '', key: '', way: '' })
    return add(id, {
      name: path.slice(path.lastIndexOf('/') + 1),
      key: key.slice(0, KEY_CHARS_MAX),
      way,
    })
  }
  const add = (id: string, who: Omit<UnseenSum, 'bytes'>): Sum => {
    const sum = { ...who, bytes: 0, unsaid: 0 }
    sums.set(id, sum)
    return sum
  }

  const say = (): void => {
    const all = [...sums.values()].filter(({ unsaid }) => unsaid > 0)
    if (all.length === 0) return
    const bytes = all.reduce((sum, { unsaid }) => sum + unsaid, 0)
    const named = most(all, ({ unsaid }) => unsaid)
    const rest = bytes - named.reduce((sum, { unsaid }) => sum + unsaid, 0)
    const clauses = named.map((one) => `${humanBytes(one.unsaid)} by ${whoText(one)}`)
    if (rest > 0) clauses.push(`${humanBytes(rest)} by others`)
    for (const { identity, image } of uncertain)
      nameProgram(identity?.stored.key ?? image.program?.key)
    emit({
      of: 'loss',
      programs: isMore ? [...programs, ''] : [...programs],
      from,
      text: `${humanBytes(bytes)} were sent in ways that are not watched, so they are in no flow and no alert: ${clauses.join('; ')}`,
      count: bytes,
    })
    for (const one of all) one.unsaid = 0
    from = { sinceMs: Number.POSITIVE_INFINITY, untilMs: 0 }
    programs = new Set()
    isMore = false
    uncertain = new Set()
  }

  return {
    note(record, sinceMs, nowMs) {
      const bytes = Number(record.bytes)
      if (bytes === 0) return
      counters.unseenBytes += bytes
      const process = find(record.pid, record.pidversion)
      const sum = sumOf(process, wayOf(record))
      senderIs(process)
      from = { sinceMs: Math.min(from.sinceMs, sinceMs), untilMs: nowMs }
      sum.bytes += bytes
      sum.unsaid += bytes
      if (dueMs === Number.POSITIVE_INFINITY) dueMs = nowMs + FIRST_SAID_MS
    },
    pass(nowMs) {
      if (nowMs < dueMs) return
      dueMs = nowMs + HOUR_MS
      say()
    },
    say,
    top: () =>
      most([...sums.values()], (sum) => sum.bytes).map(({ name, key, way, bytes }) => ({
        ...{ name, key, way, bytes },
      })),
  }
}

/** Those that are known by name, the largest first; what nobody is known for is among the rest. */
const most = (all: Sum[], bytesOf: (sum: Sum) => number): Sum[] =>
  all
    .filter(({ key }) => key !== '')
    .toSorted((a, b) => bytesOf(b) - bytesOf(a))
    .slice(0, NAMED_MAX)

const whoText = ({ name, key, way }: UnseenSum): string =>
  `${quoted(name)} (${quoted(key)}) over ${way}`
