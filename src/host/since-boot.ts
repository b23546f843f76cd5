// Time that no clock which is set has a part in.
import { uptime } from 'node:os'

/**
 * Milliseconds since this machine was started, those that it slept with them, whatever its clock is set to: to a
 * hundredth of a second on Linux, to a second on a Mac. performance.now() stands still in sleep on Linux, so a laptop that
 * was closed for a night would look like a clock that was set.
 */
export const sinceBootMs = (): number => uptime() * 1000
