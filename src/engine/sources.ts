// What the engine has to know of sources, of which a machine may have several (macOS has two): each enumerates by
// itself, and the end of one's enumeration says nothing about what another told.
import { type MarkRecord, Source } from '../records/record.gen.ts'

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

/**
 * Whether an enumeration that ends with this mark has named what there is. A filter that is not connected names
 * nothing, and what it told before goes on. (Other sources enumerate without any capability, too.)
 */
export const hasNamedAll = ({ source, capabilities }: MarkRecord): boolean =>
  source !== Source.filter || capabilities !== 0

/** Whether the source tells of flows. */
export const tellsFlows = (source: number): boolean => source !== Source.endpointSecurity
