// What the machines said about how well they see, the newest first; what is older is there to be opened.
import { useState } from 'preact/hooks'
import type { HealthInfo } from '../views/page-api.ts'
import { MachineName } from './fleet.tsx'
import { countText } from './format.ts'
import { isNarrow } from './parts.tsx'
import { devices } from './state.ts'
import { AlertsAround } from './unseen.tsx'
import { amountText } from './words.ts'

/** About half a screen, at one event a line or, on a phone, five. */
const SHOWN = 10
const SHOWN_NARROW = 4

export function HealthEvents({ events }: { events: readonly HealthInfo[] }) {
  const [shown] = useState(() => (isNarrow() ? SHOWN_NARROW : SHOWN))
  const older = events.length - shown
  return (
    <section class="panel" aria-labelledby="health">
      <h2 id="health">Health events</h2>
      {events.length === 0 ? (
        <p class="quiet">None reported.</p>
      ) : (
        <Events events={events.slice(0, shown)} />
      )}
      {older > 0 && (
        <details>
          <summary>{countText(older)} older</summary>
          <Events events={events.slice(shown)} />
        </details>
      )}
    </section>
  )
}

function Events({ events }: { events: readonly HealthInfo[] }) {
  const hosts = new Map(devices.value.map((device) => [device.id, device]))
  const machineOf = ({ deviceId }: HealthInfo) =>
    hosts.get(deviceId) ?? { id: deviceId, hostname: deviceId }
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col" class="roomy">
            Host
          </th>
          <th scope="col" class="roomy">
            Kind
          </th>
          <th scope="col">What</th>
          <th scope="col" class="right roomy">
            How much
          </th>
        </tr>
      </thead>
      <tbody>
        {events.map((event, index) => (
          <tr key={`${event.deviceId} ${event.at} ${index}`}>
            <td>
              <AlertsAround event={event} />
            </td>
            <td class="roomy">
              <MachineName of={machineOf(event)} max={24} />
            </td>
            <td class="roomy">{event.kind}</td>
            <td class="text">
              {event.text}
              <p class="meta phone">
                <MachineName of={machineOf(event)} max={24} />, {event.kind}, {amountText(event)}
              </p>
            </td>
            <td class="right number roomy">{amountText(event)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
