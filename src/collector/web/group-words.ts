// What is said of alerts that are like one another, and of how many a list has. Pure.
import type { AlertGroup } from '../views/page-api.ts'
import { countText, endpointText, fileName } from './format.ts'
import { isReplayed, runForText } from './words.ts'

type Named = Pick<AlertGroup, 'programs' | 'newest'>

/** Whose doing the alerts of a group are: what was run, and for whom or by whom, where that makes the group. */
export function groupActor({ programs, newest }: Named): {
  what: string
  how: string
  whom: string
} {
  const { actor, application } = newest
  const name = application.name || application.key
  const what = programs === 1 ? name : `${countText(programs)} programs`
  if (actor.as === 'itself') return { what, how: '', whom: '' }
  if (actor.as === 'for') return { what, how: 'run for', whom: runForText(actor) }
  const whom = actor.script === '' ? actor.path : `${fileName(actor.path)} ${actor.script}`
  return { what, how: 'started by', whom }
}

/** Where they went: a registered domain or a network, with the port. */
export const groupPlaceText = ({ newest: { destination } }: Named): string =>
  destination.key || endpointText(destination.address, destination.port)

/** Of how many machines, or recordings: none of those is a machine, and a group is of the one or the other. */
export function machinesText({
  machines,
  newest,
}: Pick<AlertGroup, 'machines' | 'newest'>): string {
  const what = isReplayed(newest.device) ? 'recording' : 'machine'
  return machines === 1 ? `1 ${what}` : `${countText(machines)} ${what}s`
}

/** How much of a list is on the page: rows, of how many, which are how many alerts. */
export function groupedText(
  shown: number,
  { total, alerts }: { total: number; alerts: number },
  isFiltered: boolean,
): string {
  const found = isFiltered ? ' found' : ''
  const all = `${countText(alerts)} ${alerts === 1 ? 'alert' : 'alerts'}${found}`
  if (total === alerts) return shown < total ? `${countText(shown)} of ${all}.` : `${all}.`
  const rows = (count: number) => `${countText(count)} ${count === 1 ? 'row' : 'rows'}`
  return shown < total
    ? `${all}, in ${rows(total)}; ${countText(shown)} of them are shown.`
    : `${all}, in ${rows(total)}.`
}

/** How much of a group is on the page. */
export const membersText = (shown: number, total: number): string =>
  shown < total
    ? `${countText(shown)} of its ${countText(total)} alerts.`
    : `Its ${countText(total)} alerts.`
