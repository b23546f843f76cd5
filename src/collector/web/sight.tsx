// What a machine did not see while an alert of it went on: figures that may be too small, and why.
import { useEffect, useState } from 'preact/hooks'
import type { AlertDetail } from '../views/page-api.ts'
import { type ApiError, getLacking, getUnseen, WEAKENING_OR_OVER } from './api.ts'
import { signOut } from './feed.ts'
import { Clock } from './parts.tsx'
import {
  othersText,
  type Seen,
  sightOf,
  sightText,
  standingOf,
  whoseText,
  withStanding,
} from './sight-words.ts'
import { health } from './state.ts'

const SHOWN_MAX = 5

export function Sight({ alert }: { alert: AlertDetail }) {
  const [events, setEvents] = useState<Seen[] | string>([])
  const { device, timeline, updatedAt } = alert
  // It is asked again when the machine has told something more.
  const told = health.value.find(({ deviceId }) => deviceId === device.id)
  useEffect(() => {
    let stale = false
    const start = BigInt(timeline.startAt)
    Promise.all([
      getUnseen(device.id, start, BigInt(updatedAt) + 1n, WEAKENING_OR_OVER),
      getLacking(device.id, start),
    ]).then(
      ([found, lacking]) =>
        !stale && setEvents(withStanding(found.events, standingOf(lacking.events, start))),
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
  const { key } = alert.identity
  const sight = sightOf(events, key)
  const { own, others } = sight
  return (
    <>
      {own.length > 0 && (
        <div class="sight">
          <p>{sightText(sight)}</p>
          <Events events={own} name="Not seen meanwhile" of={key} />
        </div>
      )}
      {others.length > 0 && (
        <details class="sight others">
          <summary>{othersText(others.length)}</summary>
          <Events events={others} name="Of other programs" />
        </details>
      )}
    </>
  )
}

function Events(props: { events: readonly Seen[]; name: string; of?: string }) {
  const { events, name, of } = props
  return (
    <ul aria-label={name}>
      {events.slice(0, SHOWN_MAX).map((event, index) => (
        <li key={`${event.at} ${index}`}>
          <When event={event} /> {event.text}
          {event.stands && ' (until when is not known)'}
          {of !== undefined && whoseText(event, of)}
        </li>
      ))}
      {events.length > SHOWN_MAX && <li>and {events.length - SHOWN_MAX} more, on its page</li>}
    </ul>
  )
}

/** The time that it is of: within it, nobody knows when. */
function When({ event: { since, at, stands } }: { event: Seen }) {
  if (stands)
    return (
      <>
        told <Clock at={at} />
      </>
    )
  if (since === undefined || since === at) return <Clock at={at} />
  return (
    <>
      <Clock at={since} /> to <Clock at={at} />
    </>
  )
}
