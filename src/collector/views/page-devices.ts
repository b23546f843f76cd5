// Devices that are enrolled, as the page and the API say them. A part of page-api.ts, by which others have it.

import type { FleetPolicyInfo, PolicyStandingInfo } from './page-policy.ts'

/** What people said of a device that is enrolled. */
export type EnrolmentInfo = {
  /** quarantined: nobody has admitted it; revoked: it is let in no more. */
  standing: 'quarantined' | 'active' | 'revoked'
  /** Empty: nobody has called it anything; nobody owns it. */
  name: string
  owner: string
  group: string
  /** This and `sharedSince`: nanoseconds since 1970 UTC, in decimal. */
  enrolledAt: string
  mayEnrolAgain: boolean
  /** null: no other machine has its certificate. */
  sharedSince: string | null
  /** null: none was sent, and it said nothing of any. */
  policy: PolicyStandingInfo | null
}

/**
 * Of a device that came by a certificate and that the registry does not have any more: it gave way to newer ones of its token, or was
 * removed. Nobody vouches for what it sent.
 */
export type ForgottenInfo = { standing: 'forgotten' }

/** One that is enrolled, whether it was ever connected or not. */
export type FleetDeviceInfo = {
  id: string
  /** As it calls itself; empty: it has not said. */
  hostname: string
  agentVersion: string
  connected: boolean
  /** Empty: it was never connected. */
  lastSeenAt: string
  silence?: { of: 'flows' | 'everything'; since: string } | undefined
  enrolment: EnrolmentInfo
}

/**
 * GET /api/fleet?limit=100&after=<next>: all that are enrolled, by name, fewer than asked for where they are large. `next` is
 * there when there are more. The counts are of all of them.
 */
export type FleetResponse = {
  devices: FleetDeviceInfo[]
  total: number
  /** Nobody has admitted these. */
  quarantined: number
  /** Never connected since they enrolled. */
  unseen: number
  policy: FleetPolicyInfo | null
  next?: string
}

/** Who was not let in, or not given what it asked for. All but address, count and times is what it said of itself. */
export type RefusalInfo = {
  /** docs/protocol.md has those of enrolments and certificates. */
  code: string
  text: string
  /** Empty: it has not said, or those of several are told together. */
  deviceId: string
  hostname: string
  address: string
  count: number
  firstAt: string
  lastAt: string
}

/** GET /api/refusals: the last first, at most 200. `unlisted`: refusals of which no row is left. */
export type RefusalsResponse = { refusals: RefusalInfo[]; unlisted: number }

/**
 * POST /api/devices/:id: 200 with `enrolment`, an EnrolmentInfo; 404 when no such device is enrolled. What is absent stays. Names, owners and
 * groups have at most 100 characters that can be seen; a group has at least one.
 */
export type DeviceChangeRequest = {
  name?: string
  owner?: string
  group?: string
  standing?: 'active' | 'revoked'
}

/**
 * POST /api/devices/:id/removal: 200 with `isErasing`; 404 when no such device is enrolled. It is let in no more until it enrols again.
 * erased: its alerts, what people said of them, and all else that it sent is deleted, of which the event `removed` tells the end.
 */
export type DeviceRemovalRequest = { data: 'kept' | 'erased' }
