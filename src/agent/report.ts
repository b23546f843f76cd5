// What the agent says of itself: each second to the collector (Live), and to whoever asks here (its status).
import { resolve } from 'node:path'
import type { SetAside, SqliteBaseline } from '../baseline/sqlite.ts'
import type { EngineCounters } from '../engine/counters.ts'
import type { Engine } from '../engine/engine.ts'
import type { Alert } from '../engine/finding.ts'
import type { HostFacts } from '../host/machine.ts'
import { isRemembered, type RunningMark } from '../host/running-mark.ts'
import { userName } from '../host/users.ts'
import type { Choice, MacSource } from '../sources/choice.ts'
import type {
  AgentStatus,
  FileSetAside,
  SensorStatus,
  StatusReaders,
} from '../status/agent-status.ts'
import { diskOf } from '../status/disk.ts'
import { createLately } from '../status/lately.ts'
import { sensorTrouble } from '../status/sensor-causes.ts'
import type { SensorWatch } from '../status/sensor-watch.ts'
import { gapsOfRunning, sourceSentences, sourcesAtWork } from '../status/source-words.ts'
import type { Live } from '../stream/message.ts'
import type { Outbox } from '../stream/outbox.ts'
import type { Uplink } from '../stream/uplink.ts'
import { nowUnixNs, type UnixNs } from '../units.ts'
import { VERSION } from '../version.ts'
import type { LossBook } from './losses.ts'

const LIVE_FLOWS = 8
const LATELY_MS = 3600_000

export type ReportParts = {
  losses: Pick<LossBook, 'all' | 'before'>
  deviceId: string
  machine: HostFacts
  engine: Engine
  baseline: SqliteBaseline
  baselineSetAside: SetAside | undefined
  outbox: Outbox
  outboxBytesMax: number
  uplink: Uplink | undefined
  /** Address of the collector; empty when none was named. */
  collectorUrl: string
  isUnderUp: boolean
  sensor: SensorWatch
  /** Which of a Mac's sources are at work. */
  choice: () => Choice
  /** Those that the administrator left to choose from; undefined: all. */
  allowed: ReadonlySet<MacSource> | undefined
  lastAlerts: () => readonly Alert[]
  running: Pick<RunningMark, 'engineDeathsMs' | 'senseDeathsMs' | 'unwatched'>
  /** As the status has it; undefined: the built-in policy. */
  policy?: () => AgentStatus['policy']
  /** Whether connections within the machine count. */
  countsLoopback: () => boolean
  /** The state directory. */
  state: string
}

export type Report = {
  /** REQUIRES: called each second or so; totals of the last hour are taken by it. */
  live(): Live
  status(readers: StatusReaders): AgentStatus
}

