// Standard input as a file: a capture is read from its end too, and what a log is says its beginning.
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { SourceError } from './open.ts'

export type Spooled = { path: string; remove(): Promise<void> }

/** All of `input`, in a file that only this user may read. Rejects with SourceError when it cannot be kept, or `signal` ends it. */
export async function spooled(input: Readable, signal: AbortSignal): Promise<Spooled> {
  const directory = await mkdtemp(join(tmpdir(), 'freshet-input-'))
  const path = join(directory, 'standard-input')
  const remove = () => rm(directory, { recursive: true, force: true })
  try {
    await pipeline(input, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal })
    return { path, remove }
  } catch (cause) {
    await remove()
    const { code, message } = cause as NodeJS.ErrnoException
    const why =
      code === 'ENOSPC' ? `${tmpdir()} has no room for it (TMPDIR names another place)` : message
    throw new SourceError(`standard input cannot be read: ${why}`, { cause })
  }
}
