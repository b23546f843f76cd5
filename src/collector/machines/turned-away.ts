// How those are told who are turned away before they have enrolled, or after.
import type { CounterName } from '../terms/counters.ts'

/** How a counter or an end is called where a code of the protocol stands beside it: `tls-old`, `other-device`. */
export const codeOf = (name: string): string =>
  name
    .replace(/^door/, '')
    .replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    .replace(/^-/, '')

/** Who never gets as far as a judge, as a sentence; those who only leave or are slow are counted. */
export const NOT_LET_IN: Partial<Record<CounterName, string>> = {
  doorNotTls: 'it speaks no TLS',
  doorTlsOld: 'it speaks no TLS 1.3',
  doorTlsUntrusted: 'it does not believe the certificate of this collector',
}

/** A device that is named by whoever made the certificate. */
export const subjectId = ({ subject }: { subject: string }): string =>
  /\bCN=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/m.exec(subject)?.[1] ?? ''
