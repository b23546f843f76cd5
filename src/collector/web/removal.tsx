// To remove a machine, and what becomes of what it sent.
import { useState } from 'preact/hooks'
import type { DeviceRemovalRequest } from '../views/page-api.ts'
import { type ApiError, postRemoval } from './api.ts'
import { signOut } from './feed.ts'
import { devices, fleetTold, removed } from './state.ts'

/** Asks what becomes of its alerts before anything is done. */
export function Removal({ id }: { id: string }) {
  const [isAsked, setAsked] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')

  const remove = async (data: DeviceRemovalRequest['data']): Promise<void> => {
    setError('')
    setBusy(true)
    try {
      await postRemoval(id, { data })
      removed.value = new Map(removed.value).set(id, data)
      // Pages hear of machines that are there; of one that was away this one knows it by itself.
      devices.value = devices.value.map((one) =>
        one.id === id ? { ...one, enrolment: { standing: 'forgotten' as const } } : one,
      )
      fleetTold.value++
    } catch (cause) {
      const { code, message } = cause as ApiError
      if (code === 'signed_out') return signOut()
      setError(message)
    }
    setBusy(false)
  }

  if (!isAsked)
    return (
      <p class="removal">
        <button type="button" onClick={() => setAsked(true)}>
          Remove
        </button>
      </p>
    )
  return (
    <div class="removal">
      <p>
        A machine that is removed is let in no more until it enrols again. Its alerts and what else
        it sent can stay, until they are too old; or all of it is deleted now, for good: alerts with
        what people said of them, programs, destinations, hours and health events. Backups still
        have them.
      </p>
      <p>
        <button type="button" disabled={busy} onClick={() => void remove('kept')}>
          Remove it, keep its alerts
        </button>
        <button type="button" disabled={busy} onClick={() => void remove('erased')}>
          Remove it, delete its alerts
        </button>
        <button type="button" disabled={busy} onClick={() => setAsked(false)}>
          Leave it
        </button>
      </p>
      {error !== '' && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
    </div>
  )
}

/** Of one that this page has removed, as long as it is listed. */
export function RemovedNote({ id }: { id: string }) {
  const data = removed.value.get(id)
  if (data === undefined) return null
  return (
    <p class="enrolment" role="status">
      <strong>Removed.</strong>{' '}
      {data === 'kept'
        ? 'What it sent stays until it is too old.'
        : 'What it sent is being deleted, its alerts too: it leaves this list when that is done.'}
    </p>
  )
}
