// One alert: what was observed, with every number it rests on.
import { useSignalEffect } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import type { AlertDetail } from '../views/page-api.ts'
import { type ApiError, getAlert } from './api.ts'
import { attackAddress, attackName } from './attack.ts'
import { Chain } from './chain.tsx'
import { Timeline } from './chart.tsx'
import { signOut } from './feed.ts'
import { MachineMark, MachineName } from './fleet.tsx'
import { Flows } from './flows.tsx'
import { bytesExact, bytesText, countText, outShareText, portText } from './format.ts'
import { IdentityPanel } from './identity.tsx'
import { Others } from './others.tsx'
import { Age, Clock, Cut, Figure, Severity, State } from './parts.tsx'
import { Reasons } from './reasons.tsx'
import { Revisions } from './revisions.tsx'
import { alertKey, exactly, routeHash } from './route.ts'
import { Sight } from './sight.tsx'
import { alertTold, lastList, lastRow } from './state.ts'
import { Triage, TriageMark } from './triage.tsx'
import { answeredText, inName, namelessText, outName } from './words.ts'

export function AlertPage({ id, deviceId }: { id: string; deviceId: string | undefined }) {
  const [alert, setAlert] = useState<AlertDetail | undefined>(undefined)
  const [error, setError] = useState<ApiError | undefined>(undefined)
  // When something is told of it, or may have been, the page is loaded again.
  const [told, setTold] = useState(alertTold.peek())
  useSignalEffect(() => {
    const last = alertTold.value
    // Without a device any that is told with this id may be it.
    if (last.key === '' || last.key.startsWith(`${id} `)) setTold(last)
  })
  useEffect(() => {
    let stale = false
    getAlert(id, deviceId).then(
      (loaded) => {
        if (stale) return
        lastRow.value = alertKey(loaded)
        setAlert(loaded)
        setError(undefined)
      },
      (cause: ApiError) => {
        if (stale) return
        if (cause.code === 'signed_out') signOut()
        setError(cause)
      },
    )
    return () => {
      stale = true
    }
  }, [id, deviceId, told])
  return (
    <>
      <p class="back">
        <a href={routeHash(lastList.value)}>← Alerts</a>
      </p>
      {!alert && <h1 class="unseen">Alert</h1>}
      {error && !alert && (
        <p class="nothing" role="alert">
          {error.code === 'missing' ? 'There is no alert with this id.' : error.message}
        </p>
      )}
      {alert && <Alert alert={alert} onAlert={setAlert} />}
    </>
  )
}

function Alert(props: { alert: AlertDetail; onAlert: (alert: AlertDetail) => void }) {
  const { alert, onAlert } = props
  return (
    <article class={`alert ${alert.severity}`}>
      <header class="panel">
        <p class="meta headline">
          <Severity of={alert.severity} />
          <span>score {countText(alert.score)}</span>
          <State of={alert.state} figuresAt={alert.updatedAt} />
          <TriageMark of={alert} />
          <span>
            opened <Clock at={alert.openedAt} />, <Age at={alert.openedAt} ago />
          </span>
        </p>
        <h1>{alert.sentence}</h1>
        <Facts alert={alert} />
      </header>
      <Triage alert={alert} onAlert={onAlert} />
      <section class="panel" aria-labelledby="time">
        <h2 id="time">Out and in over time</h2>
        <Timeline alert={alert} />
        <Sight alert={alert} />
      </section>
      <div class="pair">
        <section class="panel" aria-labelledby="why">
          <h2 id="why">Why this is unusual</h2>
          <Reasons alert={alert} />
        </section>
        <section class="panel" aria-labelledby="chain">
          <h2 id="chain">Who started it</h2>
          <Chain chain={alert.chain} deviceId={alert.device.id} />
        </section>
      </div>
      <div class="pair">
        <IdentityPanel alert={alert} />
        <section class="panel" aria-labelledby="where">
          <h2 id="where">Where it went</h2>
          <Destination alert={alert} />
          <Others alert={alert} />
          <h2>ATT&CK</h2>
          <Techniques ids={alert.techniques} />
        </section>
      </div>
      <section class="panel" aria-labelledby="flows">
        <h2 id="flows">Its flows</h2>
        <Flows alert={alert} />
      </section>
      <section class="panel" aria-labelledby="revisions">
        <h2 id="revisions">Revisions</h2>
        <Revisions alert={alert} />
      </section>
      <details class="panel raw">
        <summary>Raw JSON</summary>
        <pre>
          <code>{JSON.stringify(alert, null, 2)}</code>
        </pre>
      </details>
    </article>
  )
}

