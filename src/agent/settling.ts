// When what the engine found is durable, and sense told so.
import type { Socket } from 'node:net'
import type { SqliteBaseline } from '../baseline/sqlite.ts'
import type { Recording } from '../capture/recording.ts'
import type { Engine } from '../engine/engine.ts'
import type { Finding } from '../engine/finding.ts'
import { Source, writeAcknowledge } from '../records/record.gen.ts'

/** Record bytes after which sense is told that they are durable, at the latest; it keeps at most 4 MiB. */
const ACKNOWLEDGE_BYTES = 1024 * 1024
const COMMIT_INTERVAL_MS = 1000
/** While findings wait for the disk sense keeps their records for an engine to come, up to here. */
const HELD_BYTES_MAX = 3 * 1024 * 1024

/**
 * Takes what the engine has found and asked since the last call. REQUIRES: made after the engine was given what is
 * not sense's, and before it was given anything that is. With `isLast` all is settled, due or not.
 */
export function createSettling(parts: {
  engine: Engine
  baseline: SqliteBaseline
  pipe: Socket
  recording: Recording | undefined
  tell: (findings: Finding[]) => void
  /** Findings that wait in memory for the disk. */
  unwritten: () => number
  log: (text: string) => void
}): (isLast: boolean) => void {
  const { engine, baseline, pipe, recording, tell, unwritten, log } = parts
  const ownBytes = engine.settledBytes()
  let acknowledgedBytes = 0
  let goneBytes = 0
  let committedAtMs = performance.now()

  // That sense has gone is for who reads the pipe to find.
  const toSense = (bytes: Uint8Array, onGone = () => {}): void => {
    if (pipe.destroyed || !pipe.writable) return
    pipe.write(bytes, (error) => {
      if (!error) onGone()
    })
  }

  // Findings first, then the baseline: a crash between the two repeats a finding, it never loses one.
  return (isLast) => {
    const requests = engine.takeRequests()
    if (requests.length > 0) toSense(Buffer.concat(requests))
    const findings = engine.takeFindings()
    recording?.note(findings)
    tell(findings)
    const nowMs = performance.now()
    const settledBytes = engine.settledBytes() - ownBytes
    const due =
      isLast ||
      findings.length > 0 ||
      settledBytes - acknowledgedBytes >= ACKNOWLEDGE_BYTES ||
      nowMs - committedAtMs >= COMMIT_INTERVAL_MS
    // At the end what the engine finishes changes the baseline without a byte more: unsaved, it would be said again.
    if (!due || (!isLast && settledBytes === acknowledgedBytes)) return
    committedAtMs = nowMs
    recording?.flush()
    // The baseline must not know a program whose finding is not kept: after a kill it would be new to nobody.
    const isKept = unwritten() === 0
    if (isKept) {
      engine.save(ownBytes + goneBytes)
      try {
        baseline.commit()
      } catch (error) {
        log(`the baseline was not written (${(error as Error).message}); it is tried again`)
      }
    } else if (settledBytes - acknowledgedBytes < HELD_BYTES_MAX) return
    acknowledgedBytes = settledBytes
    toSense(acknowledgement(settledBytes), () => {
      goneBytes = settledBytes
    })
  }
}

function acknowledgement(throughBytes: number): Uint8Array {
  return writeAcknowledge({ source: Source.none, atNs: 0n, throughBytes: BigInt(throughBytes) })
}
