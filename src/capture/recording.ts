// What the engine role keeps of its own input while it runs: the file behind `freshet record`.

import { fstatSync, ftruncateSync, writeSync } from 'node:fs'
import type { BaselineRow } from '../baseline/row.ts'
import type { Finding } from '../engine/finding.ts'
import { counted } from '../engine/sentence.ts'
import type { UnixNs } from '../units.ts'
import { createAlertDigest } from './alert-digest.ts'
import type { CaptureHeader } from './document.ts'
import { type CaptureCounts, createCaptureWriter } from './writer.ts'

export type RecordingOptions = {
  /** Open for appending; stays open. */
  fd: number
  header: CaptureHeader
  rows: Iterable<BaselineRow>
  log: (text: string) => void
}

export type RecordingCounts = CaptureCounts & {
  /** Alert findings, revisions included. */
  alerts: number
  digest: string
}

export type Recording = {
  /** Each piece of records, before the engine is given it. */
  take(records: Uint8Array): void
  /** What the engine found, before anything is added to it. */
  note(findings: readonly Finding[]): void
  /** To be called before records are acknowledged: what is acknowledged is in the file, or counted. */
  flush(): void
  /** Ends the segment. Never throws: what the disk refuses then is logged. */
  close(at: UnixNs): RecordingCounts
  counts(): RecordingCounts
}

/** Writes header and baseline. Throws what node:fs throws when the file does not take them. */
export function startRecording({ fd, header, rows, log }: RecordingOptions): Recording {
  const digest = createAlertDigest()
  const writer = createCaptureWriter(appendTo(fd), (gap) =>
    log(`the capture does not take what comes (${gap.reason}): it is counted, and tried again`),
  )
  const leftOut = writer.begin(header, rows)
  if (leftOut > 0)
    log(
      `${counted(leftOut, 'row')} of the baseline ${leftOut === 1 ? 'is' : 'are'} too large for the capture`,
    )
  const counts = (): RecordingCounts => ({
    ...writer.counts(),
    alerts: digest.count(),
    digest: digest.hex(),
  })
  return {
    take: writer.records,
    note: digest.add,
    flush: writer.flush,
    close(at) {
      try {
        writer.end({ endedAt: at, alerts: digest.count(), digest: digest.hex() })
      } catch (error) {
        log(`the capture could not be closed (${(error as Error).message})`)
      }
      return counts()
    },
    counts,
  }
}

/** Appends whole blocks: one that does not fit is taken back, so that the file stays readable. */
function appendTo(fd: number): (block: Uint8Array) => void {
  let position = fstatSync(fd).size
  return (block) => {
    try {
      for (let at = 0; at < block.length; ) at += writeSync(fd, block, at)
      position += block.length
    } catch (error) {
      try {
        ftruncateSync(fd, position)
      } catch {
        // No regular file. A reader finds the next block by itself.
      }
      throw error
    }
  }
}
