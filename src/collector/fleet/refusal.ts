// Why somebody is not let in, or is not enrolled.
import { commandThere } from '../../hint.ts'
import type { EnrolledDevice } from './registry-rows.ts'

/** Why somebody may not come in or enrol: `code` is part of the protocol. */
export type RefusalCode =
  | 'token-unknown'
  | 'token-revoked'
  | 'token-expired'
  | 'token-used-up'
  | 'hardware-known'
  | 'device-known'
  | 'quarantine-full'
  | 'certificate-missing'
  | 'certificate-unknown'
  | 'certificate-expired'
  | 'certificate-early'
  | 'certificate-revoked'
  | 'device-revoked'

/** `holder`: the device that stands against it, for administrators alone. */
export type Refused = { code: RefusalCode; error: string; holder?: string }
export const isRefused = (value: object): value is Refused => 'code' in value && 'error' in value

export const refused = (code: RefusalCode, error: string): Refused => ({ code, error })

export const QUARANTINE_FULL: Refused = refused(
  'quarantine-full',
  'too many devices wait to be admitted, of its token or of all: an administrator admits or removes some, then it can come',
)

/** A device may not enrol under an id that is known. */
export const enrolledAlready = (known: EnrolledDevice, hardware: string): Refused =>
  refused(
    'device-known',
    known.hardware === hardware || hardware === ''
      ? `this device is enrolled: it comes again with its old key, or an administrator says ${commandThere(`collector devices allow ${known.id.slice(0, 8)}`)}`
      : // An agent shows 200 characters of it.
        `this device is enrolled on other hardware; the right one is let in by ${commandThere(`collector devices allow ${known.id.slice(0, 8)} --hardware ${hardware}`)}`,
  )
