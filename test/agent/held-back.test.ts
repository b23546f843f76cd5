// Alerts that the policy held back are told each hour, by the rules that did.
import assert from 'node:assert/strict'
import { createHeldBack } from '../../src/agent/held-back.ts'

const HOUR_MS = 3_600_000

describe('what the policy held back', () => {
  let nowMs: number
  let told: string[]
  let counts: Record<string, number>
  let look: (isLast: boolean) => void
  beforeEach(() => {
    nowMs = 0
    told = []
    counts = {}
    look = createHeldBack(
      () => Object.entries(counts).map(([rule, count]) => ({ rule, count })),
      (text) => told.push(text),
      () => nowMs,
    )
  })

  it('is told once an hour, each alert once, the rule that held back most first', () => {
    counts = { 'example.org': 1, '198.51.100.0/24': 4 }
    look(false)
    assert.deepEqual(told, [])
    nowMs = HOUR_MS
    look(false)
    look(false)
    assert.deepEqual(told, [
      'the policy held back 5 alerts: 4 by 198.51.100.0/24, 1 by example.org',
    ])
    counts['example.org'] = 2
    nowMs = 2 * HOUR_MS - 1
    look(false)
    assert.equal(told.length, 1)
    nowMs++
    look(false)
    assert.equal(told.at(-1), 'the policy held back 1 alert: 1 by example.org')
  })
  it('is told at the end of the agent too, and where nothing was, nothing is', () => {
    look(true)
    nowMs = HOUR_MS
    look(false)
    assert.deepEqual(told, [])
    counts = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`10.0.0.${at}`, 1]))
    look(true)
    assert.match(told.join(), /held back 8 alerts: (1 by [\d.]+, ){5}the others by 3 more rules$/)
  })
})
