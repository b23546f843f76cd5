// Whom agents are told to believe: the collector's own authorities, and those that an administrator's certificate leads to.

import { derOf, fingerprintOf } from '../../trust/pin.ts'
import type { Authority } from '../fleet/fleet.ts'
import type { OwnCertificate } from './own-certificate.ts'

export type Trust = Pick<Authority, 'issue' | 'trusted' | 'vouched'> & {
  /** Of `trusted`. */
  fingerprints(): string[]
}

/** As the two are at each moment. No more than a message has room for: ROOTS_MAX. */
export const trustOf = (
  authority: Authority,
  certificate: Pick<OwnCertificate, 'authorities'>,
): Trust => ({
  issue: authority.issue,
  get trusted() {
    return [...authority.trusted, ...certificate.authorities]
  },
  get vouched() {
    return authority.vouched
  },
  fingerprints() {
    return this.trusted.map((one) => fingerprintOf(derOf(one)))
  },
})
