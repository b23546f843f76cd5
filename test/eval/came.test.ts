// How programs came to a made-up machine: rates that add up, kept over many codes, and no story for the system's own.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { type Actor, programsOf } from '../../src/eval/actor.ts'
import { CAME, cameOf } from '../../src/eval/came.ts'
import { Origin } from '../../src/records/record.gen.ts'

const actor = (label: Actor['label'], signer: Actor['signer'], code: string): Actor => ({
  ...{ label, signer, code, name: 'x', isKnown: false, sendings: [] },
})
const shareOf = (label: Actor['label'], signer: Actor['signer'], is: (one: Actor) => boolean) => {
  const codes = Array.from({ length: 4_000 }, (_, i) => actor(label, signer, `code-${i}`))
  return codes.filter(is).length / codes.length
}

describe('how programs came to a made-up machine', () => {
  it('has shares that add up to one', () => {
    for (const shares of Object.values(CAME))
      equal(Math.round(shares.reduce((sum, [share]) => sum + share, 0) * 1e9), 1e9)
  })

  it('is as often so as the table says, and the same each time', () => {
    const isDownloaded = (one: Actor) => cameOf(one).origin?.kind === Origin.download
    for (const [label, signer, expected] of [
      ['install', 'notarized', 0.6],
      ['app', 'developer_id', 0.6],
      ['attack', 'notarized', 0.1],
      ['evasion', 'unsigned', 0.1],
      ['install', 'unsigned', 0],
    ] as const)
      ok(Math.abs(shareOf(label, signer, isDownloaded) - expected) < 0.03, `${label} ${signer}`)
    const isTemporary = (one: Actor) => cameOf(one).place === 'temporary'
    ok(Math.abs(shareOf('attack', 'adhoc', isTemporary) - 0.4) < 0.03)
    const one = actor('attack', 'adhoc', 'a')
    deepEqual(cameOf(one), cameOf({ ...one }))
  })

  it('puts the program where it says, and tells nothing of the system’s own', () => {
    const codes = Array.from({ length: 60 }, (_, i) => `code-${i}`)
    for (const code of codes) {
      const of = actor('attack', 'unsigned', code)
      const [own] = programsOf(of)
      equal(own?.path.startsWith('/private/tmp/'), cameOf(of).place === 'temporary')
      deepEqual(own?.origin, cameOf(of).origin)
      for (const signer of ['platform', 'tool', 'acting'] as const)
        equal(programsOf(actor('attack', signer, code)).at(-1)?.origin, undefined)
    }
  })
})
