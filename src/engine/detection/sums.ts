// Excess of the last 24 full hours, by row: of a program, or of a program at a destination. A row's two sums only rise; a ring
// has what they were as each hour began, so a report adds two numbers and reads two differences.

import { type HourSum, SUM_HOURS } from '../../baseline/sums.ts'

/** Places in a row of doubles. */
const S = {
  hard: 0,
  soft: 1,
  /** The sums as the oldest hour of the ring began. */
  dayHard: 2,
  daySoft: 3,
  /** Hour that the ring is at. */
  hour: 4,
  /** The first hour that has changed since the row was stored, or UNCHANGED. */
  changedFrom: 5,
  ringHard: 6,
  ringSoft: 6 + SUM_HOURS,
} as const
/** Doubles a row: seven cache lines, of which a report needs the first. */
const ROW = 6 + 2 * SUM_HOURS
const UNCHANGED = -1

export type Sums = {
  readonly capacity: number
  /** A row, all zero, that begins in `hour`. REQUIRES: 0 <= slot < capacity. */
  begin(slot: number, hour: number): void
  /**
   * More excess in `hour`. An hour before the one that the row is at counts as that one. Returns whether it is the first change
   * since the row began or was stored.
   */
  add(slot: number, hour: number, hard: number, soft: number): boolean
  /** Turns the row to `hour`, so that what is older than 24 full hours leaves its sums. */
  turn(slot: number, hour: number): void
  /** Hour that the row is at. */
  hour(slot: number): number
  /** Of the last 24 to 25 hours, hard and soft, into two places of `into`. */
  read(slot: number, hour: number, into: Float64Array, place: number): void
  /** The same. REQUIRES: turned. */
  hard(slot: number): number
  soft(slot: number): number
  /** Those hours from `from` on in which there was any. REQUIRES: turned. */
  hours(slot: number, from: number): HourSum[]
  /** Its hours from `hour` on are others than those that were stored. Returns as `add` does. */
  change(slot: number, hour: number): boolean
  /** The first hour that has changed since the last call, or -1: none has. */
  takeChanged(slot: number): number
  /** Adds what `from` has, each hour to its own. REQUIRES: both turned to the same hour. */
  merge(slot: number, from: number): void
}

/** Memory: 448 bytes a row. */
export function createSums(capacity: number): Sums {
  const rows = new Float64Array(capacity * ROW)
  const at = (place: number): number => rows[place] as number

  const turn = (slot: number, hour: number): void => {
    const base = slot * ROW
    const hours = hour - at(base + S.hour)
    if (hours <= 0) return
    rows[base + S.hour] = hour
    for (let i = 0; i < Math.min(hours, SUM_HOURS); i++) {
      const place = base + ((hour - i) % SUM_HOURS)
      rows[place + S.ringHard] = at(base + S.hard)
      rows[place + S.ringSoft] = at(base + S.soft)
    }
    const oldest = base + ((hour + 1) % SUM_HOURS)
    rows[base + S.dayHard] = at(oldest + S.ringHard)
    rows[base + S.daySoft] = at(oldest + S.ringSoft)
  }

  const change = (slot: number, hour: number): boolean => {
    const place = slot * ROW + S.changedFrom
    const before = at(place)
    if (before !== UNCHANGED && before <= hour) return false
    rows[place] = hour
    return before === UNCHANGED
  }

  return {
    capacity,
    begin(slot, hour) {
      const base = slot * ROW
      rows.fill(0, base, base + ROW)
      rows[base + S.hour] = hour
      rows[base + S.changedFrom] = UNCHANGED
    },
    change,
    takeChanged(slot) {
      const from = at(slot * ROW + S.changedFrom)
      rows[slot * ROW + S.changedFrom] = UNCHANGED
      return from
    },
    read(slot, hour, into, place) {
      const base = slot * ROW
      if (hour > (rows[base + S.hour] as number)) turn(slot, hour)
      into[place] = (rows[base + S.hard] as number) - (rows[base + S.dayHard] as number)
      into[place + 1] = (rows[base + S.soft] as number) - (rows[base + S.daySoft] as number)
    },
    add(slot, hour, hard, soft) {
      const base = slot * ROW
      if (hour > (rows[base + S.hour] as number)) turn(slot, hour)
      rows[base + S.hard] = (rows[base + S.hard] as number) + hard
      rows[base + S.soft] = (rows[base + S.soft] as number) + soft
      return rows[base + S.changedFrom] === UNCHANGED && change(slot, rows[base + S.hour] as number)
    },
    turn,
    hour: (slot) => at(slot * ROW + S.hour),
    hard: (slot) => at(slot * ROW + S.hard) - at(slot * ROW + S.dayHard),
    soft: (slot) => at(slot * ROW + S.soft) - at(slot * ROW + S.daySoft),
    hours(slot, from) {
      const base = slot * ROW
      const now = at(base + S.hour)
      const sums: HourSum[] = []
      for (let hour = Math.max(from, now - SUM_HOURS + 1, 0); hour <= now; hour++) {
        const begin = base + (hour % SUM_HOURS)
        const end = base + ((hour + 1) % SUM_HOURS)
        const isNow = hour === now
        const hard = at(isNow ? base + S.hard : end + S.ringHard) - at(begin + S.ringHard)
        const soft = at(isNow ? base + S.soft : end + S.ringSoft) - at(begin + S.ringSoft)
        if (hard + soft > 0) sums.push({ hour, hard, soft })
      }
      return sums
    },
    merge(slot, from) {
      for (let i = 0; i < ROW; i++)
        if (i !== S.hour && i !== S.changedFrom)
          rows[slot * ROW + i] = at(slot * ROW + i) + at(from * ROW + i)
    },
  }
}
