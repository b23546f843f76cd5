// The ways around a detector that detection-2026 names, each as it is done: what an evaluation asks of every detector by name.
import type { Actor, Sending } from './actor.ts'
import { ownPlace } from './grid.ts'
import { evenly } from './host.ts'
import { HOUR_MS, MINUTE_MS } from './mac.ts'

/** snmptrap(1), as of today: a name that the list of those who act for others lacks. */
const UNLISTED = 'snmptrap'

const KB = 1_000
const MB = 1_000 * KB

export type Evasion = {
  name: string
  /** `number` is the first of 200 numbers of its own, for addresses and code; sendings on the day. */
  actor: (number: number) => Actor
}

const upload = (
  atMs: number,
  place: number,
  out: number,
  bytesIn: number,
  port = 443,
): Sending => ({
  ...{ atMs, ...ownPlace(place), port, protocol: 6 },
  points: evenly(out, bytesIn, Math.max(1_000, out / 1_250)),
})
const many = (count: number, sending: (i: number) => Sending): Sending[] =>
  Array.from({ length: count }, (_, i) => sending(i))

const NOON_MS = 12 * HOUR_MS
const stranger = (
  name: string,
  number: number,
  sendings: Sending[],
  more: Partial<Actor> = {},
): Actor => ({
  ...{ label: 'evasion', name, signer: 'unsigned', code: `e${number}`, isKnown: false },
  sendings,
  ...more,
})

/** Three hours on each of the seven days before: less than the 24 from which its volume is held against its own. */
const nowAndThen = (place: number): Sending[] =>
  [9, 13, 17].map((hour) => upload(hour * HOUR_MS, place, 200 * KB, 2 * MB))

const tool = (name: string, file: string): Evasion => ({
  name,
  actor: (n) =>
    stranger('', n, [upload(NOON_MS, n, 64 * MB, 6 * KB)], { signer: 'acting', tool: file }),
})

const LISTED: readonly Evasion[] = [
  {
    name: '100 ports of one host, 640 kB each',
    actor: (n) =>
      stranger(
        '',
        n,
        many(100, (i) => upload(NOON_MS + i * 10_000, n, 640 * KB, 5 * KB, 8_000 + i)),
      ),
  },
  {
    name: '100 hosts, 640 kB each',
    actor: (n) =>
      stranger(
        '',
        n,
        many(100, (i) => upload(NOON_MS + i * 10_000, n + i, 640 * KB, 5 * KB)),
      ),
  },
  {
    name: '250 kB flows after a larger download from the same host',
    actor: (n) =>
      stranger('', n, [
        upload(NOON_MS, n, 400 * KB, 80 * MB),
        ...many(80, (i) => upload(NOON_MS + MINUTE_MS + i * 10_000, n, 250 * KB, 4 * KB)),
      ]),
  },
  {
    name: 'one larger two-way flow first',
    actor: (n) =>
      stranger('', n, [
        upload(NOON_MS, n, 9 * MB, 12 * MB),
        upload(NOON_MS + MINUTE_MS, n, 8 * MB, 4 * KB),
      ]),
  },
  {
    name: 'sleeper: used the network once, waits 31 days',
    actor: (n) => stranger('', n, [upload(NOON_MS, n, 64 * MB, 6 * KB)], { isKnown: true }),
  },
  {
    name: 'three decoy uploads to three hosts, then the fourth',
    actor: (n) =>
      stranger(
        '',
        n,
        many(4, (i) => upload(NOON_MS + i * HOUR_MS, n + i, i < 3 ? 3 * MB : 64 * MB, 6 * KB)),
        { targets: new Set([ownPlace(n + 3).to]) },
      ),
  },
  {
    name: 'answers padded to a seventh, 64 MB',
    actor: (n) => stranger('', n, [upload(NOON_MS, n, 64 * MB, (64 * MB) / 7)]),
  },
  {
    name: 'used in 21 hours of seven days, then 64 MB to a new host',
    actor: (n) =>
      stranger('', n, [upload(NOON_MS, n, 64 * MB, 6 * KB)], {
        isKnown: true,
        earlier: nowAndThen(n + 1),
      }),
  },
  {
    name: 'sleeper that drips: 2 MB an hour for 22 hours',
    actor: (n) =>
      stranger(
        '',
        n,
        many(22, (i) => upload((i + 1) * HOUR_MS, n, 2 * MB, 6 * KB)),
        { isKnown: true },
      ),
  },
  tool('a tool of the system that is not on the list', UNLISTED),
  tool('gdb as the tool', 'gdb'),
  tool('perl with its version in the name as the tool', 'perl5.34'),
]

export const EVASIONS: readonly Evasion[] = LISTED.map((evasion) => ({
  ...evasion,
  actor: (number) => ({ ...evasion.actor(number), name: evasion.name }),
}))
