// Which file of the system has which content, so that a copy of it elsewhere is known: of this run all, and for good
// those of programs that act for others, since a copy of one is known with whom it acts for.
import { type Baseline, CONTENT } from '../../baseline/baseline.ts'
import type { UnixNs } from '../../units.ts'
import { actsByName, fileName } from '../process/acting.ts'
import type { Process } from '../process/process.ts'
import type { ProcessTable } from '../process/process-table.ts'

export type Originals = {
  note(sha256: string, path: string): void
  /** Path of the system's file with this content; empty when none is known. */
  of(sha256: string): string
  /**
   * Processes that run a copy of what acts for others, and were taken for a program of its own as the original had not
   * been read yet: once each, with the key of that program, and nothing left of it in their images.
   */
  takeCopies(table: ProcessTable): { process: Process; alone: string }[]
}

/** A machine runs some hundred programs of its system; beyond, the one noted first is forgotten. */
const ORIGINALS_MAX = 4_096

export function createOriginals(baseline: Baseline): Originals {
  const paths = new Map<string, string>()
  const fresh = new Set<string>()
  const keep = (sha256: string, path: string): void => {
    if (baseline.identity(`${CONTENT}${sha256}`)) return
    fresh.add(sha256)
    baseline.putIdentity({
      key: `${CONTENT}${sha256}`,
      signerClass: 'platform',
      name: fileName(path),
      ...{ path, sha256, signingId: '', teamId: '', cdhash: '' },
      firstExecAt: 0n as UnixNs,
      firstNetworkAt: undefined,
      lastSeenAt: 0n as UnixNs,
      ...{ daysActive: 0, lastActiveDay: -1, history: '' },
    })
  }
  return {
    note(sha256, path) {
      // Of one file under several names, that of a program that acts for others tells most.
      const known = paths.get(sha256)
      if (known !== undefined && (actsByName(known) || !actsByName(path))) return
      for (const oldest of paths.keys()) {
        if (paths.size < ORIGINALS_MAX) break
        paths.delete(oldest)
      }
      paths.set(sha256, path)
      if (actsByName(path)) keep(sha256, path)
    },
    of: (sha256) => paths.get(sha256) ?? baseline.identity(`${CONTENT}${sha256}`)?.path ?? '',
    takeCopies(table) {
      if (fresh.size === 0) return []
      const found: { process: Process; alone: string }[] = []
      for (const process of table.all()) {
        const { inspection, program, copyOf } = process.image
        const sha256 = inspection?.sha256 ?? ''
        const alone = `unsigned:sha256:${sha256}`
        if (fresh.has(sha256) && program?.key === alone && !actsByName(copyOf))
          found.push({ process, alone })
      }
      fresh.clear()
      for (const { process } of found) process.image.program = undefined
      return found
    },
  }
}
