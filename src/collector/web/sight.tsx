// What a machine did not see while an alert of it went on: figures that may be too small, and why.
import { useEffect, useState } from 'preact/hooks'
import type { AlertDetail, HealthInfo } from '../page-api.ts'
import { type ApiError, getUnseen } from './api.ts'
import { signOut } from './feed.ts'
import { Clock } from './parts.tsx'
import { health } from './state.ts'

/** A loss that goes on is said once a minute, of what came before. */
const SAID_LATE_NS = 120_000_000_000n
const SHOWN_MAX = 5

export function Sight({ alert }: { alert: AlertDetail }) {
  const [events, setEvents] = useState<HealthInfo[] | string>([])
  const { device, timeline, updatedAt } = alert
  // It is asked again when the machine has told something more.
  const told = health.value.find(({ deviceId }) => deviceId === device.id)
  useEffect(() => {
    let stale = false
    getUnseen(device.id, BigInt(timeline.startAt), BigInt(updatedAt) + SAID_LATE_NS).then(
      (found) => !stale && setEvents(found.events),
      (cause: ApiError) => {
        if (stale) return
        if (cause.code === 'signed_out') signOut()
        setEvents(cause.message)
      },
    )
    return () => {
      stale = true
    }
  }, [device.id, timeline.startAt, updatedAt, told])
  if (typeof events === 'string')
    return <p class="quiet">Whether anything was lost meanwhile is not known: {events}</p>
  if (events.length === 0) return null
  return (
    <div class="sight">
      <p>While it went on, not all was seen on this machine: figures here may be too small.</p>
      <ul aria-label="Not seen meanwhile">
        {events.slice(0, SHOWN_MAX).map((event, index) => (
          <li key={`${event.at} ${index}`}>
            <Clock at={event.at} /> {event.text}
          </li>
        ))}
        {events.length > SHOWN_MAX && <li>and {events.length - SHOWN_MAX} more, on its page</li>}
      </ul>
    </div>
  )
}
