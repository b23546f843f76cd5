// The attacks that are injected: every combination of who sends, how much, in what shape, over how many flows, with what
// answer, by what protocol and to whom. Plain data.
import type { Actor, Sending, Signer } from './actor.ts'
import { evenly, SHARED_ADDRESS, SHARED_HOST } from './host.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, type Point } from './mac.ts'
import type { Random } from './random.ts'

const KIB = 1_024
const MIB = 1_024 * KIB

export const GRID = {
  signer: ['unsigned', 'adhoc', 'developer_id', 'notarized', 'acting', 'script'],
  bytes: [256 * KIB, MIB, 2 * MIB, 8 * MIB, 64 * MIB, 1_024 * MIB],
  /** Hours it is spread over; 0: as fast as the line takes it. */
  hours: [0, 1, 6, 24],
  flows: [1, 20, 1_000],
  /** none; a TLS answer to each flow; a tenth of what was sent; as much as was sent. */
  response: ['none', '6 KiB a flow', 'a tenth', 'padded'],
  protocol: ['tcp', 'quic', 'udp'],
  destination: ['own', 'shared'],
} as const satisfies { signer: readonly Signer[] } & Record<string, readonly unknown[]>

export type Cell = {
  signer: (typeof GRID.signer)[number]
  bytes: (typeof GRID.bytes)[number]
  hours: (typeof GRID.hours)[number]
  flows: (typeof GRID.flows)[number]
  response: (typeof GRID.response)[number]
  protocol: (typeof GRID.protocol)[number]
  destination: (typeof GRID.destination)[number]
}

/** Bytes a second of a burst: 10 Mbit/s, an uplink as homes have it. How much leaks before a report depends on it. */
export const BURST_BYTES_A_SECOND = 1_250_000
/** A slow flow sends a piece so often: a filter reports counters only where they rise. */
const PIECE_MS = 5 * MINUTE_MS
/** Longest a flow of a drip of many takes. */
const DRIP_FLOW_MS = 2_000

/** 6 x 6 x 4 x 3 x 4 x 3 x 2 cells, in an order that is always the same. */
export function allCells(): Cell[] {
  const cells: Cell[] = []
  for (const signer of GRID.signer)
    for (const bytes of GRID.bytes)
      for (const hours of GRID.hours)
        for (const flows of GRID.flows)
          for (const response of GRID.response)
            for (const protocol of GRID.protocol)
              for (const destination of GRID.destination)
                cells.push({ signer, bytes, hours, flows, response, protocol, destination })
  return cells
}

/** Fisher and Yates. */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list]
  for (let i = left.length - 1; i > 0; i--) {
    const j = random.between(0, i)
    const kept = left[i] as T
    left[i] = left[j] as T
    left[j] = kept
  }
  return left
}

/**
 * The attack of a cell. `number` is another for each attack of a machine: it makes the code, and the address where the
 * destination is its own (RFC 3849; another /48 each).
 */
export function attackOf(cell: Cell, number: number, random: Random): Actor {
  const overMs = cell.hours * HOUR_MS || (cell.bytes / BURST_BYTES_A_SECOND) * 1_000
  const latestMs = Math.max(0, DAY_MS - overMs - 5 * MINUTE_MS)
  const startMs = Math.round(random.next() * latestMs)
  const out = cell.bytes / cell.flows
  const bytesIn = answerOf(cell, out)
  const sendings: Sending[] = []
  for (let flow = 0; flow < cell.flows; flow++) {
    const share = overMs / cell.flows
    const isDrip = cell.hours > 0
    sendings.push({
      // Nobody who means to stay unseen sends by the clock: each flow begins somewhere in its share of the time.
      atMs: Math.round(startMs + (flow + (isDrip && cell.flows > 1 ? random.next() : 0)) * share),
      ...ownPlace(number),
      ...(cell.destination === 'shared' ? { to: SHARED_ADDRESS, hostname: SHARED_HOST } : {}),
      port: cell.protocol === 'udp' ? 4_500 : 443,
      protocol: cell.protocol === 'tcp' ? 6 : 17,
      points:
        isDrip && cell.flows === 1
          ? inPieces(out, bytesIn, overMs)
          : evenly(out, bytesIn, Math.max(1, Math.round(isDrip ? DRIP_FLOW_MS : share))),
    })
  }
  return {
    ...{ label: 'attack', name: '', signer: cell.signer, code: `x${number}`, isKnown: false },
    sendings,
  }
}

export const ownPlace = (number: number): { to: string; hostname: string } => ({
  to: `2001:db8:${number.toString(16)}::1`,
  hostname: '',
})

const answerOf = ({ response }: Cell, out: number): number =>
  ({ none: 0, '6 KiB a flow': 6 * KIB, 'a tenth': out / 10, padded: out })[response]

function inPieces(out: number, bytesIn: number, overMs: number): Point[] {
  const pieces = Math.max(1, Math.floor(overMs / PIECE_MS))
  return Array.from({ length: pieces }, (_, piece) => ({
    afterMs: Math.round(((piece + 1) * overMs) / pieces),
    out: Math.round((out * (piece + 1)) / pieces),
    in: Math.round((bytesIn * (piece + 1)) / pieces),
  }))
}
