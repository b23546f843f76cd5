// The rules of others do what they say that they do, and see what their makers' would.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Actor, Sending } from '../../src/eval/actor.ts'
import { ownPlace } from '../../src/eval/grid.ts'
import { evenly } from '../../src/eval/host.ts'
import { HOUR_MS, MINUTE_MS } from '../../src/eval/mac.ts'
import { type Population, populationOf } from '../../src/eval/population.ts'
import { createRivals } from '../../src/eval/rivals.ts'
import { rulesFor } from '../../src/eval/rules.ts'
import { tellDay, whoKey } from '../../src/eval/telling.ts'
import { Direction } from '../../src/records/record.gen.ts'

const POPULATION: Population = { highSumBytes: 1e6 }

const send = (atMs: number, out: number, bytesIn: number, overMs: number): Sending => ({
  ...{ atMs, ...ownPlace(1), port: 443, protocol: 6 },
  points: evenly(out, bytesIn, overMs),
})
const actor = (code: string, ...sendings: Sending[]): Actor => ({
  ...{ label: 'app', name: code, signer: 'notarized', code, isKnown: false, sendings },
})

/** Who was told by each rule at its own threshold. */
function toldOf(actors: Actor[], population?: Population): Map<string, string[]> {
  const { records, actors: who } = tellDay(actors)
  const { detectors, startAll } = createRivals(population)
  const raised = startAll().day(records)
  return new Map(
    detectors.map(({ name, natural }, index) => [
      name,
      (raised[index] ?? [])
        .filter(({ steps }) => (steps.at(-1)?.score ?? 0) >= natural)
        .map(({ pid, pidversion }) => who.get(whoKey(pid, pidversion))?.code ?? '')
        .sort(),
    ]),
  )
}

describe('rivals', () => {
  it('have Reservoir count bytes of one connection, above its rate without a pause', () => {
    const told = toldOf([
      // 1.2 MB to one destination: no connection has 64 KiB.
      actor(
        'many',
        ...Array.from({ length: 20 }, (_, i) => send(i * MINUTE_MS, 60_000, 0, 10_000)),
      ),
      actor('one', send(HOUR_MS, 70_000, 0, 30_000)),
      actor('slow', send(HOUR_MS, 400_000, 0, 400_000)),
      actor('paused', {
        ...send(HOUR_MS, 0, 0, 1),
        points: [
          { afterMs: 5_000, out: 40_000, in: 0 },
          { afterMs: 300_000, out: 40_100, in: 0 },
          { afterMs: 305_000, out: 80_000, in: 0 },
        ],
      }),
    ])
    assert.deepEqual(told.get('Reservoir-like'), ['one'])
  })

  it('have nDPI tell of uploads by ratio alone, and of flows without an answer', () => {
    const told = toldOf([
      actor('upload', send(HOUR_MS, 1_600, 1_000, 1_000)),
      actor('mixed', send(HOUR_MS, 1_400_000, 1_000_000, 1_000)),
      actor('silent', send(HOUR_MS, 900, 0, 1_000)),
      actor('all', { ...send(HOUR_MS, 900, 0, 1_000), to: 'ff02::fb', port: 1_900, protocol: 17 }),
      actor('names', { ...send(HOUR_MS, 900, 0, 1_000), port: 5_353, protocol: 17 }),
    ])
    assert.deepEqual(told.get('nDPI-like upload'), ['all', 'names', 'silent', 'upload'])
    assert.deepEqual(told.get('nDPI-like unidirectional'), ['silent'])
  })

  it('hold a program against what all machines send in three hours', () => {
    const slow = Array.from({ length: 8 }, (_, i) => send(i * 3 * HOUR_MS, 900_000, 0, 60_000))
    const actors = [
      actor('fast', send(HOUR_MS, 700_000, 0, 60_000), send(HOUR_MS * 1.5, 700_000, 0, 60_000)),
      actor('slow', ...slow),
    ]
    assert.deepEqual(toldOf(actors, POPULATION).get('Elastic-like high sum'), ['fast'])
    assert.deepEqual(toldOf(actors).get('Elastic-like high sum'), [])
    // Sums of three hours, program by program: 1.4 MB once, 0.9 MB eight times.
    const { highSumBytes } = populationOf([actors, actors])
    assert.ok(highSumBytes > 1.3e6 && highSumBytes <= 1.4e6, `${highSumBytes}`)
    assert.equal(populationOf([[actor('slow', ...slow)]]).highSumBytes, 900_000)
  })

  it('see what was fetched from a program where their makers count by who sends, not by who opened', () => {
    const served = { ...send(HOUR_MS, 90e6, 9_000, 60_000), direction: Direction.inbound }
    const told = toldOf([actor('server', served)], POPULATION)
    assert.deepEqual(
      [...told].flatMap(([name, codes]) => (codes.length > 0 ? [name] : [])),
      ['first seen and bytes', 'new and one-sided', 'pair PCR', 'flow PCR', 'Firewalla-like'],
    )
    // The same bytes sent are told by all that ask for no more than bytes.
    const sent = toldOf([actor('sender', { ...served, direction: Direction.outbound })], POPULATION)
    for (const name of [
      'Argus-like',
      'nDPI-like upload',
      'Reservoir-like',
      'Elastic-like high sum',
    ])
      assert.deepEqual(sent.get(name), ['sender'], name)
  })

  it('stand in the document, each with what it is like', () => {
    const page = readFileSync(new URL('../../docs/evaluation.md', import.meta.url), 'utf8')
    const table = page.slice(page.indexOf('## The rivals'), page.indexOf('## What it says'))
    for (const { name } of rulesFor(undefined)) assert.ok(table.includes(name), name)
  })
})
