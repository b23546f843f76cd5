import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { SignerClass } from '../../src/baseline/baseline.ts'
import { emptyFeatures } from '../../src/engine/detection/features.ts'
import { explain } from '../../src/engine/detection/reasons.ts'
import {
  adjustedRatio,
  type Features,
  mayCross,
  noPoints,
  type Points,
  scoreInto,
  severityOf,
  standingOf,
} from '../../src/engine/detection/score.ts'
import { humanBytes, humanDuration, humanShare } from '../../src/engine/sentence.ts'
import type { Bytes, UnixNs } from '../../src/units.ts'

const KIB = 1024
const MIB = 1024 * KIB
const DAY_MS = 86_400_000

function points(some: Partial<Features>): Points {
  const p = noPoints()
  scoreInto({ ...emptyFeatures(), ...some }, p)
  return p
}

const classes: SignerClass[] = [
  'platform',
  'app_store',
  'notarized',
  'developer_id',
  'unknown',
  'adhoc',
  'unsigned',
  'invalid',
]
const byteCount = fc.oneof(fc.nat(64 * MIB), fc.constantFrom(0, 64 * KIB, 256 * KIB, MIB))
const features: fc.Arbitrary<Features> = fc.record({
  standing: fc
    .tuple(fc.constantFrom(...classes), fc.option(fc.constantFrom(...classes), { nil: undefined }))
    .map(([own, responsible]) => standingOf(own, responsible)),
  networkAgeMs: fc.nat(40 * DAY_MS),
  wasHere: fc.boolean(),
  isEdited: fc.boolean(),
  versionAgeMs: fc.double({ min: 0, max: 40 * DAY_MS, noNaN: true }),
  coldStart: fc.boolean(),
  named: fc.constantFrom(undefined, {
    name: 'tool',
    firstAt: 0n as UnixNs,
    lastAt: 0n as UnixNs,
    sent: 1 as Bytes,
  }),
  newToIdentity: fc.boolean(),
  newToHost: fc.boolean(),
  bareAddress: fc.boolean(),
  privateNetwork: fc.boolean(),
  served: fc.boolean(),
  protocol: fc.constantFrom(6, 17),
  remotePort: fc.constantFrom(443, 3478),
  out24: byteCount,
  in24: byteCount,
  largestOut: byteCount,
  largestIn: byteCount,
  silentOut: byteCount,
  silentFlows10: fc.nat(8),
  unread24: fc.oneof(fc.constant(0), fc.nat(3_000)),
  outBeforeIn: byteCount,
  activeHours: fc.nat(24),
  hasOrdinary: fc.boolean(),
  deviations: fc.double({ min: -20, max: 20, noNaN: true }),
  dripDeviations: fc.double({ min: 0, max: 20, noNaN: true }),
  hourOut: byteCount,
  ordinaryOut: byteCount,
  inEpoch: fc.boolean(),
})

