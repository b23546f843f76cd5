// The name of what an excess is held against: another for each number that is another, and said by each alert.
import { deepEqual, equal, match, notEqual } from 'node:assert/strict'
import { CONTEXT } from '../../../src/engine/detection/context.ts'
import { pointScoring } from '../../../src/engine/detection/point-scoring.ts'
import { BY_AGE, BY_CLASS, BY_DESTINATION, BY_RATIO } from '../../../src/engine/detection/priors.ts'
import type { Reference } from '../../../src/engine/detection/rarity.ts'
import { rarityScoring } from '../../../src/engine/detection/rarity-scoring.ts'
import { REFERENCE } from '../../../src/engine/detection/reference.ts'
import { REFERENCE_HASH, referenceHash } from '../../../src/engine/detection/reference-hash.ts'
import { MIB, Script, tell } from '../scenario.ts'

/** Of all objects within, each with the names of its numbers. */
const numbersIn = (value: unknown): [Record<string, number>, string][] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([name, inner]): [Record<string, number>, string][] =>
        typeof inner === 'number' ? [[value as Record<string, number>, name]] : numbersIn(inner),
      )

describe('the name of a reference', () => {
  it('is 16 hex digits, and the same however its fields stand', () => {
    match(REFERENCE_HASH, /^[0-9a-f]{16}$/)
    const { spent, installs, pairs } = structuredClone(REFERENCE)
    const turned: Reference = {
      spent: spent.map(({ budget, nominal }) => ({ nominal, budget })),
      ...{ installs, pairs },
    }
    equal(referenceHash(turned, true), REFERENCE_HASH)
  })

  it('is another for each number of the reference, of the priors and of the context that is another', () => {
    const tables = { REFERENCE, BY_CLASS, BY_AGE, BY_DESTINATION, BY_RATIO, CONTEXT }
    const names = new Set([REFERENCE_HASH])
    const numbers = numbersIn(tables)
    for (const [table, name] of numbers) {
      const before = table[name] as number
      try {
        table[name] = before + 0.001
        names.add(referenceHash(REFERENCE, true))
      } finally {
        table[name] = before
      }
    }
    equal(numbers.length > 50, true)
    equal(names.size, numbers.length + 1)
    equal(referenceHash(REFERENCE, true), REFERENCE_HASH)
  })

  it('is another where context counts for nothing', () => {
    notEqual(referenceHash(REFERENCE, false), REFERENCE_HASH)
  })

  it('is in each revision of an alert, of whatever judged it', () => {
    const probe = { pid: 100, path: '/home/ann/probe', parent: 50, file: 20n }
    const script = new Script().start().system(50, '/usr/bin/bash').program(probe)
    script.upload({ id: 1, to: '203.0.113.9', port: 443, pid: 100, total: 50 * MIB }).ticks(7)
    const referencesOf = (scoring?: ReturnType<typeof rarityScoring>): string[] => {
      const { alerts } = tell(script, scoring === undefined ? {} : { scoring })
      equal(alerts.at(-1)?.revision, 2)
      return [...new Set(alerts.map(({ reference }) => reference))]
    }
    const other = { ...REFERENCE, pairs: { ...REFERENCE.pairs, at: REFERENCE.pairs.at * 2 } }
    deepEqual(referencesOf(), [REFERENCE_HASH])
    deepEqual(referencesOf(pointScoring()), ['points-1'])
    deepEqual(referencesOf(rarityScoring(undefined, other)), [referenceHash(other, true)])
  })
})
