// Profiles: sets of what a policy says where it is not said. docs/policy.md has them as a table.

/** What a profile decides; a field that a document has itself is the document's. */
export type ProfileDefaults = {
  /** False alerts that a host may have in a day, on average. */
  budgetPerHostDay: number
}

export const PROFILES = {
  balanced: { budgetPerHostDay: 0.1 },
  quiet: { budgetPerHostDay: 0.03 },
  sensitive: { budgetPerHostDay: 0.5 },
  'developer-workstation': { budgetPerHostDay: 0.1 },
} as const satisfies Record<string, ProfileDefaults>

export type ProfileName = keyof typeof PROFILES

/** Without a policy, and without a profile in one. */
export const DEFAULT_PROFILE: ProfileName = 'balanced'

export const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[]

/** Below, a fleet of 100 hosts would have one false alert a day, and little is told; above, nothing more is found (docs/policy.md). */
export const BUDGET_MIN = 0.01
export const BUDGET_MAX = 1

export const isProfileName = (value: unknown): value is ProfileName =>
  typeof value === 'string' && Object.hasOwn(PROFILES, value)
