// All machines that enrolled, those that never connected among them, and who was turned away. Asked for again while it is shown.
import { useEffect, useState } from 'preact/hooks'
import type {
  FleetDeviceInfo,
  FleetResponse,
  RefusalInfo,
  RefusalsResponse,
} from '../views/page-api.ts'
import { type ApiError, getFleet, getRefusals } from './api.ts'
import { signOut } from './feed.ts'
import { EnrolmentForms, ShortId } from './fleet.tsx'
import { countText } from './format.ts'
import { namesOfSeveral } from './lists.ts'
import { Age, Clock, Cut } from './parts.tsx'
import { newestText, policyCell } from './policy-words.ts'
import { devices, fleetTold, sharedNames } from './state.ts'
import { silenceText, standingText } from './words.ts'

const ROWS = 100
const REFUSALS_SHOWN = 20
const AGAIN_MS = 5000
const COLUMNS = 8

/** Nothing where nobody is enrolled, and nobody was turned away. */
export function Roster() {
  /** Where each page that was gone through began. */
  const [places, setPlaces] = useState<readonly string[]>([''])
  const [fleet, setFleet] = useState<FleetResponse | undefined>()
  const [refusals, setRefusals] = useState<RefusalsResponse | undefined>()
  const place = places.at(-1) ?? ''
  useEffect(() => {
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      clearTimeout(timer)
      try {
        const [devices, refused] = await Promise.all([getFleet(ROWS, place), getRefusals()])
        if (isOver) return
        setFleet(devices)
        setRefusals(refused)
      } catch (cause) {
        const { code } = cause as ApiError
        if (code === 'signed_out') return signOut()
      }
      clearTimeout(timer)
      if (!isOver) timer = setTimeout(() => void ask(), AGAIN_MS)
    }
    // At once, and each time that something was changed here.
    const stop = fleetTold.subscribe(() => void ask())
    return () => {
      isOver = true
      stop()
      clearTimeout(timer)
    }
  }, [place])
  return (
    <>
      {fleet && fleet.total > 0 && (
        <Enrolled
          fleet={fleet}
          onBack={places.length > 1 ? () => setPlaces(places.slice(0, -1)) : undefined}
          onNext={(next) => setPlaces([...places, next])}
        />
      )}
      {refusals && refusals.refusals.length > 0 && <Refusals {...refusals} />}
    </>
  )
}

function Enrolled(props: {
  fleet: FleetResponse
  onBack: (() => void) | undefined
  onNext: (place: string) => void
}) {
  const { fleet, onBack, onNext } = props
  const { quarantined, unseen, policy, next } = fleet
  const labels = namesOfSeveral(fleet.devices.map((one) => ({ hostname: labelOf(one) })))
  // Of those on other pages of the list, too, as far as this page holds them.
  const isShared = (one: FleetDeviceInfo) =>
    labels.has(labelOf(one)) || sharedNames.value.has(labelOf(one))
  return (
    <section class="panel roster" aria-labelledby="enrolled">
      <h2 id="enrolled">Enrolled machines</h2>
      {quarantined > 0 && (
        <p>
          {quarantined === 1 ? 'One waits' : `${countText(quarantined)} wait`} for somebody to admit{' '}
          {quarantined === 1 ? 'it' : 'them'}: what a quarantined machine sends is kept and marked.
        </p>
      )}
      {unseen > 0 && (
        <p>
          {unseen === 1 ? 'One has' : `${countText(unseen)} have`} enrolled and never connected.
        </p>
      )}
      {policy && <p class="newest-policy">{newestText(policy)}</p>}
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Machine</th>
            <th scope="col">Standing</th>
            <th scope="col" class="roomy">
              Group
            </th>
            <th scope="col" class="roomy">
              Owner
            </th>
            <th scope="col" class="roomy wide">
              Agent
            </th>
            <th scope="col" class="roomy">
              Policy
            </th>
            <th scope="col" class="roomy wide">
              Enrolled
            </th>
            <th scope="col">Last heard of</th>
          </tr>
        </thead>
        <tbody>
          {fleet.devices.map((device) => (
            <Row key={device.id} device={device} isShared={isShared(device)} />
          ))}
        </tbody>
      </table>
      {(next !== undefined || onBack) && (
        <p class="rest">
          {countText(fleet.devices.length)} of {countText(fleet.total)} by name are shown.{' '}
          {onBack && (
            <button type="button" onClick={onBack}>
              Those before
            </button>
          )}
          {next !== undefined && (
            <button type="button" onClick={() => onNext(next)}>
              The next
            </button>
          )}
        </p>
      )}
    </section>
  )
}

