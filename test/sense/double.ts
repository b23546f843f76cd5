// Sources in memory: what the addon is to sense, with rings that the test fills.
import { Mark, Source, writeMark } from '../../src/records/record.gen.ts'
import { NO_SIGNATURE_ASKED } from '../../src/records/signature.ts'
import type { Addon, InspectRequest, NativeSource, SourceKind } from '../../src/sense/addon.ts'

export const LINUX: SourceKind = { name: 'linux', code: Source.linux }
export const MAC: SourceKind[] = [
  { name: 'endpoint_security', code: Source.endpointSecurity },
  { name: 'filter', code: Source.filter },
]

export type Double = {
  addon: Addon
  /** Puts a record into the ring of its source, as that would. False: the ring was full, and it is counted as dropped. */
  push(record: Uint8Array): boolean
  /** In all rings. */
  waitingBytes(): number
  dropped(): number
  /** How often all was asked for anew, of every source together. */
  enumerations(): number
  /** How often the processes that run then were asked for at once. */
  looks(): number
  /** Whether every source that was opened is closed. */
  isClosed(): boolean
  /** Whether arguments were asked for, of each source opened, in order. */
  execArguments: (boolean | undefined)[]
  /** What was asked about, in order. Each is answered with error ENOENT. */
  asked: InspectRequest[]
}

type Ring = {
  push(record: Uint8Array): boolean
  open(onReadable: () => void): NativeSource
  waitingBytes(): number
  dropped(): number
  enumerations(): number
  looks(): number
  isClosed(): boolean
}

/** `kinds` are the platform's; those named in `failing` cannot be opened. */
export function createDouble(
  ringBytesMax: number,
  kinds: SourceKind[] = [LINUX],
  failing: string[] = [],
): Double {
  const rings = new Map(kinds.map((kind) => [kind.code, createRing(kind.code, ringBytesMax)]))
  const all = [...rings.values()]
  const asked: InspectRequest[] = []
  const execArguments: (boolean | undefined)[] = []
  const addon: Addon = {
    layout: 0,
    sources: kinds,
    bootNs: () => 1n,
    bootId: () => new Uint8Array(16).fill(7),
    open({ source, execArguments: asksArguments, onReadable }) {
      execArguments.push(asksArguments)
      if (failing.includes(source)) throw new Error(`${source}: no thread is left`)
      const { code } = kinds.find(({ name }) => name === source) as SourceKind
      return (rings.get(code) as Ring).open(onReadable)
    },
    look: async (requests) => {
      asked.push(...requests)
      return addon.inspect(requests)
    },
    inspect: async (requests) =>
      requests.map(({ dev, ino }) => ({
        dev,
        ino,
        fileBytes: 0n,
        changedNs: 0n,
        ownerUid: 0,
        mode: 0,
        flags: 0,
        error: 2,
        sha256: new Uint8Array(32),
        lane: '',
        ...NO_SIGNATURE_ASKED,
      })),
  }
  const sum = (of: (ring: Ring) => number): number =>
    all.reduce((total, ring) => total + of(ring), 0)
  return {
    addon,
    execArguments,
    push: (record) => (rings.get(record[6] as number) as Ring).push(record),
    waitingBytes: () => sum((ring) => ring.waitingBytes()),
    dropped: () => sum((ring) => ring.dropped()),
    enumerations: () => sum((ring) => ring.enumerations()),
    looks: () => sum((ring) => ring.looks()),
    isClosed: () => all.every((ring) => ring.isClosed()),
    asked,
  }
}

function createRing(code: number, bytesMax: number): Ring {
  let ring: Uint8Array[] = []
  let waitingBytes = 0
  let dropped = 0
  let enumerations = 0
  let looks = 0
  let isClosed = false
  let isAsleep = true
  let wake: () => void = () => {}

  const push = (record: Uint8Array): boolean => {
    if (waitingBytes + record.length > bytesMax) {
      dropped++
      return false
    }
    ring.push(record)
    waitingBytes += record.length
    if (isAsleep) {
      isAsleep = false
      setImmediate(wake)
    }
    return true
  }
  return {
    push,
    open(onReadable) {
      wake = onReadable
      return {
        drain(into) {
          let copied = 0
          while (ring[0] && copied + ring[0].length <= into.length) {
            into.set(ring[0], copied)
            copied += ring[0].length
            ring = ring.slice(1)
          }
          waitingBytes -= copied
          if (copied === 0) isAsleep = true
          return copied
        },
        counters: () => ({ records: 0, bytes: 0, dropped, waitingBytes, capacityBytes: bytesMax }),
        enumerate: () => void enumerations++,
        look: () => void looks++,
        close() {
          if (isClosed) return
          isClosed = true
          push(markOf(Mark.stop, code))
        },
      }
    },
    waitingBytes: () => waitingBytes,
    dropped: () => dropped,
    enumerations: () => enumerations,
    looks: () => looks,
    isClosed: () => isClosed,
  }
}

export const markOf = (
  kind: number,
  source: number = Source.linux,
  { capabilities = 0, gaps = 0 }: { capabilities?: number; gaps?: number } = {},
): Uint8Array =>
  writeMark({
    source,
    atNs: 1n,
    kind,
    capabilities,
    gaps,
    unixNs: 1_800_000_000_000_000_000n,
    bootId: new Uint8Array(16),
    layout: 0,
    note: '',
  })

/** All that a Mac has of its own: the two that Apple means for it, and what stands in. */
export const WHOLE_MAC: SourceKind[] = [
  ...MAC,
  { name: 'network_statistics', code: Source.networkStatistics },
  { name: 'polling', code: Source.polling },
]
