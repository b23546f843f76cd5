// Says when the file of a running program holds other code than the kernel runs of it.
import { quoted } from '../../printable.ts'
import type { Health } from '../finding.ts'
import type { Process } from '../process/process.ts'
import { fileSignatureText, holdsOtherCode } from './signed-program.ts'

const HOUR_MS = 3_600_000
/** Said one by one in an hour; more are counted and said together. */
const SAID_MAX = 16
/** Pairs of code and file that were said already. */
const KNOWN_MAX = 1024

export type ChangedFiles = {
  /** The program of this process was inspected. */
  look(process: Process, nowMs: number): void
  /** Time passed. */
  pass(nowMs: number): void
}

export function createChangedFiles(emit: (health: Health) => void): ChangedFiles {
  const known = new Set<string>()
  let beganMs = 0
  let said = 0
  let unsaid = 0
  const pass = (nowMs: number): void => {
    if (nowMs - beganMs < HOUR_MS) return
    if (unsaid > 0)
      emit({
        of: 'signature',
        text:
          unsaid === 1
            ? '1 more file holds other code than runs from it'
            : `${unsaid} more files hold other code than runs from them`,
        count: unsaid,
      })
    beganMs = nowMs
    said = 0
    unsaid = 0
  }
  return {
    look({ image, pid }, nowMs) {
      // Without device and inode it cannot be told from a file that took the place of the executed one.
      if (image.inspection === undefined || image.ino === 0n || !holdsOtherCode(image)) return
      const name = `${image.path} ${image.cdhash} ${image.inspection.cdhash}`
      if (known.has(name)) return
      if (known.size >= KNOWN_MAX) known.clear()
      known.add(name)
      pass(nowMs)
      if (said >= SAID_MAX) {
        unsaid++
        return
      }
      said++
      emit({
        of: 'signature',
        text: `${quoted(image.path)} was changed in place: process ${pid} runs code signed as ${image.cdhash}, but ${fileSignatureText(image.inspection)}`,
        count: 1,
      })
    },
    pass,
  }
}
