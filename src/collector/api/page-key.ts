// The key that a request of the API shows: the right one always passes; wrong ones are bounded, on a connection and in all.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Counters } from '../terms/counters.ts'
import type { Limits } from '../terms/limits.ts'
import { RateLimit } from '../terms/rate.ts'
import { bearerToken, sameSecret } from '../terms/secrets.ts'

/** missing or wrong: it may try again on this connection; tooMany: the connection is to end. */
export type KeyVerdict = 'right' | 'missing' | 'wrong' | 'tooMany'

/** Judges the key of a request. `nowMs` is monotonic. */
export function createKeyJudge(
  pageKey: string,
  limits: Limits,
  counters: Counters,
): (request: IncomingMessage, nowMs: number) => KeyVerdict {
  const wrongOn = new WeakMap<Socket, number>()
  const rate = new RateLimit(limits.wrongKeysPerSecond, limits.wrongKeysBurst, performance.now())

  function isTooMany(socket: Socket, nowMs: number): boolean {
    const wrong = (wrongOn.get(socket) ?? 0) + 1
    wrongOn.set(socket, wrong)
    // Taken in any case: what is over one bound is still a wrong key for the other.
    return !rate.take(nowMs) || wrong > limits.wrongKeysPerConnection
  }

  return (request, nowMs) => {
    const key = bearerToken(request.headers.authorization)
    if (key !== undefined && sameSecret(key, pageKey)) return 'right'
    counters.add('requestsUnauthorized')
    // No key at all is nobody's guess.
    if (key === undefined) return 'missing'
    if (!isTooMany(request.socket, nowMs)) return 'wrong'
    counters.add('requestsWrongKeys')
    return 'tooMany'
  }
}
