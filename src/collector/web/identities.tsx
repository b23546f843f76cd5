// Programs each machine has seen, the newest first sighting first.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { IdentitySummary } from '../views/page-api.ts'
import { getIdentities } from './api.ts'
import { MachineName } from './fleet.tsx'
import { countText, isKnown, userText } from './format.ts'
import { ActedFor } from './identity.tsx'
import { actedForKey, shortHash } from './identity-key.ts'
import { ROWS_MAX } from './lists.ts'
import { Age, Clock, Cut, Signer } from './parts.tsx'
import { routeHash } from './route.ts'
import { focusLastRow } from './rows.ts'
import { IdentitySearch } from './search.tsx'
import { devices, go, identities } from './state.ts'
import { foundText, listedText } from './words.ts'

/** Keys typed within this time are one search of the collector. */
const SEARCH_DELAY_MS = 250
/** Rows that are asked for at once. */
const PART = 200
/** As many as the collector gives. */
const ROWS_AT_ONCE_MAX = 1000
const NAMES: [string, string] = ['identity', 'identities']

/** What the collector found of all it keeps. */
type Found = {
  of: string
  rows: readonly IdentitySummary[]
  total: number
  /** Where the rest begins. */
  next?: string | undefined
  error: string
}

export function IdentitiesPage({ query }: { query: string }) {
  const held = identities.value
  const [found, setFound] = useState<Found | undefined>(undefined)
  // Each new program may be one that was asked for.
  const told = held.total
  // What was brought stays when it is asked again.
  const brought = useRef({ of: query, rows: PART })
  if (brought.current.of !== query) brought.current = { of: query, rows: PART }
  useEffect(() => {
    if (query.trim() === '') return
    let stale = false
    const timer = setTimeout(() => {
      getIdentities(Math.min(brought.current.rows, ROWS_AT_ONCE_MAX), { q: query }).then(
        ({ identities: rows, total, next }) =>
          !stale &&
          // More may have been brought since it was asked.
          setFound((now) =>
            now?.of === query && now.rows.length > rows.length
              ? { ...now, total }
              : { of: query, rows, total, next, error: '' },
          ),
        ({ message }: Error) =>
          !stale && setFound({ of: query, rows: [], total: 0, error: message }),
      )
    }, SEARCH_DELAY_MS)
    return () => {
      stale = true
      clearTimeout(timer)
    }
  }, [query, told])
  const isAll = query.trim() === ''
  const more = async (shown: Found): Promise<void> => {
    const put = (changes: Partial<Found>): void =>
      setFound((now) =>
        now?.of === shown.of && now.next === shown.next ? { ...now, ...changes } : now,
      )
    try {
      const part = await getIdentities(PART, { q: shown.of, before: shown.next })
      const rows = [...shown.rows, ...part.identities]
      brought.current = { of: shown.of, rows: rows.length }
      put({ rows, next: part.next, error: '' })
    } catch (cause) {
      put({ error: (cause as Error).message })
    }
  }
  const answer: Omit<Found, 'of'> | undefined = isAll
    ? { ...held, error: '' }
    : found?.of === query
      ? found
      : undefined
  return (
    <>
      <div class="tools">
        <h1>Identities</h1>
        <IdentitySearch
          query={query}
          onQuery={(text) => go({ page: 'identities', query: text }, true)}
        />
      </div>
      {answer === undefined ? (
        <p class="quiet loading">Searching …</p>
      ) : answer.error !== '' && answer.rows.length === 0 ? (
        <p class="nothing error">{answer.error}</p>
      ) : answer.rows.length === 0 ? (
        <p class="nothing">
          {isAll
            ? 'No program has been seen yet. They appear here as soon as an agent reports.'
            : 'No identity that the collector keeps matches.'}
        </p>
      ) : (
        <IdentityTable rows={answer.rows} />
      )}
      {answer !== undefined && answer.rows.length > 0 && (
        <p class="rest">
          {isAll
            ? listedText(answer.rows.length, answer.rows.length, answer.total, NAMES)
            : foundText(answer.rows.length, answer.total, NAMES)}
          {isAll &&
            answer.rows.length < answer.total &&
            ` This page keeps the newest ${countText(ROWS_MAX)} at most; a search finds the others.`}
          {!isAll && answer === found && answer.next !== undefined && (
            <>
              {' '}
              <button type="button" onClick={() => void more(found)}>
                Load more
              </button>
            </>
          )}
          {answer.error !== '' && <span class="error"> {answer.error}</span>}
        </p>
      )}
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
                {several && <MachineName of={row.device} max={24} />}
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
