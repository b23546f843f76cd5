// The files of a certificate, looked at again and again: whoever renews it need tell nobody.
import { CollectorError } from '../collector-error.ts'
import { dayOf, type MaterialFiles, readMaterial, type ServerCertificate } from './material.ts'

const LOOK_MS = 10_000

/**
 * Gives what is in the files when it is another than was `taken` and fits together. What does not, as when only one of the two
 * is written yet, is left alone, and said once when it is still so at the next look. Returns how to end it.
 */
export function watchMaterial(options: {
  files: MaterialFiles
  taken: ServerCertificate
  onChange: (material: ServerCertificate) => void
  log: (text: string) => void
  lookMs?: number
  nowMs?: () => number
}): () => void {
  const { files, onChange, log, lookMs = LOOK_MS, nowMs = Date.now } = options
  let { taken } = options
  let doubted: string | undefined
  let said: string | undefined
  const timer = setInterval(() => {
    // Read whole each time: two writes within one tick of the file system's clock leave the same times.
    const found = tryRead(files, nowMs())
    if (typeof found === 'string') {
      if (found === doubted && found !== said) {
        said = found
        log(`the certificate stays as it was: ${found}`)
      }
      doubted = found
      return
    }
    doubted = undefined
    said = undefined
    if (taken.cert === found.cert && taken.key === found.key) return
    taken = found
    onChange(found)
    log(
      `the certificate in ${files.certFile} is used now: it is valid until ${dayOf(found.notAfterMs)}`,
    )
  }, lookMs)
  timer.unref()
  return () => clearInterval(timer)
}

function tryRead(files: MaterialFiles, nowMs: number): ServerCertificate | string {
  try {
    return readMaterial(files, nowMs)
  } catch (cause) {
    if (!(cause instanceof CollectorError)) throw cause
    return cause.message
  }
}
