// What was recorded, put onto made-up machines: as programs of the ordinary day, as installs, as attacks; and a host's log as a
// machine of its own.

import { parseAddress } from '../engine/address.ts'
import { destinationKey } from '../engine/destination/destination.ts'
import { DEFAULT_POLICY } from '../engine/policy.ts'
import { actsByName, fileName } from '../engine/process/acting.ts'
import { scopeOf } from '../engine/scope.ts'
import type { Actor, Sending, Signer } from './actor.ts'
import { ownPlace } from './grid.ts'
import { drawn, evenly, type Host, INSTALL_SIGNERS, logEven } from './host.ts'
import { DAY_MS, HOUR_MS } from './mac.ts'
import type { AssignedSigner } from './manifest.ts'
import { createRandom, type Random } from './random.ts'
import type { Workload } from './workload.ts'

/** Times a day that a recorded program of the ordinary day does what it was recorded to do, and how far its sizes spread. */
const SESSIONS = [1, 8] as const
const SPREAD = [0.5, 2] as const
/**
 * Of the known recordings every second is on machines of one half alone, the others on those of the other: a threshold that is set on
 * one half has seen nothing of what it is spent on. Share of a half's machines that have one: 40 per cent of all.
 */
const PRESENCE = 0.8
const HALVES = 2
/** A host's log is split into so many applications, as detection-2026 splits them, by where they send. */
const APPLICATIONS = 30

const SIGNER_OF: Record<AssignedSigner, Signer> = {
  unsigned: 'unsigned',
  adhoc: 'adhoc',
  'developer-id': 'developer_id',
  notarized: 'notarized',
  'app-store': 'app_store',
  platform: 'platform',
  acting: 'acting',
}

/** Who acts as a Mac may have it: its own tools under a terminal, a script of an interpreter likewise. */
function actingFor({ row, flows }: Workload, random: Random): Pick<Actor, 'signer' | 'tool'> {
  const signer =
    row.signers.length === 0 ? drawn(INSTALL_SIGNERS, random) : SIGNER_OF[random.pick(row.signers)]
  const tool = row.flows.map(({ program }) => fileName(program)).find(actsByName)
  if (signer === 'acting' && flows.some(({ script }) => script !== '')) return { signer: 'script' }
  return signer === 'platform' && tool !== undefined ? { signer: 'tool', tool } : { signer }
}

const isPrivate = (to: string): boolean => {
  const address = parseAddress(to)
  return address !== undefined && scopeOf(address, DEFAULT_POLICY) === 'private'
}

/** The recording once, from `startMs` on; its sizes times `scale`. */
function sessionOf({ flows }: Workload, startMs: number, scale: number): Sending[] {
  return flows.flatMap(({ label: _label, script: _script, ...flow }) => {
    const atMs = startMs + flow.atMs
    if (atMs + (flow.points.at(-1)?.afterMs ?? 0) >= DAY_MS) return []
    const points = flow.points.map(({ afterMs, out, in: bytesIn }) => ({
      afterMs,
      out: Math.round(out * scale),
      in: Math.round(bytesIn * scale),
    }))
    return [{ ...flow, atMs, points }]
  })
}

/** The ordinary day of a recorded program. */
function recordedDay(
  workload: Workload,
  by: Pick<Actor, 'signer' | 'tool' | 'code'>,
  random: Random,
): Actor {
  const sessions = Math.round(logEven(SESSIONS, random))
  const sendings: Sending[] = []
  for (let i = 0; i < sessions; i++)
    sendings.push(
      ...sessionOf(
        workload,
        Math.round((8 + random.next() * 10) * HOUR_MS),
        logEven(SPREAD, random),
      ),
    )
  return {
    ...by,
    ...{ label: 'app', name: workload.row.workload, isKnown: true },
    sendings: sendings.sort((a, b) => a.atMs - b.atMs),
  }
}

