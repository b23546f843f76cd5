// How old what waits is, by time that no clock which is set has a part in.

/**
 * The outbox's own time, milliseconds: `startMs`, and what `elapsedMs` has gone on by since. Begun again where the newest
 * that waits was added, it stands still while no agent runs: so a clock that is set ahead, before a start or after, makes
 * nothing old, and an agent that was off for a month gives what it has to a collector first.
 */
export function createOwnTime(startMs: number, elapsedMs: () => number): () => number {
  const fromMs = elapsedMs()
  return () => startMs + Math.max(0, Math.floor(elapsedMs() - fromMs))
}
