import assert from 'node:assert/strict'
import fc from 'fast-check'
import { fitted, textWidth } from '../../src/status/fit.ts'

describe('lines in a terminal', () => {
  it('are as they were where there is room', () => {
    const lines = ['Watching.', '  Programs: 3 running', '']
    assert.deepEqual(fitted(lines, { columns: 80, rows: 24 }), lines)
    assert.deepEqual(fitted(lines, { columns: 21, rows: 3 }), lines)
  })

  it('are folded at words while all of them have room', () => {
    assert.deepEqual(
      fitted(['  Lost: 0 events, 0 findings evicted', 'up'], { columns: 20, rows: 4 }),
      ['  Lost: 0 events, 0', '    findings evicted', 'up'],
    )
    assert.deepEqual(fitted(['/a/path/without/spaces'], { columns: 12, rows: 9 }), [
      '/a/path/with',
      '    out/spac',
      '    es',
    ])
  })

  it('are cut to one each where not, and what is left out at the end is counted', () => {
    const lines = ['Watching, with gaps.', '  one two three', '  four', '  five', '  six']
    assert.deepEqual(fitted(lines, { columns: 11, rows: 5 }), [
      'Watching, …',
      '  one two …',
      '  four',
      '  five',
      '  six',
    ])
    assert.deepEqual(fitted(lines, { columns: 11, rows: 3 }), [
      'Watching, …',
      '  one two …',
      '… 3 more l…',
    ])
  })

  it('count wide characters as two columns and marks as none', () => {
    assert.equal(textWidth('データ'), 6)
    assert.equal(textWidth('e\u0301'), 1)
    assert.deepEqual(fitted(['データベース'], { columns: 7, rows: 1 }), ['データ…'])
  })

  it('are never more or wider than there is room for, and nothing of them is lost while there is', () => {
    const text = fc.array(fc.constantFrom('a', 'bc', ' ', '  ', '漢', 'e\u0301', '/'), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(
        fc.array(
          text.map((parts) => parts.join('')),
          { maxLength: 12 },
        ),
        fc.integer({ min: 2, max: 90 }),
        fc.integer({ min: 1, max: 60 }),
        (lines, columns, rows) => {
          const shown = fitted(lines, { columns, rows })
          assert.ok(shown.length <= rows)
          for (const line of shown) assert.ok(textWidth(line) <= columns, line)
          const letters = (all: readonly string[]) => all.join('').replaceAll(' ', '')
          if (!letters(shown).includes('…')) assert.equal(letters(shown), letters(lines))
          else assert.ok(rows < 1000)
        },
      ),
    )
  })
})