/** A made-up machine with recorded programs among its ordinary ones, each on so many machines. */
export function withRecorded(host: Host, workloads: readonly Workload[]): Host {
  const random = createRandom(host.seed * 613 + 5)
  const known = workloads.filter(
    ({ row }) => row.source === 'capture' && row.label === 'benign' && row.novelty === 'known',
  )
  const has = known.flatMap((workload, index) => {
    const isThere = random.next() < PRESENCE
    const by = actingFor(workload, random)
    // As `crossed` parts them: machines that follow each other have seeds that do.
    return isThere && index % HALVES === host.seed % HALVES
      ? [{ workload, by: { ...by, code: `k-${workload.row.name}-${host.seed}` } }]
      : []
  })
  return {
    ...host,
    day(daysBefore) {
      const of = createRandom(host.seed * 1_013 + daysBefore)
      return [
        ...host.day(daysBefore),
        ...has.map(({ workload, by }) => recordedDay(workload, by, of)),
      ]
    },
  }
}

/** Benign ones as installs, attacks as they are: each once, at a time of the day, never seen before. */
export function recordedStrangers(
  workloads: readonly Workload[],
  numbersFrom: number,
  random: Random,
): Actor[] {
  return workloads.flatMap((workload, index): Actor[] => {
    const { row } = workload
    const by = actingFor(workload, random)
    const startMs = Math.round((8 + random.next() * 8) * HOUR_MS)
    const isLog = row.source === 'zeek'
    // What was sent without flows that are told is a sum, of which no rule sees anything.
    if (workload.flows.length === 0) return []
    const isInstall = row.label === 'benign' && !isLog && row.novelty === 'new'
    if (row.label === 'benign' && !isInstall) return []
    // An attack by what is known has slept: see there.
    const common = { ...by, code: `r-${row.name}`, isKnown: row.novelty === 'known' }
    if (row.label === 'benign')
      return [
        {
          ...common,
          label: 'install',
          // Made-up kinds have names like these.
          name: `${row.workload}, recorded`,
          sendings: sessionOf(workload, startMs, 1),
        },
      ]
    // Of a host's whole log only the attack is the attacker's; its time is kept, counted from the attack's own first flow.
    const own = workload.flows.filter(({ label }) => !isLog || label === 'attack')
    const first = own[0]?.atMs ?? 0
    const place = ownPlace(numbersFrom + index)
    const shifted = own.map((flow) => ({
      ...flow,
      atMs: flow.atMs - first,
      // A test range of addresses stands for the outside.
      ...(isPrivate(flow.to) ? place : {}),
    }))
    const sendings = sessionOf({ row, flows: shifted }, isLog ? HOUR_MS : startMs, 1)
    const targets = new Set(shifted.filter(({ label }) => label === 'attack').map(({ to }) => to))
    return [{ ...common, label: 'recorded', name: row.workload, sendings, targets }]
  })
}

/** What uses the network and no more than that. */
export const traceOf = (number: number): Sending[] => [
  {
    ...{ atMs: 9 * HOUR_MS, ...ownPlace(number), port: 443, protocol: 6 },
    points: evenly(4_096, 20_480, 1_000),
  },
]
const TRACES_FROM = 60_000

/**
 * A host's log as a machine: its one day, split into applications by destination. They are old, and their destinations new: of the
 * days before nothing is known but that each used the network.
 */
export function hostOfLog({ row, flows }: Workload, seed: number): Host {
  const byCode = new Map<string, Sending[]>()
  const hash = (text: string): number => {
    let sum = seed
    for (const char of text) sum = (Math.imul(sum, 31) + char.charCodeAt(0)) >>> 0
    return sum % APPLICATIONS
  }
  for (const sending of sessionOf({ row, flows }, 0, 1)) {
    const address = parseAddress(sending.to)
    if (address === undefined) continue
    const scope = scopeOf(address, DEFAULT_POLICY)
    const code = `${row.name}-${hash(destinationKey(address, sending.port, sending.hostname, scope))}`
    const own = byCode.get(code)
    if (own) own.push(sending)
    else byCode.set(code, [sending])
  }
  const ofDay = (sendings: (own: Sending[], index: number) => Sending[]): Actor[] =>
    [...byCode].map(([code, own], index) => ({
      ...{ label: 'app', name: 'application of a log', signer: 'notarized', code, isKnown: true },
      sendings: sendings(own, index),
    }))
  return {
    seed,
    name: row.name,
    day: (daysBefore) =>
      ofDay((own, index) => (daysBefore === 0 ? own : traceOf(TRACES_FROM + index))),
    installs: () => [],
  }
}
