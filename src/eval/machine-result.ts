// What all detectors said of one machine's day, with the truth: small, plain JSON, so that an evaluation can be taken up where
// it was broken off.
import type { ActorLabel, Signer } from './actor.ts'

/** Since the actor's first report. */
export type ResultStep = [afterMs: number, score: number, bytesOut: number]

/** One actor that is not of the ordinary day. */
export type Subject = {
  label: Exclude<ActorLabel, 'app'>
  name: string
  signer: Signer
  /** Place in allCells; -1 where it is of no grid. */
  cell: number
  /** Bytes out in all, and at the first report at which an alert was possible. */
  bytesOut: number
  possibleOut: number
  /** Per detector, in the order of MachineResult.detectors: what it told, the highest of its alerts at each time; null: it was not asked. */
  steps: (ResultStep[] | null)[]
  /** Per detector: the highest score of each alert, at most three, as one identity has a day; null: it was not asked. */
  scores: (number[] | null)[]
}

export type MachineResult = {
  seed: number
  /** Of the log that it is; empty: made up. */
  name: string
  /** Reports of counters on the day, the injected ones apart. */
  reports: number
  injectedReports: number
  /** How long reading them took, all detectors together, ms of a monotonic clock: not a part of what is compared. */
  tookMs: number
  detectors: string[]
  /** Per detector: the highest score of each alert on an ordinary program, at most three of one. */
  apps: number[][]
  /** The whole machine as one program, per way and detector; null: it was not asked. */
  whole: { name: string; scores: (number[] | null)[] }[]
  subjects: Subject[]
}

export const ALERTS_AN_IDENTITY_A_DAY = 3
