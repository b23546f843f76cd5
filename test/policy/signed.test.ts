// Signed documents: what is believed, and what is refused, with its code.
import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import protobuf from 'protobufjs/minimal.js'
import { armored, unarmored } from '../../src/policy/armor.ts'
import { PolicyFault } from '../../src/policy/fault.ts'
import { type Judging, judge } from '../../src/policy/judge.ts'
import {
  keyIdOf,
  makePrivateKey,
  parsePublicKey,
  privateKeyOf,
  publicHexOf,
} from '../../src/policy/keys.ts'
import { isAtLeast } from '../../src/policy/release.ts'
import { openSigned, signPolicy, verifySigned } from '../../src/policy/signed.ts'
import { isInShare, parseTarget, targetText } from '../../src/policy/target.ts'
import { decodeSigned, encodeSigned } from '../../src/stream/codec-policy.ts'
import { SIGNED_BYTES_MAX } from '../../src/stream/policy-message.ts'
import { mutate, mutation } from '../stream/mutate.ts'
import { golden, hexLines, vector } from '../stream/vectors.ts'
import { daysOn, makeTestKey, NOW, payloadOf, refused, signedBy } from './documents.ts'

const DEVICE = '01234567-89ab-4cde-8f01-23456789abcd'

describe('a signed document', () => {
  const root = makeTestKey()

  it('gives back what was signed, also through its file', () => {
    const payload = payloadOf({
      target: { group: 'office', device: DEVICE, sharePercent: 25 },
      leastAgent: '0.1.0',
      content: '{"hostWhitelist":["bücher.example"]}',
    })
    const signed = signPolicy(payload, root.private)
    assert.deepEqual(verifySigned(signed, root.public), payload)
    assert.deepEqual(verifySigned(unarmored(armored(signed)), root.public), payload)
    assert.deepEqual(
      verifySigned(unarmored(armored(signed).replaceAll('\n', '\r\n')), root.public),
      payload,
    )
  })
  it('is signed as docs/protocol.md says, to the last byte', () => {
    const pem = createPrivateKey({
      // PKCS #8 of Ed25519 (RFC 8410, 7) before the 32 bytes.
      key: Buffer.from(`302e020100300506032b657004220420${hexOf(0, 32)}`, 'hex'),
      format: 'der',
      type: 'pkcs8',
    })
    const payload = payloadOf({ version: 7, target: { group: 'office' } })
    const signed = signPolicy(payload, pem)
    assert.equal(golden('hex signedPolicy', hexLines(signed)), hexLines(signed))
    assert.deepEqual(verifySigned(vector('signedPolicy'), publicHexOf(pem)), payload)
  })
  const hexOf = (from: number, count: number) =>
    Buffer.from(Array.from({ length: count }, (_, index) => from + index)).toString('hex')
  it('is refused with a bad signature, whichever byte of it or of the payload was changed', () => {
    const { payload, signature, keyId } = decodeSigned(signedBy(root))
    for (let at = 0; at < payload.length + signature.length; at++) {
      const [other, otherSignature] = [payload.slice(), signature.slice()]
      if (at < payload.length) other[at] = (other[at] as number) ^ 1
      else otherSignature[at - payload.length] = (signature[at - payload.length] as number) ^ 1
      const changed = encodeSigned({ payload: other, signature: otherSignature, keyId })
      refused('signature', () => verifySigned(changed, root.public))
    }
  })
  it('is refused when another key signed it, also under the id of the right one', () => {
    const other = makeTestKey()
    refused('key-unknown', () => verifySigned(signedBy(other), root.public), /what counts is/)
    const { payload, signature } = decodeSigned(signedBy(other))
    const claimed = encodeSigned({ payload, signature, keyId: keyIdOf(root.public) })
    refused('signature', () => verifySigned(claimed, root.public))
  })
  it('is refused when the signature is of the payload without what says that it is a policy', () => {
    const { payload, keyId } = decodeSigned(signedBy(root))
    const signature = sign(null, payload, root.private)
    refused('signature', () =>
      verifySigned(encodeSigned({ payload, signature, keyId }), root.public),
    )
  })
  it('is refused whole with a field that is not known, within the signature and beside it', () => {
    const more = (bytes: Uint8Array) =>
      Buffer.concat([
        bytes,
        protobuf.Writer.create()
          .uint32((15 << 3) | 0)
          .uint32(1)
          .finish(),
      ])
    refused('malformed', () => verifySigned(more(signedBy(root)), root.public), /field/)
    const { payload } = decodeSigned(signedBy(root))
    const longer = more(payload)
    const signature = sign(
      null,
      Buffer.concat([Buffer.from('freshet signed policy v1\n'), longer]),
      root.private,
    )
    const signed = encodeSigned({ payload: longer, signature, keyId: keyIdOf(root.public) })
    refused('malformed', () => verifySigned(signed, root.public), /does not know/)
  })
  it('is refused when it is too large, to sign and to read', () => {
    const content = ' '.repeat(SIGNED_BYTES_MAX)
    refused('too-large', () => signPolicy(payloadOf({ content }), root.private))
    refused('too-large', () => verifySigned(new Uint8Array(SIGNED_BYTES_MAX + 1), root.public))
  })
  it('of nonsense bytes, or any mutation of a good one, is refused with a code', () => {
    const good = signedBy(root)
    const tried = (bytes: Uint8Array) => {
      try {
        assert.deepEqual(verifySigned(bytes, root.public), payloadOf())
        assert.deepEqual(Buffer.from(bytes), Buffer.from(good))
      } catch (error) {
        assert.ok(error instanceof PolicyFault, `${error}`)
      }
      try {
        openSigned(bytes)
      } catch (error) {
        assert.ok(error instanceof PolicyFault, `${error}`)
      }
    }
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) =>
        tried(mutations.reduce(mutate, good)),
      ),
      { numRuns: 1500 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), tried), { numRuns: 1500 })
    for (const text of ['', 'x', '-----BEGIN FRESHET SIGNED POLICY-----', armored(good).slice(1)])
      refused('malformed', () => unarmored(text))
  })

  const judging: Judging = {
    kinds: ['policy'],
    highest: undefined,
    digest: 'aa',
    own: { deviceId: DEVICE, group: 'office' },
    agentVersion: '0.2.0',
    now: NOW,
  }
  it('holds for all, for a group, for a device', () => {
    for (const target of [
      {},
      { group: 'office' },
      { device: DEVICE },
      { group: 'office', device: DEVICE },
    ])
      judge(payloadOf({ target }), judging)
  })
  it('of another group, another device or another share is refused', () => {
    for (const target of [
      { group: 'lab' },
      { device: '11234567-89ab-4cde-8f01-23456789abcd' },
      { group: 'lab', device: DEVICE },
      { sharePercent: 1 },
    ])
      refused('other-target', () => judge(payloadOf({ target }), judging), /this is device/)
  })
  it('is refused when it was replayed, or its version used for something else; the same may come again', () => {
    const highest = { version: 5, digest: 'aa' }
    refused('version-old', () => judge(payloadOf({ version: 4 }), { ...judging, highest }))
    refused('version-reused', () =>
      judge(payloadOf({ version: 5 }), { ...judging, highest, digest: 'bb' }),
    )
    judge(payloadOf({ version: 5 }), { ...judging, highest })
    judge(payloadOf({ version: 6 }), { ...judging, highest, digest: 'bb' })
  })
  it('is refused when its time is over or has not come, to the nanosecond', () => {
    refused('expired', () => judge(payloadOf({ notAfter: NOW }), judging))
    judge(payloadOf({ notAfter: (NOW + 1n) as typeof NOW }), judging)
    refused('early', () => judge(payloadOf({ madeAt: daysOn(1.01) }), judging))
    judge(payloadOf({ madeAt: daysOn(1) }), judging)
  })
  it('is refused by an agent that is too old for it', () => {
    judge(payloadOf({ leastAgent: '0.2.0' }), judging)
    refused('agent-old', () => judge(payloadOf({ leastAgent: '0.2.1' }), judging))
    refused('malformed', () => judge(payloadOf({ leastAgent: 'new' }), judging))
    for (const [own, least, is] of [
      ['1.0.0', '0.9.9', true],
      ['0.10.0', '0.9.0', true],
      ['0.9.9', '0.10.0', false],
      ['1.2.3-rc1', '1.2.3', true],
      ['nightly', '0.0.1', false],
    ] as const)
      assert.equal(isAtLeast(own, least), is, `${own} for ${least}`)
  })
  it('of a kind that its key may not sign is refused', () => {
    refused('kind-not-allowed', () => judge(payloadOf(), { ...judging, kinds: ['exceptions'] }))
  })
})

