// On which line of a JSON text each of its values stands.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { jsonFault } from '../../src/policy/json-fault.ts'
import { jsonLines } from '../../src/policy/json-lines.ts'

type Place = (string | number)[]

describe('lines of a JSON text', () => {
  it('are those of names, of entries, and of what would hold what is not there', () => {
    const text = `
{ "a": 1,
  "b": [
    "x", {"c": "}\\"]",
      "d": [[], 7]}
  ]
}`
    const { of, again } = jsonLines(text)
    for (const [place, line] of [
      [[], 2],
      [['a'], 2],
      [['b'], 3],
      [['b', 0], 4],
      [['b', 1], 4],
      [['b', 1, 'c'], 4],
      [['b', 1, 'd'], 5],
      [['b', 1, 'd', 1], 5],
      [['b', 1, 'e'], 4],
      [['b', 9], 3],
      [['e', 'f'], 2],
    ] as [Place, number][])
      assert.equal(of(place), line, JSON.stringify(place))
    assert.deepEqual(again, [])
  })
  it('say which names are there again, of one object alone', () => {
    const { again } = jsonLines(
      '{"a": 1, "b": {"a": 2},\n "\\u0061": 3,\n "b": [{"a": 1}, {"a": 2}]}',
    )
    assert.deepEqual(again, [
      { place: ['a'], line: 2 },
      { place: ['b'], line: 3 },
    ])
  })
  it('of a text of one value, and of one that is deeper than any policy, are found', () => {
    assert.equal(jsonLines('\n\n7').of([]), 3)
    const deep = 100_000
    assert.equal(jsonLines(`${'['.repeat(deep)}${']'.repeat(deep)}`).of([0, 0]), 1)
  })
  it('are where a printer of one line a value put them', () => {
    const placesOf = (value: unknown, place: Place = []): Place[] => [
      place,
      ...(typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, one]) =>
            placesOf(one, [...place, Array.isArray(value) ? Number(name) : name]),
          )
        : []),
    ]
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (given) => {
        const value: unknown = JSON.parse(JSON.stringify(given))
        const text = JSON.stringify(value, null, 1)
        const { of, again } = jsonLines(text)
        const places = placesOf(value)
        // Each value has a line of its own, in this order, but the ends of lists and objects stand between.
        const lines = text
          .split('\n')
          .flatMap((line, at) => (/^ *[\]}],?$/.test(line) ? [] : [at + 1]))
        assert.deepEqual(places.map(of), lines)
        assert.deepEqual(again, [])
      }),
      { numRuns: 300 },
    )
  })
})

describe('a text that is no JSON', () => {
  it('is found to be none where it stops being it', () => {
    for (const [text, line, column] of [
      ['{"a": 1,\n "b": }', 2, 7],
      ['', 1, 1],
      ['{"a"', 1, 5],
      ['{"a": 1,}', 1, 9],
      ['[1, 2\n, ]', 2, 3],
      ['{"a" 1}', 1, 6],
      ['{a: 1}', 1, 2],
      ['// why\n{}', 1, 1],
      ['{} {}', 1, 4],
      ['[1}', 1, 3],
      ['["a\tb"]', 1, 2],
      ['[01]', 1, 3],
      [', 1', 1, 1],
    ] as const)
      assert.deepEqual(jsonFault(text), { line, column }, text)
  })
  it('is one exactly where the parser takes it', () => {
    const isTaken = (text: string): boolean => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    }
    let [taken, refused] = [0, 0]
    const isSame = (text: string): void => {
      const is = isTaken(text)
      if (is) taken++
      else refused++
      assert.equal(jsonFault(text) === undefined, is, JSON.stringify(text))
    }
    // As people break it: a piece is left out, or comes twice.
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.nat(3),
        fc.boolean(),
        (text, from, length, twice) => {
          const at = from % (text.length + 1)
          isSame(text)
          isSame(
            text.slice(0, at) +
              (twice ? text.slice(at, at + length) : '') +
              text.slice(twice ? at : at + length),
          )
        },
      ),
      { numRuns: 2_000 },
    )
    const token = fc.constantFrom(
      ...Array.from('{}[],: \n1-"ae.'),
      '"a"',
      'null',
      '0',
      'true',
      '\\u00',
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 8 }), (tokens) => isSame(tokens.join(''))),
      { numRuns: 5_000 },
    )
    assert.ok(taken > 1_000 && refused > 1_000, `${taken} ${refused}`)
  })
})
