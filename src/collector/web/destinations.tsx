// Where an identity went on its machine: each destination with its bytes and times, as far as that was told.
import { useEffect, useState } from 'preact/hooks'
import type { DestinationInfo, DestinationsResponse, IdentitySummary } from '../views/page-api.ts'
import { type ApiError, getDestinations } from './api.ts'
import { signOut } from './feed.ts'
import { countText } from './format.ts'
import { Bytes, Clock, Cut } from './parts.tsx'
import { exactly, routeHash } from './route.ts'
import { wentText } from './words.ts'

const SHOWN = 100

export function Destinations({ row }: { row: IdentitySummary }) {
  const [answer, setAnswer] = useState<DestinationsResponse | string | undefined>(undefined)
  useEffect(() => {
    let stale = false
    getDestinations(row.device.id, row.key, SHOWN).then(
      (found) => !stale && setAnswer(found),
      (cause: ApiError) => {
        if (stale) return
        if (cause.code === 'signed_out') signOut()
        setAnswer(cause.message)
      },
    )
    return () => {
      stale = true
    }
  }, [row.device.id, row.key, row.destinations])
  return (
    <section class="panel" aria-labelledby="destinations">
      <h2 id="destinations">Where it went</h2>
      {answer === undefined || typeof answer === 'string' ? (
        <p class="quiet">{answer ?? 'Asking the collector …'}</p>
      ) : (
        <Table answer={answer} />
      )}
    </section>
  )
}

function Table({ answer }: { answer: DestinationsResponse }) {
  const { destinations, total } = answer
  if (total === 0) return <p class="quiet">It has not used the network, as far as is kept here.</p>
  return (
    <>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Destination</th>
            <th scope="col" class="right">
              Out
            </th>
            <th scope="col" class="right">
              In
            </th>
            <th scope="col" class="right roomy">
              Flows
            </th>
            <th scope="col" class="right roomy">
              Largest out
            </th>
            <th scope="col" class="roomy">
              First used
            </th>
            <th scope="col">Last hour</th>
          </tr>
        </thead>
        <tbody>
          {destinations.map((one) => (
            <Destination key={one.key} one={one} />
          ))}
        </tbody>
      </table>
      <p class="rest">{wentText(answer)}</p>
    </>
  )
}

function Destination({ one: { key, firstAt, told } }: { one: DestinationInfo }) {
  return (
    <tr>
      <td>
        <a
          href={routeHash({
            page: 'alerts',
            severity: undefined,
            query: exactly('to', key),
            status: 'all',
          })}
        >
          <Cut text={key} max={60} mono />
        </a>
      </td>
      {told ? (
        <>
          <td class="right number">
            <Bytes of={told.bytesOut} />
          </td>
          <td class="right number">
            <Bytes of={told.bytesIn} />
          </td>
          <td class="right number roomy">{countText(told.flows)}</td>
          <td class="right number roomy">
            <Bytes of={told.largestFlowOut} />
          </td>
        </>
      ) : (
        <>
          <td class="right quiet" colSpan={2}>
            no hour told yet
          </td>
          <td class="roomy" colSpan={2} />
        </>
      )}
      <td class="roomy">
        <Clock at={firstAt} />
      </td>
      <td>{told ? <Clock at={told.lastHourAt} /> : <span class="quiet">not told</span>}</td>
    </tr>
  )
}
