// What a replay walks through, whether it was recorded here or imported from a log.
import type { Capture, CaptureEvent } from '../capture/reader.ts'
import type { ImportedInput } from '../importers/importer.ts'
import { LAYOUT } from '../records/record.gen.ts'
import { unixNs } from '../units.ts'
import { VERSION } from '../version.ts'

/** A capture, or what looks like one. */
export type ReplaySource = Capture & {
  /** Sentences for a person on what the source cannot tell. */
  notes(): string[]
}

/** A log as a capture of one segment that begins with nothing known. */
export function sourceOf(input: ImportedInput): ReplaySource {
  return {
    events: eventsOf(input),
    damage: input.damage,
    notes: input.notes,
    progress: input.progress,
  }
}

async function* eventsOf({ header, records }: ImportedInput): AsyncGenerator<CaptureEvent, void> {
  yield {
    kind: 'header',
    header: {
      version: VERSION,
      layout: LAYOUT,
      deviceId: header.deviceId,
      host: {
        hostname: header.hostname,
        os: header.os,
        osVersion: '',
        osBuild: '',
        hardware: '',
        arch: '',
        bootId: '',
      },
      startedAt: header.startedAt ?? unixNs(0n, 'startedAt'),
      synthetic: header.isSynthetic ? header.format : '',
      baseline: { identities: 0, destinations: 0, alerts: 0 },
    },
  }
  for await (const piece of records) yield { kind: 'records', records: piece }
}
