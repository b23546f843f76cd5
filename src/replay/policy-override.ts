// Another policy than the recorded one, laid over a stream of records.
import type { PolicyDocument } from '../engine/policy.ts'
import { RecordType, readPolicy, Source, writePolicy } from '../records/record.gen.ts'

export type PolicyOverride = {
  /** The policy record to begin with. */
  first(): Uint8Array
  /** The records without those of policies; the agent's own processes, which they name, stay the agent's. */
  apply(records: Uint8Array): Generator<Uint8Array, void>
}

export function createPolicyOverride(policy: PolicyDocument): PolicyOverride {
  const make = (ownPids: number[]): Uint8Array =>
    writePolicy({
      source: Source.none,
      atNs: 0n,
      version: policy.version ?? 0,
      document: JSON.stringify({ ...policy, ownPids }),
    })
  return {
    first: () => make(policy.ownPids ?? []),
    *apply(records) {
      const view = new DataView(records.buffer, records.byteOffset, records.length)
      let from = 0
      for (let at = 0; at < records.length; ) {
        const next = at + view.getUint32(at, true)
        if (view.getUint16(at + 4, true) === RecordType.policy) {
          if (at > from) yield records.subarray(from, at)
          const own = ownPidsOf(readPolicy(view, at).document)
          if (own.length > 0) yield make([...new Set([...(policy.ownPids ?? []), ...own])])
          from = next
        }
        at = next
      }
      if (from < records.length) yield records.subarray(from)
    },
  }
}

function ownPidsOf(document: string): number[] {
  try {
    const { ownPids } = JSON.parse(document) as { ownPids?: unknown }
    return Array.isArray(ownPids)
      ? ownPids.filter((pid): pid is number => Number.isInteger(pid) && pid >= 0 && pid < 2 ** 31)
      : []
  } catch {
    return []
  }
}
