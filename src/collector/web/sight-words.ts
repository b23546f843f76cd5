// What a machine says that it did not see, as it stands beside one of its alerts or of all of them.
import type { HealthInfo } from '../views/page-api.ts'
import { countText } from './format.ts'

/** `stands`: it was so before the beginning, and no end of it was told by then: until when is not known. */
export type Seen = HealthInfo & { stands?: true }

export type SightOf = {
  /** What weakens the alert, or may: of the whole machine, of its program, or of programs that are not all named. */
  own: Seen[]
  /** Of other programs of the machine. */
  others: Seen[]
}

const OVER = 'no longer so: '
/** Another source tells of them from then on: it is so until the next that says this of the same. */
const CHOSEN = /^(flows|programs) are seen by /
/** While it is so, agents say it again each day: what was said earlier than that was over, though no end of it was told. */
const STANDS_NS_MAX = 25n * 3_600_000_000_000n

/** Whether `later` says the same with until when it was so. */
const saysUntil = ({ kind, text, since }: HealthInfo, begin: HealthInfo): boolean =>
  since !== undefined &&
  ((kind === 'recovered' && text === OVER + begin.text) ||
    (kind === 'degraded' && text === begin.text))

/** Whether `begin` may be so no more once `later` was told: an agent that begins says anew what it lacks. */
function ends(later: HealthInfo, begin: HealthInfo): boolean {
  const { kind, text } = later
  if (kind === 'restart' || saysUntil(later, begin)) return true
  if (text.startsWith(OVER)) return text === OVER + begin.text
  const of = CHOSEN.exec(text)?.[1]
  if (of === undefined) return kind === 'recovered'
  return text !== begin.text && of === CHOSEN.exec(begin.text)?.[1]
}

/** When it was told: by a clock that was further behind than that, when the collector had it. */
function toldNs({ at, storedAt = at }: HealthInfo): bigint {
  const [told, stored] = [BigInt(at), BigInt(storedAt)]
  return stored - told > STANDS_NS_MAX ? stored : told
}

/** Of what was told before a time, the newest first, whatever its clock said: what may have been so then, each once. */
export function standingOf(told: readonly HealthInfo[], time: bigint): Seen[] {
  const standing = new Map<string, Seen>()
  for (const [index, one] of told.entries())
    if (
      one.kind === 'degraded' &&
      one.since === undefined &&
      time - toldNs(one) <= STANDS_NS_MAX &&
      !told.slice(0, index).some((later) => ends(later, one))
    )
      standing.set(one.text, { ...one, stands: true })
  return [...standing.values()]
}

/** With what stood at its beginning, and without what another event says with more of its time. */
export function withStanding(events: readonly HealthInfo[], standing: readonly Seen[]): Seen[] {
  const isSaid = (one: HealthInfo): boolean => events.some((end) => saysUntil(end, one))
  const stood = standing.filter((one) => !isSaid(one))
  const isStanding = ({ text }: HealthInfo): boolean => stood.some((one) => one.text === text)
  const isTold = (one: HealthInfo): boolean =>
    one.kind !== 'degraded' || one.since !== undefined || !(isSaid(one) || isStanding(one))
  return [...events.filter((one, index) => isTold(one) && !isAgain(events, index)), ...stood]
}

/** Whether it is what was so before, and has been since: agents say that again each day. Of the newest first. */
function isAgain(events: readonly HealthInfo[], index: number): boolean {
  const one = events[index] as HealthInfo
  if (one.kind !== 'degraded' || one.since !== undefined) return false
  for (const [behind, older] of events.slice(index + 1).entries()) {
    if (older.kind !== 'degraded' || older.since !== undefined || older.text !== one.text) continue
    return !events.slice(index + 1, index + 1 + behind).some((between) => ends(between, older))
  }
  return false
}

/** Without the time that they are of these say that something is over, and that nothing was missed. */
const LASTING = new Set(['recovered', 'restart'])

export const weakening = <T extends HealthInfo>(events: readonly T[]): T[] =>
  events.filter(({ kind, since }) => since !== undefined || !LASTING.has(kind))

/** Events of an alert's time, by whether they concern it. `key`: of the program that it is of. */
export function sightOf(events: readonly Seen[], key: string): SightOf {
  const isOwn = ({ programs }: Seen): boolean =>
    programs === undefined || programs.includes(key) || programs.includes('')
  // Flows that say so themselves say it on the page of their alert.
  const all = weakening(events).filter(({ about }) => about !== 'told')
  return { own: all.filter(isOwn), others: all.filter((event) => !isOwn(event)) }
}

/** What that means for what stands on the alert's page. */
export function sightText({ own }: SightOf): string {
  const isOfFigures = own.some(({ about }) => about !== 'programs')
  if (own.every(({ stands }) => stands))
    return 'Not all may have been seen on this machine while it went on: figures here may be too small.'
  return isOfFigures
    ? 'While it went on, not all was seen on this machine: figures here may be too small.'
    : 'While it went on, not all programs were seen on this machine: who started it may be missing here.'
}

/** Beside an event that is of some programs: whether this one is among them. */
export function whoseText({ programs }: HealthInfo, key: string): string {
  if (programs === undefined) return ''
  if (programs.includes(key)) return ' (this program among them)'
  return ' (not all of them are named: this one may be among them)'
}

export const othersText = (count: number): string =>
  `Of this machine in that time, not of this program${count > 1 ? ` (${countText(count)})` : ''}`
