// What a machine did not see lately, and the alerts of about that time: their figures may be too small, or one is missing.
import { useEffect, useState } from 'preact/hooks'
import type { DeviceInfo, HealthInfo } from '../views/page-api.ts'
import { type ApiError, getUnseen } from './api.ts'
import { signOut } from './feed.ts'
import { machineName } from './fleet.tsx'
import { msOf } from './format.ts'
import { Clock } from './parts.tsx'
import { exactly, routeHash } from './route.ts'
import { weakening, withStanding } from './sight-words.ts'
import { health } from './state.ts'
import { momentOf } from './time-range.ts'

const LATELY_NS = 86_400_000_000_000n
const AROUND_MS = 3_600_000
const SHOWN_MAX = 5

export function Unseen({ device }: { device: Pick<DeviceInfo, 'id' | 'hostname'> }) {
  const { id } = device

  const [events, setEvents] = useState<HealthInfo[] | string | undefined>(undefined)
  // It is asked again when the machine has told something more.
  const told = health.value.find(({ deviceId }) => deviceId === id)
  useEffect(() => {
    let stale = false
    const now = BigInt(Date.now()) * 1_000_000n
    getUnseen(id, now - LATELY_NS, now + LATELY_NS).then(
      (found) => !stale && setEvents(weakening(withStanding(found.events, []))),
      (cause: ApiError) => {
        if (stale) return
        if (cause.code === 'signed_out') signOut()
        setEvents(cause.message)
      },
    )
    return () => {
      stale = true
    }
  }, [id, told])
  if (events === undefined) return null
  if (typeof events === 'string')
    return <p class="quiet">What it did not see in the last day is not known: {events}</p>
  return (
    <section
      class={events.length === 0 ? undefined : 'sight'}
      aria-label={`Not seen in the last day on ${machineName(device)}`}
    >
      <h3>Not seen in the last day</h3>
      {events.length === 0 ? (
        <p class="quiet">Nothing that it knows of.</p>
      ) : (
        <ul>
          {events.slice(0, SHOWN_MAX).map((event, index) => (
            <li key={`${event.at} ${index}`}>
              <AlertsAround event={event} /> {event.text}
            </li>
          ))}
          {events.length > SHOWN_MAX && <li>and {events.length - SHOWN_MAX} more</li>}
        </ul>
      )}
    </section>
  )
}

/** When it was said, as a way to what the machine's alerts were then. */
export function AlertsAround({ event }: { event: Pick<HealthInfo, 'deviceId' | 'at'> }) {
  const at = msOf(event.at)
  if (event.deviceId === '' || at < AROUND_MS) return <Clock at={event.at} />
  const list = routeHash({
    page: 'alerts',
    severity: undefined,
    query: exactly('host', event.deviceId),
    status: 'all',
    from: momentOf(at - AROUND_MS),
    to: momentOf(at + AROUND_MS),
  })
  return (
    <a href={list} title="Its alerts from an hour before to an hour after">
      <Clock at={event.at} />
    </a>
  )
}
