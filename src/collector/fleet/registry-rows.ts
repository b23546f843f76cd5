// What stands in the registry, as its file has it and as the code sees it.
import type { SQLOutputValue } from 'node:sqlite'
import { type UnixNs, unixNs } from '../../units.ts'

/**
 * quarantined: it came with a token and no person has said yes to it; what it sends is kept, with that mark. active: a
 * person has. revoked: it may not come any more.
 */
export type Standing = 'quarantined' | 'active' | 'revoked'
const STANDINGS: readonly Standing[] = ['quarantined', 'active', 'revoked']

export type Token = {
  id: number
  label: string
  group: string
  /** undefined: any number. */
  usesMax: number | undefined
  uses: number
  madeAt: UnixNs
  expiresAt: UnixNs | undefined
  revokedAt: UnixNs | undefined
}

/** Of one that is to be made, as Token has it. */
export type TokenWanted = Pick<Token, 'label' | 'group' | 'usesMax' | 'expiresAt'>

export type EnrolledDevice = {
  id: string
  /** SHA-256 of what the system calls its hardware, in hex; empty: it does not say. */
  hardware: string
  group: string
  /** As a person called it; empty: nobody has. */
  name: string
  owner: string
  standing: Standing
  enrolledAt: UnixNs
  /** The token that it came with; undefined: an administrator's doing. */
  token: number | undefined
  mayEnrolAgain: boolean
  /** Since when more than one machine has its certificate; undefined: none but it. */
  sharedAt: UnixNs | undefined
  /** The network that it last enrolled from, as `sourceOf` has it; empty: not known. */
  source: string
  /** A person has said something of it: it was admitted, named, thrown out or allowed again, at some time. */
  isNoticed: boolean
}

/** What an administrator says of one. */
export type DeviceChange = Partial<
  Pick<EnrolledDevice, 'group' | 'name' | 'owner' | 'standing' | 'mayEnrolAgain' | 'hardware'>
>

/** `key`: SHA-256 of its key, as pinOfKey has it; empty: not known. */
export type GivenCertificate = { fingerprint: string; notAfter: UnixNs; key: string }

export type Certificate = GivenCertificate & {
  deviceId: string
  revokedAt: UnixNs | undefined
}

export type DatabaseRow = Record<string, SQLOutputValue>

const text = (row: DatabaseRow, column: string): string => `${row[column]}`
const time = (row: DatabaseRow, column: string): UnixNs | undefined =>
  typeof row[column] === 'bigint' ? unixNs(row[column], column) : undefined
const count = (row: DatabaseRow, column: string): number | undefined =>
  typeof row[column] === 'bigint' ? Number(row[column]) : undefined

export function tokenOf(row: DatabaseRow): Token {
  return {
    id: Number(row['id']),
    label: text(row, 'label'),
    group: text(row, 'device_group'),
    usesMax: count(row, 'uses_max'),
    uses: Number(row['uses']),
    madeAt: time(row, 'made_ns') as UnixNs,
    expiresAt: time(row, 'expires_ns'),
    revokedAt: time(row, 'revoked_ns'),
  }
}

export function deviceOf(row: DatabaseRow): EnrolledDevice {
  const standing = text(row, 'standing')
  return {
    id: text(row, 'id'),
    hardware: text(row, 'hardware'),
    group: text(row, 'device_group'),
    name: text(row, 'name'),
    owner: text(row, 'owner'),
    // What cannot be read is trusted with nothing.
    standing: STANDINGS.find((one) => one === standing) ?? 'revoked',
    enrolledAt: time(row, 'enrolled_ns') as UnixNs,
    token: count(row, 'token'),
    mayEnrolAgain: row['may_enrol_again'] === 1n,
    sharedAt: time(row, 'shared_ns'),
    source: text(row, 'source'),
    isNoticed: row['noticed'] === 1n,
  }
}

export const certificateOf = (row: DatabaseRow): Certificate => ({
  fingerprint: text(row, 'fingerprint'),
  deviceId: text(row, 'device'),
  notAfter: time(row, 'not_after_ns') as UnixNs,
  key: text(row, 'key_hash'),
  revokedAt: time(row, 'revoked_ns'),
})

/** Of one that wants to come in: what it says of itself, and what proves who it was before. */
export type Candidate = {
  deviceId: string
  hardware: string
  /** SHA-256 of the key that its request is signed with; empty: of none. */
  key: string
  /** Fingerprint of the certificate that it came with, over mutual TLS; undefined: with none. It may be good no more by now. */
  shown: string | undefined
  /** The network that it comes from, as `sourceOf` has it; absent: not known. */
  source?: string
}

/** Whether a device says the hardware that is known of it, or is the first to say any: else it may be a copy, by the device's key. */
export const isOnItsHardware = (known: EnrolledDevice, hardware: string): boolean =>
  known.hardware === '' || known.hardware === hardware

/** By its key, unless it was thrown out; or as an administrator allowed, on the hardware that it was on. */
export function mayComeAgain(
  known: EnrolledDevice,
  { deviceId, hardware }: Candidate,
  provenId: string | undefined,
): boolean {
  if (provenId === deviceId && known.standing !== 'revoked') return true
  return known.mayEnrolAgain && (known.hardware === '' || known.hardware === hardware)
}

/**
 * How one that was known stands once it has enrolled again. Who comes by a token alone is to be looked at: it may have the id from
 * somewhere. So may who has the key elsewhere; and who was thrown out, and allowed again, is let in to be looked at.
 */
export const standingOnReturn = (
  known: EnrolledDevice,
  hardware: string,
  provenId: string | undefined,
): Standing =>
  provenId === known.id && isOnItsHardware(known, hardware) && known.standing !== 'revoked'
    ? known.standing
    : 'quarantined'
