// How many findings an outbox had not kept when it was closed, where its own file did not take even the count: beside it, in
// place of what was prepared there. Of the life of the file and not of one, so that reading it twice counts nothing twice.
import { readPrepared, writePrepared } from '../state-file.ts'

/** Not named as what is set aside. */
const besides = (path: string): string => `${path.replace(/\.db$/, '')}.not-kept`

/** Stands for the id of one that there was no file for: the next outbox here, whatever its id, goes on from what it said. */
const NO_FILE = '0'.repeat(32)

/** `told`: of those, and of what was evicted, what the collector was told. */
export type LastCount = { notKept: number; told: number }

const NOTHING: LastCount = { notKept: 0, told: 0 }

/**
 * By the last outbox with this `id`; `before`: by the last one, which had no file. Throws StateFileError, and what the
 * file system does.
 */
export function lastCount(path: string, id: string): { own: LastCount; before: LastCount } {
  const said = /^([0-9a-f]{32}) (\d{1,15})(?: (\d{1,15}))?$/.exec(readPrepared(besides(path)))
  if (!said) return { own: NOTHING, before: NOTHING }
  const count = { notKept: Number(said[2]), told: Number(said[3] ?? 0) }
  return {
    own: said[1] === id ? count : NOTHING,
    before: said[1] === NO_FILE ? count : NOTHING,
  }
}

/** `id`: undefined of one that has no file. Throws what the file system does. */
export function sayLastCount(path: string, id: string | undefined, count: LastCount): void {
  writePrepared(besides(path), `${id ?? NO_FILE} ${count.notKept} ${count.told}`)
}
