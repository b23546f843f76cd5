// What running processes were known to run is left to the next engine of the same boot. Linux: what /proc says that a process
// runs can be set by the process, so of one that is found running, and not confirmed, nothing better is believed than what was
// known of it.
import type { Carried, CarriedProcess, CarriedScript } from '../../baseline/carried.ts'
import {
  Capability,
  ExecFlag,
  type ExecRecord,
  type MarkRecord,
  Script,
  Source,
} from '../../records/record.gen.ts'
import type { Clock } from '../clock.ts'
import type { Image, Process } from '../process/process.ts'
import type { ProcessTable } from '../process/process-table.ts'
import { unseenProcess } from '../process/told-process.ts'
import { isGivenByLess } from './handed-on.ts'
import { readMadeFor } from './made-for.ts'

/**
 * Among what is doubtful of it, no FLAG exec: it was given a connection by somebody who is vouched for less. Where nobody had
 * asked yet for whom it acts then, that one was not seen.
 */
const GIVEN_BY_LESS = 1 << 30

/** CarriedScript's `from` of one that was not kept. */
const FROM_NOT_KEPT = -1

export type Running = {
  /** Takes up what an earlier engine of this boot knew. */
  seed(): void
  /** What the source can tell. */
  tells(mark: MarkRecord): void
  /** The exec record of a process that was not known yet. */
  told(record: ExecRecord, process: Process): void
  /** The sensor named all processes there are: of others nothing is kept. */
  enumerated(): void
  /** Puts what changed into the baseline, to be committed. */
  save(): void
}

/** At most `max` are carried: as many as the table holds. */
export function createRunning(
  carried: Carried,
  processes: ProcessTable,
  clock: Clock,
  max: number,
): Running {
  /** What an earlier engine knew, of processes that were not named since. */
  const earlier = new Map<number, CarriedProcess>()
  const saved = new Map<number, CarriedProcess>()
  let isEnumerated = false
  /** The kernel tells the arguments of an exec. */
  let hasArguments = false

  const put = (process: CarriedProcess): void => {
    saved.set(process.pid, process)
    carried.putProcess(process)
  }

  return {
    seed() {
      for (const process of carried.processes()) {
        if (earlier.size >= max) break
        earlier.set(process.pid, process)
      }
    },
    tells({ source, capabilities }) {
      if (source === Source.linux) hasArguments = (capabilities & Capability.finalCounters) !== 0
    },
    told({ atNs, flags, source, pid }, process) {
      const { image } = process
      if (source !== Source.linux) return
      const isFound = (flags & ExecFlag.enumerated) !== 0
      const before = earlier.get(pid)
      earlier.delete(pid)
      const known = isFound && before && atNs <= before.beganNs ? before : undefined
      const isOther = known !== undefined && !isSameFile(known, image)
      believeScript(image, isOther ? undefined : known?.script, hasArguments)
      const isCertain = (flags & (ExecFlag.exeConfirmed | ExecFlag.exeSet)) !== 0
      if (known === undefined) return
      if ((known.doubts & GIVEN_BY_LESS) !== 0) {
        const unseen = unseenProcess(source, { pid: 0, pidversion: 0 })
        const found = readMadeFor(known.madeFor)
        process.makers = [{ process: unseen, found, givenAtMs: clock.nowMs }]
        // Until somebody asks, what was known is what is known.
        process.madeFor = found
      }
      if (isCertain) return
      image.pathGuessed = isOther || (known.doubts & ExecFlag.pathGuessed) !== 0
      image.exeSet = !isOther && (known.doubts & ExecFlag.exeSet) !== 0
      image.exeUnconfirmed = isOther || (known.doubts & ExecFlag.exeUnconfirmed) !== 0
    },
    enumerated() {
      isEnumerated = true
      earlier.clear()
    },
    save() {
      for (const process of earlier.values()) if (!saved.has(process.pid)) put(process)
      const alive = new Set<number>()
      for (const process of processes.all()) {
        const { endedAtMs, image, pid, source, startedAtNs } = process
        const { path, dev, ino, sinceNs } = image
        if (endedAtMs !== undefined || source !== Source.linux || path === '') continue
        alive.add(pid)
        const beganNs = startedAtNs ?? sinceNs
        const isGiven = process.madeFor !== undefined || isGivenByLess(process)
        const madeFor = process.madeFor ? JSON.stringify(process.madeFor) : ''
        const doubts = doubtsOf(image) | (isGiven ? GIVEN_BY_LESS : 0)
        const former = saved.get(pid)
        const isTold =
          former?.beganNs === beganNs && former.doubts === doubts && former.madeFor === madeFor
        const { script, scriptFrom: from } = image
        const isScript = former?.script.path === script && former.script.from === from
        if (!isTold || !isScript || former.path !== path || former.ino !== ino)
          put({ pid, beganNs, dev, ino, path, doubts, script: scriptOf(image), madeFor })
      }
      if (!isEnumerated) return
      for (const pid of saved.keys())
        if (!alive.has(pid)) {
          saved.delete(pid)
          carried.dropProcess(pid)
        }
    },
  }
}

const doubtsOf = ({ pathGuessed, exeSet, exeUnconfirmed }: Image): number =>
  (pathGuessed ? ExecFlag.pathGuessed : 0) |
  (exeSet ? ExecFlag.exeSet : 0) |
  (exeUnconfirmed ? ExecFlag.exeUnconfirmed : 0)

const scriptOf = ({ script, scriptDev, scriptIno, scriptFrom, onlyClaimed }: Image) => ({
  path: script,
  dev: scriptDev,
  ino: scriptIno,
  from: scriptFrom,
  isClaimed: onlyClaimed,
})

/**
 * What a process found running says of its script is what was known of it, or a claim: it may show any arguments. Where it
 * was known to run a file and shows none, it is not told what it runs. One that began while nobody looked is believed: else
 * each service would be another with the order in which it and the agent start.
 */
function believeScript(
  image: Image,
  known: CarriedScript | undefined,
  hasArguments: boolean,
): void {
  if (known?.from === FROM_NOT_KEPT) return
  const isKnown = known?.path === image.script && known.ino === image.scriptIno
  if (known && known.path !== '' && image.script === '') {
    image.scriptFrom = Script.claimed
  } else if (image.script !== '' && image.scriptFrom === Script.claimed) {
    image.onlyClaimed = isKnown ? known.isClaimed : known !== undefined && hasArguments
    if (isKnown) image.scriptFrom = known.from
  }
}

/** The path alone decides nothing where inodes are known: in a root of its own a process has any. */
function isSameFile(known: CarriedProcess, { path, dev, ino }: Image): boolean {
  const isPath = known.path === path
  if (known.ino === 0n || ino === 0n) return isPath
  return known.ino === ino && (known.dev === dev || isPath)
}
