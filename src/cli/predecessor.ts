// Another agent in the same place, found before this one begins.
import { setTimeout as pause } from 'node:timers/promises'
import { isWatched } from '../status/asking.ts'
import { ConfigError } from './state.ts'

/** One that is told to end answers for a second or so; service managers start the next one at once. */
const WAIT_MS = 10_000
const LOOK_MS = 250

/**
 * Resolves when no agent answers for the state directory `root`; one that is ending may still do. Rejects with ConfigError
 * when one goes on: nobody knows of an agent that waits for another which does not end.
 */
export async function awaitPredecessor(
  root: string,
  {
    signal,
    log,
    waitMs = WAIT_MS,
  }: { signal: AbortSignal; log: (text: string) => void; waitMs?: number | undefined },
): Promise<void> {
  if (!(await isWatched(root))) return
  if (waitMs > 0)
    log(
      `another agent runs with the state directory ${root} and is left alone: this one waits up to ${Math.round(waitMs / 1000)} s for it to end, then ends itself`,
    )
  const deadlineMs = performance.now() + waitMs
  while (!signal.aborted && performance.now() < deadlineMs) {
    await pause(LOOK_MS, undefined, { signal }).catch(() => undefined)
    if (!(await isWatched(root))) return
  }
  if (!signal.aborted)
    throw new ConfigError(
      `another agent runs with the state directory ${root}: stop it, or choose another with --state`,
    )
}
