// What a connection to a collector works with: its times, what waits to be sent, and who renews its certificate.
import type { UnixNs } from '../units.ts'
import type { EnrollRequest, EnrollResponse } from './codec-enrol.ts'
import type { Hello, Renewed, Welcome } from './message.ts'
import type { Outbox, OutboxCounters } from './outbox.ts'
import type { PolicyTaker } from './policy-telling.ts'

/** Times of a connection, all in milliseconds. */
export type Pace = {
  /** From the start of a connection to its upgrade. */
  handshakeMs: number
  /** From Hello to Welcome. */
  welcomeMs: number
  /** Between heartbeats; silence for three of them ends the connection. */
  pingMs: number
  /** Without an acknowledgement while items wait for one. */
  ackMs: number
  /** For the close handshake. */
  closeMs: number
  /** Between two looks whether the certificate wants to be renewed; a collector gives one an hour. */
  renewMs: number
}

/** What waits to be sent: an outbox, or what simulates one. */
export type Queue = Pick<
  Outbox,
  | 'id'
  | 'lastSequence'
  | 'acknowledged'
  | 'read'
  | 'readUrgent'
  | 'acknowledge'
  | 'acknowledgeEach'
  | 'renew'
> & { counters(): Pick<OutboxCounters, 'items'> }

/** Close codes of RFC 6455, 7.4.1. */
export const CLOSE = {
  ...{ normal: 1000, protocol: 1002, text: 1003, malformed: 1007, policy: 1008 },
} as const
/** Close code of a collector that another connection of this device has taken over. */
export const REPLACED = 4001

export type SessionOptions = {
  hello: Omit<Hello, 'sentAt' | 'capabilities' | 'outboxId'>
  outbox: Queue
  /** This machine's clock. */
  now: () => UnixNs
  pace: Pace
  log: (text: string) => void
  /** `offsetMs`: its clock less this machine's. */
  onWelcome: (welcome: Welcome, offsetMs: number) => void
  /** An acknowledgement moved forward. */
  onProgress: () => void
  /** Of a device that is enrolled: a request where its certificate wants to be renewed, and what came of it. */
  renewal?: Renewal | undefined
  policies?: PolicyTaker | undefined
}

export type Renewal = {
  /**
   * PKCS #10, DER; undefined: not yet. `told`: whom the collector says to believe, as Authorities has it. `behindMs`: the
   * collector's clock less this machine's.
   */
  request(told?: readonly string[], behindMs?: number): Promise<Uint8Array | undefined>
  /** Whom it believes, as Authorities has it; absent: nobody is told. */
  holds?(): string[]
  /**
   * Returns how many authorities nobody that it believes vouches for: they are left out. Throws an Error with a sentence when the
   * certificate is not for the key of the request, or none that it can come by.
   */
  take(renewed: Renewed, behindMs?: number): number
  /** Another machine has its certificate, too: what it asks to become a device of its own by; undefined: it has done so. */
  reenrol(token: string): Promise<EnrollRequest | undefined>
  /** Throws as `take` does. */
  takeOwn(given: EnrollResponse, behindMs?: number): void
}

/** Why, the close code, and how long the collector asks us to stay away. */
export type SessionEnded = (reason: string, code: number, retryAfterMs: number) => void
