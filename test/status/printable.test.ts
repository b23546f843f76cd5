import assert from 'node:assert/strict'
import fc from 'fast-check'
import { brief, printable, printableLines, quoted } from '../../src/printable.ts'

describe('text that others chose', () => {
  it('writes out what would steer a terminal, and leaves letters of every script', () => {
    assert.equal(printable('a\x1b[2J\u202eb\u2028'), 'a\\u{1b}[2J\\u{202e}b\\u{2028}')
    assert.equal(printable('Größe 大きさ 🙂'), 'Größe 大きさ 🙂')
  })

  it('keeps its lines, as a log has them', () => {
    assert.equal(printableLines('a\x1b[2J\nb\u009b\r\n'), 'a\\u{1b}[2J\nb\\u{9b}\\u{d}\n')
  })

  it('writes out what is drawn as nothing, and half characters', () => {
    assert.equal(printable('a\u3164\u2800\u034f\ud800b'), 'a\\u{3164}\\u{2800}\\u{34f}\\u{d800}b')
  })

  it('stands in quotation marks as it can hold none itself, the middle of a long one left out', () => {
    assert.equal(quoted('Ann’s tool'), '“Ann’s tool”')
    assert.equal(quoted('a” (b'), '“a\\u{201d} (b”')
    assert.equal(quoted('o\u030b'), '“o\u030b”')
    assert.equal(quoted('abcdefghij', 7), '“ab…ghij”')
  })

  it('is cut where it is too long, and says so', () => {
    assert.equal(brief('abcdef', 6), 'abcdef')
    assert.equal(brief('abcdefg', 6), 'abcde…')
    assert.equal(brief('\n'.repeat(3), 6), '\\u{a}…')
  })

  it('stays within its bound, whole characters and without control, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, max) => {
        const short = brief(text, max)
        assert.ok(short.length <= max)
        assert.ok(short.isWellFormed())
        assert.doesNotMatch(short, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        if (printable(text).length <= max) assert.equal(short, printable(text))
      }),
    )
  })
})
