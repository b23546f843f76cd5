// `npm run check` finds a capture that was not renewed with the records.
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CAPTURES, captureBytes, staleness } from '../../scripts/layouts.ts'
import { LAYOUT } from '../../src/records/record.gen.ts'
import { captureBlocks, HEADER, joined } from '../capture/captures.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('the layout of committed captures', () => {
  it('is the one that records have now, of scenarios and of the document alike', () => {
    for (const { pattern, renewedBy } of CAPTURES) {
      const files = globSync(pattern, { cwd: root })
      assert.ok(files.length > 0, pattern)
      for (const file of files)
        assert.equal(staleness(captureBytes(root, file), renewedBy), undefined, file)
      // As it would be after a change of native/record.def.
      for (const file of files)
        assert.match(
          staleness(captureBytes(root, file), renewedBy, LAYOUT + 1) ?? '',
          /^is of layout \d+, and records are of \d+: UPDATE_GOLDEN=1 npm test -- 'test\//,
        )
    }
  })

  it('is missed where a file is none, is cut, or is of another layout', () => {
    const capture = joined(captureBlocks([], { ...HEADER, layout: LAYOUT }))
    assert.equal(staleness(capture, 'x'), undefined)
    const other = joined(captureBlocks([], { ...HEADER, layout: LAYOUT - 1 }))
    assert.match(staleness(other, 'x') ?? '', /^is of layout/)
    for (const bytes of [new Uint8Array(), capture.subarray(0, 20), capture.subarray(0, 40)])
      assert.match(staleness(bytes, 'x') ?? '', /^begins with no header/)
  })
})
