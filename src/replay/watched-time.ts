// For how long a recording's machine was watched: what a number of alerts is held against.
import type { CaptureEvent } from '../capture/reader.ts'
import { RecordType, Source } from '../records/record.gen.ts'
import type { ReplaySource } from './source.ts'

const HOUR_NS = 3_600_000_000_000
/** A machine that is awake has a tick each second, a log a line now and then: longer, it slept or nobody looked. */
const GAP_NS = 600_000_000_000

export type Watch = {
  /** The same, looked at as it passes by. */
  over(source: ReplaySource): ReplaySource
  /** So far, of all that passed by. */
  hours(): number
}

export function createWatch(): Watch {
  let watchedNs = 0
  let lastNs: bigint | undefined

  const look = (records: Uint8Array): void => {
    const view = new DataView(records.buffer, records.byteOffset, records.length)
    for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
      // Of what no source told, as a policy, there is no time.
      if (view.getUint8(at + 6) === Source.none) continue
      const ns = view.getBigUint64(at + 8, true)
      // With a mark another boot may begin, whose time begins at 0.
      if (view.getUint16(at + 4, true) === RecordType.mark) lastNs = undefined
      const passed = lastNs === undefined ? 0 : Number(ns - lastNs)
      if (passed > 0 && passed <= GAP_NS) watchedNs += passed
      // What a source tells late is from before.
      if (lastNs === undefined || ns > lastNs) lastNs = ns
    }
  }
  async function* seen(events: AsyncIterable<CaptureEvent>): AsyncGenerator<CaptureEvent, void> {
    for await (const event of events) {
      if (event.kind === 'header') lastNs = undefined
      if (event.kind === 'records') look(event.records)
      yield event
    }
  }
  return {
    over: (source) => ({ ...source, events: seen(source.events) }),
    hours: () => watchedNs / HOUR_NS,
  }
}
