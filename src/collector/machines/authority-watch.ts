// A collector that runs, and its authority, which commands replace and which is put in time once the clock is: the door shows
// the certificate of the present one, agents are told, and connections of one that counts no more end.
import { X509Certificate } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { counted } from '../../engine/sentence.ts'
import { createTrouble } from '../../trouble.ts'
import type { Span } from '../../trust/certificates.ts'
import type { Authority } from '../fleet/fleet.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { isSignedByOneOf } from './certificate-time.ts'
import type { OwnCertificate } from './own-certificate.ts'

const TELL_LOOKS = 4000
/** From when agents are told until connections end: on the two cores of the tests an agent has its certificate after 60 ms. */
const RENEW_MS = 2000

export type AuthorityWatch = {
  /** Called each second. Throws CollectorError. */
  look(): void
  /** Whether an authority that counts by now has signed this certificate (DER), which one had when it came. */
  isVouchedFor(shown: Uint8Array): boolean
}

export function createAuthorityWatch(options: {
  authority: Authority
  certificate: OwnCertificate
  span: () => Span
  gateway: Pick<Gateway, 'tellAuthorities' | 'endUnvouched'>
  log: (text: string) => void
  /** Shows it from now on, and asks for certificates of the authorities that count. */
  renew: (shown: { cert: string; key: string }) => void
}): AuthorityWatch {
  const { authority, certificate, span, gateway, log, renew } = options
  const timing = createTrouble(log, () => performance.now())
  const following = createTrouble(log, () => performance.now())
  let [looks, moves] = [0, 0]
  /** Changes of a command's, and up to which the collector shows them. */
  let [changes, followed] = [0, 0]
  let isFollowing = false
  /** One at a time; what fails is tried again with the next look. */
  let isPutting = false
  /** While they are those of the start, the handshake has asked for one of them. */
  let isOfStart = true

  function isAnother(): boolean {
    const isOther = authority.look()
    if (isOther) isOfStart = false
    return isOther
  }

  /** Who is there, and can, renews once it is told, and comes again by what it got. */
  async function move(): Promise<void> {
    const move = ++moves
    await gateway.tellAuthorities()
    await delay(RENEW_MS, undefined, { ref: false })
    // Of the next one agents have only just been told.
    if (move !== moves) return
    const ended = await gateway.endUnvouched()
    if (ended > 0)
      log(
        `${counted(ended, 'connection')} ended whose certificate an authority had signed that counts no more: who has a later one comes again by that`,
      )
  }

  async function putInTime(): Promise<void> {
    if (isPutting) return
    isPutting = true
    try {
      await authority.putInTime(span())
      const isOther = isAnother()
      const renewed = await certificate.again()
      renew(renewed)
      const until = new X509Certificate(renewed.cert).validTo
      log(
        `the collector has a new certificate, valid until ${until}${isOther ? '; its authority is signed anew for this time, its pin stays' : ''}`,
      )
      if (isOther) await move()
      timing.works(() => 'its certificate was made anew')
    } catch (cause) {
      timing.failed(`no new certificate: ${(cause as Error).message}`)
    } finally {
      isPutting = false
    }
  }

  async function follow(): Promise<void> {
    if (isFollowing) return
    isFollowing = true
    const change = changes
    try {
      renew(await certificate.again())
      followed = change
      following.ends(() => "the collector's new authority is taken up")
    } catch (cause) {
      following.failed(
        `the collector's new authority is not taken up, and tried again each second: ${(cause as Error).message}`,
      )
      return
    } finally {
      isFollowing = false
    }
    log(
      `the collector's authority has the pin ${authority.pin}, and ${authority.trusted.length - 1 || 'none'} counts beside it`,
    )
    await move().catch((cause: Error) =>
      log(`agents are not told of the new authority, restart the collector: ${cause.message}`),
    )
  }

  return {
    look() {
      looks++
      if (isAnother()) changes++
      if (followed < changes) void follow()
      else if (authority.isOutOfTime(span()) || certificate.isOutOfTime()) void putInTime()
      // Who could not take it then is told again.
      else if (looks % TELL_LOOKS === 0) void gateway.tellAuthorities()
    },
    isVouchedFor: (shown) => isOfStart || isSignedByOneOf(shown, authority.trusted),
  }
}
