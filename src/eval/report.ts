// Results of machines summed up: for each detector and budget what was found, of what, how soon, at what cost. Plain JSON.
import { crossed, isTold, isUnbounded, type Threshold, thresholdFor } from './budget.ts'
import { allCells, type Cell, GRID } from './grid.ts'
import {
  ALERTS_AN_IDENTITY_A_DAY,
  type MachineResult,
  type ResultStep,
  type Subject,
} from './machine-result.ts'
import { type Rate, rateOf } from './rates.ts'
import { type Area, auc, aucInterval, type Interval, quantile, wilson } from './statistics.ts'

export const BUDGETS = [0.1, 0.5, 1] as const
/** The least that 20 machines, a half of 40, can be allowed is one alert among them. */
const CURVE = [0.05, 0.1, 0.2, 0.5, 1, 2, 5] as const

/** So many of so many, with Wilson's interval. */
export type Share = { of: number; found: number } & Interval

/** Legitimate programs that were installed: on how many anything was told, and how many alerts of all of them, at most three of one. */
export type Installs = Share & { alerts: number }

export type Spent = {
  /** natural: the detector's own threshold; else false alerts a host-day that were allowed. */
  budget: 'natural' | number
  /** On ordinary programs, by host-day. */
  falseAlerts: Rate
  /**
   * Of how many parts of the machines all was told, since the other had no more than it was allowed: nothing keeps those within the
   * budget.
   */
  unboundedParts: number
  recall: Share
  /** The same without the attacks whose answers are padded to what was sent. */
  recallUnpadded: Share
  /** And of those alone. */
  recallPadded: Share
  /** Not padded, by code that nobody vouches for or by a script. */
  recallUnvouched: Share
  /** Attacks among all that was told here: it depends on how many were injected. */
  precision: Share
  installs: Installs
  installsBySigner: Record<string, Installs>
  /** By kind, what was recorded as kinds of its own; within each by signer. */
  installsByKind: Record<string, Installs & { bySigner: Record<string, Installs> }>
  /** Not padded, by each side of the grid. */
  by: Record<string, Record<string, Share>>
  /** Flows by answer. */
  byFlowsAndResponse: Record<string, Record<string, Share>>
  /** Not padded, signer by size. */
  bySignerAndBytes: Record<string, Record<string, Share>>
  /** Of those found. */
  timeToAlertMs: { median: number | undefined; p90: number | undefined }
  bytesAtAlert: { median: number | undefined; p90: number | undefined }
  bytesBeyondFirstPossible: { median: number | undefined; p90: number | undefined }
  /** The least size from which on at least half are found, by signer; undefined: none. */
  limitBytes: Record<string, number | undefined>
  evasions: Record<string, Share>
  /** Attacks that were recorded, by what they do; one of each a machine. */
  recorded: Record<string, Share>
  /** Alerts on the whole machine as one program, by way and host-day. */
  whole: Record<string, Rate>
}

export type DetectorReport = {
  name: string
  spent: Spent[]
  /** Recall and the installs told by what is allowed. */
  curve: { allowed: number; recall: Share; installs: Share }[]
  /** How likely an attack scores above an install, among those told at the natural threshold; by signer, '' all. */
  rank: Record<string, Area | undefined>
  /**
   * The same, attacks of all signers against installs as they are on people's machines (INSTALLED): of what is told at the natural
   * threshold, and of all, where what is not told ties.
   */
  rankWeighted: { told: number | undefined; all: number | undefined }
}

export type Report = {
  hostDays: number
  attacks: number
  reports: number
  injectedReports: number
  detectors: DetectorReport[]
}

/** With the first step that is told, and how many alerts of it are. */
type Told = { subject: Subject; step: ResultStep | undefined; alerts: number }
type Found = Told & { step: ResultStep }

export function reportOf(machines: readonly MachineResult[], naturals: readonly number[]): Report {
  const names = machines[0]?.detectors ?? []
  const sum = (of: (machine: MachineResult) => number): number =>
    machines.reduce((all, machine) => all + of(machine), 0)
  return {
    hostDays: machines.length,
    attacks: sum(({ subjects }) => subjects.filter(isAttack).length),
    reports: sum(({ reports }) => reports),
    injectedReports: sum(({ injectedReports }) => injectedReports),
    detectors: names.map((name, index) => {
      const natural: Threshold = { least: naturals[index] ?? 0, isStrict: false }
      const allowing = (budget: number): Spent =>
        spentOf(machines, index, budget, (part) =>
          thresholdFor(falseScores(part, index), part.length, budget),
        )
      return {
        name,
        spent: [spentOf(machines, index, 'natural', () => natural), ...BUDGETS.map(allowing)],
        curve: CURVE.map((allowed) => {
          const { recall, installs } = allowing(allowed)
          return { allowed, recall, installs }
        }),
        rank: rankOf(machines, index, natural),
        rankWeighted: {
          told: weightedRankOf(machines, index, (score) => isTold(score, natural)),
          all: weightedRankOf(machines, index, () => true),
        },
      }
    }),
  }
}

