// What is remembered of a program's text is what it would be made of each alert anew.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ProgramTexts } from '../../src/collector/store/program-texts.ts'
import { programText } from '../../src/collector/store/search.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { alertOf, identityOf, processOf } from './agent.ts'

/** Few, so that values are the same as often as not; or none, where there may be none. */
const word = fc.constantFrom('', 'a', 'B', 'c'.repeat(40))
const maybe = fc.option(word, { nil: undefined })
const process = fc.record({
  path: word,
  script: word,
  scriptSha256: word,
  user: word,
  uid: fc.constantFrom(undefined, 0, 501),
  identityKey: fc.constantFrom(undefined, '', 'x', `unsigned:sha256:${'a'.repeat(64)}`),
  socketsBy: word,
  foreignCode: fc.array(word, { maxLength: 2 }),
  alsoAt: fc.array(word, { maxLength: 2 }),
})
const said = fc.record({
  identity: fc.record({
    key: fc.constantFrom('one', 'two'),
    name: word,
    path: word,
    sha256: maybe,
    cdhash: maybe,
    signingId: maybe,
    teamId: maybe,
    signerClass: fc.constantFrom('unsigned' as const, 'adhoc' as const),
  }),
  chain: fc.array(process, { minLength: 1, maxLength: 2 }),
  responsibleKey: maybe,
})
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never

/** Each with a memory of its own: what comes from the wire shares nothing with what came before. */
const alertFrom = ({ identity, chain, responsibleKey }: Said): Alert =>
  structuredClone({
    ...alertOf(1),
    identity: { ...identityOf(identity.key), ...identity } as Alert['identity'],
    chain: chain.map((one) => ({ ...processOf('/bin/x'), ...one })),
    responsibleKey,
  })

/** The same with one thing changed, at random. */
const changed = fc.tuple(said, said, fc.nat()).map(([one, other, which]): Said[] => {
  const fields = Object.keys(one.identity) as (keyof Said['identity'])[]
  const at = which % (fields.length + 12)
  if (at < fields.length) {
    const name = fields[at] as keyof Said['identity']
    return [one, { ...one, identity: { ...one.identity, [name]: other.identity[name] } }]
  }
  if (at === fields.length) return [one, { ...one, responsibleKey: other.responsibleKey }]
  if (at === fields.length + 1) return [one, { ...one, chain: other.chain }]
  const [first, ...rest] = one.chain
  if (!first) return [one]
  const names = Object.keys(first) as (keyof typeof first)[]
  const name = names[at % names.length] as keyof typeof first
  const from = other.chain[0] ?? first
  return [one, { ...one, chain: [{ ...first, [name]: from[name] }, ...rest] }]
})

describe('the text of a program that came before', () => {
  it('is the one that each alert says, whatever little of it another says otherwise', () => {
    let changes = 0
    fc.assert(
      fc.property(fc.array(changed, { maxLength: 8 }), (pairs) => {
        const texts = new ProgramTexts()
        for (const [one, other = one] of pairs)
          for (const each of [one, one, one, other, other, one, other]) {
            const alert = alertFrom(each as Said)
            const text = programText(alert)
            assert.equal(texts.of(alert), text)
            if (text !== programText(alertFrom(one as Said))) changes++
          }
      }),
      { numRuns: 300 },
    )
    assert(changes > 100)
  })

  it('is not made anew', () => {
    const texts = new ProgramTexts()
    for (let times = 0; times < 3; times++) texts.of(alertOf(1))
    const alert = structuredClone(alertOf(1))
    const { identity } = alert
    let reads = 0
    Object.defineProperty(alert, 'identity', {
      get() {
        reads++
        return identity
      },
    })
    texts.of(alert)
    // Once for its key and once to be held against what was said.
    assert.equal(reads, 2)
  })

  it('is bounded, by programs and by what is kept of one', () => {
    const texts = new ProgramTexts()
    const long = (key: string) => ({
      ...alertOf(1),
      identity: identityOf(key),
      chain: Array.from({ length: 8 }, () => processOf(`/${'x'.repeat(1000)}`)),
    })
    for (let times = 0; times < 3; times++)
      assert.equal(texts.of(long('a')), programText(long('a')))
    assert.equal(texts.kept(), 0)
    for (let times = 0; times < 3; times++)
      for (let number = 0; number < 3000; number++)
        texts.of({ ...alertOf(1), identity: identityOf(`${number % 1500}`) })
    assert.equal(texts.kept(), 1500)
    for (let number = 0; number < 6000; number++)
      texts.of({ ...alertOf(1), identity: identityOf(`${number >> 1}-again`) })
    assert.equal(texts.kept(), 2048)
  })
})
