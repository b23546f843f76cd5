// This platform's sources, each with a ring of its own, drained in turn: Linux has one, macOS two (Endpoint
// Security and the content filter). One that cannot be opened does not keep the others from being heard.
import { Gap, Mark, readMark, Source, writeMark } from '../records/record.gen.ts'
import type { Addon, NativeSource, OpenOptions, SourceKind } from './addon.ts'

/** What is missing without them; Linux has no other source, and sense does not run without any. */
const GAP_OF = new Map<number, number>([
  [Source.endpointSecurity, Gap.endpointSecurity],
  [Source.filter, Gap.filter],
  [Source.networkStatistics, Gap.networkStatistics],
  [Source.polling, Gap.shortLived],
])

export type Sources = {
  /**
   * Copies whole records of one source into `into` (length at least RECORD_BYTES_MAX) and returns their bytes; 0
   * when all rings are empty. The next call begins with the source after it, so a busy one holds up no other.
   */
  drain(into: Uint8Array): number
  /** Tries once more to open those that could not be; one that opens says so by its own mark(start). */
  retry(): void
  /** Asks each to say everything anew. */
  enumerate(): void
  /** Bytes in all rings. */
  waitingBytes(): number
  /**
   * What the engine has to be told of sources that could not be opened: a mark(start) of each, which can do nothing
   * and says why. `mark` is any mark of another source: boot and clock are the machine's.
   */
  absences(mark: Uint8Array): Uint8Array[]
  /** Stops all; what waits in the rings can still be drained. Idempotent. */
  close(): void
}

/** Throws, with the first one's cause, only when no source can be opened. */
export function openSources(
  addon: Addon,
  options: Omit<OpenOptions, 'source'>,
  log: (text: string) => void,
): Sources {
  const open: { kind: SourceKind; source: NativeSource }[] = []
  let absent: { kind: SourceKind; error: Error }[] = []
  const tryToOpen = (kind: SourceKind): void => {
    try {
      open.push({ kind, source: addon.open({ ...options, source: kind.name }) })
    } catch (error) {
      absent.push({ kind, error: error as Error })
    }
  }
  for (const kind of addon.sources) tryToOpen(kind)
  for (const { kind, error } of absent) log(absenceOf(kind, error))
  if (open.length === 0)
    throw new Error('no source of this machine can be opened', { cause: absent[0]?.error })
  let turn = 0
  let isClosed = false

  return {
    drain(into) {
      for (let tried = 0; tried < open.length; tried++) {
        const drained = open[turn]?.source.drain(into) ?? 0
        turn = (turn + 1) % open.length
        if (drained > 0) return drained
      }
      return 0
    },
    retry() {
      if (isClosed || absent.length === 0) return
      const before = absent
      absent = []
      for (const { kind } of before) tryToOpen(kind)
      for (const { kind } of before)
        if (!absent.some((still) => still.kind === kind))
          log(`the source ${kind.name} could be opened now`)
    },
    enumerate() {
      for (const { source } of open) source.enumerate()
    },
    waitingBytes: () => open.reduce((sum, { source }) => sum + source.counters().waitingBytes, 0),
    absences(mark) {
      const told = readMark(new DataView(mark.buffer, mark.byteOffset, mark.byteLength), 0)
      return absent.map(({ kind, error }) =>
        writeMark({
          ...told,
          source: kind.code,
          kind: Mark.start,
          capabilities: 0,
          gaps: GAP_OF.get(kind.code) ?? 0,
          note: absenceOf(kind, error),
        }),
      )
    },
    close() {
      isClosed = true
      for (const { source } of open) source.close()
    },
  }
}

const absenceOf = ({ name }: SourceKind, { message }: Error): string =>
  `The source ${name} could not be opened (${message}): what it would tell is not seen. Freshet tries again by itself.`
