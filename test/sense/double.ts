// A source in memory: what the addon is to sense, with a ring that the test fills.
import { Mark, Source, writeMark } from '../../src/records/record.gen.ts'
import type { Addon, InspectRequest } from '../../src/sense/addon.ts'

export type Double = {
  addon: Addon
  /** Puts a record into the ring, as a source would. False: the ring was full, and it is counted as dropped. */
  push(record: Uint8Array): boolean
  waitingBytes(): number
  dropped(): number
  /** How often all was asked for anew. */
  enumerations(): number
  isClosed(): boolean
  /** What was asked about, in order. Each is answered with error ENOENT. */
  asked: InspectRequest[]
}

export function createDouble(ringBytesMax: number): Double {
  let ring: Uint8Array[] = []
  let waitingBytes = 0
  let dropped = 0
  let enumerations = 0
  let isClosed = false
  let isAsleep = true
  let wake: () => void = () => {}
  const asked: InspectRequest[] = []

  const push = (record: Uint8Array): boolean => {
    if (waitingBytes + record.length > ringBytesMax) {
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

  const addon: Addon = {
    layout: 0,
    bootNs: () => 1n,
    open({ onReadable }) {
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
        counters: () => ({ records: 0, bytes: 0, dropped, waitingBytes }),
        enumerate: () => void enumerations++,
        close() {
          if (isClosed) return
          isClosed = true
          push(markOf(Mark.stop))
        },
      }
    },
    inspect: async (requests) => {
      asked.push(...requests)
      return requests.map(({ dev, ino }) => ({
        dev,
        ino,
        fileBytes: 0n,
        ownerUid: 0,
        mode: 0,
        flags: 0,
        error: 2,
        sha256: new Uint8Array(32),
      }))
    },
  }
  return {
    addon,
    push,
    waitingBytes: () => waitingBytes,
    dropped: () => dropped,
    enumerations: () => enumerations,
    isClosed: () => isClosed,
    asked,
  }
}

export const markOf = (kind: number): Uint8Array =>
  writeMark({
    source: Source.linux,
    atNs: 1n,
    kind,
    capabilities: 0,
    unixNs: 1_800_000_000_000_000_000n,
    bootId: new Uint8Array(16),
    layout: 0,
    note: '',
  })
