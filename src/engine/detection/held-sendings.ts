// What exceptions of a policy name, by pair, with what each has sent in the last 24 hours: also of a pair whose row left
// the table, under whatever policy comes next, and over the end of the engine and of the boot. Else each of these would
// give every exception its whole volume anew.
import type { Baseline } from '../../baseline/baseline.ts'
import type { Clock } from '../clock.ts'
import type { Exception } from '../exception.ts'
import {
  addHours,
  addNow,
  HOUR_MS,
  type Hours,
  hoursFrom,
  noHours,
  readHours,
  turnHours,
} from '../hours.ts'
import { hoursOfRow, P, PAIR_DOUBLES } from '../pair/pair-row.ts'
import type { PairTable } from '../pair/pair-table.ts'
import type { Sending } from '../policy.ts'

export type HeldSending = {
  key: string
  /** As it was judged last. */
  sending: Sending
  /** Exceptions of the policy in force that name it. */
  named: Exception[]
  /** What of it is in the sums of those. */
  summed: number
  /** What is not in the pair's row. */
  earlier: Hours
  /** What the pair's alert has put aside with the pair's row, and brings back with it. */
  aside: Hours | undefined
  /** The row's last use when this was put into the baseline; -1: it has changed since. */
  savedUsed: number
}

export type HeldSendings = {
  find(key: string): HeldSending | undefined
  /** Made where there is none; undefined: there is no room for one more. */
  of(key: string, sending: Sending): HeldSending | undefined
  each(): Iterable<HeldSending>
  size(): number
  /** Bytes that it has sent in the last 24 hours. */
  day(held: HeldSending): number
  /** The row leaves the table, with its alert or for good. */
  left(slot: number, key: string, isWithAlert: boolean): void
  /** A row came into the table: anew, or as its alert had put it aside. */
  came(key: string, isRestored: boolean): void
  /** The row has another key, or went into the one that has it. Whether it is of any here. */
  renamed(former: string, key: string): boolean
  /** So many bytes came into the row that an earlier engine had counted. */
  recounted(key: string, bytes: number): void
  /** Forgets what has sent nothing for a day, and is held back no more. */
  pass(): void
  /** Takes up what an earlier engine left. REQUIRES: alerts have brought their rows back. */
  seed(): void
  /** Puts what changed into the baseline. */
  save(): void
}

