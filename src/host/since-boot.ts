// Time that no clock which is set has a part in.
import { uptime } from 'node:os'

/** uptime() opens a file on Linux, 15 µs: a collector of ten thousand machines asked it for every message, a fifth of its time. */
const ASK_EVERY_MS = 100

let asked = { atMs: Number.NEGATIVE_INFINITY, uptimeMs: 0 }

/**
 * Milliseconds since this machine was started, those that it slept with them, whatever its clock is set to: to a tenth of
 * a second on Linux, to a second on a Mac. It never goes back. performance.now() stands still in sleep on Linux, so a laptop
 * that was closed for a night would look like a clock that was set.
 */
export function sinceBootMs(): number {
  const atMs = performance.now()
  if (atMs - asked.atMs >= ASK_EVERY_MS) asked = { atMs, uptimeMs: uptime() * 1000 }
  return asked.uptimeMs
}
