// Sees to it that what devices sent goes where a person wants it gone (fleet/erasures.ts), a step at a time between commits, and says
// how far it has come and when it is over.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createTrouble } from '../../trouble.ts'
import type { UnixNs } from '../../units.ts'
import { createErasures, type Erasures, openRegistryFile, REGISTRY_FILE } from '../fleet/fleet.ts'
import { type ErasureStep, type Store, StoreError } from '../store/store.ts'

/** Between two looks at what is asked for. */
const LOOK_MS = 1000
/** Between two notes of how far it has come, each a write. */
const TELL_MS = 1000
/** A reader may stand in the way of the log for as long as a backup takes; what is in it is moved away then by itself. */
const CLEAN_TRIES = 10
const CLEAN_MS = 500

/** What is asked for, where it is known. */
export type Asked = { of(): Erasures | undefined; close(): void }

/** Where no machine enrols nobody holds the registry open; a command may have made it all the same. */
export function askedIn(stateDir: string, log: (text: string) => void): Asked {
  const path = join(stateDir, REGISTRY_FILE)
  let database: ReturnType<typeof openRegistryFile> | undefined
  let erasures: Erasures | undefined
  return {
    of() {
      if (!database && existsSync(path)) database = openRegistryFile(path, log)
      erasures ??= database && createErasures(database)
      return erasures
    },
    close: () => database?.close(),
  }
}

/** Begins to look. Returns what ends it: what is not over then goes on at the next start. */
export function beginErasures(options: {
  store: Pick<Store, 'erase' | 'clean' | 'halfErased'>
  asked: Asked
  /** Nothing of the device is left. */
  onErased: (deviceId: string) => void
  now: () => UnixNs
  log: (text: string) => void
}): () => void {
  const { store, asked, onErased, now, log } = options
  const trouble = createTrouble(log, () => performance.now())
  let isClosed = false
  let isBusy = false
  /** Begun and cut off before the collector started, or so in a backup of the store; undefined: not known yet. */
  let half: Set<string> | undefined

  /** undefined: it was closed meanwhile. */
  async function erase(
    id: string,
    erasures: Erasures | undefined,
  ): Promise<ErasureStep | undefined> {
    const before = erasures?.begun(id)
    let toldMs = Number.NEGATIVE_INFINITY
    for (;;) {
      const step = await store.erase(id, before)
      if (isClosed) return undefined
      const nowMs = performance.now()
      if (!step.more || nowMs - toldMs >= TELL_MS) {
        erasures?.tell(id, step)
        toldMs = nowMs
      }
      if (!step.more) return step
    }
  }

  async function clean(): Promise<boolean> {
    for (let tries = 0; tries < CLEAN_TRIES && !isClosed; tries++) {
      if (await store.clean()) return true
      await delay(CLEAN_MS)
    }
    return false
  }

  async function eraseAll(): Promise<void> {
    half ??= new Set(await store.halfErased())
    if (isClosed) return
    const erasures = asked.of()
    const failed: unknown[] = []
    for (const id of new Set([...(erasures?.due() ?? []), ...half])) {
      try {
        await eraseOne(id, erasures)
      } catch (cause) {
        // Those behind it do not wait for it.
        failed.push(cause)
      }
      if (isClosed) return
    }
    if (failed.length > 0) throw failed[0]
  }

  async function eraseOne(id: string, erasures: Erasures | undefined): Promise<void> {
    const done = await erase(id, erasures)
    if (!done) return
    const isClean = await clean()
    if (isClosed) return
    const isFound = done.found !== undefined || erasures?.begun(id) !== undefined
    erasures?.end(id, { isClean }, now())
    half?.delete(id)
    onErased(id)
    // Of what was there the store tells.
    if (!isFound) log(`device ${id}: nothing that it sent was there to be deleted`)
  }

  async function look(): Promise<void> {
    if (isBusy) return
    isBusy = true
    try {
      await eraseAll()
      trouble.works(() => 'what a person wants gone is deleted again')
    } catch (cause) {
      const isEnd = isClosed && cause instanceof StoreError
      if (!isEnd)
        trouble.failed(
          `what a person wants gone cannot be deleted now: ${(cause as Error).message}`,
        )
    } finally {
      isBusy = false
    }
  }

  const looks = setInterval(() => void look(), LOOK_MS)
  looks.unref()
  void look()
  return () => {
    if (isClosed) return
    isClosed = true
    clearInterval(looks)
    asked.close()
  }
}
