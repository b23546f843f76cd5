// Machines that enrolled: whose they are, how they stand with this collector, and what a person can say of them.
import { useId, useState } from 'preact/hooks'
import type { DeviceChangeRequest, DeviceInfo, EnrolmentInfo } from '../page-api.ts'
import { type ApiError, postDevice } from './api.ts'
import { signOut } from './feed.ts'
import { countText } from './format.ts'
import { Age, Clock, Cut } from './parts.tsx'
import { devices } from './state.ts'
import { STANDING_WORDS, silenceText, standingText } from './words.ts'

/** As long as the API takes. */
const NAME_CHARS_MAX = 100
/** Rows shown at once. */
const ROWS_MAX = 200

/** What an analyst should know of the machine that an alert is of; nothing where there is nothing. */
export function MachineMark({ id }: { id: string }) {
  const enrolment = devices.value.find((device) => device.id === id)?.enrolment
  if (!enrolment) return null
  const marks = [
    ...(enrolment.standing === 'active' ? [] : [STANDING_WORDS[enrolment.standing]]),
    ...(enrolment.sharedSince === null ? [] : ['Shared']),
  ]
  if (marks.length === 0) return null
  return <span class="standing-mark">{marks.join(', ')}</span>
}

/** All of them, where any is enrolled. */
export function Roster() {
  const all = devices.value.filter(({ enrolment }) => enrolment)
  if (all.length === 0) return null
  const waiting = all.filter(({ enrolment }) => enrolment?.standing === 'quarantined').length
  return (
    <section class="panel roster" aria-labelledby="enrolled">
      <h2 id="enrolled">Enrolled machines</h2>
      {waiting > 0 && (
        <p>
          {waiting === 1 ? 'One waits' : `${countText(waiting)} wait`} for somebody to admit{' '}
          {waiting === 1 ? 'it' : 'them'}: what a quarantined machine sends is kept and marked.
        </p>
      )}
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
            <th scope="col" class="roomy">
              Agent
            </th>
            <th scope="col" class="roomy">
              Enrolled
            </th>
            <th scope="col">Last heard of</th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, ROWS_MAX).map((device) => (
            <Row key={device.id} device={device} enrolment={device.enrolment as EnrolmentInfo} />
          ))}
        </tbody>
      </table>
      {all.length > ROWS_MAX && (
        <p class="rest">
          The first {ROWS_MAX} of {countText(all.length)} by name are shown.
        </p>
      )}
    </section>
  )
}

function Row({ device, enrolment }: { device: DeviceInfo; enrolment: EnrolmentInfo }) {
  const silence = silenceText(device)
  return (
    <tr>
      <td>
        <Cut text={enrolment.name || device.hostname} max={32} />
        {enrolment.name !== '' && (
          <p class="meta">
            <Cut text={device.hostname} max={32} />
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
        {silence !== '' && <p class="meta loss">{silence}</p>}
      </td>
      <td>{standingText(enrolment)}</td>
      <td class="roomy">
        <Cut text={enrolment.group} max={24} />
      </td>
      <td class="roomy">
        {enrolment.owner === '' ? '-' : <Cut text={enrolment.owner} max={24} />}
      </td>
      <td class="roomy">
        <Cut text={device.agentVersion} max={16} />
      </td>
      <td class="roomy">
        <Clock at={enrolment.enrolledAt} />
      </td>
      <td>{device.connected ? 'Connected' : <Age at={device.lastSeenAt} ago />}</td>
    </tr>
  )
}

/** Of one machine: how it stands, and the form that changes it. */
export function Enrolment({ device }: { device: DeviceInfo }) {
  const { enrolment } = device
  const [isOpen, setOpen] = useState(false)
  if (!enrolment) return null
  return (
    <section class="enrolment" aria-label={`Enrolment of ${device.hostname}`}>
      <p>
        <strong>{standingText(enrolment)}</strong>, group <Cut text={enrolment.group} max={40} />
        {enrolment.name !== '' && (
          <>
            {', called '}
            <Cut text={enrolment.name} max={40} />
          </>
        )}
        {enrolment.owner !== '' && (
          <>
            {', of '}
            <Cut text={enrolment.owner} max={40} />
          </>
        )}
        {', enrolled '}
        <Clock at={enrolment.enrolledAt} />{' '}
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Change
        </button>
      </p>
      {enrolment.sharedSince !== null && (
        <p class="banner warn">
          <strong>Another machine has its certificate, too.</strong> Since{' '}
          <Clock at={enrolment.sharedSince} /> what stands here may be of either; the copy becomes a
          machine of its own when its agent starts again.
        </p>
      )}
      {isOpen && <Form id={device.id} enrolment={enrolment} />}
    </section>
  )
}

function Form({ id, enrolment }: { id: string; enrolment: EnrolmentInfo }) {
  const [name, setName] = useState(enrolment.name)
  const [group, setGroup] = useState(enrolment.group)
  const [owner, setOwner] = useState(enrolment.owner)
  const [isSure, setSure] = useState(false)
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState('')
  const [error, setError] = useState('')
  const field = useId()

  const change = async (to: DeviceChangeRequest, done: string): Promise<void> => {
    setError('')
    setSaid('')
    setBusy(true)
    try {
      await postDevice(id, to)
      setSaid(done)
    } catch (cause) {
      const { code, message } = cause as ApiError
      if (code === 'signed_out') return signOut()
      setError(message)
    }
    setSure(false)
    setBusy(false)
  }
  const input = (key: string, label: string, value: string, set: (text: string) => void) => (
    <>
      <label for={`${field}${key}`}>{label}</label>
      <input
        id={`${field}${key}`}
        value={value}
        maxLength={NAME_CHARS_MAX}
        onInput={(event) => set(event.currentTarget.value)}
        autocomplete="off"
        spellcheck={false}
      />
    </>
  )
  return (
    <form
      class="say"
      onSubmit={(event) => {
        event.preventDefault()
      }}
    >
      {input('name', 'Name', name, setName)}
      {input('group', 'Group', group, setGroup)}
      {input('owner', 'Owner', owner, setOwner)}
      <p class="buttons">
        <button
          type="button"
          disabled={busy}
          onClick={() => void change({ name, group, owner }, 'Kept.')}
        >
          Keep
        </button>
        {enrolment.standing !== 'active' && (
          <button
            type="button"
            disabled={busy}
            onClick={() => void change({ standing: 'active' }, 'Admitted.')}
          >
            Admit
          </button>
        )}
        {enrolment.standing !== 'revoked' &&
          (isSure ? (
            <button
              type="button"
              disabled={busy}
              onClick={() => void change({ standing: 'revoked' }, 'Revoked: it is let in no more.')}
            >
              Yes, revoke it
            </button>
          ) : (
            <button type="button" disabled={busy} onClick={() => setSure(true)}>
              Revoke
            </button>
          ))}
        {isSure && (
          <span class="quiet">Its connection ends, and what it sees is kept on it alone.</span>
        )}
      </p>
      <p class={error === '' ? 'quiet' : 'error'} role={error === '' ? 'status' : 'alert'}>
        {error || said}
      </p>
    </form>
  )
}
