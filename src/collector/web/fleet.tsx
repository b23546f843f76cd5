// Machines that enrolled: whose they are, how they stand with this collector, and what a person can say of them.
import { useId, useState } from 'preact/hooks'
import type {
  DeviceChangeRequest,
  DeviceInfo,
  EnrolmentInfo,
  PolicyStandingInfo,
} from '../views/page-api.ts'
import { type ApiError, postDevice } from './api.ts'
import { signOut } from './feed.ts'
import { Age, Clock, Cut } from './parts.tsx'
import { faultsTold, policyText } from './policy-words.ts'
import { Removal, RemovedNote } from './removal.tsx'
import { devices, fleetTold, loaded, removed, sharedNames } from './state.ts'
import { STANDING_WORDS, standingText } from './words.ts'

/** As long as the API takes. */
const NAME_CHARS_MAX = 100

/** Letters of an id that tell machines apart, and that a search for `host:` takes (store/search.ts). */
const ID_LETTERS = 8

/** A machine as it calls itself; where others do so too, with how its id begins. */
export function MachineName({ of, max }: { of: { id: string; hostname: string }; max: number }) {
  return (
    <>
      <Cut text={of.hostname} max={max} />
      {sharedNames.value.has(of.hostname) && <ShortId id={of.id} />}
    </>
  )
}

/** The same as text. */
export const machineName = ({ id, hostname }: { id: string; hostname: string }): string =>
  sharedNames.value.has(hostname) ? `${hostname} ${id.slice(0, ID_LETTERS)}` : hostname

export const ShortId = ({ id }: { id: string }) => (
  <span class="mono quiet" title={id}>
    {' '}
    {id.slice(0, ID_LETTERS)}
  </span>
)

const FORGOTTEN_TEXT =
  'It is not enrolled here: it gave way to newer machines, was removed, or a restore brought no devices back, and nobody vouches for what it sent'

/** What an analyst should know of the machine that an alert is of; nothing where there is nothing. */
export function MachineMark({ id }: { id: string }) {
  const device = devices.value.find((one) => one.id === id)
  // Of more machines than the page holds nobody may read that all is well with the rest.
  if (!device && loaded.value)
    return (
      <span
        class="standing-mark unknown"
        title="This page holds the first thousand machines: this is none of them"
      >
        Standing not known
      </span>
    )
  const enrolment = device?.enrolment
  if (!enrolment) return null
  if (enrolment.standing === 'forgotten')
    return (
      <span class="standing-mark" title={FORGOTTEN_TEXT}>
        {STANDING_WORDS.forgotten}
      </span>
    )
  const marks = [
    ...(enrolment.standing === 'active' ? [] : [STANDING_WORDS[enrolment.standing]]),
    ...(enrolment.sharedSince === null ? [] : ['Shared']),
  ]
  if (marks.length === 0) return null
  return <span class="standing-mark">{marks.join(', ')}</span>
}

/** Of one machine: how it stands, and the form that changes it. */
export function Enrolment({ device }: { device: DeviceInfo }) {
  const { enrolment } = device
  const [isOpen, setOpen] = useState(false)
  if (!enrolment) return null
  if (enrolment.standing === 'forgotten')
    return removed.value.has(device.id) ? (
      <RemovedNote id={device.id} />
    ) : (
      <p class="enrolment">
        <strong>{STANDING_WORDS.forgotten}.</strong> {FORGOTTEN_TEXT}.
      </p>
    )
  return (
    <section class="enrolment" aria-label={`Enrolment of ${machineName(device)}`}>
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
      <PolicyStanding policy={enrolment.policy} />
      {enrolment.sharedSince !== null && (
        <p class="banner warn">
          <strong>Another machine has its certificate, too.</strong> Since{' '}
          <Clock at={enrolment.sharedSince} /> what stands here may be of either; the copy becomes a
          machine of its own when its agent starts again.
        </p>
      )}
      {isOpen && <EnrolmentForms id={device.id} enrolment={enrolment} />}
    </section>
  )
}

/** All that a person can say of one that enrolled. */
export const EnrolmentForms = (of: { id: string; enrolment: EnrolmentInfo }) => (
  <>
    <Form {...of} />
    <Removal id={of.id} />
  </>
)

/** What it says of the policies that it is sent. */
function PolicyStanding({ policy }: { policy: PolicyStandingInfo | null }) {
  if (!policy) return null
  return (
    <>
      <p class="policy-standing">
        {policyText(policy)}
        {policy.saidAt !== '' && (
          <>
            {', as it said '}
            <Age at={policy.saidAt} ago />
          </>
        )}
      </p>
      {faultsTold(policy.faults).map(({ heads, text }) => (
        <p key={text} class="banner warn">
          <strong>{heads}.</strong> {text}
        </p>
      ))}
    </>
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
      fleetTold.value++
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
