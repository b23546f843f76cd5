// What is acknowledged to sense: nothing that the engine has not settled, and in the end all.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createSettling } from '../../src/agent/settling.ts'
import { createAccount } from '../../src/intake/account.ts'
import { createFramer } from '../../src/records/framer.ts'
import { readAcknowledge } from '../../src/records/record.gen.ts'

/** A piece of the pipe, and what the engine was given for it. */
type Piece = { pipe: number; engine: number; isSame: boolean }

const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map((bytes) => ({ pipe: bytes, engine: bytes, isSame: true })),
  fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.oneof(fc.constant(0), fc.nat(60)))
    .map(([pipe, engine]) => ({ pipe, engine, isSame: false })),
)

/** The most of the pipe, from its first byte, that has all its effect in so many bytes of the engine's. */
function plainly(pieces: readonly Piece[], engineBytes: number): number {
  let [pipe, engine] = [0, 0]
  for (const one of pieces) {
    if (engine + one.engine > engineBytes) return one.isSame ? pipe + (engineBytes - engine) : pipe
    pipe += one.pipe
    engine += one.engine
  }
  return pipe
}

describe('the account of the pipe', () => {
  it('says of each count of the engine how far the pipe is, neither less nor more', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const account = createAccount()
        for (const one of pieces) account.note(one.pipe, one.engine, one.isSame)
        const engineBytes = pieces.reduce((sum, one) => sum + one.engine, 0)
        let before = 0
        for (let at = 0; at <= engineBytes; at++) {
          const settled = account.settled(at)
          assert.equal(settled.pipeBytes, plainly(pieces, at))
          assert.ok(settled.engineBytes <= at && settled.pipeBytes >= before)
          // What it says of the engine's bytes is what came of that much of the pipe.
          assert.equal(account.settled(settled.engineBytes).pipeBytes, settled.pipeBytes)
          before = settled.pipeBytes
        }
        assert.equal(
          before,
          pieces.reduce((sum, one) => sum + one.pipe, 0),
        )
      }),
    )
  })

  it('keeps a bounded number of stretches, and is then late, never early, and whole in the end', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        (pieces, max) => {
          const account = createAccount(max)
          for (const one of pieces) account.note(one.pipe, one.engine, one.isSame)
          const engineBytes = pieces.reduce((sum, one) => sum + one.engine, 0)
          for (let at = 0; at <= engineBytes; at++)
            assert.ok(account.settled(at).pipeBytes <= plainly(pieces, at))
          assert.equal(account.settled(engineBytes).pipeBytes, plainly(pieces, engineBytes))
        },
      ),
    )
  })

  it('lets sense forget nothing before the engine has settled it, and everything then', () => {
    const step = fc.tuple(piece, fc.nat(3), fc.boolean(), fc.nat(200))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const OWN = 24
        const account = createAccount()
        const pieces: Piece[] = []
        let [given, settled, nowMs] = [0, 0, 0]
        const saved: number[] = []
        const late: (() => void)[] = []
        let acknowledged = 0
        const framer = createFramer()
        const settle = createSettling({
          engine: {
            settledBytes: () => OWN + settled,
            takeRequests: () => [],
            takeFindings: () => [],
            save: (bytes) => void saved.push(bytes),
          },
          account,
          baseline: { commit() {} },
          keepSources: () => {},
          pipe: {
            destroyed: false,
            writable: true,
            write(bytes, onDone) {
              for (const record of framer.push(bytes)) {
                const { throughBytes } = readAcknowledge(
                  new DataView(record.buffer, record.byteOffset, record.length),
                  0,
                )
                assert.ok(Number(throughBytes) <= plainly(pieces, settled))
                assert.ok(Number(throughBytes) >= acknowledged)
                acknowledged = Number(throughBytes)
              }
              late.push(onDone)
            },
          },
          recording: undefined,
          tell: () => {},
          unwritten: () => 0,
          log: () => {},
          nowMs: () => nowMs,
        })
        for (const [one, wait, isDelivered, share] of steps) {
          account.note(one.pipe, one.engine, one.isSame)
          pieces.push(one)
          given += one.engine
          settled = Math.max(settled, Math.min(given, settled + share))
          nowMs += wait * 500
          settle(false)
          if (isDelivered) for (const done of late.splice(0)) done()
          // Of what the engine is told has gone, nothing comes again.
          assert.ok((saved.at(-1) ?? OWN) - OWN <= settled)
        }
        settled = given
        settle(true)
        assert.equal(acknowledged, plainly(pieces, given))
      }),
      { numRuns: 300 },
    )
  })
})
