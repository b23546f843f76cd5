// One number for all alerts of a run, so that two runs can be compared without keeping either.
import { createHash } from 'node:crypto'
import type { Finding } from '../engine/finding.ts'

export type AlertDigest = {
  /** Findings in the order the engine gave them; those that are no alerts count for nothing. */
  add(findings: readonly Finding[]): void
  /** Alert findings so far, revisions included. */
  count(): number
  /** SHA-256, 64 hex digits, over each alert's canonical JSON and a newline. */
  hex(): string
}

export function createAlertDigest(): AlertDigest {
  const hash = createHash('sha256')
  let count = 0
  return {
    add(findings) {
      for (const finding of findings) {
        if (finding.kind !== 'alert') continue
        count++
        hash.update(canonicalJson(finding)).update('\n')
      }
    },
    count: () => count,
    hex: () => hash.copy().digest('hex'),
  }
}

/** JSON with the keys of every object in order and bigints in decimal; what is undefined is left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}`
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(
      Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    )
  })
}
