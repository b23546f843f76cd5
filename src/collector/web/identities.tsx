// Programs each machine has seen, the newest first sighting first.
import { useEffect } from 'preact/hooks'
import type { IdentitySummary } from '../page-api.ts'
import { getIdentities } from './api.ts'
import { countText, isKnown, userText } from './format.ts'
import { ActedFor } from './identity.tsx'
import { actedForKey, shortHash } from './identity-key.ts'
import { identitiesMatching, ROWS_MAX, withIdentity, withRows } from './lists.ts'
import { Age, Clock, Cut, Search, Signer } from './parts.tsx'
import { routeHash } from './route.ts'
import { focusLastRow } from './rows.ts'
import { devices, go, identities } from './state.ts'
import { listedText } from './words.ts'

/** Keys typed within this time are one search of the collector. */
const SEARCH_DELAY_MS = 250

export function IdentitiesPage({ query }: { query: string }) {
  const held = identities.value
  const shown = identitiesMatching(held.rows, query)
  const wanted = held.total > held.rows.length
  useEffect(() => {
    if (query === '' || !wanted) return
    const timer = setTimeout(() => {
      getIdentities(200, query).then(
        (found) => {
          identities.value = withRows(identities.value, found.identities, withIdentity)
        },
        // The rows held are shown in any case, and a lost connection says so by itself.
        () => undefined,
      )
    }, SEARCH_DELAY_MS)
    return () => clearTimeout(timer)
  }, [query, wanted])
  return (
    <>
      <div class="tools">
        <h1>Identities</h1>
        <Search
          label="Search identities"
          query={query}
          onQuery={(text) => go({ page: 'identities', query: text }, true)}
        />
      </div>
      {shown.length === 0 ? (
        <p class="nothing">
          {held.rows.length === 0
            ? 'No program has been seen yet. They appear here as soon as an agent reports.'
            : 'No identity matches.'}
        </p>
      ) : (
        <IdentityTable rows={shown} />
      )}
      <p class="rest">
        {listedText(shown.length, held.rows.length, held.total, ['identity', 'identities'])}
        {held.rows.length >= ROWS_MAX && ` This page keeps the newest ${countText(ROWS_MAX)}.`}
      </p>
    </>
  )
}

function IdentityTable({ rows }: { rows: readonly IdentitySummary[] }) {
  const several = devices.value.length > 1
  useEffect(focusLastRow, [])
  return (
    <table class="rows identities">
      <thead>
        <tr>
          <th scope="col">Program</th>
          <th scope="col">Signer</th>
          <th scope="col">First seen</th>
          <th scope="col" class="roomy">
            First network use
          </th>
          <th scope="col" class="wide">
            First run by
          </th>
          <th scope="col" class="right roomy">
            Destinations
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.device.id} ${row.key}`}>
            <td class="what">
              <a
                class="sentence"
                data-row={`${row.device.id} ${row.key}`}
                href={routeHash({ page: 'identity', deviceId: row.device.id, key: row.key })}
              >
                <Cut text={row.name || row.key} max={44} />
              </a>
              <p class="meta">
                {actedForKey(row.key) !== undefined && (
                  <span>
                    acting for <ActedFor of={row.key} deviceId={row.device.id} />
                  </span>
                )}
                <Cut text={row.path} max={64} mono />
                {row.sha256 !== '' && (
                  <span class="mono" title={`SHA-256 ${row.sha256}`}>
                    {shortHash(row.sha256)}
                  </span>
                )}
                {several && <Cut text={row.device.hostname} max={24} />}
              </p>
            </td>
            <td>
              <Signer of={row.signerClass} />
              {row.teamId !== '' && <p class="meta">{row.teamId}</p>}
            </td>
            <td>
              <Clock at={row.firstSeenAt} />
              <p class="meta">
                <span>
                  <Age at={row.firstSeenAt} />
                </span>
              </p>
            </td>
            <td class="roomy">
              <Clock at={row.firstNetworkAt} none="not yet" />
              {isKnown(row.firstNetworkAt) && (
                <p class="meta">
                  <span>
                    <Age at={row.firstNetworkAt} />
                  </span>
                </p>
              )}
            </td>
            <td class="wide">
              <Cut text={userText(row.firstProcess.user, row.firstProcess.uid)} max={24} />
              <p class="meta">
                <span>pid {row.firstProcess.pid}</span>
                {row.firstProcess.script !== '' && (
                  <Cut text={row.firstProcess.script} max={36} mono />
                )}
              </p>
            </td>
            <td class="right number roomy">{countText(row.destinations)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
