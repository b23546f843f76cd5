/**
 * Milliseconds that a test waits for what has to come. Only a fault takes so long, whatever else the machine does: a
 * shorter wait would decide by how busy that is. Mocha's own limit is twice it (.mocharc.json).
 */
export const WAIT_MS = 60_000

/** Rejects after WAIT_MS: a wait without an end outlives the test that failed, and the run never ends. */
export async function until(holds: () => boolean): Promise<void> {
  const endsMs = performance.now() + WAIT_MS
  while (!holds()) {
    if (performance.now() > endsMs) throw new Error(`it never was so: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
