import assert from 'node:assert/strict'
import { createTrouble, OVER_MS } from '../src/trouble.ts'

describe('a trouble', () => {
  let nowMs: number
  let lines: string[]
  const made = () => {
    nowMs = 0
    lines = []
    return createTrouble(
      (text) => lines.push(text),
      () => nowMs,
    )
  }

  it('is one line and another, however often it fails and works in between', () => {
    const trouble = made()
    trouble.works(() => 'works')
    for (let times = 1; times <= 2; times++) {
      for (let turns = 0; turns < 100; turns++) {
        trouble.failed(`fails ${turns}`)
        nowMs += OVER_MS - 1
        trouble.works(() => 'works')
      }
      assert.deepEqual(lines.splice(0), ['fails 0'])
      nowMs += 1
      trouble.works(() => 'works')
      trouble.works(() => 'works')
      assert.deepEqual(lines.splice(0), ['works'])
    }
  })

  it('is over at once when somebody knows it, and only where there was one', () => {
    const trouble = made()
    trouble.ends(() => 'over')
    trouble.failed('fails')
    trouble.ends(() => 'over')
    trouble.ends(() => 'over')
    assert.deepEqual(lines, ['fails', 'over'])
  })
})
