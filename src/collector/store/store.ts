// The collector's store: one SQLite file, written by one thread and read by another. The room's face.
import { threadModule } from '../../place.ts'
import { createTrouble } from '../../trouble.ts'
import type { UnixNs } from '../../units.ts'
import type {
  Answers,
  DeviceFacts,
  Enrolled,
  ErasedBefore,
  ErasureStep,
  Keep,
  Query,
  Retained,
  Standings,
  StoreBatch,
  StoredBatch,
  TriageOutcome,
  TriageSaid,
  Work,
} from './protocol.ts'
import { loadThread } from './thread.ts'

export { alertColumns } from './alert-columns.ts'
export { checkHeader, checkStore, copyStore, removeStore, type StoreFacts } from './copy.ts'
export { eraseDevice } from './erase.ts'
export { erasedText } from './erasing.ts'
export { ProgramTexts } from './program-texts.ts'
export {
  type AlertsWanted,
  type DeviceFacts,
  type DeviceRow,
  DUPLICATE,
  type Enrolled,
  type Erased,
  type ErasureStep,
  type Keep,
  REFUSED,
  type Standings,
  Status,
  type StoredBatch,
  type StoreItem,
  saidStatus,
  severityRank,
} from './protocol.ts'
export {
  FIELDS as ALERT_FIELDS,
  IDENTITY_FIELDS,
  noNetworkIn,
  programText,
  unknownFields,
} from './search.ts'
export { StoreError } from './store-error.ts'
export { triageInfo } from './triage-reader.ts'

/** Between two looks at the length of the write-ahead log. */
const LOOK_MS = 250

/** Where the gateway puts what agents send. */
export type Ledger = {
  /**
   * Resolves when all of the batch is durable. Rejects with StoreError, and then nothing of it is stored.
   * Batches are stored in the order of the calls. `frame` is the memory that the items' bytes are views
   * of; it is given away.
   */
  append(batch: StoreBatch, frame: ArrayBuffer): Promise<StoredBatch>
  /** Makes the device known, or brings what is known of it up to date. Rejects with StoreError. */
  enroll(facts: DeviceFacts): Promise<Enrolled>
  /** Bytes handed to `append` and not answered yet. */
  waitingBytes(): number
}

export type Store = Ledger & {
  /** Bytes handed to `append` since it was opened, as they are kept: what came packed is counted unpacked. */
  takenBytes(): number
  /** Keeps what a person says of an alert. Rejects with StoreError, and then nothing is stored. */
  triage(said: TriageSaid): Promise<TriageOutcome>
  /** Rejects with StoreError. */
  read<Q extends Query>(query: Q): Promise<Answers[Q['op']]>
  /** When the newest that is kept was received, nanoseconds since 1970; 0 when nothing is. Rejects with StoreError. */
  newestAt(): Promise<bigint>
  /**
   * One step of retention at a time that the caller vouches for, between commits. Rejects with StoreError, and then
   * nothing was dropped.
   */
  retain(nowNs: UnixNs, keep: Keep): Promise<Retained>
  /** Rejects with StoreError, and then nothing of it holds. */
  noteStandings(standings: Standings): Promise<void>
  /**
   * One step of deleting all that a device sent, between commits; `before`: as far as it had come when it was cut off. Rejects
   * with StoreError, and then nothing of it is gone.
   */
  erase(deviceId: string, before?: ErasedBefore): Promise<ErasureStep>
  /** Devices of which an erasure was begun and is not over. Rejects with StoreError. */
  halfErased(): Promise<string[]>
  /** Nothing of what was deleted is left in the write-ahead log; false: a reader keeps it. Rejects with StoreError. */
  clean(): Promise<boolean>
  /** Commits what was handed over, then closes the file. Idempotent. */
  close(): Promise<void>
}

/** A store whose threads run and that is not opened yet. */
export type LoadedStore = {
  /** Opens or makes the store at `path`. Rejects with StoreError. */
  open(path: string): Promise<Store>
  /** For a store that was never opened. */
  close(): Promise<void>
}

/** Starts the store's threads and loads their code, which is all it reads. Rejects with StoreError. */
export async function loadStore(options: {
  now: () => UnixNs
  log: (text: string) => void
}): Promise<LoadedStore> {
  const { now, log } = options
  const [writer, reader, checkpoint] = await Promise.all([
    loadThread<Work>(threadModule('storeWriter'), log),
    loadThread<Query>(threadModule('storeReader'), log),
    loadThread<'look' | 'move'>(threadModule('storeCheckpoint'), log),
  ])
  let waitingBytes = 0
  let takenBytes = 0
  let looks: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  const trouble = createTrouble(log, () => performance.now())

  async function look(): Promise<void> {
    try {
      if (await checkpoint.call('look')) await writer.call({ op: 'settle' })
      trouble.works(() => 'the write-ahead log is moved again')
    } catch (cause) {
      trouble.failed(`the write-ahead log cannot be moved now: ${(cause as Error).message}`)
    }
    looking = undefined
  }

  const close = async () => {
    clearInterval(looks)
    await looking
    await Promise.all([reader.close(), checkpoint.close()])
    // Last, so that nothing keeps it from moving the whole log.
    await writer.close()
  }

  const store: Store = {
    async append(batch, frame) {
      const bytes = frame.byteLength
      waitingBytes += bytes
      takenBytes += bytes
      try {
        const work: Work = { op: 'append', nowNs: now(), batch }
        return (await writer.call(work, [frame])) as StoredBatch
      } finally {
        waitingBytes -= bytes
      }
    },
    async enroll(facts) {
      const work: Work = { op: 'enroll', nowNs: now(), facts }
      return (await writer.call(work)) as Enrolled
    },
    waitingBytes: () => waitingBytes,
    takenBytes: () => takenBytes,
    async triage(said) {
      return (await writer.call({ op: 'triage', nowNs: now(), said })) as TriageOutcome
    },
    async retain(nowNs, keep) {
      return (await writer.call({ op: 'retain', nowNs, keep })) as Retained
    },
    async noteStandings(standings) {
      await writer.call({ op: 'standings', standings })
    },
    async erase(deviceId, before) {
      return (await writer.call({ op: 'erase', nowNs: now(), deviceId, before })) as ErasureStep
    },
    async halfErased() {
      return (await writer.call({ op: 'half-erased' })) as string[]
    },
    async clean() {
      // Most of it beside the writer.
      await checkpoint.call('move')
      return (await writer.call({ op: 'clean' })) as boolean
    },
    async read<Q extends Query>(query: Q) {
      return (await reader.call(query)) as Answers[Q['op']]
    },
    newestAt: async () => (await reader.call({ op: 'newest' })) as Answers['newest'],
    close,
  }
  return {
    async open(path) {
      try {
        // The writer makes the tables that the reader's connection expects.
        await writer.open(path)
        await Promise.all([reader.open(path), checkpoint.open(path)])
      } catch (cause) {
        await close()
        throw cause
      }
      looks = setInterval(() => {
        looking ??= look()
      }, LOOK_MS).unref()
      return store
    },
    close,
  }
}
