// The document of context is what the table says.
import { deepEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CONTEXT } from '../../src/engine/detection/context.ts'

const text = readFileSync(fileURLToPath(new URL('../../docs/context.md', import.meta.url)), 'utf8')

describe('docs/context.md', () => {
  it('has each term with its decades, and no other', () => {
    const rows = [...text.matchAll(/^\| `(\w+)` \| ([+-]\d\.\d+) \|/gm)]
    deepEqual(Object.fromEntries(rows.map(([, term, decades]) => [term, Number(decades)])), CONTEXT)
  })
})
