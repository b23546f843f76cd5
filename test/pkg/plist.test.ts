import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type PlistDict, PlistError, readPlist, writePlist } from '../../scripts/plist.ts'

const head = writePlist({}).split('<dict>')[0] as string
const reads = (body: string): PlistDict => readPlist(`${head}${body}</plist>\n`)

describe('property lists', () => {
  it('hold what was written', () => {
    const { value } = fc.letrec<{ value: PlistDict[string] }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.integer(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 3, noNullPrototype: true }),
      ),
    }))
    const dict = fc.dictionary(fc.string(), value, { maxKeys: 4, noNullPrototype: true })
    fc.assert(
      fc.property(dict, (whole) =>
        assert.deepEqual(readPlist(writePlist(whole as PlistDict)), whole),
      ),
    )
  })

  it('are written as Apple’s tools write them', () => {
    const text = writePlist({ 'a&b': ['<x>', 7, true], c: {} })
    assert.equal(
      text.slice(head.length),
      '<dict>\n\t<key>a&amp;b</key>\n\t<array>\n\t\t<string>&lt;x&gt;</string>\n\t\t<integer>7</integer>\n\t\t<true/>\n\t</array>\n\t<key>c</key>\n\t<dict>\n\t</dict>\n</dict>\n</plist>\n',
    )
    assert.throws(() => writePlist({ a: 0.5 }), /0\.5 is no integer/)
  })

  const refused: [string, string, RegExp][] = [
    ['an array', '<array>\n</array>', /no dictionary/],
    ['a comment', '<dict>\n<!-- x --></dict>', /line 5: <!-- x --> where a key/],
    ['a value without a key', '<dict><true/></dict>', /<true\/> where a key was due/],
    ['a key without a value', '<dict><key>a</key></dict>', /<\/dict> where a value was due/],
    ['a key twice', '<dict><key>a</key><true/><key>a</key><true/></dict>', /a is there twice/],
    ['loose text', '<dict>x</dict>', /not a tag/],
    ['what ends in between', '<dict><key>a', /<key> has no end/],
    ['a date', '<dict><key>a</key><date>2026-01-01</date></dict>', /<date> where a value/],
    ['a number that is none', '<dict><key>a</key><integer>7e1</integer></dict>', /no integer/],
    ['an entity it does not know', '<dict><key>&quot;</key><true/></dict>', /"&quot;" in a text/],
    ['a second value', '<dict></dict><dict></dict>', /more than one value/],
    ['a deep nest', '<dict><key>a</key>'.repeat(20), /nested too deeply/],
  ]
  for (const [what, body, told] of refused)
    it(`refuse ${what}`, () => assert.throws(() => reads(body), told))

  it('that were cut or changed are read or refused, never anything else', () => {
    const text = writePlist({ a: [1, 'x'], b: { c: true } })
    for (let end = 0; end < text.length - 1; end++)
      assert.throws(() => readPlist(text.slice(0, end)), PlistError)
    fc.assert(
      fc.property(fc.nat(text.length), fc.string({ unit: 'binary' }), (at, more) => {
        try {
          readPlist(text.slice(0, at) + more + text.slice(at + more.length))
        } catch (error) {
          assert.ok(error instanceof PlistError, String(error))
        }
      }),
    )
  })
})
