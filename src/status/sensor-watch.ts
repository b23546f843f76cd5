// Notices that the sensor has gone quiet: it says a tick each second, so silence is a fault, never peace.

export type SensorWatch = {
  /** Records came. */
  heard(nowMs: number): void
  /** Empty, or the sentence that says for how long nothing has come. `nowMs` is monotonic. */
  silence(nowMs: number): string
}

/** Ticks come at most 5 s apart (--interval). */
export const QUIET_MS = 10_000

/** `quietMs` is how long a working sensor may say nothing. */
export function createSensorWatch(startedAtMs: number, quietMs = QUIET_MS): SensorWatch {
  let heardAtMs = startedAtMs
  return {
    heard(nowMs) {
      heardAtMs = nowMs
    },
    silence(nowMs) {
      const forMs = nowMs - heardAtMs
      if (forMs < quietMs) return ''
      return `Nothing has come from the sensor for ${Math.round(forMs / 1000)} s: detection stands still. Restart the agent, and report it if that helps.`
    },
  }
}
