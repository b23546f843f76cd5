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

export type PolicyResponse = {
  /** Public; empty: none was given. */
  rootKey: string
  documents: PolicyDocumentInfo[]
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