const falseScores = (machines: readonly MachineResult[], detector: number): number[] =>
  machines.flatMap(({ apps }) => apps[detector] ?? [])

const isAttack = ({ label }: Subject): boolean => label === 'attack'
const CELLS = allCells()
const cellOf = ({ cell }: Subject): Cell => CELLS[cell] as Cell
const UNVOUCHED = new Set<Cell['signer']>(['unsigned', 'adhoc', 'script'])
const isPadded = (subject: Subject): boolean => cellOf(subject).response === 'padded'

function spentOf(
  machines: readonly MachineResult[],
  detector: number,
  budget: Spent['budget'],
  thresholdOf: (part: readonly MachineResult[]) => Threshold,
): Spent {
  const told: Told[] = []
  const falseDays: number[] = []
  let unboundedParts = 0
  const wholeDays = new Map<string, number[]>()
  crossed(machines, thresholdOf, (part, threshold) => {
    if (part.length > 0 && isUnbounded(threshold)) unboundedParts++
    for (const machine of part) {
      const { subjects, whole: ways } = machine
      const toldOf = (scores: readonly number[]): number =>
        scores.filter((score) => isTold(score, threshold)).length
      falseDays.push(toldOf(machine.apps[detector] ?? []))
      for (const subject of subjects.filter(({ steps }) => steps[detector] !== null))
        told.push({
          subject,
          step: subject.steps[detector]?.find(([, score]) => isTold(score, threshold)),
          alerts: subject.scores[detector]?.filter((score) => isTold(score, threshold)).length ?? 0,
        })
      for (const { name, scores } of ways) {
        const own = scores[detector]
        if (!own) continue
        const days = wholeDays.get(name)
        if (days) days.push(toldOf(own))
        else wholeDays.set(name, [toldOf(own)])
      }
    }
  })
  const falseAlerts = rateOf(falseDays)
  const attacks = told.filter(({ subject }) => isAttack(subject))
  const installs = told.filter(({ subject }) => subject.label === 'install')
  const found = attacks.filter((one): one is Found => one.step !== undefined)
  const unpadded = attacks.filter(({ subject }) => !isPadded(subject))
  const toldInstalls = installs.filter(({ step }) => step).length
  const bySignerAndBytes = Object.fromEntries(
    [...groups(unpadded, ({ subject }) => subject.signer)].map(([signer, of]) => [
      signer,
      shares(of, ({ subject }) => `${cellOf(subject).bytes}`),
    ]),
  )
  return {
    ...{ budget, falseAlerts, unboundedParts },
    recall: shareOf(attacks),
    recallUnpadded: shareOf(unpadded),
    recallPadded: shareOf(attacks.filter(({ subject }) => isPadded(subject))),
    recallUnvouched: shareOf(
      unpadded.filter(({ subject }) => UNVOUCHED.has(cellOf(subject).signer)),
    ),
    precision: share(found.length, found.length + falseAlerts.found + toldInstalls),
    installs: installsOf(installs),
    installsBySigner: grouped(installs, ({ subject }) => subject.signer, installsOf),
    installsByKind: grouped(
      installs,
      ({ subject }) => subject.name,
      (of) => ({
        ...installsOf(of),
        bySigner: grouped(of, ({ subject }) => subject.signer, installsOf),
      }),
    ),
    by: Object.fromEntries(
      (Object.keys(GRID) as (keyof typeof GRID)[]).map((side) => [
        side,
        shares(
          side === 'response' ? attacks : unpadded,
          ({ subject }) => `${cellOf(subject)[side]}`,
        ),
      ]),
    ),
    byFlowsAndResponse: Object.fromEntries(
      [...groups(attacks, ({ subject }) => `${cellOf(subject).flows}`)].map(([flows, of]) => [
        flows,
        shares(of, ({ subject }) => cellOf(subject).response),
      ]),
    ),
    bySignerAndBytes,
    timeToAlertMs: middle(found.map(({ step }) => step[0])),
    bytesAtAlert: middle(found.map(({ step }) => step[2])),
    bytesBeyondFirstPossible: middle(
      found.map(({ step, subject }) => Math.max(0, step[2] - subject.possibleOut)),
    ),
    limitBytes: Object.fromEntries(
      Object.entries(bySignerAndBytes).map(([signer, sizes]) => [signer, limitOf(sizes)]),
    ),
    evasions: shares(
      told.filter(({ subject }) => subject.label === 'evasion'),
      ({ subject }) => subject.name,
    ),
    recorded: shares(
      told.filter(({ subject }) => subject.label === 'recorded'),
      ({ subject }) => subject.name,
    ),
    whole: Object.fromEntries([...wholeDays].map(([name, days]) => [name, atMostThree(days)])),
  }
}

