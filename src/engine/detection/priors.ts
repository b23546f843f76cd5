// What is assumed, in the open: how often each kind of program sends at all, and where an attack is expected. They are choices. An
// exposure that is wrong makes alerts of a kind more or less frequent than its part of the budget; a prior that is wrong moves
// recall between kinds by two or three points in a hundred, measured on an injection grid.
import type { Class } from './classes.ts'

export type Prior = {
  /** Share of a host's sending pairs a day that are of it. */
  exposure: number
  /** Share of the budget that it may spend: for attacks spread evenly over sizes the optimum is how likely an attack is of it. */
  attack: number
}

export const BY_CLASS: Record<
  Class,
  Prior & { /** Of the programs that are installed. */ installs: number }
> = {
  unvouched: { exposure: 0.1, attack: 0.5, installs: 0.25 },
  script: { exposure: 0.05, attack: 0.2, installs: 0.02 },
  identified: { exposure: 0.05, attack: 0.15, installs: 0.15 },
  notarized: { exposure: 0.4, attack: 0.1, installs: 0.6 },
  platform: { exposure: 0.45, attack: 0.05, installs: 0.01 },
}

/** By age: under a day, a week, 30 days, older. */
export const BY_AGE: readonly Prior[] = [
  { exposure: 0.04, attack: 0.6 },
  { exposure: 0.06, attack: 0.15 },
  { exposure: 0.15, attack: 0.13 },
  { exposure: 0.75, attack: 0.12 },
]

/** By destination, of a program that is older than a day: on its first all are new. */
export const BY_DESTINATION: { new: Prior; known: Prior } = {
  new: { exposure: 0.2, attack: 0.9 },
  known: { exposure: 0.8, attack: 0.1 },
}

/** Programs that are installed on a host in a day. */
export const INSTALLS_A_DAY = 0.1

/** How a budget is split between what got hardly an answer and what got one. */
export const BY_RATIO = { hard: 0.8, soft: 0.2 } as const
