// What made-up host-days say of ordinary hosts: the tails that an excess is held against, and what a nominal rarity spends. Hosts of
// seeds of their own, which no evaluation draws.
import { openMemoryBaseline } from '../baseline/memory.ts'
import {
  type MakeScoring,
  observeExcess,
  type Reference,
  rarityScoring,
  SCORE_A_DECADE,
  TAIL_FROM_BYTES,
  type Tail,
} from '../engine/detection/judging.ts'
import { createEngine } from '../engine/engine.ts'
import type { Actor } from './actor.ts'
import { createHost, DAYS_BEFORE, type Host } from './host.ts'
import { byActor, scoresOf } from './judging.ts'
import { withRecorded } from './recorded.ts'
import { tellBefore, tellDay, whoKey } from './telling.ts'
import { engineDetector } from './today.ts'
import type { Workload } from './workload.ts'

/** What was measured from outside, on hosts of whose data nothing is here: 14 pairs a day, ninefold apart. */
export const OUTSIDE = {
  pairs: { at: 14, exponent: 0.62 },
  installs: { at: 0.78, exponent: 0.14 },
} as const satisfies Record<string, Tail>

/** Budgets for which what is spent is measured, false alerts a host-day. */
const BUDGETS = [0.03, 0.1, 0.2, 0.5, 1] as const
/** Nothing is cut off below: nominal R of all that could be told. */
const WIDE = 30

export type Calibration = {
  reference: Reference
  hostDays: number
  pairs: number
  installs: number
}

/** Excess by pair and by program, the most of the day. */
type Seen = { pairs: number[]; installs: number[] }

export function calibrate(
  seeds: Iterable<number>,
  workloads: readonly Workload[],
  onHost: (done: number) => void = () => {},
): Calibration {
  const seen: Seen = { pairs: [], installs: [] }
  let hostDays = 0
  const hosts = [...seeds].map((seed) => withRecorded(createHost(seed), workloads))
  for (const host of hosts) {
    observe(host, seen)
    onHost(++hostDays)
  }
  const tails = {
    pairs: meanOf(tailOf(seen.pairs, hostDays), OUTSIDE.pairs),
    installs: meanOf(tailOf(seen.installs, seen.installs.length), OUTSIDE.installs),
  }
  const nominals = hosts.flatMap((host, index) => {
    onHost(hostDays + index + 1)
    return spentOn(host, { ...tails, spent: [{ budget: 1, nominal: 1 }] })
  })
  return {
    reference: { ...tails, spent: spentOf(nominals, hostDays) },
    hostDays,
    pairs: seen.pairs.length,
    installs: seen.installs.length,
  }
}

const before = (host: Host): Uint8Array =>
  tellBefore(DAYS_BEFORE.map((daysBefore) => ({ daysBefore, actors: host.day(daysBefore) })))

/** Reads the ordinary day and the installs, and notes how far each pair, and each install, went. */
function observe(host: Host, seen: Seen): void {
  const installs = host.installs()
  const told = tellDay([...host.day(0), ...installs])
  const most = { pairs: new Map<string, number>(), installs: new Map<Actor, number>() }
  let isDay = false
  const scoring: MakeScoring = observeExcess((pair, process, { ofPair, ofProgram }) => {
    if (!isDay || process === undefined) return
    const actor = told.actors.get(whoKey(process.pid, process.pidversion))
    if (actor === undefined) return
    if (actor.label === 'app') raise(most.pairs, pair, ofPair)
    else raise(most.installs, actor, ofProgram)
  })
  const engine = createEngine({ deviceId: DEVICE_ID, baseline: openMemoryBaseline(), scoring })
  const read = (records: Uint8Array): void => {
    engine.push(records)
    engine.takeRequests()
    engine.takeFindings()
  }
  read(before(host))
  isDay = true
  read(told.records)
  seen.pairs.push(...[...most.pairs.values()].filter((bytes) => bytes > TAIL_FROM_BYTES))
  seen.installs.push(...installs.map((actor) => most.installs.get(actor) ?? 0))
}

const DEVICE_ID = '5ce4a210-0000-4000-8000-00000000ca1b'

const raise = <K>(most: Map<K, number>, key: K, bytes: number): void => {
  if (bytes > (most.get(key) ?? 0)) most.set(key, bytes)
}

/** A power tail by maximum likelihood (Hill), `of` the host-days or programs that it was seen on. */
export function tailOf(bytes: readonly number[], of: number): Tail {
  const beyond = bytes.filter((one) => one > TAIL_FROM_BYTES)
  const logs = beyond.reduce((sum, one) => sum + Math.log(one / TAIL_FROM_BYTES), 0)
  return { at: beyond.length / of, exponent: logs === 0 ? 1 : beyond.length / logs }
}

/**
 * Sizes of made-up programs are drawn wide on purpose, so that their tail is longer than any host's; what was measured from outside was so
 * on few hosts, and on real ones: it counts twice.
 */
const meanOf = (own: Tail, outside: Tail): Tail => ({
  at: round((own.at + 2 * outside.at) / 3),
  exponent: round((own.exponent + 2 * outside.exponent) / 3),
})

/** Nominal R of what is told of the ordinary day, at most three of a program. */
function spentOn(host: Host, reference: Reference): number[] {
  const ordinary = host.day(0)
  const told = tellDay(ordinary)
  const run = engineDetector('', '', rarityScoring(WIDE, reference, false)).start()
  run.before(before(host))
  const found = byActor(run.day(told.records), told.actors)
  return ordinary
    .flatMap((actor) => scoresOf(found.get(actor) ?? []))
    .map((score) => WIDE * 10 ** -((score - LEAST) / SCORE_A_DECADE))
}
const LEAST = 60

/** For each budget the nominal R at which so many are told; what is not spent at all is not in it. */
export function spentOf(nominals: readonly number[], hostDays: number): Reference['spent'] {
  const rising = [...nominals].sort((a, b) => a - b)
  const spent: { budget: number; nominal: number }[] = []
  for (const budget of BUDGETS) {
    const count = Math.round(budget * hostDays)
    const [last, next] = [rising[count - 1], rising[count]]
    if (last === undefined || next === undefined) continue
    const nominal = round(Math.sqrt(last * next))
    if (nominal > (spent.at(-1)?.nominal ?? 0)) spent.push({ budget, nominal })
  }
  return spent
}

/** Three digits: more is not known. */
const round = (value: number): number => Number(value.toPrecision(3))
