// Ways around a detector that reach all of a machine: its table of alerts, its clock. Each is tried on a day of its own, so that
// whatever else is judged is as it is without them.
import type { Actor, Sending } from './actor.ts'
import { ownPlace } from './grid.ts'
import { evenly } from './host.ts'
import { type ClockStep, DAY_MS, HOUR_MS, type Point } from './mac.ts'

export type OwnDay = {
  name: string
  /** It alone has to be told. */
  victim: Actor
  /** Who else acts. */
  beside: readonly Actor[]
  clock: readonly ClockStep[]
}

const KB = 1_000
const MB = 1_000 * KB
const SECOND_MS = 1_000

/** So many programs of three alerts each are more than the 1,024 that may be open. */
const FLOODERS = 345
const ALERTS_A_FLOODER = 3
const FLOOD_FROM_MS = 8 * HOUR_MS
/** The last of them is done by the afternoon. */
const FLOODER_EACH_MS = 60 * SECOND_MS
const HELD_UNTIL_MS = 20 * HOUR_MS
const UPLOAD_MS = 15 * HOUR_MS
const UPLOAD_PLACE = 1

const upload = (atMs: number, place: number, out: number): Sending => ({
  ...{ atMs, ...ownPlace(place), port: 443, protocol: 6 },
  points: evenly(out, 6 * KB, Math.max(SECOND_MS, out / 1_250)),
})
/** The connection stays open for the rest of the day, as its alert does; at its end a few bytes more. */
function heldOpen(sending: Sending): Sending {
  const { out, in: bytesIn } = sending.points.at(-1) as Point
  const last = { afterMs: HELD_UNTIL_MS - sending.atMs, out: out + KB, in: bytesIn }
  return { ...sending, points: [...sending.points, last] }
}
const stranger = (name: string, code: string, sendings: Sending[]): Actor => ({
  ...{ label: 'evasion', name, signer: 'unsigned', code, isKnown: false },
  sendings,
})
const TARGETS = new Set([ownPlace(UPLOAD_PLACE).to])

const FLOOD = '1,024 open alerts by 345 tiny programs, then the upload'
const CLOCK = 'first run while the clock is set back 31 days, the upload once it is right again'

export const OWN_DAYS: readonly OwnDay[] = [
  {
    name: FLOOD,
    victim: stranger(FLOOD, 'after-the-flood', [upload(UPLOAD_MS, UPLOAD_PLACE, 64 * MB)]),
    beside: Array.from({ length: FLOODERS }, (_, flooder) =>
      stranger(
        'flooder',
        `flooder-${flooder}`,
        Array.from({ length: ALERTS_A_FLOODER }, (_, alert) =>
          heldOpen(
            upload(
              FLOOD_FROM_MS + flooder * FLOODER_EACH_MS + alert * 10 * SECOND_MS,
              UPLOAD_PLACE + 1 + flooder * ALERTS_A_FLOODER + alert,
              3 * MB,
            ),
          ),
        ),
      ),
    ),
    clock: [],
  },
  {
    name: CLOCK,
    victim: {
      ...stranger(CLOCK, 'of-another-day', [
        upload(10 * HOUR_MS, UPLOAD_PLACE + 1, 4 * KB),
        upload(UPLOAD_MS, UPLOAD_PLACE, 64 * MB),
      ]),
      targets: TARGETS,
    },
    beside: [],
    clock: [
      { atMs: 9 * HOUR_MS, byMs: -31 * DAY_MS },
      { atMs: 11 * HOUR_MS, byMs: 0 },
    ],
  },
]
