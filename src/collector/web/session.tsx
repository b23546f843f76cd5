// Asks for the key where this tab has none, or one that is refused.
import { useState } from 'preact/hooks'
import { ApiError } from './api.ts'
import { signIn } from './feed.ts'

export function SessionForm({ why }: { why: string }) {
  const [error, setError] = useState(why)
  const [busy, setBusy] = useState(false)
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const key = new FormData(event.currentTarget as HTMLFormElement).get('key')
    if (typeof key !== 'string' || key.trim() === '') return setError('Enter the key first.')
    setBusy(true)
    try {
      await signIn(key.trim())
    } catch (cause) {
      const refused = cause instanceof ApiError && cause.code === 'signed_out'
      setError(
        refused
          ? 'That is not the key of this collector.'
          : cause instanceof Error
            ? cause.message
            : String(cause),
      )
      setBusy(false)
    }
  }
  return (
    <main class="session">
      <h1>
        <img src="/icon.svg" alt="" width="28" height="28" /> Freshet
      </h1>
      <form onSubmit={(event) => void submit(event)}>
        <label for="key">Key of this collector</label>
        <input id="key" name="key" type="password" autocomplete="off" spellcheck={false} />
        <button type="submit" disabled={busy}>
          Open
        </button>
        <p class="error" role="alert">
          {error}
        </p>
        <p class="quiet">
          <code>freshet page</code> prints the address of this page with the key in it; open that
          address, or enter what stands there after <code>key=</code>. The key is also in the file{' '}
          <code>page.key</code> in the collector’s state directory. It is asked for once in each
          browser, for as long as one of its tabs shows this page.
        </p>
      </form>
    </main>
  )
}
