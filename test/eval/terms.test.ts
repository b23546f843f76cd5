// The engine with each term left out: what was judged by that term alone is judged otherwise.
import assert from 'node:assert/strict'
import type { Actor, Sending } from '../../src/eval/actor.ts'
import { ownPlace } from '../../src/eval/grid.ts'
import { evenly } from '../../src/eval/host.ts'
import { byActor, scoresOf } from '../../src/eval/judging.ts'
import { HOUR_MS } from '../../src/eval/mac.ts'
import { tellDay } from '../../src/eval/telling.ts'
import { engines } from '../../src/eval/today.ts'

const KIB = 1_024
const MIB = 1_024 * KIB
let places = 1
const send = (atMs: number, out: number, bytesIn: number, number = places++): Sending => ({
  ...{ atMs, ...ownPlace(number), port: 443, protocol: 6 },
  // Longer than the half minute after which no answer is none.
  points: evenly(out, bytesIn, 40_000),
})
const stranger = (code: string, signer: Actor['signer'], sendings: Sending[]): Actor => ({
  ...{ label: 'attack', name: '', signer, code, isKnown: false, sendings },
})

const place = 900
const ACTORS = {
  // One-sided and answered: only its ratio tells.
  answered: stranger('answered', 'unsigned', [send(HOUR_MS, 8 * MIB, 10 * KIB)]),
  small: stranger('small', 'unsigned', [send(HOUR_MS, 400 * KIB, 8 * KIB)]),
  silent: stranger('silent', 'unsigned', [send(HOUR_MS, 200 * KIB, 0)]),
  download: stranger('download', 'unsigned', [
    send(HOUR_MS, 20 * KIB, 90 * MIB, place),
    send(2 * HOUR_MS, 2 * MIB, 8 * KIB, place),
  ]),
  many: stranger(
    'many',
    'unsigned',
    Array.from({ length: 20 }, (_, i) => send(HOUR_MS + i * 60_000, 200 * KIB, 7 * KIB, place + 1)),
  ),
  drip: stranger(
    'drip',
    'developer_id',
    Array.from({ length: 8 }, (_, i) => send((1 + i) * HOUR_MS, 300 * KIB, 0, place + 2)),
  ),
  padded: stranger('padded', 'unsigned', [send(HOUR_MS, 8 * MIB, 8 * MIB)]),
  notarized: stranger('notarized', 'notarized', [send(HOUR_MS, 30 * MIB, 10 * KIB)]),
}

describe('the engine without one of its terms', () => {
  const told = tellDay(Object.values(ACTORS))
  const scores = new Map(
    engines({ withTerms: true }).map((detector) => {
      const found = byActor(detector.start().day(told.records), told.actors)
      const of = (actor: Actor): number => scoresOf(found.get(actor) ?? [])[0] ?? 0
      return [detector.name, of] as const
    }),
  )
  const of = (term: string, actor: keyof typeof ACTORS): number => {
    const score = scores.get(term === '' ? 'points' : `points without ${term}`)
    assert.ok(score, term)
    return score(ACTORS[actor])
  }

  it('tells as it stands what it is to tell', () => {
    for (const actor of ['answered', 'silent', 'download', 'many', 'drip', 'notarized'] as const)
      assert.ok(of('', actor) >= 60, actor)
    for (const actor of ['small', 'padded'] as const) assert.equal(of('', actor), 0, actor)
  })

  const silenced = (term: string, ...actors: (keyof typeof ACTORS)[]): void => {
    it(`tells nothing of ${actors.join(' and ')} without ${term}`, () => {
      for (const actor of actors) assert.equal(of(term, actor), 0)
    })
  }
  silenced('any asymmetry', 'answered', 'download', 'many', 'notarized')
  silenced('largest-flow asymmetry', 'download')
  silenced('pair asymmetry', 'many')
  silenced('no response', 'silent')
  silenced('drip', 'drip')

  it('tells of what is small without floors, and of what is padded without a gate', () => {
    assert.ok(of('floors', 'small') >= 60)
    assert.equal(of('floors', 'padded'), 0)
    assert.ok(of('gate', 'padded') >= 60)
  })

  it('has the points of the term less', () => {
    const less = (term: string, actor: keyof typeof ACTORS): number =>
      of('', actor) - of(term, actor)
    assert.equal(less('novelty points', 'answered'), 30)
    assert.equal(less('signer points', 'answered'), 25)
    assert.equal(less('destination points', 'answered'), 15)
    assert.equal(less('volume', 'answered'), 25)
  })
})
