// What people made of an alert: its present status, who said so, and the form to say something.
import { useId, useState } from 'preact/hooks'
import type {
  AlertDetail,
  AlertSummary,
  TriageEntryInfo,
  TriageStatusName,
} from '../views/page-api.ts'
import { type ApiError, getAlert, postTriage } from './api.ts'
import { signOut } from './feed.ts'
import { ownName, rememberName } from './own-name.ts'
import { Clock, Cut } from './parts.tsx'
import { grownText, STATUS_WORDS } from './triage-words.ts'

/** As long as the API takes. */
const NAME_CHARS_MAX = 64
const NOTE_BYTES_MAX = 4096

/** Nothing while nobody has said anything, or it was opened again. */
export function TriageMark({ of }: { of: Pick<AlertSummary, 'triage' | 'bytesOut' | 'severity'> }) {
  const { triage } = of
  if (!triage || triage.status === 'open') return null
  const grown = grownText(of)
  return (
    <span class={`triage-mark ${triage.status}${grown === '' ? '' : ' grown'}`}>
      {STATUS_WORDS[triage.status]} by <Cut text={triage.statusBy} max={24} />
      {grown !== '' && <strong>, since then {grown}</strong>}
    </span>
  )
}

type Props = { alert: AlertDetail; onAlert: (alert: AlertDetail) => void }

export function Triage({ alert, onAlert }: Props) {
  return (
    <section class="panel triage" aria-labelledby="triage">
      <h2 id="triage">Triage</h2>
      <Present alert={alert} />
      <History entries={alert.triageHistory} />
      <Form alert={alert} onAlert={onAlert} />
    </section>
  )
}

function Present({ alert }: { alert: AlertDetail }) {
  const { triage } = alert
  if (!triage) return <p>Open: nobody has said anything of it yet.</p>
  const grown = grownText(alert)
  return (
    <p>
      <strong>{STATUS_WORDS[triage.status]}</strong> since <Clock at={triage.statusAt} />, says{' '}
      <Cut text={triage.statusBy} max={64} />.
      {grown !== '' && <strong class="grown"> Since then {grown}.</strong>}
    </p>
  )
}

function History({ entries }: { entries: readonly TriageEntryInfo[] }) {
  if (entries.length === 0) return null
  return (
    <ol class="said" aria-label="What was said">
      {entries.map((entry) => (
        <li key={entry.revision}>
          <p class="meta">
            <Clock at={entry.at} />
            <strong>
              <Cut text={entry.by} max={64} />
            </strong>
            <span>{STATUS_WORDS[entry.status]}</span>
            <span class="quiet">at revision {entry.alertRevision}</span>
          </p>
          {entry.note.map((line, index) => (
            <p class="note" key={index}>
              <bdi>{line}</bdi>
            </p>
          ))}
        </li>
      ))}
    </ol>
  )
}

/** What can be said next; the first is what is done most. */
const NEXT: Record<TriageStatusName, readonly [TriageStatusName, string][]> = {
  open: [
    ['acknowledged', 'Acknowledge'],
    ['closed', 'Close'],
  ],
  acknowledged: [
    ['closed', 'Close'],
    ['open', 'Open again'],
  ],
  closed: [['open', 'Open again']],
}

function Form({ alert, onAlert }: Props) {
  const [by, setBy] = useState(ownName)
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState('')
  const [error, setError] = useState('')
  const id = useId()
  const present = alert.triage?.status ?? 'open'

  const say = async (status: TriageStatusName): Promise<void> => {
    setSaid('')
    if (by.trim() === '') return setError('Type your name first: the history shows who said what.')
    if (new TextEncoder().encode(note).length > NOTE_BYTES_MAX)
      return setError(`The note is longer than the ${NOTE_BYTES_MAX} bytes that are kept.`)
    if (status === present && note.trim() === '') return setError('Write the note first.')
    setError('')
    setBusy(true)
    try {
      const revision = alert.triage?.revision ?? 0
      const request = { device: alert.device.id, revision, status, by: by.trim(), note }
      onAlert(await postTriage(alert.id, request))
      rememberName(by.trim())
      setNote('')
      setSaid('Kept.')
    } catch (cause) {
      await fail(cause as ApiError)
    }
    setBusy(false)
  }

  /** What was typed stays. */
  async function fail({ code, message }: ApiError): Promise<void> {
    if (code === 'signed_out') return signOut()
    if (code !== 'conflict') return setError(message)
    const now = await getAlert(alert.id, alert.device.id).catch(() => undefined)
    if (now) onAlert(now)
    const { by: other = 'Somebody else', status = 'open' } = now?.triage ?? {}
    setError(
      `Nothing was kept: ${other} said something meanwhile (now ${STATUS_WORDS[status].toLowerCase()}). Look at it above; ` +
        'what you wrote is still here.',
    )
  }

  return (
    <form
      class="say"
      onSubmit={(event) => {
        event.preventDefault()
      }}
    >
      <label for={`${id}note`}>Note</label>
      <textarea
        id={`${id}note`}
        rows={2}
        value={note}
        onInput={(event) => setNote(event.currentTarget.value)}
      />
      <label for={`${id}name`}>Your name</label>
      <input
        id={`${id}name`}
        value={by}
        maxLength={NAME_CHARS_MAX}
        onInput={(event) => setBy(event.currentTarget.value)}
        autocomplete="off"
        spellcheck={false}
      />
      <p class="buttons">
        {NEXT[present].map(([status, name]) => (
          <button type="button" key={status} disabled={busy} onClick={() => void say(status)}>
            {name}
          </button>
        ))}
        <button type="button" disabled={busy} onClick={() => void say(present)}>
          Add the note
        </button>
        <span class="quiet">Names are not checked: all who have the key may type any.</span>
      </p>
      <p class={error === '' ? 'quiet' : 'error'} role={error === '' ? 'status' : 'alert'}>
        {error || said}
      </p>
    </form>
  )
}
