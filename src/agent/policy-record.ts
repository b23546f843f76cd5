// The policy in force as the engine is told of it, and as a capture keeps it.
import { withRows } from '../engine/expected.ts'
import type { PolicyDocument } from '../engine/policy.ts'
import { Source, writePolicy } from '../records/record.gen.ts'

/** Expected applications are in it as the rows of this version's list: a replay's list may be another. */
export const policyRecord = (policy: PolicyDocument): Uint8Array =>
  writePolicy({
    source: Source.none,
    atNs: 0n,
    version: policy.version ?? 0,
    document: JSON.stringify(withRows(policy)),
  })