export function createHeldSendings(parts: {
  pairs: PairTable
  clock: Clock
  baseline: Baseline
  /** How many there may be. */
  max: number
}): HeldSendings {
  const { pairs, clock, baseline, max } = parts
  const all = new Map<string, HeldSending>()

  const hourNow = (): number => Math.floor(clock.nowMs / HOUR_MS)
  const add = (key: string, sending: Sending): HeldSending => {
    const held: HeldSending = {
      ...{ key, sending, named: [], summed: 0, aside: undefined, savedUsed: -1 },
      earlier: noHours(),
    }
    all.set(key, held)
    return held
  }
  const remove = (key: string): void => {
    all.delete(key)
    baseline.held.drop(key)
  }
  const rowOf = (slot: number): Hours => {
    pairs.turn(slot, clock.nowMs)
    return hoursOfRow(pairs.f64, slot * PAIR_DOUBLES)
  }
  const day = (held: HeldSending): number => {
    const { earlier, aside } = held
    turnHours(earlier, hourNow())
    let sum = earlier.sum
    if (aside) {
      turnHours(aside, hourNow())
      sum += aside.sum
    }
    const slot = pairs.find(held.key)
    if (slot >= 0) {
      pairs.turn(slot, clock.nowMs)
      const base = slot * PAIR_DOUBLES
      sum += (pairs.f64[base + P.out] as number) - (pairs.f64[base + P.dayOut] as number)
    }
    return Math.max(0, sum)
  }

  return {
    find: (key) => all.get(key),
    of(key, sending) {
      const known = all.get(key)
      if (known === undefined) return all.size < max ? add(key, sending) : undefined
      known.sending = sending
      known.savedUsed = -1
      return known
    },
    each: () => all.values(),
    size: () => all.size,
    day,
    left(slot, key, isWithAlert) {
      const held = all.get(key)
      if (held === undefined) return
      held.savedUsed = -1
      if (isWithAlert) held.aside = rowOf(slot)
      else addHours(held.earlier, rowOf(slot))
    },
    came(key, isRestored) {
      const held = all.get(key)
      if (held?.aside === undefined) return
      held.savedUsed = -1
      if (!isRestored) addHours(held.earlier, held.aside)
      held.aside = undefined
    },
    renamed(former, key) {
      const held = all.get(former)
      if (held === undefined) return false
      const into = all.get(key) ?? add(key, held.sending)
      addHours(into.earlier, held.earlier)
      if (held.aside) addHours(into.earlier, held.aside)
      into.named = [...new Set([...into.named, ...held.named])]
      into.savedUsed = -1
      remove(former)
      return true
    },
    recounted(key, bytes) {
      const held = all.get(key)
      if (held === undefined) return
      turnHours(held.earlier, hourNow())
      addNow(held.earlier, -bytes)
      held.savedUsed = -1
    },
    pass() {
      for (const held of all.values()) {
        const pair = pairs.meta[pairs.find(held.key)]
        if (!pair?.suppressed && day(held) === 0) remove(held.key)
      }
    },
    seed() {
      for (const { pair: key, state } of baseline.held.all()) {
        const read = all.size < max ? readState(state) : undefined
        if (read === undefined) {
          baseline.held.drop(key)
          continue
        }
        const { row, ...stored } = read
        const held = add(key, stored.sending)
        const isSameBoot = stored.boot === clock.bootId
        const here = (of: Hours): Hours => (isSameBoot ? of : hoursFrom(of, hourNow()))
        held.earlier = here(stored.earlier)
        // A row that an alert brought back has it.
        if (row && pairs.find(key) < 0) addHours(held.earlier, here(row))
      }
    },
    save() {
      for (const held of all.values()) {
        const slot = pairs.find(held.key)
        const used = slot < 0 ? 0 : (pairs.f64[slot * PAIR_DOUBLES + P.used] as number)
        if (used === held.savedUsed) continue
        held.savedUsed = used
        const row = slot < 0 ? held.aside : rowOf(slot)
        baseline.held.put({ pair: held.key, state: writeState(clock.bootId, held, row) })
      }
    },
  }
}

/** 1 knew no port, signature, hash and user: of these nothing is named until it is judged again. */
const STATE_VERSION = 2
const NOT_KNOWN: Pick<Sending, 'port' | 'signer' | 'signingId' | 'team' | 'hashes' | 'uid'> = {
  ...{ port: 0, signer: 'unknown', signingId: '', team: '', hashes: [], uid: undefined },
}

const writeState = (boot: string, { sending, earlier }: HeldSending, row: Hours | undefined) =>
  JSON.stringify({
    ...{ v: STATE_VERSION, boot, earlier, row },
    sending: { ...sending, address: [...sending.address] },
  })

/** As it is written; where it was, nothing but `v` is known of it. */
type State = {
  v: number
  boot: string
  earlier: unknown
  row?: unknown
  sending: Omit<Sending, 'address'> & { address: number[] }
}

/** Undefined: it cannot be read. */
function readState(
  text: string,
): { boot: string; sending: Sending; earlier: Hours; row: Hours | undefined } | undefined {
  try {
    const { v, boot, sending, ...more }: State = JSON.parse(text)
    const earlier = readHours(more.earlier)
    const row = more.row === undefined ? undefined : readHours(more.row)
    if (!earlier || (more.row !== undefined && !row)) return undefined
    if (v !== 1 && v !== STATE_VERSION) return undefined
    const { address, hostname, program, ancestors } = sending
    return {
      ...{ boot: `${boot}`, earlier, row },
      sending: {
        address: Uint8Array.from(address),
        ...{ hostname: `${hostname}`, program: `${program}` },
        ancestors: ancestors.map((path) => `${path}`),
        ...(v === 1 ? NOT_KNOWN : identityOf(sending)),
      },
    }
  } catch {
    return undefined
  }
}

const identityOf = ({ port, signer, signingId, team, hashes, uid }: State['sending']) => ({
  ...{ port: Number(port), signer, signingId: `${signingId}`, team: `${team}` },
  hashes: hashes.map((hash) => `${hash}`),
  uid: uid === undefined ? undefined : Number(uid),
})
