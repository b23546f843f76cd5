// Rows of the outbox as they are sent.
import { numberItem } from './codec.ts'
import type { Row } from './outbox-file.ts'

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
