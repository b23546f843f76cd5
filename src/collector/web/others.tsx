// How many other alerts there are that have something in common with one, and the way to them.
import { useEffect, useState } from 'preact/hooks'
import type { AlertDetail } from '../views/page-api.ts'
import { type ApiError, getAlerts } from './api.ts'
import { signOut } from './feed.ts'
import { countText } from './format.ts'
import { exactly, routeHash } from './route.ts'
import { alertsTold } from './state.ts'

/** Over all that the collector keeps, closed or not. */
export function Others({ alert }: { alert: AlertDetail }) {
  const { destination, application, device } = alert
  return (
    <ul class="others" aria-label="Other alerts">
      <Other query={exactly('to', destination.key)} what="to this destination" />
      <Other query={exactly('app', application.key)} what="of this program" />
      <Other query={exactly('host', device.id)} what="of this machine" />
    </ul>
  )
}

function Other({ query, what }: { query: string; what: string }) {
  const [total, setTotal] = useState<number | string | undefined>(undefined)
  const told = alertsTold.value
  useEffect(() => {
    let stale = false
    const timer = setTimeout(
      () => {
        getAlerts(1, { query }).then(
          (found) => !stale && setTotal(found.total),
          (cause: ApiError) => {
            if (stale) return
            if (cause.code === 'signed_out') signOut()
            setTotal(cause.message)
          },
        )
      },
      total === undefined ? 0 : AGAIN_MS,
    )
    return () => {
      stale = true
      clearTimeout(timer)
    }
  }, [query, told])
  if (total === undefined) return <li class="quiet">Asking for others {what} …</li>
  if (typeof total === 'string')
    return (
      <li class="quiet">
        Others {what}: {total}
      </li>
    )
  const others = Math.max(0, total - 1)
  if (others === 0) return <li class="quiet">No other alert {what}</li>
  return (
    <li>
      <a href={routeHash({ page: 'alerts', severity: undefined, query, status: 'all' })}>
        {countText(others)} other {others === 1 ? 'alert' : 'alerts'} {what}
      </a>
    </li>
  )
}

/** While alerts arrive they are counted again so late after the last one: each count looks at the whole store. */
const AGAIN_MS = 1000
