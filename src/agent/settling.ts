// When what the engine found is durable, and sense told so.
import type { Socket } from 'node:net'
import type { SqliteBaseline } from '../baseline/sqlite.ts'
import type { Recording } from '../capture/recording.ts'
import type { Engine } from '../engine/engine.ts'
import type { Finding } from '../engine/finding.ts'
import { Source, writeAcknowledge } from '../records/record.gen.ts'
import { createTrouble } from '../trouble.ts'

/** Record bytes after which sense is told that they are durable, at the latest; it keeps at most 4 MiB. */
const ACKNOWLEDGE_BYTES = 1024 * 1024
const COMMIT_INTERVAL_MS = 1000
/** While findings or the baseline wait for the disk sense keeps their records for an engine to come, up to here. */
const HELD_BYTES_MAX = 3 * 1024 * 1024

/** How much of sense's pipe went into the engine's bytes: see intake/account.ts. */
export type PipeAccount = {
  settled(engineBytes: number): { pipeBytes: number; engineBytes: number }
  forget(pipeBytes: number): void
}

/**
 * Takes what the engine has found and asked since the last call. REQUIRES: made after the engine was given what is
 * not sense's, and before it was given anything that is. With `isLast` all is settled, due or not. False: the disk did not
 * take what was due.
 */
export function createSettling(parts: {
  engine: Pick<Engine, 'settledBytes' | 'takeRequests' | 'takeFindings' | 'save'>
  account: PipeAccount
  baseline: Pick<SqliteBaseline, 'commit'>
  /** Writes as what the engine knows the flows of several sources; throws what the disk does. */
  keepSources: () => void
  pipe: Pick<Socket, 'destroyed' | 'writable'> & {
    write(bytes: Uint8Array, onDone: (error?: Error | null) => void): void
  }
  recording: Recording | undefined
  tell: (findings: Finding[]) => void
  /** Findings that wait in memory for the disk. */
  unwritten: () => number
  log: (text: string) => void
  /** Monotonic milliseconds. */
  nowMs?: () => number
}): (isLast: boolean) => boolean {
  const { engine, account, baseline, keepSources, pipe, recording, tell, unwritten, log } = parts
  const { nowMs = () => performance.now() } = parts
  const ownBytes = engine.settledBytes()
  let acknowledgedBytes = 0
  let triedBytes = 0
  /** Of the engine's bytes. */
  let goneBytes = 0
  let triedAtMs = nowMs()
  const trouble = createTrouble(log, nowMs)
  const sourcesTrouble = createTrouble(log, nowMs)

  // That sense has gone is for who reads the pipe to find.
  const toSense = (bytes: Uint8Array, onGone = () => {}): void => {
    if (pipe.destroyed || !pipe.writable) return
    pipe.write(bytes, (error) => {
      if (!error) onGone()
    })
  }

  /** False: the disk did not take them, and the next engine could count flows that are open once more. */
  const keepsSources = (isLast: boolean): boolean => {
    try {
      keepSources()
    } catch (error) {
      sourcesTrouble.failed(
        `which source told which flow is not written (${(error as Error).message}); it is tried again, and until then ` +
          'sense keeps records for it as far as it has room. Beyond it flows that are open when the agent is started ' +
          'anew may count once more: make room on the disk',
      )
      return false
    }
    if (isLast) sourcesTrouble.ends(thatSourcesAreWritten)
    else sourcesTrouble.works(thatSourcesAreWritten)
    return true
  }

  /** False: the disk did not take the baseline. */
  const commits = (isLast: boolean): boolean => {
    engine.save(ownBytes + goneBytes)
    try {
      baseline.commit()
    } catch (error) {
      trouble.failed(
        `${(error as Error).message}; until the baseline is written sense keeps records for it as far as it has room`,
      )
      return false
    }
    if (isLast) trouble.ends(thatItIsWritten)
    else trouble.works(thatItIsWritten)
    return true
  }

  // Findings first, then the baseline: a crash between the two repeats a finding, it never loses one.
  return (isLast) => {
    const requests = engine.takeRequests()
    if (requests.length > 0) toSense(Buffer.concat(requests))
    const findings = engine.takeFindings()
    recording?.note(findings)
    tell(findings)
    const atMs = nowMs()
    const settled = account.settled(engine.settledBytes() - ownBytes)
    const settledBytes = settled.pipeBytes
    const due =
      isLast ||
      findings.length > 0 ||
      settledBytes - triedBytes >= ACKNOWLEDGE_BYTES ||
      atMs - triedAtMs >= COMMIT_INTERVAL_MS
    // At the end what the engine finishes changes the baseline without a byte more: unsaved, it would be said again.
    if (!due || (!isLast && settledBytes === acknowledgedBytes)) return true
    triedAtMs = atMs
    triedBytes = settledBytes
    recording?.flush()
    // The baseline must not know a program whose finding is not kept: after a kill it would be new to nobody.
    // Nor a flow that the next engine would take for another; when sense has no more room it is better known twice than never.
    const isFull = settledBytes - acknowledgedBytes >= HELD_BYTES_MAX
    const isKept = unwritten() === 0 && (keepsSources(isLast) || isFull) && commits(isLast)
    // What is acknowledged never comes again, so an engine after a kill would not know what this one has not kept.
    if (!isKept && !isFull) return false
    acknowledgedBytes = settledBytes
    toSense(acknowledgement(settledBytes), () => {
      goneBytes = settled.engineBytes
      account.forget(settledBytes)
    })
    return isKept
  }
}

const thatSourcesAreWritten = () => 'which source told which flow is written again'
const thatItIsWritten = () => 'the baseline is written again'

function acknowledgement(throughBytes: number): Uint8Array {
  return writeAcknowledge({ source: Source.none, atNs: 0n, throughBytes: BigInt(throughBytes) })
}