/** What is bounded cannot be more often than that, whatever the interval of what is not. */
function atMostThree(days: readonly number[]): Rate {
  const rate = rateOf(days)
  return { ...rate, high: Math.min(ALERTS_AN_IDENTITY_A_DAY, rate.high) }
}

const share = (found: number, of: number): Share => ({ of, found, ...wilson(found, of) })
const shareOf = (told: readonly Told[]): Share =>
  share(told.filter(({ step }) => step !== undefined).length, told.length)
const installsOf = (told: readonly Told[]): Installs => ({
  ...shareOf(told),
  alerts: told.reduce((sum, { alerts }) => sum + alerts, 0),
})

function groups(told: readonly Told[], key: (one: Told) => string): Map<string, Told[]> {
  const found = new Map<string, Told[]>()
  for (const one of told) {
    const own = found.get(key(one))
    if (own) own.push(one)
    else found.set(key(one), [one])
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const grouped = <T>(
  told: readonly Told[],
  key: (one: Told) => string,
  sumUp: (of: readonly Told[]) => T,
): Record<string, T> =>
  Object.fromEntries([...groups(told, key)].map(([name, of]) => [name, sumUp(of)]))

const shares = (told: readonly Told[], key: (one: Told) => string): Record<string, Share> =>
  grouped(told, key, shareOf)

const middle = (values: readonly number[]) => ({
  median: quantile(values, 0.5),
  p90: quantile(values, 0.9),
})

function limitOf(sizes: Readonly<Record<string, Share>>): number | undefined {
  let limit: number | undefined
  for (const bytes of [...GRID.bytes].reverse()) {
    const at = sizes[`${bytes}`]
    if (at === undefined || at.found * 2 < at.of) return limit
    limit = bytes
  }
  return limit
}

function rankOf(
  machines: readonly MachineResult[],
  detector: number,
  natural: Threshold,
): DetectorReport['rank'] {
  const scores = (label: Subject['label'], signer: string): number[] =>
    machines
      .flatMap(({ subjects }) => subjects)
      .filter((subject) => subject.label === label && (signer === '' || subject.signer === signer))
      .flatMap((subject) => subject.scores[detector]?.slice(0, 1) ?? [])
      .filter((score) => isTold(score, natural))
  return Object.fromEntries(
    ['', 'unsigned', 'adhoc', 'developer_id', 'notarized'].map((signer) => [
      signer,
      aucInterval(scores('attack', signer), scores('install', signer)),
    ]),
  )
}

/** Shares of what people install, by who vouches for it: an assumption. */
const INSTALLED: readonly { signers: readonly string[]; share: number }[] = [
  { signers: ['notarized'], share: 0.8 },
  { signers: ['developer_id'], share: 0.08 },
  { signers: ['unsigned', 'adhoc'], share: 0.12 },
]

/** undefined: of an attack, or of a part of the installs, there is none. */
function weightedRankOf(
  machines: readonly MachineResult[],
  detector: number,
  counts: (score: number) => boolean,
): number | undefined {
  const scores = (label: Subject['label'], signers?: readonly string[]): number[] =>
    machines
      .flatMap(({ subjects }) => subjects)
      .filter((one) => one.label === label && (signers?.includes(one.signer) ?? true))
      .map((one) => Math.max(Number.NEGATIVE_INFINITY, ...(one.scores[detector] ?? [])))
      .filter(counts)
  const attacks = scores('attack')
  const parts = INSTALLED.map(({ signers, share }) => {
    const area = auc(attacks, scores('install', signers))
    return area === undefined ? undefined : area * share
  })
  return parts.reduce<number | undefined>(
    (sum, part) => (sum === undefined || part === undefined ? undefined : sum + part),
    0,
  )
}
