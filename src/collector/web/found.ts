// The list of alerts: the collector is asked, since it keeps far more than this page holds, and puts those that are like one
// another into one row. The newest answer counts.
import { batch, effect, signal } from '@preact/signals'
import type { AlertGroup, AlertSummary, TriageCounts } from '../views/page-api.ts'
import { type AlertsAsked, type ApiError, getAlertGroups } from './api.ts'
import { signOut } from './feed.ts'
import { ROWS_MAX } from './lists.ts'
import { membersOf, openedIds, refreshOpened } from './opened.ts'
import { type AlertsRoute, changed, listHash, OPEN_MAX, type Route, statusAsked } from './route.ts'
import { alertsTold, go, minuteMs, route } from './state.ts'
import { asked as askedRange, isRelative, isReversed } from './time-range.ts'
import { NO_COUNTS } from './triage-words.ts'

/** Keys typed within this time are one question. */
const TYPED_MS = 200
/** While alerts arrive, the same question is asked again so often, and of the first of them so soon. */
const AGAIN_MS = 1000
const SOON_MS = 50
const PAGE_ROWS = 100

/** The answer to the list that `of` is the address of. */
export type Found = {
  of: string
  /** The question: a time before now is that of when it was asked, also for what follows. */
  asked: AlertsAsked
  groups: readonly AlertGroup[]
  /** Groups of all that match, and the alerts in them. */
  total: number
  alerts: number
  /** Of all that match but for their status. */
  statuses: TriageCounts
  next: string | undefined
  /** Empty, or why it is not what it should be. */
  error: string
  /** `alertsTold` when it was asked. */
  told: number
}

export const found = signal<Found | undefined>(undefined)
/** The question that is asked last, and what waits for its answer. */
let turn = 0
let running: Promise<void> = Promise.resolve()

/** The groups of a list in its order; undefined while they are asked for. */
export const listed = (at: AlertsRoute): Found | undefined =>
  found.value?.of === listHash(at) ? found.value : undefined

/** The alerts of a list in its order: of a group that is not opened the newest. */
export const listedAlerts = (at: AlertsRoute): readonly AlertSummary[] =>
  (listed(at)?.groups ?? []).flatMap((group) => membersOf(group)?.rows ?? [group.newest])

function askedOf(at: AlertsRoute): AlertsAsked {
  const { severity, query, status, sort } = at
  return { severity, query, sort, status: statusAsked(status), ...askedRange(at, Date.now()) }
}

async function ask(at: AlertsRoute, after?: string): Promise<void> {
  const mine = ++turn
  const of = listHash(at)
  const isShown = () => {
    const now = route.value
    return mine === turn && now.page === 'alerts' && listHash(now) === of
  }
  const held = listed(at)
  // Asked again, it stays as long as it has become.
  const rows = after ? PAGE_ROWS : Math.max(PAGE_ROWS, held?.groups.length ?? 0)
  const asked = after && held ? held.asked : askedOf(at)
  const told = alertsTold.peek()
  try {
    if (isReversed(at, Date.now())) throw new Error('The time range ends before it begins.')
    const answer = await getAlertGroups(Math.min(ROWS_MAX, rows), { ...asked, after })
    if (!isShown()) return
    const list: Found = {
      of,
      asked,
      groups: after && held ? [...held.groups, ...answer.groups] : answer.groups,
      total: answer.total,
      alerts: answer.alerts,
      statuses: answer.statuses ?? held?.statuses ?? NO_COUNTS,
      next: answer.next,
      error: '',
      told: after && held ? held.told : told,
    }
    let refreshed: Promise<void> | undefined
    // At once, so that the address is not written anew between the two.
    batch(() => {
      found.value = list
      refreshed = refreshOpened(list, at.open ?? [])
    })
    await refreshed
  } catch (cause) {
    const { code, message } = cause as ApiError
    if (code === 'signed_out') signOut()
    else if (isShown()) found.value = { ...(held ?? nothing(of, asked)), error: message, told }
  }
}

const nothing = (of: string, asked: AlertsAsked): Found => ({
  ...{ of, asked, groups: [], total: 0, alerts: 0 },
  ...{ statuses: NO_COUNTS, next: undefined, error: '', told: 0 },
})

/** After what is asked of the same list already, so that neither answer is lost. */
function askInTurn(at: AlertsRoute, question: () => Promise<void>): Promise<void> {
  const hash = listHash(at)
  const isSame = runningOf === hash
  runningOf = hash
  running = isSame ? running.then(question) : question()
  return running
}
let runningOf = ''

/** Rows behind those that are shown. */
export const askMore = (at: AlertsRoute): Promise<void> =>
  askInTurn(at, async () => {
    const next = listed(at)?.next
    if (next !== undefined) await ask(at, next)
  })

/** Goes where an address leads, which the browser has already: also to what it says is opened in the list that is shown. */
export const arrive = (to: Route): void =>
  batch(() => {
    route.value = to
    const list = to.page === 'alerts' ? listed(to) : undefined
    if (list && to.page === 'alerts' && to.open) void refreshOpened(list, to.open)
  })

/**
 * Asks when the address asks for something else, again when alerts have arrived, and each minute where the list ends so long
 * before now. Until the returned function is called.
 */
export function installFound(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let shown: AlertsRoute | undefined
  let askedFor = ''
  let askedAtMs = 0
  const end = effect(() => {
    const at = route.value
    if (at.page !== 'alerts') {
      clearTimeout(timer)
      timer = undefined
      shown = undefined
      return
    }
    const minute = isRelative(at.from ?? '') ? minuteMs.value : 0
    const hash = listHash(at)
    const reason = `${hash} ${alertsTold.value} ${minute}`
    const isSame = shown !== undefined && listHash(shown) === hash
    if (isSame && (reason === askedFor || timer !== undefined)) return
    const isTyped = !isSame && shown !== undefined && shown.query !== at.query
    const delayMs = isSame
      ? Math.max(SOON_MS, askedAtMs + AGAIN_MS - performance.now())
      : isTyped
        ? TYPED_MS
        : 0
    clearTimeout(timer)
    shown = at
    timer = setTimeout(() => {
      timer = undefined
      askedAtMs = performance.now()
      askedFor = `${hash} ${alertsTold.peek()} ${isRelative(at.from ?? '') ? minuteMs.peek() : 0}`
      void askInTurn(at, () => ask(at))
    }, delayMs)
  })
  // A reload, or another who is sent the address, opens what is opened.
  const endAddress = effect(() => {
    const at = route.value
    if (at.page !== 'alerts' || found.value?.of !== listHash(at)) return
    const open = openedIds().slice(-OPEN_MAX)
    if (open.join() !== (at.open ?? []).join()) go(changed(at, { open }), true)
  })
  return () => {
    clearTimeout(timer)
    end()
    endAddress()
  }
}
