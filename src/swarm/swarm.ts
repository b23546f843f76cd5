// Many simulated agents in one process, over real mutual TLS: for who sizes a collector, and for the bench.
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { UplinkPace } from '../stream/uplink.ts'
import { type Simulated, startSimulated } from './agent.ts'
import type { FindingKind } from './findings.ts'
import type { SwarmIdentities } from './identities.ts'
import { emptyTally, generatedOf, type Tally } from './tally.ts'

export type Load = {
  /** Agents that connect for the first time, a second. */
  connectsPerSecond: number
  /** Findings that each agent makes an hour. */
  perAgentHour: number
  /** Of those, alerts, and sightings; the rest are summaries. In [0, 1]. */
  alertShare: number
  sightingShare: number
  /** Between two sets of counters of an agent. */
  liveEveryMs: number
  /** How long findings are made. */
  forMs: number
  /** All are cut at once so often, evenly over that time. */
  storms: number
  /** Of agents that are cut, those that send again what was acknowledged. In [0, 1]. */
  againShare: number
  /** Clocks are off by up to so much, either way. */
  skewMs: number
  /** Of the agents, so many read no more once they are welcomed; they make nothing. */
  halfOpen: number
  /** For what is under way at the end. */
  drainMs: number
}

export const LOAD: Load = {
  ...{ connectsPerSecond: 200, perAgentHour: 60, alertShare: 0.01, sightingShare: 0.2 },
  ...{ liveEveryMs: 1000, forMs: 60_000, storms: 0, againShare: 0, skewMs: 0, halfOpen: 0 },
  drainMs: 60_000,
}

export type SwarmOptions = {
  identities: SwarmIdentities
  /** Number of its first agent: others play those before it. */
  firstNumber: number
  load: Load
  /** As an agent's. */
  policyKey?: string
  pace?: Partial<UplinkPace>
  signal: AbortSignal
  onTick?: (tally: Tally) => void
  /** Findings are made beyond `forMs` while it holds. */
  goesOn?: (tally: Tally) => boolean
}

const TICK_MS = 50
const TOLD_EVERY_MS = 1000

/**
 * Connects all, makes findings for as long as was asked for, waits for what is under way, and ends. What is counted at
 * the end says whether anything was lost: `generated` = `acknowledged` + `refused` + `waiting`.
 */
export async function runSwarm(options: SwarmOptions): Promise<Tally> {
  const { identities, load, signal, onTick } = options
  const tally = emptyTally()
  const agents: Simulated[] = []
  const toldTimer = setInterval(() => onTick?.(tally), TOLD_EVERY_MS)
  // Of its own, so that each agent hears the end without all others' listeners on one signal of the caller's.
  const own = (): AbortSignal => {
    const controller = new AbortController()
    enders.push(() => controller.abort())
    return controller.signal
  }
  const enders: (() => void)[] = []
  try {
    for (const [index, device] of identities.devices.entries()) {
      if (signal.aborted) break
      agents.push(
        startSimulated({
          ...{ collector: identities.collector, authorities: identities.authorities, device },
          number: options.firstNumber + index,
          bootId: randomUUID(),
          skewMs: (Math.random() * 2 - 1) * load.skewMs,
          isHalfOpen: index < load.halfOpen,
          ...{ pace: options.pace ?? {}, policyKey: options.policyKey, tally, signal: own() },
        }),
      )
      if ((index + 1) % slice(load) === 0) await rest(SLICE_MS, signal)
    }
    const connectedAll = () => agents.filter((one) => one.isConnected()).length === agents.length
    await until(connectedAll, CONNECT_MS, signal)
    const goesOn = () => options.goesOn?.(tally) ?? false
    await makeAll(agents.slice(load.halfOpen), load, goesOn, signal)
    const isDrained = () => agents.every((one) => one.waiting() === 0)
    await until(isDrained, load.drainMs, signal)
  } finally {
    clearInterval(toldTimer)
    await leaveInTurn(agents.map(({ done }, index) => ({ done, end: enders[index] ?? (() => {}) })))
  }
  return tally
}

const LEAVE_AT_ONCE = 200

/**
 * So many at once, and the next when these have left: of 18,300 that said goodbye in one moment each gave its connection up before
 * it was answered, and the collector counted all of them as lost.
 */
export async function leaveInTurn(
  agents: readonly { end(): void; done: Promise<void> }[],
  atOnce = LEAVE_AT_ONCE,
): Promise<void> {
  for (let from = 0; from < agents.length; from += atOnce) {
    const leaving = agents.slice(from, from + atOnce)
    for (const { end } of leaving) end()
    await Promise.all(leaving.map(({ done }) => done))
  }
}

const SLICE_MS = 100
const CONNECT_MS = 120_000
const slice = ({ connectsPerSecond }: Load): number =>
  Math.max(1, Math.round((connectsPerSecond * SLICE_MS) / 1000))

/** Findings evenly over agents and time, counters of each in turn, storms between. */
async function makeAll(
  agents: readonly Simulated[],
  load: Load,
  goesOn: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const startMs = performance.now()
  const perMs = (agents.length * load.perAgentHour) / 3_600_000
  let made = 0
  let lives = 0
  let storms = 0
  while (!signal.aborted) {
    const elapsedMs = performance.now() - startMs
    const isOver = elapsedMs >= load.forMs && !goesOn()
    const lastedMs = isOver ? Math.min(elapsedMs, load.forMs) : elapsedMs
    for (const due = Math.floor(perMs * lastedMs); made < due; made++)
      agents[made % agents.length]?.make(kindOf(load, Math.floor(made / agents.length) + made))
    const livesDue = (agents.length * elapsedMs) / load.liveEveryMs
    // Those that would have been due while this process was held up are not made up for.
    lives = Math.max(lives, Math.floor(livesDue) - agents.length)
    for (; lives < livesDue; lives++) agents[lives % agents.length]?.live()
    if (isOver) return
    if (storms < load.storms && elapsedMs >= ((storms + 1) * load.forMs) / (load.storms + 1)) {
      storms++
      for (const [index, agent] of agents.entries())
        agent.cut(index % 1000 < load.againShare * 1000)
    }
    await rest(TICK_MS, signal)
  }
}

/** Of the golden ratio's multiples, which are spread evenly: the same for the same number. */
function kindOf({ alertShare, sightingShare }: Load, number: number): FindingKind {
  const at = (number * 0.618_033_988_749_895) % 1
  return at < alertShare ? 'alert' : at < alertShare + sightingShare ? 'sighting' : 'summary'
}

/** Whether `holds` came about. */
async function until(holds: () => boolean, ms: number, signal: AbortSignal): Promise<boolean> {
  const deadlineMs = performance.now() + ms
  while (!signal.aborted && performance.now() < deadlineMs) {
    if (holds()) return true
    await rest(TICK_MS, signal)
  }
  return holds()
}

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => {})

/** Nothing that was made is unaccounted for, and all of it is stored. */
export const isWhole = (tally: Tally): boolean =>
  tally.waiting === 0 &&
  tally.refused === 0 &&
  generatedOf(tally) === tally.acknowledged &&
  tally.sentAgain === tally.acknowledgedAgain
