// A baseline on disk for a replay to begin with: copied first, so that the replay changes nothing of it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BaselineRow } from '../baseline/row.ts'
import { openBaseline } from '../baseline/sqlite.ts'
import { copyBaseline } from '../baseline/view.ts'
import { nowUnixNs } from '../units.ts'

export type BaselineCopy = { rows(): Iterable<BaselineRow>; close(): void }

/** Also while an agent writes the file at `path`. Throws BaselineError, or an Error with a sentence when there is none. */
export function openBaselineCopy(path: string): BaselineCopy {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-replay-'))
  const copy = join(directory, 'baseline.db')
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  try {
    copyBaseline(path, copy)
    const { baseline } = openBaseline(copy, { now: nowUnixNs() })
    return {
      rows: () => baseline.rows(),
      close() {
        baseline.close()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}
