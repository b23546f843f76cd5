// What the API says of policies: `GET /api/policy`.

/** A document that is sent to agents. Times are decimal nanoseconds since 1970. */
export type PolicyDocumentInfo = {
  kind: 'policy' | 'delegation' | 'exceptions'
  version: number
  /** As a sentence has it: `all devices`, `group office`. */
  target: string
  notAfter: string
  publishedAt: string
  /** Of those that it is for, who gets it: 0 to 100. */
  sharePercent: number
}

/** How a document stands on a device. */
export type DevicePolicyInfo = {
  kind: PolicyDocumentInfo['kind']
  /** In force; 0: none. */
  version: number
  receivedVersion: number
  state: 'applied' | 'failed' | 'expired'
  /** Why it is not applied (docs/protocol.md), and the same as a sentence. */
  code: string
  text: string
  clamped: number
  at: string
}

/** How policies stand on one device, in a few numbers. Versions are of policies; 0: none. */
export type PolicyStandingInfo = {
  /** The newest that is for it, and in whose share it is; none where that is older than what is in force there. */
  offered: number
  /** The last that it got, and the one that is in force there. */
  received: number
  inForce: number
  /** Where that is from; empty: it has said nothing. */
  source: '' | 'built-in' | 'local' | 'pushed'
  /** Entries of the one in force that were left out or narrowed. */
  clamped: number
  /** Documents of any kind that it has not applied, and why; `version` 0: it could not be read so far. */
  faults: {
    kind: PolicyDocumentInfo['kind']
    version: number
    state: 'failed' | 'expired'
    code: string
    text: string
  }[]
  /** Empty: never. */
  saidAt: string
  /** It said that it has no root key: it takes no policy. */
  hasNoKey?: true
}

/**
 * Of those that are to have the newest policy: who applies it, where its time is over (absent: none), who refuses it, who has no
 * root key to take any with (absent: none), and who has said nothing of it. `offered` 0: it is for nobody who may come. `unheard`: not
 * among these, since nobody has admitted them and they never connected (absent: none). `ahead`: have a later one, which this collector
 * does not know (absent: none). `heldOn`: it is held back and goes to nobody; so many have it.
 */
export type FleetPolicyInfo = {
  version: number
  offered: number
  applied: number
  ended?: number
  failed: number
  unsaid: number
  keyless?: number
  unheard?: number
  ahead?: number
  heldOn?: number
}

export type PolicyResponse = {
  /** Public; empty: none was given. */
  rootKey: string
  /** Policies, delegations, exceptions; of each the newest 100, the newest first. */
  documents: PolicyDocumentInfo[]
  /** How many there are beside these; absent: none. */
  unlisted?: number
  /** null: none was published. */
  newest: FleetPolicyInfo | null
  devices: {
    id: string
    name: string
    group: string
    /** Where the policy in force is from; empty: it has not said. */
    source: '' | 'built-in' | 'local' | 'pushed'
    /** It was given a root key. */
    hasKey: boolean
    suppressed: number
    suppressions: { rule: string; count: number }[]
    documents: DevicePolicyInfo[]
    saidAt: string
  }[]
  /** What to ask for with `after` to get those behind; absent at the end. */
  next?: string
}
