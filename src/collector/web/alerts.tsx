// The list of alerts; while it is empty, what is being watched.
import type { SeverityName } from '../views/page-api.ts'
import { AlertTable } from './alert-table.tsx'
import { barText, countText, mostBytes } from './format.ts'
import { askMore, type Found, listed } from './found.ts'
import { groupedText } from './group-words.ts'
import { ROWS_MAX } from './lists.ts'
import { type AlertsRoute, alertKey, isFiltered, routeHash, SEVERITIES } from './route.ts'
import { focusBrought } from './rows.ts'
import { AlertSearch } from './search.tsx'
import { SortChooser } from './sort.tsx'
import { alerts, alertsTold, go, triageCounts } from './state.ts'
import { StatusFilter } from './status-filter.tsx'
import { TimeFilter } from './time-filter.tsx'
import { choiceCounts } from './triage-words.ts'
import { Watching } from './watching.tsx'

export function AlertsPage({ at: list }: { at: AlertsRoute }) {
  const shown = listed(list)
  const counts = isFiltered(list) ? shown?.statuses : triageCounts.value
  const { all } = choiceCounts(triageCounts.value)
  if (alerts.value.rows.length === 0 && !isFiltered(list) && all === 0) return <Watching />
  // An empty answer from before the first alert came says nothing.
  const isOld = shown?.groups.length === 0 && shown.told !== alertsTold.value && shown.error === ''
  return (
    <>
      <div class="tools">
        <h1>Alerts</h1>
        <SeverityFilter at={list} />
        <StatusFilter at={list} counts={counts} />
        <TimeFilter at={list} />
        <SortChooser at={list} />
        <AlertSearch query={list.query} onQuery={(text) => go({ ...list, query: text }, true)} />
      </div>
      {shown === undefined || isOld ? (
        <p class="quiet loading">{isFiltered(list) ? 'Searching …' : 'Loading …'}</p>
      ) : shown.groups.length > 0 ? (
        <AlertTable found={shown} most={mostBytes(shown.groups)} />
      ) : (
        shown.error === '' && <NothingFound at={list} />
      )}
      {shown !== undefined && !isOld && <Rest list={list} shown={shown} />}
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

const NothingFound = ({ at }: { at: AlertsRoute }) => (
  <p class="nothing">
    {isFiltered(at)
      ? at.from !== undefined || at.to !== undefined
        ? 'No alert that the collector keeps was opened in this time and matches.'
        : 'No alert that the collector keeps matches.'
      : 'All alerts are closed.'}{' '}
    <a href="#/alerts?status=all">Show all</a>
  </p>
)

/** What the page has of all that the collector found. */
function Rest({ list, shown }: { list: AlertsRoute; shown: Found }) {
  const { groups, next, error } = shown
  const more = async (): Promise<void> => {
    await askMore(list)
    const brought = listed(list)?.groups[groups.length]
    const row = brought && (brought.alerts > 1 ? brought.id : alertKey(brought.newest))
    focusBrought(row)
  }
  return (
    <p class="rest">
      {groups.length > 0 && <span>{groupedText(groups.length, shown, isFiltered(list))}</span>}{' '}
      {next !== undefined && groups.length < ROWS_MAX && (
        <button type="button" onClick={() => void more()}>
          Load more
        </button>
      )}
      {next !== undefined &&
        groups.length >= ROWS_MAX &&
        `This page keeps ${countText(ROWS_MAX)} rows: narrow the search to see others.`}
      {error !== '' && <span class="error"> {error}</span>}
      {groups.length > 0 && <span class="scale roomy">{barText(mostBytes(groups))}</span>}
    </p>
  )
}
