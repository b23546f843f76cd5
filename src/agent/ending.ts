// The end of an engine whose disk takes nothing: what it has learnt and found is written as far as there is room, and what is
// not is said to the next start, in a file that was there beforehand. It is said before it is tried for long: who has not ended
// by then is killed.
import type { SqliteBaseline } from '../baseline/sqlite.ts'
import { isDiskFull, readPrepared, writePrepared } from '../state-file.ts'
import type { Outbox } from '../stream/outbox.ts'
import type { Telling } from './telling.ts'

/** In the agent's directory. */
const FILE = 'baseline.unwritten'
const UNWRITTEN = 'unwritten'

/**
 * Tells that the last engine ended so: once, or at the next start again where that is not on the disk either. REQUIRES: called
 * at each start, which makes the file. Throws what readPrepared does.
 */
export function tellUnwritten(
  { tellHealth }: Pick<Telling, 'tellHealth'>,
  outbox: Pick<Outbox, 'unwritten'>,
): void {
  if (readPrepared(FILE) !== UNWRITTEN) return
  tellHealth(
    'baseline',
    'the disk took nothing when the agent ended, so what the baseline had learnt last is not in it: a program that was new ' +
      'then may be said new once more, and what flows that were open had sent may count once more',
  )
  if (outbox.unwritten() > 0) return
  try {
    writePrepared(FILE, '')
  } catch (error) {
    if (!isDiskFull(error)) throw error
  }
}

/**
 * From when the engine reads that it ends to its last attempts. Sense kills it after 5 s (STOP_MS), of which the wait for a file
 * that was held just then has taken up to 2.
 */
const END_MS = 2_000
/** For a file that another process holds for a moment. */
const BRIEF_MS = 200

/** All of them, whatever one throws, which is thrown after. */
export function closeAll(...files: readonly { close(): void }[]): void {
  const [first, ...rest] = files
  try {
    first?.close()
  } finally {
    if (rest.length > 0) closeAll(...rest)
  }
}

export type Ending = {
  /**
   * `mark` writes that it ends in good order. To be called when no more is found, before anything is waited for; `isSettled`:
   * nothing waits.
   */
  foretell(isSettled: boolean, mark: () => void): void
  /**
   * To be called when nothing is sent any more. `settle` settles all, and says whether it could: findings first, since the baseline
   * must not know a program whose finding is not kept.
   */
  settleLast(settle: () => boolean): void
}

/** From now on nobody who holds a file is waited for longer than the end has time for. */
export function beginEnd(parts: {
  outbox: Pick<Outbox, 'patience' | 'foretell' | 'writeLast'>
  baseline: Pick<SqliteBaseline, 'patience' | 'giveRoom'>
  log: (text: string) => void
  /** Monotonic milliseconds. */
  nowMs?: () => number
}): Ending {
  const { outbox, baseline, log, nowMs = () => performance.now() } = parts
  const endsAtMs = nowMs() + END_MS
  const patience = (of: { patience(ms: number): void }, ms: number) => of.patience(Math.round(ms))
  const leftMs = () => Math.max(BRIEF_MS, endsAtMs - nowMs())
  patience(outbox, BRIEF_MS)
  patience(baseline, BRIEF_MS)

  const say = (text: string): void => {
    try {
      writePrepared(FILE, text)
    } catch (error) {
      log(
        `how the baseline is left cannot be written (${(error as Error).message}): the next start does not say it`,
      )
    }
  }
  return {
    foretell(isSettled, mark) {
      outbox.foretell()
      if (!isSettled) say(UNWRITTEN)
      mark()
    },
    settleLast(settle) {
      baseline.giveRoom()
      patience(outbox, leftMs())
      outbox.writeLast()
      patience(baseline, leftMs())
      if (settle()) {
        say('')
        return
      }
      log(
        'the baseline is not written as the agent ends: a program that was new may be said new once more, and what flows that are ' +
          'open have sent may count once more',
      )
      // What was too full for it before may have given room.
      say(UNWRITTEN)
    },
  }
}
