// Devices that are enrolled, as the page and the API say them. A part of page-api.ts, by which others have it.

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
}

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
