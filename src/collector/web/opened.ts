// Groups of the list that were opened: their alerts, by page. What is opened stays so while the list is asked for again, and
// is asked for again itself where an alert of it was told or its row has changed.
import { effect, signal } from '@preact/signals'
import type { AlertGroup, AlertSummary } from '../views/page-api.ts'
import { type AlertsAsked, type ApiError, getAlerts } from './api.ts'
import { signOut } from './feed.ts'
import { ROWS_MAX } from './lists.ts'
import { alertTold } from './state.ts'

/** So many alerts of a group at once: a page of a list, and no more than one looks through. */
export const MEMBERS_A_PAGE = 50

/** The list that groups are opened in: its address, its question, its rows. */
export type List = { of: string; asked: AlertsAsked; groups: readonly AlertGroup[] }

export type Opened = {
  /** Undefined until the first answer. */
  rows: readonly AlertSummary[] | undefined
  total: number
  next: string | undefined
  /** Empty, or why it is not what it should be. */
  error: string
  /** The list, and the row, that it was asked for. */
  of: string
}

/** By the ids of their groups. */
export const opened = signal<ReadonlyMap<string, Opened>>(new Map())
/** Groups of which an alert was told since they were asked for; 'any': unheard. */
const told = new Set<string>()
/** The question of each that counts: a later one makes an earlier one's answer void. */
const turns = new Map<string, number>()

const CLOSED: Opened = { rows: undefined, total: 0, next: undefined, error: '', of: '' }

/** What is shown below the row of a group; undefined: it is not opened, or is one alert. */
export const membersOf = (group: AlertGroup): Opened | undefined =>
  group.alerts > 1 ? opened.value.get(group.id) : undefined

/** Those opened last stand last. */
export const openedIds = (): string[] => [...opened.value.keys()]

const put = (id: string, entry: Opened): void => {
  opened.value = new Map(opened.value).set(id, entry)
}

/** Opens a group of the list, or closes it. */
export function toggle(list: List, group: AlertGroup): void {
  const { id } = group
  if (opened.value.has(id)) {
    const others = new Map(opened.value)
    others.delete(id)
    opened.value = others
    return
  }
  put(id, CLOSED)
  void askMembers(list, group)
}

/** Alerts behind those that are shown. */
export const moreMembers = (list: List, group: AlertGroup): Promise<void> =>
  askMembers(list, group, opened.value.get(group.id)?.next)

/**
 * After the list was asked for: what is opened and may have changed, and what is to be open by the address. Groups that left
 * the list are closed.
 */
export async function refreshOpened(list: List, open: readonly string[]): Promise<void> {
  const groups = new Map(list.groups.map((group) => [group.id, group]))
  const held = new Map([...opened.value].filter(([id]) => groups.has(id)))
  const added = open.filter((id) => !held.has(id) && (groups.get(id)?.alerts ?? 0) > 1)
  for (const id of added) held.set(id, CLOSED)
  if (added.length > 0 || held.size !== opened.value.size) opened.value = held
  const isAnyTold = told.delete('any')
  const stale = [...opened.value].flatMap(([id, { of }]) => {
    const group = groups.get(id) as AlertGroup
    return told.delete(id) || isAnyTold || of !== rowOf(list, group) ? [group] : []
  })
  await Promise.all(stale.map((group) => askMembers(list, group)))
}

const rowOf = ({ of }: List, { alerts, bytesOut, newest }: AlertGroup): string =>
  `${of} ${alerts} ${bytesOut} ${newest.storedAt}`

async function askMembers(list: List, group: AlertGroup, after?: string): Promise<void> {
  const { id } = group
  const turn = (turns.get(id) ?? 0) + 1
  turns.set(id, turn)
  const held = opened.value.get(id)
  const rows = after ? MEMBERS_A_PAGE : Math.max(MEMBERS_A_PAGE, held?.rows?.length ?? 0)
  const isShown = () => turns.get(id) === turn && opened.value.has(id)
  try {
    const asked = { ...list.asked, group: id, after }
    const { alerts, total, next } = await getAlerts(Math.min(ROWS_MAX, rows), asked)
    if (!isShown()) return
    const before = (after && held?.rows) || []
    put(id, { rows: [...before, ...alerts], total, next, error: '', of: rowOf(list, group) })
  } catch (cause) {
    const { code, message } = cause as ApiError
    if (code === 'signed_out') signOut()
    else if (isShown()) put(id, { ...(held ?? CLOSED), error: message })
  }
}

/** Notes of which groups alerts are told. Until the returned function is called. */
export const installOpened = (): (() => void) =>
  effect(() => {
    const { group } = alertTold.value
    if (group === '') told.add('any')
    else if (opened.peek().has(group)) told.add(group)
  })
