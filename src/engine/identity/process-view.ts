// A process as findings have it.
import { type Clock, wallOfMs } from '../clock.ts'
import type { ProcessView } from '../finding.ts'
import { hasMoreForeign, namedForeign } from '../process/foreign-code.ts'
import type { Image, Process } from '../process/process.ts'
import { scriptFromName } from './script.ts'

/** What findings say of a process. */
export function processView(process: Process, clock: Clock): ProcessView {
  const { image } = process
  return {
    pid: process.pid as ProcessView['pid'],
    pidversion: process.pidversion,
    path: image.path,
    script: image.script,
    scriptSha256: scriptHash(image),
    scriptFrom: scriptFromName(image.scriptFrom),
    foreignCode: namedForeign(process.foreign),
    foreignCodeMore: hasMoreForeign(process.foreign),
    uid: process.uid,
    user: '',
    startedAt:
      process.startedAtNs === undefined
        ? undefined
        : wallOfMs(clock, Number(process.startedAtNs) / 1e6),
    identityKey: process.identity?.stored.key ?? image.program?.key,
    socketsBy: '',
    arguments: undefined,
  }
}

const scriptHash = ({ scriptFile: file }: Image): string =>
  file && file.error === 0 && !file.replaced ? file.sha256 : ''
