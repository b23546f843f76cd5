// What the intake has to know of the run before it, in the agent's directory: which flows a Mac's sources told, and as what
// the engine knows them. Of this boot; without it flows that are open over a restart could be counted anew.
import { type BeliefMemory, isBeliefMemory, merge } from '../intake/memory.ts'
import { appendStateFile, readStateFile, writeStateFile } from '../state-file.ts'

export const BELIEF_FILE = 'flow-sources.json'
/** At its longest, of the longest flows, all of it has under 20 MB; a Mac has at most some thousand open. */
const BYTES_MAX = 32 * 1024 * 1024
/** What changed is added, a line each time, until it is longer than all of it, or than this where that is longer. */
const ADDED_BYTES_MAX = 256 * 1024

/** All that has to be kept, or what of it changed since the last call. */
export type Remember = (isWhole: boolean) => BeliefMemory | undefined

export type BeliefFile = {
  memory: BeliefMemory | undefined
  /** Writes what has changed; throws what the disk does. REQUIRES: before what the engine knows is committed. */
  save(remember: Remember): void
}

/** In the working directory. What cannot be read is none, and said. */
export function openBeliefFile(bootId: string, log: (text: string) => void): BeliefFile {
  /** Of the file, and of all in it that was written at once; 0: all is to be written. */
  let bytes = 0
  let wholeBytes = 0
  /** What is no row's: which sources are at work. */
  let saidOfSources = ''
  let memory: BeliefMemory | undefined
  try {
    const file = readStateFile(BELIEF_FILE, { bytesMax: BYTES_MAX })
    if (file !== undefined) memory = merge(partsOf(file.text, bootId))
  } catch (error) {
    log(
      `${BELIEF_FILE} could not be read (${(error as Error).message}): flows that are open may be counted once more`,
    )
  }
  const lineOf = (memory: BeliefMemory): Buffer =>
    Buffer.from(`${JSON.stringify({ bootId, memory } satisfies Line)}\n`)
  const write = (memory: BeliefMemory): void => {
    const line = lineOf(memory)
    bytes = 0
    writeStateFile(BELIEF_FILE, line)
    bytes = wholeBytes = line.length
    saidOfSources = saidOf(memory)
  }
  const add = (memory: BeliefMemory): boolean => {
    const line = lineOf(memory)
    const before = bytes
    bytes = 0
    if (!appendStateFile(BELIEF_FILE, line, before)) return false
    bytes = before + line.length
    saidOfSources = saidOf(memory)
    return true
  }

  return {
    memory,
    save(remember) {
      if (bytes > 0 && bytes - wholeBytes < Math.max(wholeBytes, ADDED_BYTES_MAX)) {
        const changed = remember(false)
        if (changed === undefined) return
        const { rows, counted, gone, ended, tallies } = changed
        const isSame = [rows, counted, gone, ended, tallies].every(isEmpty)
        if (isSame && saidOf(changed) === saidOfSources) return
        if (add(changed)) return
      }
      const all = remember(true)
      if (all !== undefined) write(all)
    },
  }
}

const isEmpty = ({ length }: readonly unknown[]): boolean => length === 0

/** When they last told of a flow is said with the flow. */
const saidOf = ({ sources, isFilterSilent, isStatisticsQuiet }: BeliefMemory): string =>
  JSON.stringify([
    sources.map((one) => ({ ...one, lastFlowNs: '' })),
    isFilterSilent,
    isStatisticsQuiet,
  ])

type Line = { bootId: string; memory: BeliefMemory }

/** Of the same boot; what broke off in the middle of a line was not committed. */
function partsOf(text: string, bootId: string): BeliefMemory[] {
  const parts: BeliefMemory[] = []
  for (const line of text.split('\n').slice(0, -1)) {
    const kept = JSON.parse(line) as Line | null
    if (kept?.bootId !== bootId || !isBeliefMemory(kept.memory)) return []
    parts.push(kept.memory)
  }
  return parts
}
