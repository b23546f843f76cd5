// At a machine's first start: whom the system knew to use the network before. Into the baseline, which every recording begins
// with, so that a replay knows the same.
import type { Baseline } from '../baseline/baseline.ts'
import type { Netusage } from '../baseline/netusage.ts'
import { putNetworkNames } from '../baseline/network-names.ts'
import { counted } from '../engine/sentence.ts'

/** A baseline that has begun, took the place of one or was imported into learns nothing of what was before it. */
export const isFirstStart = (baseline: Baseline): boolean =>
  baseline.bornAt() === undefined &&
  baseline.fact('rebuilt_ns') === undefined &&
  baseline.fact('network_names') === undefined

export function noteNetusage(
  baseline: Baseline,
  read: (() => Netusage) | undefined,
  log: (text: string) => void,
): void {
  // Asked in any case: it closes what was opened as root.
  const found = read?.()
  if (found === undefined || !isFirstStart(baseline)) return
  if (found.is === 'unread') {
    log(
      `which programs used the network before Freshet is not known, and all are new: ${found.why}`,
    )
    return
  }
  putNetworkNames(baseline, found.names)
  const leftOut = found.leftOut > 0 ? `, ${counted(found.leftOut, 'row')} left out` : ''
  log(
    `${counted(found.names.length, 'name')} of programs that used the network before Freshet, by ${found.path}${leftOut}: to be told with their first alerts`,
  )
}