export function createReport(parts: ReportParts): Report {
  const { engine, baseline, outbox, uplink, sensor, machine, losses } = parts
  const startedAtMs = Date.now()
  const user = userName(process.getuid?.() ?? -1) ?? ''
  const before = outbox.counters()
  const beganMs = performance.now()
  const lost = createLately(0, beganMs)
  const evicted = createLately(before.evicted, beganMs)
  const notKept = createLately(before.notKept, beganMs)

  const latelyOf = (counters: EngineCounters): AgentStatus['lately'] => {
    const now = outbox.counters()
    const nowMs = performance.now()
    return {
      lost: lost.note(counters.lost, nowMs),
      evicted: evicted.note(now.evicted, nowMs),
      notKept: notKept.note(now.notKept, nowMs),
      ...(isLately(losses.before?.last) ? { lostBefore: true } : {}),
    }
  }

  const sensorOf = (counters: EngineCounters): SensorStatus => {
    const choice = parts.choice()
    const gaps = gapsOfRunning(counters.gaps, choice)
    const sources = sourcesAtWork(choice, parts.allowed, machine.os === 'macos')
    return {
      osVersion: machine.osVersion,
      user,
      state: parts.state,
      isUnderUp: parts.isUnderUp,
      collector: { url: parts.collectorUrl },
      sensor: {
        silentMs: sensor.silentMs(performance.now()),
        isForeign: counters.isForeign,
        gaps,
        note: gaps
          .map(({ note }) => note)
          .filter((note) => note !== '')
          .join(' '),
      },
      ...(sources ? { sources } : {}),
    }
  }

  return {
    live() {
      const counters = engine.counters()
      latelyOf(counters)
      const { items, evicted, notKept } = outbox.counters()
      const status = sensorOf(counters)
      const { sources } = status
      const lostInAll = losses.all()
      return {
        ...counters,
        ...(lostInAll ? { lost: lostInAll.count, lostSince: lostInAll.since } : {}),
        degraded: sensorTrouble(status),
        ...(sources
          ? { sources: { ...sources, forced: [...sources.forced], text: sourceSentences(sources) } }
          : {}),
        at: nowUnixNs(),
        identities: baseline.programs(),
        outboxItems: items,
        outboxEvicted: evicted + notKept,
        top: engine.top(LIVE_FLOWS),
      }
    },
    status(readers) {
      const counters = engine.counters()
      const clockOffsetMs = uplink?.clockOffsetMs()
      const disk = diskOf('.')
      const policy = parts.policy?.()
      const lostInAll = losses.all()
      return {
        version: VERSION,
        deviceId: parts.deviceId,
        hostname: machine.hostname,
        os: machine.os,
        startedAtMs,
        ...sensorOf(counters),
        counters: {
          ...countsOf(counters, baseline.programs()),
          ...(lostInAll ? { lost: lostInAll.count } : {}),
        },
        ...(lostInAll
          ? { lost: { sinceMs: msOf(lostInAll.since), lastMs: msOf(lostInAll.last) } }
          : {}),
        ...(policy ? { policy } : {}),
        unseen: counters.unseenTop.map(({ name, way, bytes }) => ({ name, way, bytes })),
        outbox: {
          ...outbox.counters(),
          isRefused: outbox.isRefused(),
          bytesMax: parts.outboxBytesMax,
        },
        lately: latelyOf(counters),
        setAside: [
          ...asideOf('baseline', parts.baselineSetAside),
          ...asideOf('outbox', outbox.setAside),
        ],
        ...(disk ? { disk } : {}),
        restarts: restartsOf(parts.running, Date.now()),
        ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
        countsLoopback: parts.countsLoopback(),
        collector: { url: parts.collectorUrl, ...(uplink?.state() ?? { state: 'none' }) },
        lastAlerts: parts.lastAlerts().map(({ openedAt, severity, sentence }) => ({
          atMs: Number(openedAt / 1_000_000n),
          severity,
          sentence,
        })),
        readers,
      }
    },
  }
}

function countsOf(all: EngineCounters, identities: number): AgentStatus['counters'] {
  const { records, execs, argumentsMissed, flows, processes, openFlows } = all
  const { bytesOut, bytesIn, unattributedFlows, unreadFlows, unseenBytes, lost, alerts } = all
  const { suppressed, rolledUp, unopened } = all
  const { flows: earlierFlows, bytesOut: earlierOut, bytesIn: earlierIn } = all.earlier
  const { flows: tunnelledFlows, bytesOut: tunnelledOut, bytesIn: tunnelledIn } = all.tunnelled
  return {
    ...{ records, execs, argumentsMissed, flows, processes, openFlows, identities },
    ...{ bytesOut, bytesIn, unattributedFlows, unreadFlows, unseenBytes, lost, alerts },
    ...{ suppressed, rolledUp, unopened, gaveWay: all.evicted.alerts },
    ...{ earlierFlows, earlierBytes: earlierOut + earlierIn },
    ...{ atMostFlows: all.atMostFlows, guessedFlows: all.guessedFlows, tunnelledFlows },
    tunnelledBytes: tunnelledOut + tunnelledIn,
  }
}

const msOf = (at: UnixNs): number => Number(at / 1_000_000n)

/** Within the last hour; a clock that was set back makes times of the future: those say nothing. */
function isLately(at: UnixNs | undefined): boolean {
  const ageMs = at === undefined ? -1 : Date.now() - msOf(at)
  return ageMs >= 0 && ageMs < LATELY_MS
}

const asideOf = (of: FileSetAside['of'], setAside: SetAside | undefined): FileSetAside[] =>
  setAside ? [{ of, path: resolve(setAside.path), reason: setAside.reason }] : []

/** An agent that goes on for days forgets what was before them. */
function restartsOf(running: ReportParts['running'], nowMs: number): AgentStatus['restarts'] {
  const lately = (times: readonly number[]) =>
    times.filter((atMs) => isRemembered(atMs, nowMs)).length
  return {
    engine: lately(running.engineDeathsMs),
    sense: lately(running.senseDeathsMs),
    unwatched: running.unwatched.filter(({ fromMs }) => isRemembered(fromMs, nowMs)),
  }
}