const toAlerts = (query: string): string =>
  routeHash({ page: 'alerts', severity: undefined, query })

function Facts({ alert }: { alert: AlertDetail }) {
  const { destination, largestFlow } = alert
  const where = destination.hostname || destination.address
  const least = alert.state === 'final' && alert.unreadFlows === 0 ? '' : ', at least'
  return (
    <dl class="figures facts">
      <Figure
        name={outName(alert)}
        value={bytesText(alert.bytesOut)}
        more={bytesExact(alert.bytesOut)}
      />
      <Figure
        name={inName(alert)}
        value={bytesText(alert.bytesIn)}
        more={bytesExact(alert.bytesIn)}
      />
      <Figure name={`Flows${least}`} value={countText(alert.flows)} more={answeredText(alert)} />
      <Figure
        name="Largest flow"
        value={bytesText(largestFlow.bytesOut)}
        more={`${bytesText(largestFlow.bytesIn)} back: ${outShareText(largestFlow.pcr)} out`}
      />
      <Figure
        name="Application"
        value={
          <a href={toAlerts(exactly('app', alert.application.key))}>
            <Cut text={alert.application.name} max={28} />
          </a>
        }
      />
      <Figure
        name="Host and user"
        value={
          <>
            <a href={toAlerts(exactly('host', alert.device.id))}>
              <MachineName of={alert.device} max={28} />
            </a>{' '}
            <MachineMark id={alert.device.id} />
          </>
        }
        more={
          alert.user === '' ? (
            'unknown user'
          ) : (
            <a href={toAlerts(exactly('user', alert.user))}>
              <Cut text={alert.user} max={24} />
            </a>
          )
        }
      />
      <Figure
        name="Destination"
        value={
          <a href={toAlerts(exactly('to', where))}>
            <Cut text={where} max={34} />
          </a>
        }
        more={destination.port === 0 ? 'fetched it from this machine' : `port ${destination.port}`}
      />
    </dl>
  )
}

function Destination({ alert }: { alert: AlertDetail }) {
  const { destination } = alert
  return (
    <dl class="list">
      <dt>Name</dt>
      <dd>
        {destination.hostname === '' ? (
          <span class="quiet">{namelessText(alert)}</span>
        ) : (
          <Cut text={destination.hostname} max={60} />
        )}
      </dd>
      <dt>Address</dt>
      <dd>
        <Cut text={destination.address} max={60} mono />
      </dd>
      <dt>Port</dt>
      <dd class="mono">{portText(destination.port)}</dd>
      <dt>Counted as</dt>
      <dd>
        <Cut text={destination.key} max={60} mono />
      </dd>
    </dl>
  )
}

function Techniques({ ids }: { ids: readonly string[] }) {
  return (
    <ul class="techniques">
      {ids.map((id) => {
        const address = attackAddress(id, ids)
        return (
          <li key={id}>
            {address ? (
              <a href={address} rel="noreferrer noopener" target="_blank">
                {id}
                <span class="unseen"> at attack.mitre.org, in a new tab</span>
              </a>
            ) : (
              id
            )}{' '}
            <span class="quiet">{attackName(id)}</span>
          </li>
        )
      })}
    </ul>
  )
}
