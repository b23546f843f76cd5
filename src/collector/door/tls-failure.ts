// Why a TLS handshake came to nothing, as a counter.
import type { CounterName } from '../terms/counters.ts'

/** What each alert of the peer's that says "not with this certificate" is called in OpenSSL's errors (RFC 8446, 6.2). */
const UNTRUSTED =
  /ALERT_(?:BAD_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/

/** Of the error in tls.Server's 'tlsClientError'. */
export function failureOf({ code = '' }: NodeJS.ErrnoException): CounterName {
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'doorTlsLate'
  if (code === 'ERR_SSL_UNSUPPORTED_PROTOCOL') return 'doorTlsOld'
  if (UNTRUSTED.test(code)) return 'doorTlsUntrusted'
  if (!code.startsWith('ERR_')) return 'doorTlsLost'
  return 'doorTlsFailed'
}
