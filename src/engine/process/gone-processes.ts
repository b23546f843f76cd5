// Processes that had gone before anybody could look at them: what their flows say of them is all there is. Another
// process may have the pid by now, so they are found by the flow, and never by the pid.
import { type GoneRecord, Script as ScriptFrom } from '../../records/record.gen.ts'
import { fileName } from './acting.ts'
import type { Process } from './process.ts'
import { unknownImage, unseenProcess } from './told-process.ts'

/** Flows of such processes that are remembered; beyond, the one told first is forgotten, and has no process. */
const GONE_MAX = 65_536
/** No process has this pid: whoever ran a program that has gone was not seen. */
const NOT_SEEN = 0xffffffff

export type GoneProcesses = {
  note(idLow: number, idHigh: number, record: GoneRecord): void
  /** The process with this pid that the flow says it had; undefined: it says nothing of such a one. */
  of(idLow: number, idHigh: number, epoch: number, pid: number): Process | undefined
  /** The flow has closed. */
  drop(idLow: number, idHigh: number): void
}

export function createGoneProcesses(capacity = GONE_MAX): GoneProcesses {
  const byFlow = new Map<string, { epoch: number; process: Process }>()
  const keyOf = (idLow: number, idHigh: number): string => `${idHigh}.${idLow}`
  return {
    note(idLow, idHigh, record) {
      const process = goneProcess(record)
      if (process === undefined) return
      const key = keyOf(idLow, idHigh)
      for (const oldest of byFlow.keys()) {
        if (byFlow.size < capacity || byFlow.has(key)) break
        byFlow.delete(oldest)
      }
      byFlow.set(key, { epoch: record.epoch, process })
    },
    of(idLow, idHigh, epoch, pid) {
      // Asked for each flow, and only a Mac's network statistics tell of any.
      if (byFlow.size === 0) return undefined
      const found = byFlow.get(keyOf(idLow, idHigh))
      return found?.epoch === epoch && found.process.pid === pid ? found.process : undefined
    },
    drop(idLow, idHigh) {
      if (byFlow.size > 0) byFlow.delete(keyOf(idLow, idHigh))
    },
  }
}

/** Of a process that has gone: see `goneProcess`. */
export const isGone = ({ image }: Process): boolean =>
  image.program?.key.startsWith('gone:') === true

/** The name in the key of such a program; undefined: it is another's, or no key of ours. */
export function nameOfGone(key: string): string | undefined {
  const name = /^gone:[0-9a-f]*:(\S+)$/.exec(key)?.[1]
  try {
    return name && decodeURIComponent(name)
  } catch {
    return undefined
  }
}

/**
 * A process of which its flow alone tells. Its program is known by the UUID that its linker gave it and by its name;
 * neither is vouched for, and so it is nobody's. undefined where the flow has neither.
 */
function goneProcess({ source, pid, programUuid, name }: GoneRecord): Process | undefined {
  const hex = Buffer.from(programUuid).toString('hex')
  const uuid = /^0*$/.test(hex) ? '' : hex
  // No path: a name with a slash would look like one.
  const called = fileName(name) || (uuid === '' ? '' : `program ${uuid}`)
  if (called === '') return undefined
  return {
    ...unseenProcess(source, { pid, pidversion: 0 }),
    parentPid: NOT_SEEN,
    image: {
      ...unknownImage(source),
      path: called,
      scriptFrom: ScriptFrom.none,
      program: {
        // As in an address: a key has other parts, and a name could look like them.
        key: `gone:${uuid}:${encodeURIComponent(called)}`,
        signerClass: 'unknown',
        doubt: 'it had gone before it could be looked at: known by what its flow says of it',
      },
    },
  }
}
