import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createLineFramer, LINE_BYTES_MAX } from '../../src/sense/line-framer.ts'

/** What becomes of bytes that come in pieces. */
function frame(...pieces: (string | Uint8Array)[]) {
  const lines: string[] = []
  let lost = 0
  const framer = createLineFramer(
    (line) => lines.push(Buffer.from(line).toString('latin1')),
    () => lost++,
  )
  for (const piece of pieces) {
    const bytes = Buffer.from(piece as string, 'latin1')
    framer.push(bytes)
    // The stream reuses its memory.
    bytes.fill(0x21)
  }
  framer.end()
  return { lines, lost }
}

describe('what a program prints', () => {
  it('is cut into its lines, wherever its pieces end', () => {
    assert.deepEqual(frame('one\ntw', 'o\n', '\n', 'th', 'r', 'ee\n'), {
      lines: ['one', 'two', 'three'],
      lost: 0,
    })
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,9}$/)),
        fc.array(fc.nat(60), { maxLength: 12 }),
        (lines, cuts) => {
          const text = lines.map((line) => `${line}\n`).join('')
          const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b)]
          const pieces = at.map((from, index) => text.slice(from, at[index + 1] ?? text.length))
          assert.deepEqual(frame(...pieces), { lines, lost: 0 })
        },
      ),
    )
  })
  it('loses a line that is too long, and that one alone', () => {
    const longest = 'x'.repeat(LINE_BYTES_MAX)
    assert.deepEqual(frame(`${longest}\n`), { lines: [longest], lost: 0 })
    assert.deepEqual(frame('a\n', longest, 'y', longest, '\nb\n'), { lines: ['a', 'b'], lost: 1 })
  })
  it('loses a line that has no end', () => {
    assert.deepEqual(frame('a\nhal'), { lines: ['a'], lost: 1 })
  })
})
