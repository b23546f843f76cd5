// What a connection with a certificate says of certificates: it renews its own, and becomes a device of its own where its
// certificate is another machine's, too.
import {
  CAPABILITIES_ENROLLED,
  Capability,
  type EnrollRequest,
  type EnrollResponse,
  type Envelope,
  type Hello,
  type Renewed,
} from '../../stream/message.ts'
import type { Order } from '../fleet/fleet.ts'
import { type Subject, subjectOf } from '../terms/complaint.ts'
import type { Counters } from '../terms/counters.ts'
import { RateLimit } from '../terms/rate.ts'

export type EnrolledOrigin = {
  deviceId: string
  /** Of the certificate, SHA-256 in hex. */
  fingerprint: string
  /** Where it comes from. */
  address: string
  /** When it came nobody had admitted it. */
  isQuarantined: boolean
  /** Called when it is welcomed. */
  onWelcome?: () => void
  /** Whether an authority that counts by now has signed its certificate; absent: one has. */
  isVouchedFor?: () => boolean
}

/** Who gives them. Each promise rejects with an Error whose message is a sentence. */
export type CertificateGiver = {
  /** A machine that says this of itself is welcomed. */
  arrived(hello: Hello): void
  /** Another certificate for the device, while the one that it came by is good. */
  renew(by: EnrolledOrigin, request: Uint8Array): Promise<Renewed>
  /** Fingerprints, the one first that signs certificates of devices. */
  authorities(): string[]
  /** A device believes these, the one first that has signed its certificate. */
  noteHeld(deviceId: string, fingerprints: string[]): void
  /** Of a machine that says this of itself: whether it has to become a device of its own. */
  orderFor(hello: Hello): Order | undefined
  /** Something that it asked for was refused. */
  onRefused(counter: 'renewRefused' | 'reenrolRefused', by: EnrolledOrigin, why: string): void
  /** Its first certificate as another device, while the one that it came by is good. */
  reenrol(by: EnrolledOrigin, order: Order, asked: EnrollRequest): Promise<EnrollResponse>
}

type Said = Extract<Envelope, { kind: 'renewed' | 'reenrol' | 'reenrolled' | 'authorities' }>
/** To a connection that is there still. */
type Towards = { say(envelope: Said): void; end(reason: string): void }

/** Refused on one connection: an agent asks once in an hour, and once for each order. */
const REFUSED_BURST = 10
const REFUSED_PER_SECOND = 1 / 60

export class Certificates {
  readonly #giver: CertificateGiver
  readonly #origin: EnrolledOrigin
  readonly #counters: Counters
  readonly #complainOf: (of: Subject, text: string) => void
  readonly #towards: Towards
  readonly #refused = new RateLimit(REFUSED_PER_SECOND, REFUSED_BURST, performance.now())
  #isBusy = false
  #order: Order | undefined
  #agreed = 0n

  constructor(
    giver: CertificateGiver,
    origin: EnrolledOrigin,
    context: { counters: Counters; complainOf: (of: Subject, text: string) => void },
    towards: Towards,
  ) {
    this.#giver = giver
    this.#origin = origin
    this.#counters = context.counters
    this.#complainOf = context.complainOf
    this.#towards = towards
  }

  /** It is welcomed. */
  begin(hello: Hello, agreed: bigint): void {
    this.#agreed = agreed & CAPABILITIES_ENROLLED
    this.#giver.arrived(hello)
    try {
      this.#order = this.#giver.orderFor(hello)
    } catch (error) {
      // Asked again on its next connection; what it sends is taken meanwhile.
      this.#complainOf(
        subjectOf(this.#origin),
        `whether another machine has the certificate of device ${this.#origin.deviceId} is not known: ${(error as Error).message}`,
      )
    }
    if (this.#order) {
      const { token, reason } = this.#order
      this.#towards.say({ kind: 'reenrol', token, reason })
    }
    this.tellAuthorities()
  }

  /** Returns whether it is told. */
  tellAuthorities(): boolean {
    if ((this.#agreed & Capability.authorities) === 0n) return false
    this.#towards.say({ kind: 'authorities', fingerprints: this.#giver.authorities() })
    return true
  }

  /** Returns whether it is one of these that may come. */
  take(envelope: Envelope): boolean {
    if (envelope.kind === 'renew' && (this.#agreed & Capability.renew) !== 0n)
      this.#renew(envelope.request)
    else if (envelope.kind === 'reenrolling' && (this.#agreed & Capability.reenrol) !== 0n)
      this.#reenrol(envelope.asked)
    else if (envelope.kind === 'authorities' && (this.#agreed & Capability.authorities) !== 0n)
      this.#giver.noteHeld(this.#origin.deviceId, envelope.fingerprints)
    else return false
    return true
  }

  /** One at a time; another that comes meanwhile is answered by the same. */
  #renew(request: Uint8Array): void {
    const { deviceId } = this.#origin
    // Its old one holds: it asks again within the next hours, or on its next connection.
    this.#once('renewRefused', `no new certificate for device ${deviceId}`, async () => {
      this.#towards.say({
        kind: 'renewed',
        renewed: await this.#giver.renew(this.#origin, request),
      })
    })
  }

  #reenrol(asked: EnrollRequest): void {
    const { deviceId } = this.#origin
    const what = `the machine that has the certificate of device ${deviceId}, too, stays so`
    const order = this.#order
    this.#once('reenrolRefused', what, async () => {
      if (!order) throw new Error('it was not told to become another device')
      // Good once, whatever comes of it.
      this.#order = undefined
      const given = await this.#giver.reenrol(this.#origin, order, asked)
      this.#towards.say({ kind: 'reenrolled', given })
    })
  }

  #once(counter: 'renewRefused' | 'reenrolRefused', what: string, work: () => Promise<void>): void {
    if (this.#isBusy) return
    this.#isBusy = true
    work()
      .catch((error: Error) => {
        this.#counters.add(counter)
        this.#giver.onRefused(counter, this.#origin, error.message)
        this.#complainOf(subjectOf(this.#origin), `${what}: ${error.message}`)
        if (!this.#refused.take(performance.now()))
          this.#towards.end('asks for certificates again and again, and was refused')
      })
      .finally(() => {
        this.#isBusy = false
      })
  }
}
