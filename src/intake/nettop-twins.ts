// A UDP flow that carries QUIC is shown by two providers, with the same ends, process and about the same bytes: the row
// that is met first tells for both. A program can have such ends twice, in one row that idles and one that sends: so the
// row that waits is held against the one that tells, and is told for itself when it moves far more.
import type { NettopFlow } from './nettop-line.ts'

const TCP = 6
/** QUIC's own headers, lost packets and acknowledgements are in UDP's count alone. */
const AHEAD_TIMES = 2
const AHEAD_BYTES = 64 * 1024
/** nettop may have the two of different moments. */
const APART_SAMPLES = 5

/** What has to be known of a flow that is told. */
type Teller = {
  pid: number
  epoch: number
  /** What of its counts is no part of this epoch. */
  baseOut: number
  baseIn: number
  out: number
  in: number
  /** As the sample before had it. */
  lastOut: number
  lastIn: number
  seenIn: number
  /** The sample that this epoch began in. */
  begunIn: number
  isOpen: boolean
}

type Owner = { pid: number; name: string }

type Showing = {
  sample: number
  isFirstOfRun: boolean
  /** Lines of the sample before may be missing. */
  isAfterDamage: boolean
}

type Waiting = Owner & {
  row: NettopFlow
  teller: Teller
  out: number
  in: number
  tellerEpoch: number
  tellerOut: number
  tellerIn: number
  /** Of its bytes, what it was found with. */
  foundOut: number
  foundIn: number
  apartFor: number
  seenIn: number
}

/** A row that is told for itself from now on; so much of it was told by another. */
export type Apart = Owner & { row: NettopFlow; baseOut: number; baseIn: number }

export type NettopTwins = {
  /** Whether `teller`, the open flow with the ends of this row by the other provider, tells its bytes. */
  waits(row: NettopFlow, teller: Teller | undefined, moment: Owner & Showing): boolean
  /** What of the row is not to be told, as it is for itself from now on. */
  takeBase(row: NettopFlow): { out: number; in: number } | undefined
  /** Rows that the sample did not show any more, and that were no twins. */
  endSample(sample: number): Apart[]
  clear(): void
}

export function createNettopTwins(): NettopTwins {
  const waiting = new Map<string, Waiting>()

  const isFar = (own: number, its: number): boolean =>
    own > AHEAD_TIMES * Math.max(its, 0) + AHEAD_BYTES
  /** Whose a row is may not have been read; and whose the teller is by now is known once it is shown. */
  const isAnothers = (pid: number, teller: Teller): boolean =>
    pid !== teller.pid && pid !== 0 && teller.pid !== 0
  const isApart = (one: Waiting): boolean =>
    isAnothers(one.pid, one.teller) ||
    isFar(one.out - one.foundOut, one.teller.out - one.tellerOut) ||
    isFar(one.in - one.foundIn, one.teller.in - one.tellerIn)

  /**
   * Its teller begins an epoch, and so does it, from the same counts: of a flow that is taken for one that was told before,
   * those are what was told of it, and the row has them too.
   */
  const goOnWith = (one: Waiting, out: number, bytesIn: number): void => {
    const { epoch, baseOut, baseIn } = one.teller
    Object.assign(one, { tellerEpoch: epoch, tellerOut: baseOut, tellerIn: baseIn })
    one.foundOut = Math.min(out, baseOut)
    one.foundIn = Math.min(bytesIn, baseIn)
  }

  const begin = (
    row: NettopFlow,
    teller: Teller,
    { pid, name, sample, isFirstOfRun, isAfterDamage }: Owner & Showing,
  ): Waiting => {
    const { bytesOut: out = 0, bytesIn = 0 } = row
    const isFound = isFirstOfRun || isAfterDamage
    const isMet = teller.seenIn === sample && !isFound
    const one: Waiting = {
      ...{ row, pid, name, teller, out, in: bytesIn },
      tellerEpoch: teller.epoch,
      tellerOut: isMet ? teller.lastOut : teller.out,
      tellerIn: isMet ? teller.lastIn : teller.in,
      foundOut: isFound ? out : 0,
      foundIn: isFound ? bytesIn : 0,
      ...{ apartFor: 0, seenIn: sample },
    }
    if (!isFound && teller.begunIn === sample) goOnWith(one, out, bytesIn)
    waiting.set(row.text, one)
    return one
  }

  return {
    waits(row, teller, moment) {
      if (row.protocol === TCP || row.remote.isAny || !teller?.isOpen) return false
      const known = waiting.get(row.text)
      const isMet = teller.seenIn === moment.sample
      if (isMet && known === undefined && isAnothers(moment.pid, teller)) return false
      const one = known?.teller === teller ? known : begin(row, teller, moment)
      if (moment.pid !== 0) Object.assign(one, { pid: moment.pid, name: moment.name })
      const { bytesOut: out = one.out, bytesIn = one.in } = row
      if (one.tellerEpoch !== teller.epoch) goOnWith(one, out, bytesIn)
      Object.assign(one, { row, out, in: bytesIn, seenIn: moment.sample })
      one.apartFor = isApart(one) ? one.apartFor + 1 : 0
      return one.apartFor < APART_SAMPLES
    },
    takeBase(row) {
      const one = waiting.get(row.text)
      waiting.delete(row.text)
      if (one === undefined) return undefined
      return isApart(one) ? { out: one.foundOut, in: one.foundIn } : { out: one.out, in: one.in }
    },
    endSample(sample) {
      const apart: Apart[] = []
      for (const [key, one] of waiting) {
        if (one.seenIn === sample) continue
        waiting.delete(key)
        const { row, pid, name, foundOut: baseOut, foundIn: baseIn } = one
        if (isApart(one)) apart.push({ row, pid, name, baseOut, baseIn })
      }
      return apart
    },
    clear: () => waiting.clear(),
  }
}
