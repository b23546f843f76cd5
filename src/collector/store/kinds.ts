// What is kept of a device beside its alerts, and what there may be too much of.
export const KINDS = ['inventory', 'summaries', 'health', 'ids'] as const
export type Kind = (typeof KINDS)[number]

export const WHAT: Record<Kind, string> = {
  inventory: 'names and sightings',
  summaries: 'hourly summaries',
  health: 'health events',
  ids: 'ids of items',
}

/** What there is no room in: a budget of the device, or what all devices may have together. */
export type Over = Kind | 'total'

export const overBudget = (over: Over): string =>
  over === 'total'
    ? 'all devices together have more than is kept beside alerts, and this one most: its oldest give way in a minute'
    : `more ${WHAT[over]} than are kept of one device: the oldest give way in a minute`
