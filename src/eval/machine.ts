// One machine of an evaluation: its days are told, every detector reads them, and what it said is held against the truth.
import type { Actor, Signer } from './actor.ts'
import type { Detector, Raised } from './detector.ts'
import { EVASIONS } from './evasions.ts'
import { attackOf, type Cell } from './grid.ts'
import { DAYS_BEFORE, type Host } from './host.ts'
import { byActor, courseOf, scoresOf, stepsOf } from './judging.ts'
import type { MachineResult, Subject } from './machine-result.ts'
import { OWN_DAYS, type OwnDay } from './own-days.ts'
import type { Population } from './population.ts'
import { createRandom } from './random.ts'
import { recordedStrangers, traceOf } from './recorded.ts'
import { createRivals } from './rivals.ts'
import { type Told, tellBefore, tellDay } from './telling.ts'
import { askedAll, engines } from './today.ts'
import type { Workload } from './workload.ts'

export type MachinePlan = {
  host: Host
  /** Attacks of the grid, with their place in allCells. */
  attacks: readonly { cell: Cell; at: number }[]
  /** What was recorded: installs and attacks beside the made-up ones. */
  workloads: readonly Workload[]
  /** The engine with each term left out as well. */
  withTerms: boolean
  /** And by rarity with how programs came to run. */
  withContext?: boolean
  /** What all machines send ordinarily; undefined: nobody knows. */
  population?: Population | undefined
  /** Monotonic, ms. */
  nowMs: () => number
}

type Rivals = ReturnType<typeof createRivals>

/** Numbers of evasions' addresses begin here, beyond those of a machine's attacks. */
const EVASIONS_FROM = 20_000
const NUMBERS_AN_EVASION = 200
const RECORDED_FROM = 40_000
const SLEPT_FROM = 50_000

/** What costs eight days of reading each is tried on one machine in five, of both halves. */
const COSTLY_EACH = 5

type Whole = { name: string; signer: Signer; isKnown: boolean }
/** Ways to take a whole machine for one program: new that day or known for long, by each signer. */
const WHOLE: readonly Whole[] = ([false, true] as const).flatMap((isKnown) =>
  (['unsigned', 'adhoc', 'developer_id', 'notarized', 'app_store', 'platform'] as const).map(
    (signer) => ({ name: `${isKnown ? 'known' : 'new'}, ${signer}`, signer, isKnown }),
  ),
)
/** Known by a signer, it has its own days before. */
const isCostly = ({ signer, isKnown }: Whole): boolean => isKnown && signer !== 'unsigned'

export function runMachine(plan: MachinePlan): MachineResult {
  const { host } = plan
  const rivals = createRivals(plan.population)
  const ofEngine = engines(plan)
  const [asked, unasked] = [ofEngine.slice(0, askedAll(plan)), ofEngine.slice(askedAll(plan))]
  const all = [...ofEngine, ...rivals.detectors]
  const injected = injectedInto(plan)
  const ordinary = host.day(0)
  const told = tellDay([...ordinary, ...injected.keys()])
  const before = tellBefore(daysBeforeOf(host, [...injected.keys()]))
  const startMs = plan.nowMs()
  const raised = [...readEach(ofEngine, before, told), ...readRivals(rivals, before, told)]
  const tookMs = plan.nowMs() - startMs
  const outcomes = raised.map((alerts) => byActor(alerts, told.actors))
  const bearsCost = host.name === '' && host.seed % COSTLY_EACH === 0
  const ownDays = bearsCost
    ? OWN_DAYS.map((day) => ownDayOf(day, { ordinary, before, asked, unasked, rivals }))
    : []
  return {
    seed: host.seed,
    name: host.name,
    reports: reportsOf(ordinary),
    injectedReports: ownDays.reduce(
      (sum, { reports }) => sum + reports,
      reportsOf(injected.keys()),
    ),
    tookMs,
    detectors: all.map(({ name }) => name),
    apps: outcomes.map((found) => ordinary.flatMap((actor) => scoresOf(found.get(actor) ?? []))),
    whole: WHOLE.filter((way) => bearsCost || !isCostly(way)).map((way, index) => {
      const { engineScores, rivalScores } = wholeOf(host, way, {
        // What a term is worth is asked of the first way alone: a way costs seven days of reading, for each of them.
        engines: index === 0 ? ofEngine : asked,
        // No rival knows of signers: one is as all.
        rivals: way.signer === 'unsigned' ? rivals : undefined,
      })
      const ofOthers = ofEngine.slice(engineScores.length).map(() => null)
      const ofRivals = rivalScores ?? rivals.detectors.map(() => null)
      return { name: way.name, scores: [...engineScores, ...ofOthers, ...ofRivals] }
    }),
    subjects: [
      ...[...injected].map(([actor, cell]) => subjectOf(actor, cell, outcomes)),
      ...ownDays.map(({ subject }) => subject),
    ],
  }
}

