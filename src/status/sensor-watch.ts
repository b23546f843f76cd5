// Notices that the sensor has gone quiet: it says a tick each second, so silence is a fault, never peace.

export type SensorWatch = {
  /** A tick came. */
  heard(nowMs: number): void
  /** 0, or for how long none has come when that is too long. `nowMs` is monotonic. */
  silentMs(nowMs: number): number
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
    silentMs(nowMs) {
      const forMs = nowMs - heardAtMs
      return forMs < quietMs ? 0 : forMs
    },
  }
}
