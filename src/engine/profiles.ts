// Profiles: sets of what a policy says where it is not said. docs/policy.md has them as a table.

/** What a profile decides; a field that a document has itself is the document's. */
export type ProfileDefaults = {
  /** False alerts that a host may have in a day, on average. */
  budgetPerHostDay: number
  /** Programs that nobody vouches for and that are new on a host in a day, before its own days say how many. */
  newProgramsPerDay: number
}

export const PROFILES = {
  balanced: { budgetPerHostDay: 0.1, newProgramsPerDay: 0.2 },
  quiet: { budgetPerHostDay: 0.03, newProgramsPerDay: 0.2 },
  sensitive: { budgetPerHostDay: 0.5, newProgramsPerDay: 0.2 },
  // A host that builds has a dozen, which it would be a week to find out; this is what its own days come to in two.
  'developer-workstation': { budgetPerHostDay: 0.1, newProgramsPerDay: 2 },
} as const satisfies Record<string, ProfileDefaults>

export type ProfileName = keyof typeof PROFILES

/** Without a policy, and without a profile in one. */
export const DEFAULT_PROFILE: ProfileName = 'balanced'

export const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[]

/** Below, a fleet of 100 hosts would have one false alert a day, and little is told; above, nothing more is found (docs/policy.md). */
export const BUDGET_MIN = 0.01
export const BUDGET_MAX = 1
/** More says no more: a new program never says less than a quarter (new-programs.ts). */
export const NEW_PROGRAMS_MAX = 20

/** What a number of a profile may be. */
export const PROFILE_BOUNDS = {
  budgetPerHostDay: [BUDGET_MIN, BUDGET_MAX],
  newProgramsPerDay: [0, NEW_PROGRAMS_MAX],
} as const satisfies Record<keyof ProfileDefaults, readonly [min: number, max: number]>
