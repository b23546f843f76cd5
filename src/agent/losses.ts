// Events that were lost, over all engines that had this baseline: a restart forgets none.
import type { Baseline } from '../baseline/baseline.ts'
import { type UnixNs, unixNs } from '../units.ts'

export type Losses = {
  count: number
  /** When the first and the last of them were told. */
  since: UnixNs
  last: UnixNs
}

export type LossBook = {
  /** Of the baseline: what is lost now lies in it with what follows from those records. */
  commit(): void
  /** undefined: none is known. */
  all(): Losses | undefined
  /** As the engine before left it. */
  readonly before: Losses | undefined
}

/**
 * `lost` counts those of this engine. What is told in records that a killed engine had not acknowledged is told again to the next
 * one: it is counted once where the baseline was not committed meanwhile, and twice at the worst.
 */
export function createLossBook(
  baseline: Pick<Baseline, 'fact' | 'putFact' | 'commit'>,
  lost: () => number,
  now: () => UnixNs,
): LossBook {
  const kept = (): Losses | undefined => {
    const count = Number(baseline.fact('lost_events') ?? 0n)
    const [since, last] = [baseline.fact('lost_since_ns'), baseline.fact('lost_last_ns')]
    return count > 0 && since !== undefined && last !== undefined
      ? { count, since: unixNs(since, 'lost_since_ns'), last: unixNs(last, 'lost_last_ns') }
      : undefined
  }
  const before = kept()
  let noted = 0
  const keep = (): void => {
    const count = lost()
    if (count === noted) return
    noted = count
    const at = now()
    if (!kept()) baseline.putFact('lost_since_ns', at)
    baseline.putFact('lost_last_ns', at)
    baseline.putFact('lost_events', BigInt((before?.count ?? 0) + count))
  }
  return {
    commit() {
      keep()
      baseline.commit()
    },
    all() {
      keep()
      return kept()
    },
    before,
  }
}
