import assert from 'node:assert/strict'
import { type Manifest, type ManifestRow, readManifest } from '../../src/eval/manifest.ts'

const ROW: ManifestRow = {
  name: 'curl-new',
  file: 'curl-new.fcap',
  source: 'capture',
  label: 'attack',
  workload: 'curl',
  kind: 'transfer',
  about: 'curl sends',
  novelty: 'new',
  tunedOn: false,
  signers: ['platform'],
  names: { '203.0.113.1': 'a.example' },
  flows: [
    {
      label: 'attack',
      program: '/usr/bin/curl',
      script: '',
      direction: 'outbound',
      protocol: 'tcp',
      remote: '203.0.113.1',
      ports: [443, 443],
      flowCount: 1,
      bytesOut: 10,
      bytesIn: 0,
    },
  ],
}
const GROUP = ROW.flows[0] as ManifestRow['flows'][number]
const manifest = (rows: readonly unknown[], more: object = {}): string =>
  JSON.stringify({ version: 1, about: 'of a test', rows, ...more })

describe('manifest of captures', () => {
  it('is read as it was written', () => {
    const zeek: ManifestRow = {
      ...ROW,
      name: 'z',
      source: 'zeek',
      host: '192.0.2.1',
      ssl: 'ssl.log',
    }
    const given: Manifest = { version: 1, about: 'of a test', rows: [ROW, zeek] }
    assert.deepEqual(readManifest(JSON.stringify(given)), given)
  })

  const refused: [string, string, RegExp][] = [
    ['what is no JSON', '{', /no JSON/],
    ['another version', manifest([], { version: 2 }), /version is not 1/],
    ['a field that it does not know', manifest([{ ...ROW, tuned: true }]), /row 1: .*"tuned"/],
    ['a name twice', manifest([ROW, ROW]), /two rows are called curl-new/],
    ['a name with a space', manifest([{ ...ROW, name: 'a b' }]), /row 1: name/],
    ['a label of its own', manifest([{ ...ROW, label: 'bad' }]), /row curl-new: label/],
    ['a label that its flows deny', manifest([{ ...ROW, label: 'benign' }]), /otherwise/],
    ['a file elsewhere', manifest([{ ...ROW, file: '../x.fcap' }]), /leads out/],
    ['no word on tuning', manifest([{ ...ROW, tunedOn: undefined }]), /tunedOn/],
    ['a class that there is not', manifest([{ ...ROW, signers: ['apple'] }]), /signer/],
    [
      'a count that is none',
      manifest([{ ...ROW, flows: [{ ...GROUP, bytesOut: -1 }] }]),
      /row curl-new, flows 0: bytesOut/,
    ],
    [
      'ports the wrong way round',
      manifest([{ ...ROW, flows: [{ ...GROUP, ports: [2, 1] }] }]),
      /flows 0: ports/,
    ],
  ]
  for (const [what, text, why] of refused)
    it(`refuses ${what}`, () => {
      assert.throws(() => readManifest(text), { name: 'ManifestError', message: why })
    })
})