/** What a person knows it by. */
const labelOf = ({ enrolment, hostname, id }: FleetDeviceInfo): string =>
  enrolment.name || hostname || id

function Row({ device, isShared }: { device: FleetDeviceInfo; isShared: boolean }) {
  const { enrolment, hostname } = device
  const silence = silenceText(device)
  const [isOpen, setOpen] = useState(false)
  // The others have a section of their own on this page, as far as it holds them.
  const hasNone = !devices.value.some(({ id }) => id === device.id)
  const row = (
    <tr>
      <td>
        <Cut text={labelOf(device)} max={36} />
        {isShared && <ShortId id={device.id} />}
        {enrolment.name !== '' && hostname !== '' && (
          <p class="meta">
            <Cut text={hostname} max={32} />
          </p>
        )}
        <p class="meta phone">
          <Cut text={enrolment.group} max={24} />
          {enrolment.owner !== '' && (
            <>
              {', of '}
              <Cut text={enrolment.owner} max={24} />
            </>
          )}
        </p>
        {enrolment.policy && <p class="meta phone">Policy: {policyCell(enrolment.policy)}</p>}
        {silence !== '' && <p class="meta loss">{silence}</p>}
      </td>
      <td>
        {standingText(enrolment)}
        {hasNone && (
          <button
            type="button"
            aria-expanded={isOpen}
            aria-label={`Change ${labelOf(device)}`}
            onClick={() => setOpen(!isOpen)}
          >
            Change
          </button>
        )}
      </td>
      <td class="roomy">
        <Cut text={enrolment.group} max={16} />
      </td>
      <td class="roomy">
        {enrolment.owner === '' ? '-' : <Cut text={enrolment.owner} max={16} />}
      </td>
      <td class="roomy wide">
        {device.agentVersion === '' ? '-' : <Cut text={device.agentVersion} max={16} />}
      </td>
      <td class={`roomy${enrolment.policy?.faults.length ? ' loss' : ''}`}>
        {policyCell(enrolment.policy)}
      </td>
      <td class="roomy wide">
        <Clock at={enrolment.enrolledAt} />
      </td>
      <td>{lastHeardOf(device)}</td>
    </tr>
  )
  return (
    <>
      {row}
      {hasNone && isOpen && (
        <tr>
          <td colSpan={COLUMNS} class="enrolment">
            <EnrolmentForms id={device.id} enrolment={enrolment} />
          </td>
        </tr>
      )}
    </>
  )
}

function lastHeardOf({ connected, lastSeenAt }: FleetDeviceInfo) {
  if (connected) return 'Connected'
  return lastSeenAt === '' ? 'Never connected' : <Age at={lastSeenAt} ago />
}

function Refusals({ refusals, unlisted }: RefusalsResponse) {
  const shown = refusals.slice(0, REFUSALS_SHOWN)
  const rest = refusals.slice(REFUSALS_SHOWN).reduce((sum, { count }) => sum + count, unlisted)
  return (
    <section class="panel roster" aria-labelledby="refused">
      <h2 id="refused">Turned away</h2>
      <p class="quiet">
        What stands here of a machine is what it said of itself: nobody has checked it.
      </p>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Last</th>
            <th scope="col">Why</th>
            <th scope="col" class="roomy">
              From
            </th>
            <th scope="col" class="roomy">
              Says it is
            </th>
            <th scope="col" class="right">
              Times
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((refusal) => (
            <RefusalRow
              key={`${refusal.code} ${refusal.deviceId} ${refusal.address}`}
              refusal={refusal}
            />
          ))}
        </tbody>
      </table>
      {rest > 0 && (
        <p class="rest">
          {countText(rest)} more, which <code>freshet collector refusals</code> lists as far as they
          are kept.
        </p>
      )}
    </section>
  )
}

function RefusalRow({ refusal }: { refusal: RefusalInfo }) {
  const { code, text, deviceId, hostname, address, count, lastAt } = refusal
  const who = hostname || deviceId || '-'
  return (
    <tr>
      <td>
        <Age at={lastAt} ago />
      </td>
      <td class="text">
        <code>{code}</code>
        <p class="meta">{text.replaceAll('`', '')}</p>
        <p class="meta phone">
          from <Cut text={address} max={40} mono />, says it is <Cut text={who} max={36} />
        </p>
      </td>
      <td class="roomy">
        <Cut text={address} max={40} mono />
      </td>
      <td class="roomy">
        <Cut text={who} max={36} />
        {hostname !== '' && deviceId !== '' && (
          <p class="meta">
            <Cut text={deviceId} max={36} mono />
          </p>
        )}
      </td>
      <td class="right number">{countText(count)}</td>
    </tr>
  )
}
