// Tables of the commands, as a terminal of a given width has them.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { tableLines } from '../../src/cli/table.ts'
import { textWidth } from '../../src/status/fit.ts'

const ID = '01234567-89ab-4cde-8f01-23456789abcd'

describe('a table of the commands', () => {
  const heads = ['id', 'name', 'standing']
  const long = `policy 3: 4 failed (signature): ${'the signature is of another key than was given '.repeat(4).trim()}`

  it('is as wide as it gets where nobody says how wide that may be', () => {
    assert.deepEqual(
      tableLines(
        ['a', 'bb'],
        [
          ['1', '2'],
          ['333', ''],
        ],
      ),
      ['a    bb', '1    2', '333'],
    )
    const [, row] = tableLines(heads, [[ID, 'desk', long]])
    assert.equal(row, `${ID}  desk  ${long}`)
  })

  it('fits a terminal by folding what is widest, and breaks no id', () => {
    const lines = tableLines(heads, [[ID, 'desk', long]], 80)
    assert.ok(lines.length > 3)
    for (const line of lines) assert.ok(textWidth(line) <= 80, line)
    assert.equal(lines.filter((line) => line.startsWith(`${ID}  desk  policy 3:`)).length, 1)
    assert.equal(
      lines
        .slice(1)
        .map((line) => line.slice(ID.length + 8).trim())
        .join(' '),
      long,
    )
  })

  it('has all that stands in its cells, whatever the width', () => {
    const word = fc.string({
      unit: fc.constantFrom('a', 'ü', '界', 'x'),
      minLength: 1,
      maxLength: 50,
    })
    const cell = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 200 }),
        (rows, columns) => {
          const text = (lines: readonly string[]) =>
            Array.from(lines.join('').replaceAll(' ', '')).sort()
          assert.deepEqual(
            text(tableLines(heads, rows, columns)),
            text([heads, ...rows].map((row) => row.join(''))),
          )
        },
      ),
    )
  })
})
