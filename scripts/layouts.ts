// What is committed of captures has the layout that records have now: after a change of native/record.def their records are
// skipped one by one, and tests that replay them fail far from the cause. Only the first block of each is read.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeBody, decodeHead, HEAD_BYTES } from '../src/capture/format.ts'
import { LAYOUT } from '../src/records/record.gen.ts'

/** Files that hold a capture, or show one in a ```hex block, and the tests that renew them. */
export const CAPTURES = [
  { pattern: 'test/scenarios/captures/*.fcap', renewedBy: 'test/scenarios/*.test.ts' },
  { pattern: 'docs/capture-format.md', renewedBy: 'test/capture/format.test.ts' },
] as const

/** What is wrong with `bytes`, of a file that these tests renew; undefined when they begin with a header of this layout. */
export function staleness(
  bytes: Uint8Array,
  renewedBy: string,
  layout: number = LAYOUT,
): string | undefined {
  const found = layoutOf(bytes)
  if (found === layout) return undefined
  const how = found === undefined ? 'begins with no header' : `is of layout ${found}`
  return `${how}, and records are of ${layout}: UPDATE_GOLDEN=1 npm test -- '${renewedBy}'`
}

/** `file` below `root`, or what its example shows. */
export function captureBytes(root: string, file: string): Uint8Array {
  const bytes = readFileSync(join(root, file))
  if (!file.endsWith('.md')) return bytes
  const [, dump = ''] = /```hex\n([^`]+)```/.exec(bytes.toString('utf8')) ?? []
  const rows = dump.split('\n').filter((line) => /^[0-9a-f]/.test(line))
  return Buffer.from(rows.map((row) => row.slice(6).replaceAll(' ', '')).join(''), 'hex')
}

function layoutOf(bytes: Uint8Array): number | undefined {
  const head = bytes.length < HEAD_BYTES ? undefined : decodeHead(bytes, 0)
  if (head === undefined) return undefined
  const body = decodeBody(head, bytes.subarray(HEAD_BYTES, HEAD_BYTES + head.storedBytes))
  if (typeof body === 'string') return undefined
  return (JSON.parse(Buffer.from(body).toString('utf8')) as { layout?: number }).layout
}
