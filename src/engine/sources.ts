// What the engine has to know of sources, of which a machine may have several (macOS has two): each enumerates by
// itself, and the end of one's enumeration says nothing about what another told.
import { Capability, type MarkRecord, Source } from '../records/record.gen.ts'

/** Every value of a record's source byte. */
const SOURCES = 256

export type Enumerations = {
  begin(source: number): void
  /** Number of the source's last one; 0 before the first. */
  of(source: number): number
  end(source: number): void
  /** Whether the source is in the first it made for this engine. */
  isFirst(source: number): boolean
}

export function createEnumerations(): Enumerations {
  const numbers = new Uint32Array(SOURCES)
  const ended = new Set<number>()
  return {
    begin(source) {
      numbers[source] = (numbers[source] as number) + 1
    },
    of: (source) => numbers[source] as number,
    end: (source) => void ended.add(source),
    isFirst: (source) => numbers[source] === 1 && !ended.has(source),
  }
}

/** Of a Mac, those that tell of processes and of no flow. */
const OF_PROCESSES = new Set<number>([Source.endpointSecurity, Source.polling, Source.eslogger])
/** Of a Mac, those that tell of flows and of no process. */
const OF_FLOWS = new Set<number>([Source.filter, Source.networkStatistics, Source.nettop])

/**
 * Whether an enumeration that ends with this mark has named what there is. A filter that is not connected names
 * nothing, and what it told before goes on; so with what takes its place, and with eslogger, which tells what happens
 * and never what there is. (Other sources enumerate without any capability, too.)
 */
export const hasNamedAll = ({ source, capabilities }: MarkRecord): boolean =>
  source !== Source.eslogger && (!OF_FLOWS.has(source) || capabilities !== 0)

/**
 * Whether an enumeration that ends with this mark has named every process of a Mac, so that it ends those that another
 * source told, too: whoever told them may have gone before their end.
 */
export const hasNamedEveryProcess = (mark: MarkRecord): boolean =>
  isOfMac(mark.source) && hasNamedAll(mark) && (mark.capabilities & Capability.allProcesses) !== 0

export type Looks = {
  begin(source: number): void
  /** Whether this engine was told its mark(start). */
  hasBegun(source: number): boolean
  /** Its enumeration is over. */
  end(source: number): void
  /** Whether what it finds running began since its last look: the list of processes, when it is not telling all there is. */
  isNew(source: number): boolean
  /** Whether what the source finds is the first look at it: of eslogger, which never looks, the list of processes does. */
  isFirst(source: number): boolean
}

export function createLooks(): Looks {
  const begun = new Set<number>()
  const ended = new Set<number>()
  const looking = new Set<number>()
  return {
    begin(source) {
      begun.add(source)
      looking.add(source)
    },
    hasBegun: (source) => begun.has(source),
    end(source) {
      ended.add(source)
      looking.delete(source)
    },
    isNew: (source) => source === Source.polling && !looking.has(source),
    isFirst(source) {
      const looker = source === Source.eslogger ? Source.polling : source
      return begun.has(looker) && !ended.has(looker)
    },
  }
}

/** Whether the source tells of flows. */
export const tellsFlows = (source: number): boolean => !OF_PROCESSES.has(source)

/** Whether a flow's pidversion of 0 says that its process has gone, and not that nobody knows which image it is. */
export const tellsGone = (source: number): boolean => source === Source.networkStatistics

/** Whether its processes are a Mac's, whose programs are known by their signatures. */
export const isOfMac = (source: number): boolean => OF_PROCESSES.has(source)