describe('a share of devices', () => {
  const ids = Array.from(
    { length: 2000 },
    (_, index) => `${index}`.padStart(8, '0') + DEVICE.slice(8),
  )

  it('that grows keeps whom it had, and has as many as it says', () => {
    let before = new Set<string>()
    for (const percent of [1, 5, 25, 50, 99]) {
      const now = new Set(ids.filter((id) => isInShare(id, percent)))
      for (const id of before) assert.ok(now.has(id))
      const expected = (ids.length * percent) / 100
      assert.ok(
        Math.abs(now.size - expected) < 4 * Math.sqrt(expected) + 1,
        `${now.size} of ${expected}`,
      )
      before = now
    }
    assert.ok(ids.every((id) => isInShare(id, 100)))
    assert.ok(!ids.some((id) => isInShare(id, 0)))
  })
  it('is written as it is read', () => {
    assert.deepEqual(parseTarget('all'), {})
    assert.deepEqual(parseTarget('group:a:b'), { group: 'a:b' })
    assert.deepEqual(parseTarget(`device:${DEVICE}`), { device: DEVICE })
    assert.deepEqual(parseTarget('share:5'), { sharePercent: 5 })
    assert.deepEqual(parseTarget('share:25:berlin'), { sharePercent: 25, group: 'berlin' })
    for (const text of ['', 'al', 'group:', 'device:x', 'share:0', 'share:100', 'share:5.5'])
      assert.throws(() => parseTarget(text), /wants all/)
    assert.equal(targetText({ sharePercent: 5, group: 'x' }), '5 % of the devices, group x')
  })
})

describe('a policy key', () => {
  it('is read as digits and as PEM, and nothing else is', () => {
    const pem = makePrivateKey()
    const hex = publicHexOf(privateKeyOf(pem))
    assert.equal(parsePublicKey(pem), hex)
    assert.equal(parsePublicKey(` ${hex.toUpperCase()}\n`), hex)
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    for (const wrong of ['', 'x', hex.slice(1), publicKey.export({ type: 'spki', format: 'pem' })])
      assert.throws(() => parsePublicKey(wrong), /a policy key is/)
    assert.throws(
      () => privateKeyOf(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      /no private Ed25519/,
    )
  })
})
