// At how many times real time a replay runs. Record time comes from the records; the clock and the wait are given.

export type PaceOptions = {
  /** Times real time. */
  speed: number
  nowMs: () => number
  wait: (ms: number) => Promise<void>
}

export type Pace = {
  /** Whole records in runs; each is given when its time has come. */
  runs(records: Uint8Array): AsyncIterable<Uint8Array>
}

/** Records no further apart than this are given together. */
const RUN_MS = 50
/** Record time goes back at a reboot, and leaps where a recording paused: time is then counted anew. */
const LEAP_MS = 60_000

export function createPace({ speed, nowMs, wait }: PaceOptions): Pace {
  let origin: { recordMs: number; clockMs: number } | undefined
  let lastMs = 0
  const due = async (recordMs: number): Promise<void> => {
    if (origin === undefined || recordMs < lastMs - LEAP_MS || recordMs > lastMs + LEAP_MS * speed)
      origin = { recordMs, clockMs: nowMs() }
    lastMs = recordMs
    const early = origin.clockMs + (recordMs - origin.recordMs) / speed - nowMs()
    if (early > 0) await wait(early)
  }
  return {
    async *runs(records) {
      const view = new DataView(records.buffer, records.byteOffset, records.length)
      let from = 0
      let runMs: number | undefined
      for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
        // A policy is of no time: it is in force from the start.
        const recordMs = Number(view.getBigUint64(at + 8, true)) / 1e6
        if (recordMs === 0) continue
        if (runMs !== undefined && Math.abs(recordMs - runMs) < RUN_MS * speed) continue
        if (at > from) {
          yield records.subarray(from, at)
          from = at
        }
        runMs = recordMs
        await due(recordMs)
      }
      if (from < records.length) yield records.subarray(from)
    },
  }
}
