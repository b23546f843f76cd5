// What all machines send ordinarily: for the rules that hold one program against a population.
import { parseAddress } from '../engine/address.ts'
import { destinationKey } from '../engine/destination/destination.ts'
import { DEFAULT_POLICY } from '../engine/policy.ts'
import { scopeOf } from '../engine/scope.ts'
import { Direction } from '../records/record.gen.ts'
import type { Actor } from './actor.ts'
import { HOUR_MS } from './mac.ts'
import { quantile } from './statistics.ts'

/** elastic/integrations, packages/ded: bucket_span 3h. */
export const HIGH_SUM_SPAN_MS = 3 * HOUR_MS

/**
 * Its rules tell from an anomaly score of 75. Scores are percentiles of what came before, by knots: 99 is 50 and 99.9 is 90
 * (elastic/ml-cpp, CAnomalyDetectorModelConfig.cc), so 75 lies at 99.56.
 */
const HIGH_SUM_SHARE = (99 + (0.9 * (75 - 50)) / (90 - 50)) / 100

export type Population = {
  /** Bytes out of a program to a destination in three hours that so few exceed. */
  highSumBytes: number
}

/** Of the days of all machines, each of which is an element. REQUIRES: somebody sends. */
export function populationOf(days: Iterable<readonly Actor[]>): Population {
  const sums: number[] = []
  for (const actors of days)
    for (const { sendings } of actors) {
      const own = new Map<string, number>()
      for (const { atMs, to, hostname, port, points, direction } of sendings) {
        const address = parseAddress(to)
        if (address === undefined || direction === Direction.inbound) continue
        const key = destinationKey(address, port, hostname, scopeOf(address, DEFAULT_POLICY))
        let out = 0
        for (const point of points) {
          const span = `${key} ${Math.floor((atMs + point.afterMs) / HIGH_SUM_SPAN_MS)}`
          own.set(span, (own.get(span) ?? 0) + point.out - out)
          out = point.out
        }
      }
      sums.push(...own.values())
    }
  return { highSumBytes: quantile(sums, HIGH_SUM_SHARE) ?? 1 }
}
