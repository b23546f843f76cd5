// Who is signed in to the page. In memory: a restart asks for the key again.
import { randomBytes } from 'node:crypto'
import type { Counters } from '../counters.ts'
import type { Limits } from '../limits.ts'

const TOKEN_BYTES = 32

export class Sessions {
  /** Token to the time it ends, in ms of a monotonic clock; the one used longest ago is first. */
  readonly #endsAtMs = new Map<string, number>()
  readonly #limits: Limits
  readonly #counters: Counters

  constructor(limits: Limits, counters: Counters) {
    this.#limits = limits
    this.#counters = counters
  }

  /** A new session's token. */
  open(nowMs: number): string {
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    this.#counters.add('sessionsOpened')
    this.#endsAtMs.set(token, nowMs + this.#limits.sessionMs)
    if (this.#endsAtMs.size > this.#limits.sessionsMax) {
      const [oldest] = this.#endsAtMs.keys()
      this.#endsAtMs.delete(oldest as string)
      this.#counters.add('sessionsEvicted')
    }
    return token
  }

  /** Whether the token is a session's; using it makes it last longer. */
  has(token: string | undefined, nowMs: number): boolean {
    const endsAtMs = token === undefined ? undefined : this.#endsAtMs.get(token)
    if (token === undefined || endsAtMs === undefined) return false
    this.#endsAtMs.delete(token)
    if (endsAtMs <= nowMs) return false
    this.#endsAtMs.set(token, nowMs + this.#limits.sessionMs)
    return true
  }
}

/** The value of a cookie in a Cookie header (RFC 6265, 5.4). */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}
