// What a filter finds: the collector is asked, since it keeps far more than this page holds. The newest answer counts.
import { effect, signal } from '@preact/signals'
import type { AlertSummary, TriageCounts } from '../page-api.ts'
import { type AlertsAsked, type ApiError, getAlerts } from './api.ts'
import { signOut } from './feed.ts'
import { ROWS_MAX } from './lists.ts'
import { type AlertsRoute, isFiltered, routeHash, statusAsked } from './route.ts'
import { alerts, alertsTold, route } from './state.ts'
import { NO_COUNTS } from './triage-words.ts'

/** Keys typed within this time are one question. */
const TYPED_MS = 200
/** While alerts arrive, the same question is asked again so often. */
const AGAIN_MS = 1000
const PAGE_ROWS = 100

/** The answer to the list that `of` is the address of. */
export type Found = {
  of: string
  rows: readonly AlertSummary[]
  /** Of all that match. */
  total: number
  /** Of all that match but for their status. */
  statuses: TriageCounts
  next: string | undefined
  /** Empty, or why it is not what it should be. */
  error: string
}

export const found = signal<Found | undefined>(undefined)

/** The rows of a list in its order; undefined while they are asked for. */
export function listed(at: AlertsRoute): readonly AlertSummary[] | undefined {
  if (!isFiltered(at)) return alerts.value.rows
  return found.value?.of === routeHash(at) ? found.value.rows : undefined
}

const askedOf = ({ severity, query, status }: AlertsRoute): AlertsAsked => ({
  severity,
  query,
  status: statusAsked(status),
})

async function ask(at: AlertsRoute, after?: string): Promise<void> {
  const of = routeHash(at)
  const held = found.value?.of === of ? found.value : undefined
  // Asked again, it stays as long as it has become.
  const limit = after ? PAGE_ROWS : Math.min(ROWS_MAX, Math.max(PAGE_ROWS, held?.rows.length ?? 0))
  try {
    const {
      alerts: rows,
      total,
      next,
      statuses,
    } = await getAlerts(limit, {
      ...askedOf(at),
      after,
    })
    if (!isShown(of)) return
    found.value = {
      of,
      rows: after && held ? [...held.rows, ...rows] : rows,
      total,
      statuses,
      next,
      error: '',
    }
  } catch (cause) {
    const { code, message } = cause as ApiError
    if (code === 'signed_out') signOut()
    else if (isShown(of))
      found.value = {
        ...(held ?? { of, rows: [], total: 0, statuses: NO_COUNTS, next: undefined }),
        error: message,
      }
  }
}

const isShown = (of: string): boolean => routeHash(route.value) === of

/** Rows behind those that are shown. */
export const askMore = async (at: AlertsRoute): Promise<void> => {
  const next = found.value?.of === routeHash(at) ? found.value.next : undefined
  if (next !== undefined) await ask(at, next)
}

/** Asks when the address asks for something else, and again when alerts have arrived. Until the returned function is called. */
export function installFound(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let of = ''
  let told = -1
  const end = effect(() => {
    const at = route.value
    const toldNow = alertsTold.value
    if (at.page !== 'alerts' || !isFiltered(at)) {
      clearTimeout(timer)
      timer = undefined
      of = ''
      return
    }
    const hash = routeHash(at)
    if (hash === of && (toldNow === told || timer !== undefined)) return
    const delayMs = hash !== of ? (of === '' ? 0 : TYPED_MS) : AGAIN_MS
    clearTimeout(timer)
    of = hash
    timer = setTimeout(() => {
      timer = undefined
      told = alertsTold.peek()
      void ask(at)
    }, delayMs)
  })
  return () => {
    clearTimeout(timer)
    end()
  }
}
