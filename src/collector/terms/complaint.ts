// One line in the log for what goes wrong again and again.

import { BoundedMap } from './bounded-map.ts'
import { RateLimit } from './rate.ts'

const INTERVAL_MS = 60_000
/** Lines of different keys: at once, and a second in the long run, 43,200 a day. A fleet of a hundred that comes at once is told whole. */
const LINES_BURST = 100
const LINES_PER_SECOND = 0.5
const KEYS_MAX = 10_000

/** Says the first complaint at once and later ones once a minute, with how many came in between. `nowMs` is monotonic. */
export function createComplaint(
  log: (text: string) => void,
  nowMs: () => number = () => performance.now(),
): (text: string) => void {
  let saidAtMs = Number.NEGATIVE_INFINITY
  let unsaid = 0
  return (text) => {
    if (nowMs() - saidAtMs < INTERVAL_MS) {
      unsaid++
      return
    }
    log(unsaid === 0 ? text : `${text} (and ${unsaid} more like it before)`)
    saidAtMs = nowMs()
    unsaid = 0
  }
}

/** Whom a line is about. `isKnown`: a person has said something of it, so that nobody could invent it. */
export type Subject = { id: string; isKnown: boolean }

/** Of who came by a certificate; undefined: an agent of this machine, which is root's or the collector's own user's. */
export const subjectOf = (
  enrolled: { deviceId: string; isQuarantined?: boolean } | undefined,
): Subject => ({ id: enrolled?.deviceId ?? '', isKnown: enrolled?.isQuarantined !== true })

/**
 * As createComplaints, for each device. Who has a token can invent devices, and have as many lines said as there may be: so
 * those of devices that a person knows are bounded apart, and what is said of them is hidden by nobody's flood.
 */
export function createDeviceComplaints(
  log: (text: string) => void,
  nowMs: () => number = () => performance.now(),
): (of: Subject, text: string) => void {
  const [known, strangers] = [createComplaints(log, nowMs), createComplaints(log, nowMs)]
  return ({ id, isKnown }, text) => (isKnown ? known : strangers)(id, text)
}

/** As createComplaint for each key, and in sum bounded too: what is not said of some is said by its number with the next line. */
export function createComplaints(
  log: (text: string) => void,
  nowMs: () => number = () => performance.now(),
): (key: string, text: string) => void {
  const each = new BoundedMap<string, (text: string) => void>(KEYS_MAX)
  const rate = new RateLimit(LINES_PER_SECOND, LINES_BURST, nowMs())
  let unsaid = 0
  const say = (text: string) => {
    if (!rate.take(nowMs())) {
      unsaid++
      return
    }
    log(unsaid === 0 ? text : `${text} (and ${unsaid} more lines of others before)`)
    unsaid = 0
  }
  return (key, text) => {
    const complain = each.get(key) ?? createComplaint(say, nowMs)
    each.set(key, complain)
    complain(text)
  }
}
