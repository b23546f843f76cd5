// What of a connection is about who this machine is: another certificate in time, whom to believe, and the order to become a
// device of its own.
import { Capability, type EnrollResponse, type Envelope, type Renewed } from './codec.ts'
import { said } from './said.ts'
import type { SessionOptions } from './session-options.ts'

export class SessionIdentity {
  readonly #options: Pick<SessionOptions, 'renewal' | 'log'>
  readonly #on: Connection
  /** It was told to become another device, which each connection may be once: a key is made for it. */
  #isOrdered = false
  /** It asked for another certificate, and has not got it: another request would take its key's place. */
  #isRenewing = false
  /** Requests on this connection without an answer so far: each may have one. What was not asked for ends the connection. */
  #renewals = 0
  #orders = 0
  /** Whom the collector says to believe. */
  #told: readonly string[] | undefined
  /** The collector's clock less this machine's, as Welcome showed it. */
  #behindMs = 0
  /** When it last asked, or looked whether it should. */
  #renewalAtMs = performance.now()

  constructor(options: Pick<SessionOptions, 'renewal' | 'log'>, on: Connection) {
    this.#options = options
    this.#on = on
  }

  /** `behindMs`: the collector's clock less this machine's. */
  welcome(behindMs: number): void {
    this.#behindMs = behindMs
    // Who is told whom to believe asks when he is: both at once would be two requests.
    if (this.#on.may(Capability.authorities)) this.#tellAuthorities()
    else void this.#askForRenewal()
  }

  /** False: it is another message, or may not come here. */
  take(envelope: Envelope): boolean {
    const { may } = this.#on
    if (envelope.kind === 'renewed' && may(Capability.renew) && this.#renewals > 0) {
      this.#renewals--
      this.#takeRenewed(envelope.renewed)
    } else if (envelope.kind === 'authorities' && may(Capability.authorities)) {
      this.#told = envelope.fingerprints
      void this.#askForRenewal()
    } else if (envelope.kind === 'reenrol' && may(Capability.reenrol) && !this.#isOrdered)
      void this.#askToBeAnother(envelope.token, envelope.reason)
    else if (envelope.kind === 'reenrolled' && may(Capability.reenrol) && this.#orders > 0) {
      this.#orders--
      this.#takeOwn(envelope.given)
    } else return false
    return true
  }

  /** A connection may last longer than a certificate, and a collector that failed once may not the next time. */
  beat(nowMs: number, renewMs: number): void {
    if (nowMs - this.#renewalAtMs <= renewMs) return
    this.#isRenewing = false
    void this.#askForRenewal()
  }

  #tellAuthorities(): void {
    const fingerprints = this.#options.renewal?.holds?.()
    if (fingerprints && this.#on.isWelcomed()) this.#on.send({ kind: 'authorities', fingerprints })
  }

  async #askForRenewal(): Promise<void> {
    const { renewal, log } = this.#options
    if (this.#isRenewing || !this.#on.may(Capability.renew)) return
    this.#isRenewing = true
    this.#renewalAtMs = performance.now()
    try {
      const request = await renewal?.request(this.#told, this.#behindMs)
      if (!request || !this.#on.isWelcomed()) {
        this.#isRenewing = false
        return
      }
      this.#renewals++
      this.#on.send({ kind: 'renew', request })
    } catch (error) {
      log(`its certificate cannot be renewed: ${(error as Error).message}`)
    }
  }

  #takeRenewed(renewed: Renewed): void {
    const { renewal, log } = this.#options
    try {
      const leftOut = renewal?.take(renewed, this.#behindMs) ?? 0
      const without = leftOut > 0 ? ': an authority nobody believed vouches for is left out' : ''
      log(`the collector has renewed the certificate of this device${without}`)
      this.#isRenewing = false
      if (!this.#on.may(Capability.authorities)) return
      this.#tellAuthorities()
      // It may have said something else meanwhile.
      void this.#askForRenewal()
    } catch (error) {
      log(`the renewed certificate is not taken: ${(error as Error).message}`)
    }
  }

  async #askToBeAnother(token: string, reason: string): Promise<void> {
    const { renewal, log } = this.#options
    this.#isOrdered = true
    try {
      const asked = await renewal?.reenrol(token)
      if (!asked || !this.#on.isWelcomed()) return
      log(`the collector has this machine become a device of its own: ${said(reason)}`)
      this.#orders++
      this.#on.send({ kind: 'reenrolling', asked })
    } catch (error) {
      log(`this machine cannot become a device of its own: ${(error as Error).message}`)
    }
  }

  #takeOwn(given: EnrollResponse): void {
    const { renewal, log } = this.#options
    try {
      renewal?.takeOwn(given, this.#behindMs)
      log('this machine is a device of its own from the next start of its agent on')
    } catch (error) {
      log(`this machine does not become a device of its own: ${(error as Error).message}`)
    }
  }
}

/** What the session lends to it. */
type Connection = {
  send(envelope: Exclude<Envelope, { kind: 'unknown' }>): void
  isWelcomed(): boolean
  may(capability: bigint): boolean
}
