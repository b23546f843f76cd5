// Which file of the system has which content, of those inspected in this run: so a copy of it elsewhere is known.

import { actsByName } from './acting.ts'

export type Originals = {
  note(sha256: string, path: string): void
  /** Path of the system's file with this content; empty when none is known. */
  of(sha256: string): string
}

/** A machine runs some hundred programs of its system; beyond, the one noted first is forgotten. */
const ORIGINALS_MAX = 4_096

export function createOriginals(): Originals {
  const paths = new Map<string, string>()
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
    },
    of: (sha256) => paths.get(sha256) ?? '',
  }
}
