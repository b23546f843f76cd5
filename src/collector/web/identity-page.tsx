// One identity on one machine: what it is, who ran it, since when, and the alerts about it.
import { useEffect, useState } from 'preact/hooks'
import type { AlertsResponse, IdentitySummary } from '../views/page-api.ts'
import { type ApiError, getAlerts, getIdentities } from './api.ts'
import { Destinations } from './destinations.tsx'
import { signOut } from './feed.ts'
import { MachineName } from './fleet.tsx'
import { barText, countText, mostBytes, userText } from './format.ts'
import { IdentityFields } from './identity.tsx'
import { Age, Clock, Cut, Figure, Severity, Signer, Volumes } from './parts.tsx'
import { alertKey, alertRoute, exactly, routeHash } from './route.ts'
import { alertsTold, identities, lastIdentities, lastRow } from './state.ts'
import { foundText } from './words.ts'

/** Alerts shown with their program. */
const ALERTS_SHOWN = 50

type Of = { deviceId: string; identityKey: string }

export function IdentityPage({ deviceId, identityKey }: Of) {
  const held = identities.value.rows.find(
    (one) => one.device.id === deviceId && one.key === identityKey,
  )
  // The list keeps the newest: one that is older than those is here alone.
  const [told, setTold] = useState<IdentitySummary | undefined>(undefined)
  const row = held ?? told
  const [answer, setAnswer] = useState('waiting')
  useEffect(() => {
    lastRow.value = `${deviceId} ${identityKey}`
    if (held) return
    let stale = false
    getIdentities(1, { key: identityKey, device: deviceId }).then(
      (found) => {
        if (stale) return
        setTold(found.identities[0])
        setAnswer('none')
      },
      (cause: ApiError) => {
        if (stale) return
        if (cause.code === 'signed_out') signOut()
        setAnswer(cause.message)
      },
    )
    return () => {
      stale = true
    }
  }, [deviceId, identityKey])
  return (
    <>
      <p class="back">
        <a href={routeHash(lastIdentities.value)}>← Identities</a>
      </p>
      {!row && <h1 class="unseen">Identity</h1>}
      {row ? (
        <Identity row={row} />
      ) : (
        answer !== 'waiting' && (
          <p class="nothing" role="alert">
            {answer === 'none' ? 'No machine has told of this identity.' : answer}
          </p>
        )
      )}
    </>
  )
}

function Identity({ row }: { row: IdentitySummary }) {
  const { firstProcess } = row
  return (
    <article>
      <header class="panel">
        <p class="meta headline">
          <Signer of={row.signerClass} />
          <span>
            on <MachineName of={row.device} max={40} />
          </span>
          <span>
            first seen <Clock at={row.firstSeenAt} />, <Age at={row.firstSeenAt} ago />
          </span>
        </p>
        <h1>
          <Cut text={row.name || row.key} max={80} />
        </h1>
        <dl class="figures facts">
          <Figure
            name="First run by"
            value={<Cut text={userText(firstProcess.user, firstProcess.uid)} max={28} />}
            more={`pid ${firstProcess.pid}`}
          />
          <Figure name="Destinations" value={countText(row.destinations)} />
          <Figure
            name="First network use"
            value={<Clock at={row.firstNetworkAt} none="not yet" />}
          />
        </dl>
      </header>
      <section class="panel" aria-labelledby="identity">
        <h2 id="identity">What identifies it</h2>
        <dl class="list">
          <IdentityFields identity={row} deviceId={row.device.id} />
          {firstProcess.script !== '' && (
            <>
              <dt>Script</dt>
              <dd>
                <Cut text={firstProcess.script} max={120} mono />
              </dd>
            </>
          )}
        </dl>
      </section>
      <Destinations row={row} />
      <IdentityAlerts row={row} />
    </article>
  )
}

function IdentityAlerts({ row }: { row: IdentitySummary }) {
  const [answer, setAnswer] = useState<AlertsResponse | string | undefined>(undefined)
  const query = exactly('app', row.key)
  const told = alertsTold.value
  useEffect(() => {
    let stale = false
    getAlerts(ALERTS_SHOWN, { query, deviceId: row.device.id }).then(
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
  }, [row.key, row.device.id, told])
  if (answer === undefined || typeof answer === 'string')
    return (
      <section class="panel" aria-labelledby="alerts-of">
        <h2 id="alerts-of">Its alerts</h2>
        <p class="quiet">{answer ?? 'Asking the collector …'}</p>
      </section>
    )
  const { alerts: of, total } = answer
  const most = mostBytes(of)
  return (
    <section class="panel" aria-labelledby="alerts-of">
      <h2 id="alerts-of">Its alerts</h2>
      {of.length === 0 ? (
        <p class="quiet">None.</p>
      ) : (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Severity</th>
              <th scope="col">What happened</th>
              <th scope="col" class="roomy" title={barText(most)}>
                Out and in
              </th>
              <th scope="col">Opened</th>
            </tr>
          </thead>
          <tbody>
            {of.map((alert) => (
              <tr key={alertKey(alert)}>
                <td>
                  <Severity of={alert.severity} />
                </td>
                <td>
                  <a
                    class="sentence"
                    data-row={alertKey(alert)}
                    href={routeHash(alertRoute(alert))}
                  >
                    {alert.sentence}
                  </a>
                </td>
                <td class="volumes roomy">
                  <Volumes bytesOut={alert.bytesOut} bytesIn={alert.bytesIn} most={most} />
                </td>
                <td>
                  <Clock at={alert.openedAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {total > of.length && (
        <p class="rest">
          {foundText(of.length, total, ['alert', 'alerts'])}{' '}
          <a
            href={routeHash({
              page: 'alerts',
              severity: undefined,
              query: `${query} ${exactly('host', row.device.id)}`,
            })}
          >
            All of them
          </a>
        </p>
      )}
    </section>
  )
}
