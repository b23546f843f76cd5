// The time by which a collector judges tokens and certificates, as its commands have it: while it doubts its machine's clock that is
// another than the clock's.
import { join } from 'node:path'
import { DOUBT_FILE, doubtFile, savedTime } from '../collector/keeping/clock-watch.ts'
import { StateFileError } from '../state-file.ts'
import { nowUnixNs, type UnixNs } from '../units.ts'
import type { StatePaths } from './state.ts'

const log = (text: string): void => void process.stderr.write(`freshet: ${text}\n`)

/** REQUIRES: as who may read the collector's directory. */
export function believedNow({ collector }: StatePaths, now = nowUnixNs()): UnixNs {
  try {
    return savedTime(doubtFile(join(collector, DOUBT_FILE), log).read(), now)
  } catch (error) {
    if (!(error instanceof StateFileError)) throw error
    log(`whether the collector believes this machine's clock is not known: ${error.message}`)
    return now
  }
}
