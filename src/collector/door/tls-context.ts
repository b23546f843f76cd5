// What both TLS servers of the door are made of.
import { constants } from 'node:crypto'
import type { TlsOptions } from 'node:tls'

export type Material = {
  /** PEM: the server's own certificate, then those that lead to its authority. */
  cert: string
  /** PEM. */
  key: string
  /**
   * PEM: who signs the certificates of agents. Each has a subject key identifier, and what it signs names that: by the name alone
   * OpenSSL takes one authority for another of the same name, fails on the signature, and the judge's words do not get out.
   */
  clientAuthorities: readonly string[]
}

/**
 * No session can be resumed: one would outlive the revocation of the certificate that it began with. By SSL_OP_NO_TICKET no
 * ticket holds a session, they only name one, and node:tls keeps none as nobody listens for 'newSession' and 'resumeSession'.
 */
export function contextOf({ cert, key, clientAuthorities }: Material): TlsOptions {
  return {
    cert,
    key,
    // Also where there is none: without a list node:tls takes the authorities of the web.
    ca: [...clientAuthorities],
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
  }
}
