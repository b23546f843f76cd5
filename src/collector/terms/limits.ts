// Everything the collector bounds, in one place. What a bound drops or refuses has a counter.

export type Limits = {
  /** Agents connected at once; a tenth more that are not quarantined. */
  agentsMax: number
  /** Connections that are not agents': pages, and what has not said yet what it is. */
  otherConnectionsMax: number
  /** New connections a second that came by no TLS handshake, and how many may come at once before that counts. */
  connectsPerSecond: number
  connectsBurst: number
  /** Requests to enrol a second, and how many may come at once before that counts. */
  enrolmentsPerSecond: number
  enrolmentsBurst: number
  /**
   * Devices that enrolled and that nobody has admitted: as many twice as connect to one collector, and by one
   * token as many; 50,000 took 240 MB, and 0.9 s of the collector at each command.
   */
  quarantinedMax: number
  quarantinedEachMax: number
  /** How long a device's connection may take to answer when another says that it is this device. */
  probeMs: number
  /** From a connection's first byte to the end of its headers. */
  headersTimeoutMs: number
  /**
   * How long a connection of the TLS port may wait for its turn at a handshake, and how long may pass until it has said what it
   * is and, from its turn on, until the handshake is over.
   */
  turnMs: number
  handshakeMs: number
  /**
   * Handshakes under way at once, of agents and of people each; one that takes longer than handshakeFreshMs gives its turn to
   * another and goes on beside. Those of both kinds, above which the oldest gives way once it is handshakeStaleMs old.
   */
  handshakesAtOnce: number
  handshakeFreshMs: number
  handshakesMax: number
  handshakeStaleMs: number
  /** Connections of one device that are not welcomed yet: one that changed its network leaves one or two behind. */
  unwelcomedEachMax: number
  /** From the upgrade to Hello. */
  helloTimeoutMs: number
  /** Silence after which an agent is taken for gone; agents send counters each second. */
  silenceMs: number
  /**
   * From the first byte of a message to its last: a message that takes longer left its agent silent for too long before this
   * was counted, since an agent sends a batch as one frame. 512 KiB in 45 s are 93 kbit/s; Freshet's batches are 192 KiB
   * before they are compressed.
   */
  messageMs: number
  /** Bytes held of messages that have not ended, of all agents: those of 1000 whole batches that were not compressed. */
  unfinishedBytesMax: number
  /** How long the collector itself is silent towards an agent before it repeats its acknowledgement. */
  heartbeatMs: number
  /** What an agent may say a second beside its items, and how much at once before that counts. */
  controlPerSecond: number
  controlBurst: number
  /** Items an agent may have unacknowledged. */
  creditItems: number
  /** Of these, ahead of their turn. */
  aheadItems: number
  /** Upper end of an agent's full-jitter reconnect delay. */
  backoffMaxMs: number
  /** Bytes waiting to be sent to one agent, above which it is closed. */
  agentBacklogBytesMax: number
  /** How long bytes may wait for an agent that reads nothing. */
  agentBehindMs: number
  /** Parts that one message of an agent may come in: WebSocket fragments, and pieces of TCP. */
  fragmentsMax: number
  piecesMax: number
  /** Bytes handed to the store and not durable yet, above which agents are not read. */
  storeBacklogBytesMax: number
  /** Devices whose last counters are kept in memory. */
  devicesRememberedMax: number
  /** Pages open at once. */
  pagesMax: number
  /** Bytes waiting to be sent to one page, above which it is closed and reconnects. */
  pageBacklogBytesMax: number
  /**
   * Wrong keys that one connection may show, and all of them a second and at once: a page with a key of before asks a
   * handful of things over six connections, then signs out. A right key is never counted nor held up.
   */
  wrongKeysPerConnection: number
  wrongKeysPerSecond: number
  wrongKeysBurst: number
  /** From close() to the end of what has not ended by itself, and of each slice of agents. */
  closeMs: number
  /** Agents that are sent away at once when the collector stops, and the time between two slices. */
  drainSliceAgents: number
  drainSliceMs: number
  /**
   * Connections of agents that have ended, after which what they held is given back to the system: of 10,000 the C library kept
   * 430 of 990 MB.
   */
  trimEnds: number
}

/** Agents connected at once, of devices that were admitted and of this machine: those that nobody knows do not shut them out. */
export const knownAgentsMax = ({ agentsMax }: Limits): number =>
  agentsMax + Math.floor(agentsMax / 10)

/** Connections to the port of other machines, of all kinds. */
export const connectionsMax = (limits: Limits): number =>
  knownAgentsMax(limits) + limits.otherConnectionsMax

/** Of `otherConnectionsMax`, those of people; the rest is for who has not said yet what he is. */
export const peopleMax = ({ otherConnectionsMax }: Limits): number =>
  Math.max(1, Math.floor(otherConnectionsMax / 2))

/** Connections to the page's own port on loopback, by which no agent comes: any user of the machine may open as many as it takes. */
export const pagePortMax = (limits: Limits): number => peopleMax(limits)

/** Of the store, its log, the addresses listened on, and what Node has open. */
const OWN_DESCRIPTORS = 64

/**
 * The same with no more connections than there are descriptors: a quarter of them, or `otherConnectionsMax`, stay for pages
 * and for what has not said yet what it is, so that agents never shut them out.
 */
export function withinDescriptors(limits: Limits, descriptors: number | undefined): Limits {
  if (descriptors === undefined) return limits
  const room = Math.max(4, descriptors - OWN_DESCRIPTORS)
  const otherConnectionsMax = Math.min(limits.otherConnectionsMax, Math.floor(room / 4))
  const others = otherConnectionsMax + pagePortMax({ ...limits, otherConnectionsMax })
  const agentsMax = Math.min(limits.agentsMax, Math.max(1, Math.floor((room - others) / 1.1)))
  return { ...limits, otherConnectionsMax, agentsMax }
}

export const LIMITS: Limits = {
  agentsMax: 10_000,
  otherConnectionsMax: 1024,
  connectsPerSecond: 500,
  connectsBurst: 1000,
  enrolmentsPerSecond: 100,
  enrolmentsBurst: 1000,
  quarantinedMax: 20_000,
  quarantinedEachMax: 10_000,
  probeMs: 1500,
  headersTimeoutMs: 5000,
  turnMs: 60_000,
  handshakeMs: 30_000,
  handshakesAtOnce: 128,
  handshakeFreshMs: 2000,
  handshakesMax: 1024,
  handshakeStaleMs: 10_000,
  unwelcomedEachMax: 4,
  helloTimeoutMs: 10_000,
  silenceMs: 45_000,
  messageMs: 45_000,
  unfinishedBytesMax: 192 * 1024 * 1024,
  heartbeatMs: 15_000,
  controlPerSecond: 20,
  controlBurst: 200,
  creditItems: 2048,
  aheadItems: 64,
  backoffMaxMs: 60_000,
  agentBacklogBytesMax: 512 * 1024,
  agentBehindMs: 30_000,
  fragmentsMax: 128,
  piecesMax: 4096,
  storeBacklogBytesMax: 64 * 1024 * 1024,
  devicesRememberedMax: 20_000,
  pagesMax: 64,
  pageBacklogBytesMax: 1024 * 1024,
  wrongKeysPerConnection: 10,
  wrongKeysPerSecond: 10,
  wrongKeysBurst: 100,
  closeMs: 1000,
  drainSliceAgents: 250,
  drainSliceMs: 50,
  trimEnds: 1000,
}