/** With their cell, -1 where they have none. */
function injectedInto({ host, attacks, workloads }: MachinePlan): Map<Actor, number> {
  const random = createRandom(host.seed * 7_919 + 1)
  const injected = new Map<Actor, number>()
  for (const [index, { cell, at }] of attacks.entries())
    injected.set(attackOf(cell, index + 1, random), at)
  for (const actor of host.installs()) injected.set(actor, -1)
  // A log is a machine as it was: what its own day has is what it tells.
  if (host.name !== '') return injected
  for (const [index, evasion] of EVASIONS.entries())
    injected.set(evasion.actor(EVASIONS_FROM + index * NUMBERS_AN_EVASION), -1)
  for (const actor of recordedStrangers(workloads, RECORDED_FROM, random)) injected.set(actor, -1)
  return injected
}

/** The earliest first. A day's builds and installs are of that day alone: what is new on a host ordinarily is learnt from them. */
export const daysBeforeOf = (
  host: Host,
  injected: readonly Actor[],
): { daysBefore: number; actors: Actor[] }[] =>
  DAYS_BEFORE.map((daysBefore) => ({
    daysBefore,
    actors: [...host.day(daysBefore), ...earlierOn(daysBefore, injected)],
  }))

/** Strangers who have slept used the network once, so many days before; others what they say, on each of the days. */
const SLEPT_DAYS = 31

const earlierOn = (daysBefore: number, injected: readonly Actor[]): Actor[] =>
  injected
    .filter(({ isKnown }) => isKnown)
    .flatMap((actor, index) => {
      const slept = daysBefore === SLEPT_DAYS ? traceOf(SLEPT_FROM + index) : []
      return [{ ...actor, sendings: actor.earlier ?? slept }]
    })

/** What a machine has, whatever is tried on it. */
type Ordinary = {
  ordinary: readonly Actor[]
  before: Uint8Array
  /** Engines that are asked of it, and that are not. */
  asked: readonly Detector[]
  unasked: readonly Detector[]
  rivals: Rivals
}

/** The machine's ordinary day, on which one thing is tried: what is said of the victim, and how many reports all that made. */
function ownDayOf(
  { victim, beside, clock }: OwnDay,
  { ordinary, before, asked, unasked, rivals }: Ordinary,
): { subject: Subject; reports: number } {
  const told = tellDay([...ordinary, ...beside, victim], clock)
  // What a term is worth is not asked of it, as of a whole machine.
  const raised = [...readEach(asked, before, told), ...readRivals(rivals, before, told)]
  const found = raised.map((alerts) => byActor(alerts, told.actors))
  const outcomes = [
    ...found.slice(0, asked.length),
    ...unasked.map(() => null),
    ...found.slice(asked.length),
  ]
  return {
    subject: subjectOf(victim, NO_CELL, outcomes),
    reports: reportsOf([...beside, victim]),
  }
}

const reportsOf = (actors: Iterable<Actor>): number =>
  [...actors]
    .flatMap(({ sendings }) => sendings)
    .reduce((sum, { points }) => sum + points.length + 1, 0)

const NO_CELL = -1
/** What each detector said of one actor; null: it was not asked. */
function subjectOf(
  actor: Actor,
  cell: number,
  outcomes: readonly (ReadonlyMap<Actor, Raised[]> | null)[],
): Subject {
  const course = courseOf(actor)
  const alertsOf = outcomes.map((found) => found && (found.get(actor) ?? []))
  const { label, name, signer } = actor
  return {
    ...{ label: label as Subject['label'], name, signer, cell },
    ...{ bytesOut: course.bytesOut, possibleOut: course.possibleOut },
    steps: alertsOf.map((alerts) => alerts && stepsOf(alerts, course)),
    scores: alertsOf.map((alerts) => alerts && scoresOf(alerts)),
  }
}

const readEach = (engines: readonly Detector[], before: Uint8Array, told: Told): Raised[][] =>
  engines.map((detector) => {
    const run = detector.start()
    if (before.length > 0) run.before(before)
    return run.day(told.records)
  })

/** They share a reading. */
function readRivals(rivals: Rivals, before: Uint8Array, told: Told): Raised[][] {
  const run = rivals.startAll()
  run.before(before)
  return run.day(told.records)
}

/** The ordinary day as that of one program. */
function wholeOf(
  host: Host,
  { signer, isKnown }: Whole,
  { engines, rivals }: { engines: readonly Detector[]; rivals: Rivals | undefined },
): { engineScores: number[][]; rivalScores: number[][] | undefined } {
  const asOne = (actors: readonly Actor[]): Actor[] => [
    {
      ...{ label: 'app', name: 'whole', signer, code: `whole-${host.seed}`, isKnown },
      sendings: actors.flatMap(({ sendings }) => sendings).sort((a, b) => a.atMs - b.atMs),
    },
  ]
  const told = tellDay(asOne(host.day(0)))
  const before = tellBefore(
    isKnown
      ? DAYS_BEFORE.map((daysBefore) => ({ daysBefore, actors: asOne(host.day(daysBefore)) }))
      : [],
  )
  return {
    engineScores: readEach(engines, before, told).map(scoresOf),
    rivalScores: rivals && readRivals(rivals, before, told).map(scoresOf),
  }
}
