// The identities in use, over the baseline: what is new becomes a sighting.
import type { Baseline } from '../../baseline/baseline.ts'
import type { IdentityState, Process } from '../process/process.ts'
import type { ProcessTable } from '../process/process-table.ts'
import { createIdentitiesInUse } from './identities-in-use.ts'
import { attribute, ITSELF, isItself, type Known } from './identity.ts'
import { createIdentityAge } from './identity-age.ts'
import type { Correction, IdentityBook } from './identity-book-parts.ts'
import { createIdentityHours } from './identity-hours.ts'
import { createLearning } from './learning.ts'
import { createMovedUse } from './moved-use.ts'
import { createOriginals } from './originals.ts'
import { createPlatformEpoch } from './platform-epoch.ts'
import { programOf } from './program.ts'
import { createTentative } from './tentative.ts'

const HOUR_NS = 3_600_000_000_000n
const DAY_NS = 24n * HOUR_NS

/**
 * `onSighting` is called for each identity that the baseline did not have. At most `capacity` are kept in
 * memory; those that no pair refers to, of which there are at most `pairs`, are dropped first.
 */
export function createIdentityBook(
  baseline: Baseline,
  table: ProcessTable,
  capacity: number,
  pairs: number,
  onSighting: (identity: IdentityState, process: Process) => void,
): IdentityBook {
  const put = ({ stored, isTentative }: IdentityState): void => {
    if (!isTentative) baseline.putIdentity(stored)
  }
  const known: Known = { table, originals: createOriginals(baseline) }
  const age = createIdentityAge(baseline)
  const epoch = createPlatformEpoch(baseline)
  const hours = createIdentityHours(capacity + pairs + 1, put)
  const inUse = createIdentitiesInUse(baseline, capacity, hours, age)
  const { learn, confirm } = createLearning({
    ...{ baseline, parentOf: table.parentOf, inUse, age, epoch, put, onSighting },
  })
  const use = createMovedUse(inUse, hours, age, put)
  const tentative = createTentative(confirm)
  let isEpoch = false

  return {
    sight(process, at) {
      const program = programOf(process, known.originals, false)
      if (program === undefined) return
      const { key, signerClass, doubt } = program
      learn({ program, key, signerClass, doubt, ...ITSELF }, process, at, true)
    },
    resolve(process, force, at) {
      if (process.identity && inUse.get(process.identity.stored.key) === process.identity)
        return process.identity
      const certain = attribute(process, known, false)
      const attribution = certain ?? (force ? attribute(process, known, true) : undefined)
      if (attribution === undefined) return undefined
      const state = learn(attribution, process, at, certain !== undefined)
      if (certain) {
        if (process.image.copyOf !== '' || isItself(certain)) use.takeUp(certain.program.key, state)
        process.identity = state
        process.madeFor = certain.madeFor
      } else tentative.suspect(process, state, at)
      return state
    },
    isStill(process) {
      const { identity } = process
      const certain = attribute(process, known, false)
      return certain && certain.key === identity?.stored.key
    },
    corrections(at) {
      const found: Correction[] = []
      for (const { process, alone } of known.originals.takeCopies(table)) {
        // Of an earlier run there may be pairs under that key, and no flow that is open.
        const former = inUse.get(alone)
        const taken = process.identity ?? (former && former.pairs > 0 ? former : undefined)
        if (taken) tentative.suspect(process, taken, at)
        process.identity = undefined
      }
      for (const [process, from] of tentative.all()) {
        const certain = attribute(process, known, false)
        if (certain === undefined) continue
        tentative.settle(process)
        const to = learn(certain, process, at, true)
        process.identity = to
        process.madeFor = certain.madeFor
        const isCopy = process.image.copyOf !== '' && from.stored.key === certain.program.key
        if (to !== from) found.push({ process, from, to, isWhole: from.isTentative || isCopy })
      }
      return found
    },
    join(from, to) {
      use.moveUse(from, to)
      to.alertDay = Math.max(to.alertDay, from.alertDay)
      to.alertsOpened += from.alertsOpened
      if (tentative.has(from) || from.pairs > 0) return
      from.became = to
      inUse.drop(from)
    },
    retain(identity) {
      if (identity.isTentative) baseline.putIdentity(identity.stored)
    },
    recall: inUse.recall,
    usedNetwork(identity, at) {
      const { stored } = identity
      const day = Number(at / DAY_NS)
      const isFirst = stored.firstNetworkAt === undefined
      if (!isFirst && day <= stored.lastActiveDay && at - stored.lastSeenAt < HOUR_NS) return false
      if (isFirst) {
        // Told of before its exec, it was seen by what it sent.
        if (at < stored.firstExecAt && !identity.wasHere) stored.firstExecAt = at
        stored.firstNetworkAt = at
        identity.firstNetworkMs = Number(at) / 1e6
      }
      if (day > stored.lastActiveDay) {
        stored.daysActive++
        stored.lastActiveDay = day
      }
      if (at > stored.lastSeenAt) stored.lastSeenAt = at
      put(identity)
      return isFirst
    },
    using(identity) {
      let last = identity
      while (last.became) last = last.became
      const { stored, doubt, responsible } = last
      const used = inUse.get(stored.key)
      if (used) return used
      const state = inUse.keep(baseline.identity(stored.key) ?? stored, doubt, responsible)
      state.isTentative = last.isTentative
      state.isEdited = last.isEdited
      return state
    },
    sentOf: hours.sentOf,
    pass(at) {
      tentative.pass(at)
      isEpoch = epoch.isIn(at)
      hours.pass(at, inUse.all)
    },
    resumeHour(key, hourAt, bytesOut, at) {
      if (bytesOut === 0 || !hours.resume(hourAt, at)) return
      const state = inUse.recall(key)
      if (state === undefined) return
      hours.sentOf[state.slot] = (hours.sentOf[state.slot] as number) + bytesOut
      // It is said now, so the next engine will not hear of it again.
      hours.put(state, false)
    },
    finish() {
      tentative.finish()
      hours.putAll(inUse.all(), false)
    },
    get isEpoch() {
      return isEpoch
    },
  }
}
