// The list of alerts; while it is empty, what is being watched.
import { useEffect, useState } from 'preact/hooks'
import type { AlertSummary, SeverityName } from '../page-api.ts'
import { loadOlderAlerts } from './feed.ts'
import { bytesText, countText, endpointText } from './format.ts'
import { askMore, found, listed } from './found.ts'
import { ROWS_MAX } from './lists.ts'
import { Age, Cut, Search, Severity, Signer, State, Volumes } from './parts.tsx'
import { type AlertsRoute, isFiltered, routeHash, SEVERITIES } from './route.ts'
import { focusLastRow } from './rows.ts'
import { alerts, arrived, go, triageCounts } from './state.ts'
import { StatusFilter } from './status-filter.tsx'
import { TriageMark } from './triage.tsx'
import { choiceCounts } from './triage-words.ts'
import { Watching } from './watching.tsx'
import { foundText, listedText, runForText } from './words.ts'

export function AlertsPage({ at: list }: { at: AlertsRoute }) {
  const held = alerts.value
  const shown = listed(list)
  const counts = isFiltered(list) ? found.value?.statuses : triageCounts.value
  const { all } = choiceCounts(triageCounts.value)
  if (held.rows.length === 0 && !isFiltered(list) && all === 0) return <Watching />
  return (
    <>
      <div class="tools">
        <h1>Alerts</h1>
        <SeverityFilter at={list} />
        <StatusFilter at={list} counts={counts} />
        <Search
          label="Search alerts"
          query={list.query}
          onQuery={(text) => go({ ...list, query: text }, true)}
        />
      </div>
      {shown === undefined ? (
        <p class="quiet loading">Searching …</p>
      ) : shown.length > 0 ? (
        <AlertTable rows={shown} />
      ) : (
        (!isFiltered(list) || found.value?.error === '') && <NothingFound at={list} />
      )}
      {shown !== undefined &&
        (isFiltered(list) ? <MoreFound list={list} /> : <More shown={shown.length} />)}
    </>
  )
}

function SeverityFilter({ at }: { at: AlertsRoute }) {
  const choices: [SeverityName | undefined, string][] = [
    [undefined, 'All'],
    ...SEVERITIES.map((name): [SeverityName, string] => [
      name,
      name.charAt(0).toUpperCase() + name.slice(1),
    ]),
  ]
  return (
    <nav class="choices" aria-label="Severity">
      {choices.map(([value, name]) => (
        <a
          key={name}
          href={routeHash({ ...at, severity: value })}
          aria-current={value === at.severity ? 'true' : undefined}
        >
          {name}
        </a>
      ))}
    </nav>
  )
}

function AlertTable({ rows }: { rows: readonly AlertSummary[] }) {
  useEffect(() => {
    focusLastRow()
  }, [])
  return (
    <table class="rows alerts">
      <thead>
        <tr>
          <th scope="col">Severity</th>
          <th scope="col">What happened</th>
          <th scope="col" class="wide">
            Host and user
          </th>
          <th scope="col" class="wide">
            Destination
          </th>
          <th scope="col" class="roomy">
            Out and in
          </th>
          <th scope="col" class="right roomy">
            Age
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <AlertRow key={row.id} row={row} />
        ))}
      </tbody>
    </table>
  )
}

function AlertRow({ row }: { row: AlertSummary }) {
  const { application, destination } = row
  const where = destination.hostname || endpointText(destination.address, destination.port)
  const runFor = runForText(row.actor)
  return (
    <tr class={`${row.severity}${arrived.value.has(row.id) ? ' arrived' : ''}`}>
      <td>
        <Severity of={row.severity} />
      </td>
      <td class="what">
        <a class="sentence" href={routeHash({ page: 'alert', id: row.id })} data-row={row.id}>
          {row.sentence}
        </a>
        <p class="meta">
          <strong>
            <Cut text={application.name} max={40} />
          </strong>
          <Signer of={application.signerClass} />
          <Cut text={application.path} max={60} mono />
          {runFor !== '' && (
            <span>
              run for <Cut text={runFor} max={48} mono />
            </span>
          )}
          <span class="narrow">
            <Cut text={row.device.hostname} max={24} /> ·{' '}
            <Cut text={row.user || 'unknown user'} max={16} /> → <Cut text={where} max={40} />
          </span>
          <span class="phone">
            {bytesText(row.bytesOut)} out, {bytesText(row.bytesIn)} in ·{' '}
            <Age at={row.openedAt} ago />
          </span>
          <TriageMark of={row} />
          {row.state !== 'final' && <State of={row.state} figuresAt={row.updatedAt} />}
        </p>
      </td>
      <td class="wide">
        <Cut text={row.device.hostname} max={24} />
        <p class="meta">
          <Cut text={row.user || 'unknown user'} max={24} />
        </p>
      </td>
      <td class="wide">
        <Cut text={where} max={34} />
        <p class="meta">
          {destination.hostname === '' ? (
            <span title="None was asked for, or the system does not say: the alert's page says which.">
              name not known
            </span>
          ) : (
            <Cut text={endpointText(destination.address, destination.port)} max={34} mono />
          )}
        </p>
      </td>
      <td class="volumes roomy">
        <Volumes bytesOut={row.bytesOut} bytesIn={row.bytesIn} />
      </td>
      <td class="right age roomy">
        <Age at={row.openedAt} />
      </td>
    </tr>
  )
}

const NothingFound = ({ at }: { at: AlertsRoute }) => (
  <p class="nothing">
    {at.status === undefined && at.query.trim() === '' && at.severity === undefined
      ? 'All alerts are closed.'
      : 'No alert that the collector keeps matches.'}{' '}
    <a href="#/alerts?status=all">Show all</a>
  </p>
)

/** What the filter leaves of the whole store. */
function MoreFound({ list }: { list: Parameters<typeof askMore>[0] }) {
  const { rows, total, next, error } = found.value ?? {
    rows: [],
    total: 0,
    next: undefined,
    error: '',
  }
  return (
    <p class="rest">
      {rows.length > 0 && foundText(rows.length, total, ['alert', 'alerts'])}{' '}
      {next !== undefined && rows.length < ROWS_MAX && (
        <button type="button" onClick={() => void askMore(list)}>
          Load more
        </button>
      )}
      {next !== undefined && rows.length >= ROWS_MAX && 'Narrow the search to see others.'}
      {error !== '' && <span class="error"> {error}</span>}
    </p>
  )
}

function More({ shown }: { shown: number }) {
  const [error, setError] = useState('')
  const { rows, total } = alerts.value
  const older = (): void => {
    setError('')
    loadOlderAlerts().catch((cause: Error) => setError(cause.message))
  }
  return (
    <p class="rest">
      {listedText(shown, rows.length, total, ['alert', 'alerts'])}{' '}
      {total > rows.length && rows.length < ROWS_MAX && (
        <button type="button" onClick={older}>
          Load older
        </button>
      )}
      {rows.length >= ROWS_MAX && `This page keeps the newest ${countText(ROWS_MAX)}.`}
      {error !== '' && <span class="error"> {error}</span>}
    </p>
  )
}
