// What is remembered of flows whose source changed, over restarts of the engine.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BELIEF_FILE, openBeliefFile, type Remember } from '../../src/agent/belief-file.ts'
import type { BeliefMemory, RowMemory } from '../../src/intake/memory.ts'
import { Source, Teller } from '../intake/flows.ts'

const FLOW = { id: '1', epoch: 1, out: 100, in: 5, baseOut: 9, baseIn: 0, pid: 500, pidversion: 3 }
const base64 = (record: Uint8Array): string => Buffer.from(record).toString('base64')
const rowOf = (source: number, id: number, rest: Partial<RowMemory>): RowMemory => ({
  key: `${source}.${id}`,
  last: base64(new Teller().flow(source, { id, out: 100 })),
  ...{ firstNs: '1000', lastNs: '2000', out: 100, in: 5 },
  ...rest,
})
const [mine, theirs] = [Source.networkStatistics, Source.filter]
const KEYS = [`${mine}.77`, `${theirs}.1`] as const
const WAY = {
  ...{ told: 90, known: 100, roseNs: '2000', sinceNs: '0', by: 5, byNs: '1000' },
  counted: [[5, 100]] satisfies [number, number][],
}
const MEMORY: BeliefMemory = {
  rows: [
    rowOf(mine, 77, { isOpen: true, aheadIn: -3, given: FLOW, coveredBy: KEYS[1] }),
    rowOf(theirs, 1, { endedNs: '2000', ended: FLOW }),
  ],
  ...{ counted: [], gone: [] },
  ended: [{ ...FLOW, id: '18446744073709551615', at: '77' }],
  sources: [
    {
      ...{ name: 'network_statistics', capabilities: 5, gaps: 0 },
      ...{ sinceNs: '900', endedNs: '0', lastFlowNs: '2000', hasTold: true },
    },
  ],
  tallies: [{ id: 3, ports: [5_353], out: WAY, in: WAY }],
  isFilterSilent: false,
  isStatisticsQuiet: true,
}
/** What changed of it: nothing. */
const NO_CHANGE: BeliefMemory = { ...MEMORY, rows: [], ended: [], tallies: [] }
const of =
  (whole: BeliefMemory | undefined, change: Partial<BeliefMemory> = {}): Remember =>
  (isWhole) =>
    isWhole ? whole : whole && { ...NO_CHANGE, ...change }
const read = (): string => readFileSync(BELIEF_FILE, 'utf8')

