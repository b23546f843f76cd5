// What the intake has to know of the run before it, in the agent's directory: under which ids the engine knows flows that
// a Mac's sources tell under others. Of this boot; without it flows that are open over a restart could be counted anew.
import { isUdp } from '../intake/flow-book.ts'
import type { BeliefMemory } from '../intake/giving.ts'
import { readStateFile, writeStateFile } from '../state-file.ts'

export const BELIEF_FILE = 'flow-sources.json'
/** Its lists at their longest, of the longest flows, have under 6 MB; a Mac has at most some thousand open. */
const BYTES_MAX = 8 * 1024 * 1024

export type BeliefFile = {
  memory: BeliefMemory | undefined
  /** Writes what has changed; throws what the disk does. REQUIRES: before what the engine knows is committed. */
  save(memory: BeliefMemory | undefined): void
}

/** In the working directory. What cannot be read is none, and said. */
export function openBeliefFile(
  bootId: string,
  log: (text: string) => void,
  nowMs: () => number = () => performance.now(),
): BeliefFile {
  let written = ''
  let writtenLasting = ''
  let writtenAtMs = 0
  let memory: BeliefMemory | undefined
  try {
    const file = readStateFile(BELIEF_FILE, { bytesMax: BYTES_MAX })
    const kept = file === undefined ? undefined : (JSON.parse(file.text) as Kept)
    if (kept !== undefined && kept.bootId === bootId && isMemory(kept.memory)) memory = kept.memory
  } catch (error) {
    log(
      `${BELIEF_FILE} could not be read (${(error as Error).message}): flows that are open may be counted once more`,
    )
  }
  return {
    memory,
    save(now) {
      if (now === undefined) return
      const memory = bounded(now)
      const text = JSON.stringify({ bootId, memory } satisfies Kept)
      if (text === written) return
      const lasting = JSON.stringify({ ...memory, given: memory.given.map(lastingOf) })
      if (lasting === writtenLasting && nowMs() < writtenAtMs + COUNTS_WITHIN_MS) return
      writeStateFile(BELIEF_FILE, text)
      written = text
      writtenLasting = lasting
      writtenAtMs = nowMs()
    },
  }
}

type Kept = { bootId: string; memory: BeliefMemory }

/**
 * Counts of a TCP flow that has the engine's id and counters at its source are written so seldom: each source but nettop
 * counts it from its beginning, so what is missing here counts no byte twice.
 */
const COUNTS_WITHIN_MS = 10_000
const lastingOf = (one: BeliefMemory['given'][number]): unknown => {
  const { source, id, epoch, given, aheadOut, aheadIn, ends } = one
  const isOwn = given.id === id && given.epoch === epoch && aheadOut === 0 && aheadIn === 0
  return isOwn && ends !== undefined && !isUdp(ends) ? { source, id, epoch, ends } : one
}

/** The newest, where they are more than the file may hold. */
const FLOWS_MAX = 10_000
const bounded = ({ given, ended, elsewhere }: BeliefMemory): BeliefMemory => ({
  given: given.slice(-FLOWS_MAX),
  ended: ended.slice(-FLOWS_MAX),
  elsewhere: elsewhere.slice(-FLOWS_MAX),
})

const isId = (value: unknown): boolean => typeof value === 'string' && /^\d{1,20}$/.test(value)
const isCount = (value: unknown): boolean => Number.isSafeInteger(value)
const isKept = (value: unknown): boolean => {
  const {
    id,
    epoch,
    out,
    in: bytesIn,
    baseOut,
    baseIn,
    pid,
    pidversion,
  } = (value ?? {}) as Record<string, unknown>
  return (
    isId(id) &&
    [epoch, out, bytesIn, baseOut, baseIn, pid, pidversion].every(
      (one) => isCount(one) && (one as number) >= 0,
    )
  )
}

const isElsewhere = (value: unknown): boolean => {
  const { source, id, epoch, out, in: bytesIn } = (value ?? {}) as Record<string, unknown>
  return isId(id) && [source, epoch, out, bytesIn].every(isCount)
}

const isEnds = (value: unknown): boolean => {
  if (value === undefined) return true
  const { peer, localPort, pid, makerPid = 0 } = (value ?? {}) as Record<string, unknown>
  return typeof peer === 'string' && [localPort, pid, makerPid].every(isCount)
}

/** Whether it has the shape that `save` gives: the file may be older, or another's. */
function isMemory(value: unknown): value is BeliefMemory {
  const {
    given,
    ended,
    elsewhere = [],
  } = (value ?? {}) as Partial<Record<keyof BeliefMemory, unknown>>
  return (
    Array.isArray(given) &&
    Array.isArray(ended) &&
    Array.isArray(elsewhere) &&
    elsewhere.every(isElsewhere) &&
    ended.every((one) => isKept(one) && isId(one.at ?? one.id)) &&
    given.every(
      (one: Record<string, unknown>) =>
        isId(one['id']) &&
        isKept(one['given']) &&
        isEnds(one['ends']) &&
        [one['source'], one['epoch'], one['aheadOut'], one['aheadIn']].every(isCount),
    )
  )
}