describe('the score', () => {
  it('is the sum of its reasons, each of them present', () => {
    fc.assert(
      fc.property(features, (f) => {
        const p = noPoints()
        scoreInto(f, p)
        const reasons = explain(f, p, 'unsigned')
        const sum = reasons.reduce((all, reason) => all + reason.points, 0)
        assert.ok(Math.abs(sum - p.total) < 0.05)
        assert.ok(reasons.every((reason) => reason.points !== 0 && reason.text !== ''))
      }),
    )
  })

  it('gives no reason for points that round to none', () => {
    const f = { ...emptyFeatures(), networkAgeMs: 2_591_006_401, inEpoch: true }
    const p = noPoints()
    scoreInto(f, p)
    assert.ok(p.novelty > 0)
    assert.deepEqual(
      explain(f, p, 'unsigned').filter(({ points: given }) => given === 0),
      [],
    )
  })

  it('trusts what nobody has looked at no more than it accuses it', () => {
    const unknown = standingOf('unknown', undefined)
    assert.deepEqual([unknown.lenient, unknown.streams, unknown.floorWaived], [false, false, false])
    assert.ok(unknown.points < standingOf('unsigned', undefined).points)
    assert.equal(standingOf('platform', 'unknown').lenient, false)
  })

  it('is never crossed where numbers alone say that it cannot be', () => {
    fc.assert(
      fc.property(features, (f) => {
        const p = noPoints()
        scoreInto(f, p)
        const may = mayCross(
          f.out24,
          f.in24,
          f.largestOut,
          f.largestIn,
          f.silentOut,
          f.silentFlows10,
          f.unread24,
        )
        assert.ok(may || !p.gate)
      }),
      { numRuns: 2_000 },
    )
  })

  it('gives novelty 30 for a day, 20 for a week, and falls to nothing at thirty days', () => {
    const at = (days: number) => points({ networkAgeMs: days * DAY_MS }).novelty
    assert.deepEqual([0, 0.99, 1, 6.9, 7].map(at), [30, 30, 20, 20, 20])
    assert.ok(at(18.5) === 10 && at(30) === 0 && at(400) === 0)
  })

  it('takes novelty back in the first days of a baseline, but not from strangers', () => {
    const cold = (own: SignerClass, responsible?: SignerClass) =>
      points({ coldStart: true, standing: standingOf(own, responsible) }).novelty
    assert.equal(cold('platform'), 10)
    assert.equal(cold('unsigned'), 30)
    assert.equal(cold('platform', 'platform'), 10)
    assert.equal(cold('platform', 'unsigned'), 30)
  })

  it('trusts no program of the system that acts for another', () => {
    assert.equal(standingOf('platform', undefined).points, -15)
    assert.equal(standingOf('platform', 'unsigned').points, 8)
    assert.equal(standingOf('platform', 'unsigned').floorBytes, MIB)
    assert.equal(standingOf('platform', 'platform').floorBytes, 5 * MIB)
    assert.equal(standingOf('unsigned', 'platform').points, 33)
  })

  it('scores volume by doublings, from 256 KiB to 8 MiB', () => {
    const of = (out24: number) => points({ out24 }).volume
    assert.deepEqual(
      [0, 256 * KIB, MIB, 2 * MIB, 8 * MIB, 900 * MIB].map(of),
      [0, 0, 10, 15, 25, 25],
    )
  })

  it('scores asymmetry from 256 KiB, by steps, of the larger of flow and pair', () => {
    const of = (out24: number, in24: number) => points({ out24, in24 }).asymmetry
    assert.equal(of(256 * KIB - 1, 0), 0)
    assert.equal(of(256 * KIB, 0), 25)
    // in = 6 KiB of handshake and what makes the ratio 0.94 and 0.79 of what is left
    assert.equal(of(MIB, 6 * KIB + MIB * (0.06 / 1.94)), 15)
    assert.equal(of(MIB, 6 * KIB + MIB * (0.21 / 1.79)), 0)
    assert.equal(points({ out24: MIB, in24: 9 * MIB, largestOut: MIB, largestIn: 0 }).asymmetry, 25)
  })

  it('leaves out a handshake, and only where much was sent', () => {
    assert.equal(adjustedRatio(64 * KIB, 6 * KIB, 6 * KIB), 1)
    assert.ok(adjustedRatio(64 * KIB - 1, 6 * KIB, 6 * KIB) < 0.9)
    assert.equal(adjustedRatio(0, 0, 6 * KIB), 0)
  })

  it('takes calls and streams over UDP of vouched code for what they are', () => {
    const call = { protocol: 17, remotePort: 3478, out24: 400 * MIB, silentOut: MIB }
    assert.equal(points({ ...call, standing: standingOf('notarized', undefined) }).gate, false)
    assert.equal(points({ ...call, standing: standingOf('unsigned', undefined) }).gate, true)
  })

  it('waives the floor for strangers that get no response, and only for them', () => {
    const silent = { out24: 64 * KIB, silentOut: 64 * KIB }
    assert.equal(points({ ...silent, standing: standingOf('adhoc', undefined) }).gate, true)
    assert.equal(points({ ...silent, standing: standingOf('notarized', undefined) }).gate, false)
    assert.equal(points({ out24: 64 * KIB, silentOut: 64 * KIB - 1 }).gate, false)
  })

  it('scores what a known program sends in an hour by its distance from the ordinary', () => {
    const known = { hasOrdinary: true, networkAgeMs: 40 * DAY_MS, out24: 900 * MIB }
    const of = (deviations: number) => points({ ...known, deviations }).volume
    assert.deepEqual([-5, 3, 4, 8, 50].map(of), [0, 0, 5, 25, 25])
    assert.equal(points({ ...known, networkAgeMs: 6 * DAY_MS, deviations: 0 }).volume, 25)
  })

  it('opens the gate for a known program at six deviations, or when it drips, and not before', () => {
    const known = { hasOrdinary: true, networkAgeMs: 40 * DAY_MS, out24: 2 * MIB }
    assert.equal(points({ ...known, deviations: 5.9 }).gate, false)
    assert.equal(points({ ...known, deviations: 6 }).gate, true)
    assert.equal(points({ ...known, dripDeviations: 4.9 }).gate, false)
    assert.equal(points({ ...known, dripDeviations: 5 }).gate, true)
    assert.equal(points({ ...known, hasOrdinary: false, deviations: 9 }).gate, false)
    assert.equal(points({ ...known, in24: 2 * MIB, deviations: 9 }).gate, false)
  })

  it('lowers the floor of Developer ID code for 1 MiB over six hours, and of no better', () => {
    const drip = (own: SignerClass, activeHours: number) =>
      points({ standing: standingOf(own, undefined), out24: MIB, activeHours })
    assert.equal(drip('developer_id', 5).gate, false)
    assert.equal(drip('developer_id', 6).gate, true)
    assert.equal(drip('developer_id', 6).volume, 15)
    assert.equal(drip('notarized', 24).gate, false)
    assert.equal(points({ out24: MIB - 1, activeHours: 24 }).gate, false)
  })

  it('halves novelty in an epoch of the system', () => {
    assert.equal(points({ inEpoch: true }).novelty, 15)
  })

  it('has three severities from 60 on', () => {
    assert.deepEqual([59.9, 60, 75, 90].map(severityOf), [undefined, 'low', 'medium', 'high'])
  })
})

describe('numbers for people', () => {
  it('are bytes in decimal units', () => {
    assert.deepEqual([0, 999, 1_000, 8_388_608, 123_456_789, 999_999_999].map(humanBytes), [
      '0 B',
      '999 B',
      '1.0 kB',
      '8.4 MB',
      '123 MB',
      '1.0 GB',
    ])
  })
  it('are durations that say no more than they know', () => {
    assert.deepEqual([0, 400, 12_000, 300_000, 11_520_000, 12 * DAY_MS].map(humanDuration), [
      'less than 0.1 s',
      '0.4 s',
      '12 s',
      '5 min',
      '3.2 h',
      '12 days',
    ])
  })
  it('are shares that reach 100 % only when all went out', () => {
    assert.deepEqual(
      [humanShare(1_000_000, 1), humanShare(5, 0), humanShare(0, 0), humanShare(1, 2)],
      ['99.9 %', '100 %', '0.0 %', '33.3 %'],
    )
  })
})