describe('what is kept of flows whose source changed', () => {
  const before = process.cwd()
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-belief-'))
    process.chdir(folder)
  })
  afterEach(() => {
    process.chdir(before)
    rmSync(folder, { recursive: true, force: true })
  })
  const open = (bootId = 'boot') => {
    const logged: string[] = []
    return { ...openBeliefFile(bootId, (text) => logged.push(text)), logged }
  }

  it('is there for the next engine of this boot, and for none of another', () => {
    open().save(of(MEMORY))
    assert.deepEqual(open().memory, MEMORY)
    assert.equal(open('other').memory, undefined)
    assert.equal(statSync(BELIEF_FILE).mode & 0o777, 0o600)
  })
  it('is not written where there is nothing to keep, nor again where nothing changed', () => {
    const file = open()
    file.save(of(undefined))
    assert.throws(() => statSync(BELIEF_FILE), /ENOENT/)
    file.save(of(MEMORY))
    file.save(of(MEMORY))
    const before = read()
    file.save(of(MEMORY))
    const sources = MEMORY.sources.map((one) => ({ ...one, lastFlowNs: '3000' }))
    file.save(of(MEMORY, { sources }))
    assert.equal(read(), before)
  })
  it('is added to where a part of it changed, as much as that', () => {
    const file = open()
    file.save(of(MEMORY))
    file.save(of(MEMORY))
    const { length } = read()
    file.save(of(MEMORY, { counted: [[KEYS[0], 300, 7, 400, 8]] }))
    assert.ok(read().length < length + 400)
    file.save(of(MEMORY, { gone: [KEYS[1]], ended: [{ ...FLOW, at: '1' }] }))
    file.save(of(MEMORY, { rows: [rowOf(theirs, 2, {})], isFilterSilent: true }))
    const [row] = MEMORY.rows
    assert.deepEqual(open().memory, {
      ...MEMORY,
      rows: [
        { ...row, out: 300, in: 7, given: { ...FLOW, out: 400, in: 8 } },
        rowOf(theirs, 2, {}),
      ],
      ended: [...MEMORY.ended, { ...FLOW, at: '1' }],
      isFilterSilent: true,
    })
  })
  it('is written whole again before what was added is longer than that', () => {
    const file = open()
    for (let i = 0; i < 800; i++) file.save(of(MEMORY, { rows: [rowOf(theirs, i, {})] }))
    assert.ok(read().length < 280_000, `${read().length}`)
    assert.ok(read().split('\n').length < 700)
  })
  it('is what it was before a line that broke off, which was not committed', () => {
    const file = open()
    file.save(of(MEMORY))
    file.save(of(MEMORY))
    const before = open().memory
    file.save(of(MEMORY, { gone: [KEYS[1]] }))
    writeFileSync(BELIEF_FILE, read().slice(0, -5))
    assert.deepEqual(open().memory, before)
    // And who wrote it does not add to what another changed.
    file.save(of(MEMORY, { gone: [KEYS[1]] }))
    assert.deepEqual(open().memory, MEMORY)
  })
  it('is nothing where it is damaged, which is said, or another’s', () => {
    writeFileSync(BELIEF_FILE, '{"bootId":"boot","memory":{"rows":[\n')
    const { memory, logged } = open()
    assert.equal(memory, undefined)
    assert.match(
      logged[0] ?? '',
      /^flow-sources\.json could not be read \(.*JSON.*\): flows that are/,
    )
    const [row, other] = MEMORY.rows
    const damaged: unknown[] = [
      undefined,
      null,
      [],
      {},
      // Of an earlier version.
      { given: [], ended: [], elsewhere: [] },
      ...[
        ...[null, {}, { ...row, last: 'AAAA' }, { ...row, last: base64(new Uint8Array(80)) }],
        ...[
          { ...row, out: 1.5 },
          { ...row, isOpen: 1 },
          { ...row, firstNs: '-1' },
        ],
        ...[
          { ...row, given: { ...FLOW, id: 'x' } },
          { ...row, ended: { id: '1' } },
        ],
        ...[
          { ...row, coveredBy: 2 },
          { ...row, coveredBy: -1 },
        ],
      ].map((one) => ({ ...MEMORY, rows: [one, other] })),
      ...[{ ...FLOW }, { ...FLOW, at: 'x' }].map((one) => ({ ...MEMORY, ended: [one] })),
      ...[{ name: 'other' }, { sinceNs: 1 }, { gaps: '0' }, { hasTold: 1 }].map((one) => ({
        ...MEMORY,
        sources: [{ ...MEMORY.sources[0], ...one }],
      })),
      ...[
        { id: '3' },
        { ports: ['x'] },
        { out: { ...WAY, told: -0.5 } },
        { in: { ...WAY, counted: [[5]] } },
        { in: { ...WAY, roseNs: 5 } },
      ].map((one) => ({ ...MEMORY, tallies: [{ ...MEMORY.tallies[0], ...one }] })),
      { ...MEMORY, tallies: undefined },
      { ...MEMORY, isFilterSilent: undefined },
      ...[[KEYS[0]], [KEYS[0], 1, 2, 3], [1, 1, 1], null].map((one) => ({
        ...MEMORY,
        counted: [one],
      })),
      { ...MEMORY, gone: ['x'] },
    ]
    for (const memory of damaged) {
      const text = `${JSON.stringify({ bootId: 'boot', memory })}\n`
      writeFileSync(BELIEF_FILE, text)
      assert.equal(open().memory, undefined, text)
    }
    for (const text of ['null\n', '[]\n', '']) {
      writeFileSync(BELIEF_FILE, text)
      assert.equal(open().memory, undefined, text)
    }
  })
  it('throws where it cannot be written, and is written when it can', () => {
    const { save } = open()
    rmSync(folder, { recursive: true })
    assert.throws(() => save(of(MEMORY)), /ENOENT/)
    assert.throws(() => save(of(MEMORY)), /ENOENT/)
    mkdirSync(folder)
    process.chdir(folder)
    save(of(MEMORY))
    assert.deepEqual(open().memory, MEMORY)
  })
  it('is read at its longest', () => {
    const most = Number.MAX_SAFE_INTEGER
    const big = `${2n ** 64n - 1n}`
    const flow = { ...FLOW, id: big, epoch: most, out: most, in: most, baseOut: most, baseIn: most }
    const [row] = MEMORY.rows
    assert.ok(row)
    const times = { firstNs: big, lastNs: big, endedNs: big }
    const counts = { aheadOut: -most, aheadIn: -most, elsewhereOut: most, elsewhereIn: most }
    const told = { makerPid: 2 ** 31, out: most, in: most, toldOut: most, toldIn: most }
    const traits = { hasOwnBeginning: true, isLost: true, isCompared: true }
    const long = { ...row, ...times, ...counts, ...told, ...traits, given: flow, ended: flow }
    const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)
    const { save } = open()
    const ended = many(4_096, { ...flow, at: big })
    save(
      of({
        ...MEMORY,
        rows: Array.from({ length: 10_000 }, (_, i) => ({
          ...long,
          key: `5.1844674407370955${i}`,
        })),
        ended,
      }),
    )
    const { memory, logged } = open()
    assert.deepEqual(logged, [])
    assert.equal(memory?.rows.length, 10_000)
  })
})
