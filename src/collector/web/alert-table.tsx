// The rows of the list of alerts: one an alert, and one for all that are like one another, opened at will.
import { useEffect } from 'preact/hooks'
import type { AlertGroup, AlertSummary } from '../views/page-api.ts'
import { MachineMark, MachineName } from './fleet.tsx'
import { barText, bytesText, countText, endpointText } from './format.ts'
import type { Found } from './found.ts'
import { groupActor, groupPlaceText, machinesText, membersText } from './group-words.ts'
import { listedAt, ROWS_MAX } from './lists.ts'
import { MEMBERS_A_PAGE, membersOf, moreMembers, type Opened, toggle } from './opened.ts'
import { Age, Clock, Cut, Severity, Signer, State, Volumes } from './parts.tsx'
import { alertKey, alertRoute, routeHash } from './route.ts'
import { focusBrought, focusLastRow } from './rows.ts'
import { arrived } from './state.ts'
import { TriageMark } from './triage.tsx'
import { runForText } from './words.ts'

const COLUMNS = 6

/** `most`: where all bars end. */
export function AlertTable({ found, most }: { found: Found; most: number }) {
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
          <th scope="col" class="roomy" title={barText(most)}>
            Out and in
          </th>
          <th scope="col" class="right roomy" title="Since it was opened">
            Age
          </th>
        </tr>
      </thead>
      {found.groups.map((group) =>
        group.alerts > 1 ? (
          <Group key={group.id} found={found} group={group} most={most} />
        ) : (
          <tbody key={group.id}>
            <AlertRow row={group.newest} most={most} />
          </tbody>
        ),
      )}
    </table>
  )
}

type GroupProps = { found: Found; group: AlertGroup; most: number }

function Group({ found, group, most }: GroupProps) {
  const members = membersOf(group)
  const id = `alerts-of-${group.id}`
  return (
    <>
      <tbody class={members ? 'group opened' : 'group'}>
        <GroupRow
          found={found}
          group={group}
          most={most}
          controls={id}
          isOpened={members !== undefined}
        />
      </tbody>
      {members && (
        <tbody class="members" id={id}>
          {members.rows?.map((row) => (
            <AlertRow key={alertKey(row)} row={row} most={most} />
          ))}
          <tr class="rest">
            <td colSpan={COLUMNS}>
              <Members found={found} group={group} members={members} />
            </td>
          </tr>
        </tbody>
      )}
    </>
  )
}

function Members({ found, group, members }: { found: Found; group: AlertGroup; members: Opened }) {
  const { rows, total, next, error } = members
  if (rows === undefined)
    return error === '' ? <>Loading its alerts …</> : <span class="error">{error}</span>
  const isFull = rows.length >= ROWS_MAX
  const more = async (): Promise<void> => {
    await moreMembers(found, group)
    const brought = membersOf(group)?.rows?.[rows.length]
    focusBrought(brought && alertKey(brought))
  }
  return (
    <>
      <span>{membersText(rows.length, total)}</span>{' '}
      {next !== undefined && !isFull && rows.length < total && (
        <button type="button" onClick={() => void more()}>
          Load {countText(Math.min(MEMBERS_A_PAGE, total - rows.length))} more
        </button>
      )}
      {isFull && rows.length < total && 'Narrow the search to see others.'}
      {error !== '' && <span class="error"> {error}</span>}
    </>
  )
}

function GroupRow(props: GroupProps & { controls: string; isOpened: boolean }) {
  const { found, group, most, controls, isOpened } = props
  const { newest, machines } = group
  const isNew = arrived.value.has(newest.id)
  const [, place, port] = /^(.*?)(?::(\d+))?$/s.exec(groupPlaceText(group)) ?? []
  const { what, how, whom } = groupActor(group)
  const hosts = machines === 1 ? <MachineName of={newest.device} max={24} /> : machinesText(group)
  return (
    <tr class={`${group.severity}${isNew ? ' arrived' : ''}`}>
      <td>
        <Severity of={group.severity} />
        <Score of={group.score} title="The highest score of its alerts" />
      </td>
      <td class="what">
        <button
          type="button"
          class="fold sentence"
          data-row={group.id}
          aria-expanded={isOpened}
          aria-controls={isOpened ? controls : undefined}
          onClick={() => toggle(found, group)}
        >
          <span class="number">{countText(group.alerts)} alerts:</span> <Cut text={what} max={40} />
          {whom !== '' && (
            <>
              {` ${how} `}
              <Cut text={whom} max={60} />
            </>
          )}
          {' to '}
          <Cut text={groupPlaceText(group)} max={48} />
        </button>
        <p class="meta">
          <span>
            <Clock at={group.firstOpenedAt} /> to <Clock at={group.lastOpenedAt} />
          </span>
          <span class="narrow">{hosts}</span>
          <span class="phone">
            {bytesText(group.bytesOut)} out, {bytesText(group.bytesIn)} in together
          </span>
        </p>
        {!isOpened && (
          <p class="meta newest">
            latest: <a href={routeHash(alertRoute(newest))}>{newest.sentence}</a>
          </p>
        )}
      </td>
      <td class="wide">{hosts}</td>
      <td class="wide">
        <Cut text={place ?? ''} max={34} />
        {port !== undefined && <p class="meta">port {port}</p>}
      </td>
      <td class="volumes roomy">
        <Volumes bytesOut={group.bytesOut} bytesIn={group.bytesIn} most={most} />
        <p class="meta together">together</p>
      </td>
      <td class="right age roomy">
        <Age at={group.lastOpenedAt} />
      </td>
    </tr>
  )
}

const Score = ({ of, title }: { of: number; title: string }) => (
  <p class="meta score" title={title}>
    score {countText(of)}
  </p>
)

function AlertRow({ row, most }: { row: AlertSummary; most: number }) {
  const { application, destination } = row
  const where = destination.hostname || endpointText(destination.address, destination.port)
  const runFor = runForText(row.actor)
  return (
    <tr class={`${row.severity}${arrived.value.has(alertKey(row)) ? ' arrived' : ''}`}>
      <td>
        <Severity of={row.severity} />
        <Score of={row.score} title="The points of its reasons together" />
      </td>
      <td class="what">
        <a class="sentence" href={routeHash(alertRoute(row))} data-row={alertKey(row)}>
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
            <MachineName of={row.device} max={24} /> <MachineMark id={row.device.id} /> ·{' '}
            <Cut text={row.user || 'unknown user'} max={16} /> → <Cut text={where} max={40} />
          </span>
          <span class="phone">
            {bytesText(row.bytesOut)} out, {bytesText(row.bytesIn)} in ·{' '}
            <Age at={listedAt(row)} ago />
          </span>
          <TriageMark of={row} />
          {row.state !== 'final' && <State of={row.state} figuresAt={row.updatedAt} />}
        </p>
      </td>
      <td class="wide">
        <MachineName of={row.device} max={24} /> <MachineMark id={row.device.id} />
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
        <Volumes bytesOut={row.bytesOut} bytesIn={row.bytesIn} most={most} />
      </td>
      <td class="right age roomy">
        <Age at={listedAt(row)} />
      </td>
    </tr>
  )
}
