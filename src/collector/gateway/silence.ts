// What a device that is connected does not tell of, and since when, by the collector's clock: of network flows while programs
// start, as where a filter was switched off, or of anything.
import type { Live } from '../../stream/message.ts'
import { type UnixNs, unixNs } from '../../units.ts'

export type Silence = { of: 'flows' | 'everything'; since: UnixNs }

/** Counters as they were last told of, and when each last moved, in ns since this machine was started: no clock is set there. */
export type Told = {
  execs: number
  flows: number
  execsAt: bigint
  flowsAt: bigint
  /** Programs that started since a flow was told of. */
  execsSince: number
  /** How long it was not connected since either moved: what sleeps is not silent. */
  awayNs: { execs: bigint; flows: bigint }
}

/**
 * Both are proposals, chosen and not measured: a machine that is used opens a flow in most minutes, and one that nobody uses
 * looks for the time, for mail and for updates within the hour.
 */
const FLOWS_QUIET_NS = 15n * 60_000_000_000n
const ALL_QUIET_NS = 60n * 60_000_000_000n
/** Programs that start in a quarter of an hour of use; fewer say that nobody uses it. */
const EXECS_MIN = 20

/** At its first report; `now` as Told's times. */
const begun = ({ execs, flows }: Live, now: bigint): Told => ({
  ...{ execs, flows, execsAt: now, flowsAt: now, execsSince: 0 },
  awayNs: { execs: 0n, flows: 0n },
})

/** Counters that fell are of another run of its engine: they have moved if they are not at 0. */
export function toldOf(before: Told | undefined, live: Live, now: bigint): Told {
  if (!before) return begun(live, now)
  const moved = (is: number, was: number) => (is < was ? is > 0 : is > was)
  const grown = live.execs < before.execs ? live.execs : live.execs - before.execs
  const [hasExecs, hasFlows] = [moved(live.execs, before.execs), moved(live.flows, before.flows)]
  return {
    ...{ execs: live.execs, flows: live.flows },
    execsAt: hasExecs ? now : before.execsAt,
    flowsAt: hasFlows ? now : before.flowsAt,
    execsSince: hasFlows ? 0 : before.execsSince + grown,
    awayNs: {
      execs: hasExecs ? 0n : before.awayNs.execs,
      flows: hasFlows ? 0n : before.awayNs.flows,
    },
  }
}

/** It is there again after `ns` in which it was not. */
export const backAfter = (told: Told | undefined, ns: bigint): Told | undefined =>
  told && {
    ...told,
    awayNs: { execs: told.awayNs.execs + ns, flows: told.awayNs.flows + ns },
  }

/** Of a device that is connected. `connectedAt` where it has sent no report at all; it and `up` as Told's times. */
export function silenceOf(
  told: Told | undefined,
  connectedAt: bigint,
  up: bigint,
  now: UnixNs,
): Silence | undefined {
  const silent = (of: Silence['of'], at: bigint): Silence => {
    const since = now - (up - at)
    return { of, since: unixNs(since > 0n ? since : 0n, 'since') }
  }
  if (!told) return up - connectedAt >= ALL_QUIET_NS ? silent('everything', connectedAt) : undefined
  const flowsNs = up - told.flowsAt - told.awayNs.flows
  const execsNs = up - told.execsAt - told.awayNs.execs
  if (flowsNs >= ALL_QUIET_NS && execsNs >= ALL_QUIET_NS)
    return silent('everything', told.flowsAt > told.execsAt ? told.flowsAt : told.execsAt)
  return flowsNs >= FLOWS_QUIET_NS && told.execsSince >= EXECS_MIN
    ? silent('flows', told.flowsAt)
    : undefined
}
