// Findings as the outbox keeps them, and rows of it as they are sent.
import type { Finding } from '../engine/finding.ts'
import { encodeContent, numberItem, StreamError } from './codec.ts'
import type { Row } from './outbox-file.ts'
import { rankOf } from './rank.ts'

/** A finding before it has a number. */
export type Content = { rank: number; content: Uint8Array }

/** Those that can be encoded; `refused`: why another cannot. */
export function encodeAll(findings: readonly Finding[]): {
  contents: Content[]
  refused: StreamError | undefined
} {
  const contents: Content[] = []
  let refused: StreamError | undefined
  for (const finding of findings) {
    try {
      contents.push({ rank: rankOf(finding), content: encodeContent(finding) })
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      refused = error
    }
  }
  return { contents, refused }
}

/** An item as it is sent. */
export type OutboxItem = {
  sequence: number
  /** UUIDv7, 16 bytes. */
  id: Uint8Array
  /** The whole encoded Item. */
  encoded: Uint8Array
}

/** As many as both bounds allow, and at least one when there is one. */
export function within(rows: Iterable<Row>, itemsMax: number, bytesMax: number): OutboxItem[] {
  const items: OutboxItem[] = []
  let bytes = 0
  for (const { sequence, id, content } of rows) {
    const encoded = numberItem(id, sequence, content)
    bytes += encoded.length
    if (items.length === itemsMax || (items.length > 0 && bytes > bytesMax)) break
    items.push({ sequence, id, encoded })
  }
  return items
}
