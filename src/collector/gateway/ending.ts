// How a connection ends, and the counter that each end is told by.
import type { CounterName } from '../terms/counters.ts'

/** Why the collector ends a connection: its close code (RFC 6455, 7.4) and its counter. */
export const ENDINGS = {
  text: { code: 1003, counter: 'agentsClosedText' },
  malformed: { code: 1007, counter: 'agentsClosedMalformed' },
  unexpected: { code: 1002, counter: 'agentsClosedUnexpected' },
  noHello: { code: 1008, counter: 'agentsClosedNoHello' },
  silent: { code: 1008, counter: 'agentsClosedSilent' },
  credit: { code: 1008, counter: 'agentsClosedCredit' },
  leap: { code: 1008, counter: 'agentsClosedLeap' },
  slow: { code: 1008, counter: 'agentsClosedSlow' },
  rate: { code: 1008, counter: 'agentsClosedRate' },
  unfinished: { code: 1008, counter: 'agentsClosedUnfinished' },
  inflated: { code: 1009, counter: 'agentsClosedInflated' },
  store: { code: 1013, counter: 'agentsClosedStore' },
  stopping: { code: 1001, counter: 'agentsClosedStopping' },
  fault: { code: 1011, counter: 'agentsClosedFault' },
  replaced: { code: 4001, counter: 'agentsClosedReplaced' },
  taken: { code: 4001, counter: 'agentsClosedTaken' },
  otherDevice: { code: 1008, counter: 'agentsClosedOtherDevice' },
  revoked: { code: 4003, counter: 'agentsClosedRevoked' },
  retired: { code: 4003, counter: 'agentsClosedRetired' },
} as const satisfies Record<string, { code: number; counter: CounterName }>
export type Ending = keyof typeof ENDINGS

/** Ends of who says what nobody may say. */
export const OFFENCES: ReadonlySet<Ending> = new Set<Ending>([
  'text',
  'malformed',
  'unexpected',
  'noHello',
  'credit',
  'leap',
  'rate',
  'inflated',
  'taken',
  'otherDevice',
])

/** RFC 6455, 7.1.5: no close frame came. */
const CLOSE_ABNORMAL = 1006

/** The counter of an end that was not ours. */
export const closeCounter = (code: number): CounterName =>
  code === CLOSE_ABNORMAL ? 'agentsLost' : 'agentsLeft'

/** The counter of what ws found wrong, for which it has closed already, with the right code. */
export function errorCounter(error: NodeJS.ErrnoException): CounterName {
  if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'agentsClosedOversized'
  if (error.code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS') return 'agentsClosedFragments'
  return error.code?.startsWith('WS_ERR_') ? 'agentsClosedProtocol' : 'agentsLost'
}
