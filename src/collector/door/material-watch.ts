// The files of a certificate, looked at again and again: whoever renews it need tell nobody.
import type { When } from '../../trust/certificates.ts'
import { CollectorError } from '../terms/collector-error.ts'
import { dayOf, type MaterialFiles, readMaterial, type ServerCertificate } from './material.ts'

const LOOK_MS = 10_000

/**
 * Gives what is in the files when it is another than was `taken` and fits together. What does not, as when only one of the two
 * is written yet, is left alone, and said once when it is still so at the next look. Returns how to end it.
 */
export function watchMaterial(options: {
  files: MaterialFiles
  taken: ServerCertificate
  /** What else it has to be, or is left alone. Throws CollectorError. */
  check?: (material: ServerCertificate) => void
  /** Where it throws, the material is as before, and tried again at the next look. */
  onChange: (material: ServerCertificate) => void
  log: (text: string) => void
  lookMs?: number
  now: () => When
}): () => void {
  const { files, onChange, check = () => {}, log, lookMs = LOOK_MS, now } = options
  let { taken } = options
  let doubted: string | undefined
  let said: string | undefined
  /** Why it is not taken; undefined: it is, or was. */
  const doubtOf = (): string | undefined => {
    // Read whole each time: two writes within one tick of the file system's clock leave the same times.
    const found = tryRead(files, now(), check)
    if (typeof found === 'string') return found
    if (taken.cert === found.cert && taken.key === found.key) return undefined
    try {
      onChange(found)
    } catch (cause) {
      return `${files.certFile} cannot be used: ${(cause as Error).message}`
    }
    taken = found
    log(
      `the certificate in ${files.certFile} is used now: it is valid until ${dayOf(found.notAfterMs)}`,
    )
    return undefined
  }
  const timer = setInterval(() => {
    const doubt = doubtOf()
    if (doubt !== undefined && doubt === doubted && doubt !== said) {
      said = doubt
      log(`the certificate stays as it was: ${doubt}`)
    }
    if (doubt === undefined) said = undefined
    doubted = doubt
  }, lookMs)
  timer.unref()
  return () => clearInterval(timer)
}

function tryRead(
  files: MaterialFiles,
  now: When,
  check: (material: ServerCertificate) => void,
): ServerCertificate | string {
  try {
    const found = readMaterial(files, now)
    check(found)
    return found
  } catch (cause) {
    if (!(cause instanceof CollectorError)) throw cause
    return cause.message
  }
}
