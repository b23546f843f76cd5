// What a run on a Mac makes of the inspector's answers beside codesign's; both are pretended.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Finding } from '../../scripts/mac-run/findings.ts'
import type { Mac } from '../../scripts/mac-run/mac.ts'
import { signerFinding, signers } from '../../scripts/mac-run/signers.ts'
import { Signature } from '../../src/records/record.gen.ts'
import type { Inspection } from '../../src/sense/addon.ts'

const CDHASH = 'ab'.repeat(20)
const told = (change: Partial<Inspection> = {}): Inspection => ({
  dev: 1n,
  ino: 2n,
  fileBytes: 3n,
  changedNs: 4n,
  ownerUid: 0,
  mode: 0o755,
  flags: 0,
  error: 0,
  sha256: new Uint8Array(32),
  signature: Signature.valid,
  signatureStatus: 0,
  cdhash: Buffer.from(CDHASH, 'hex'),
  signingId: 'org.nodejs.node',
  teamId: 'HX7739G8FX',
  authorities: 'Developer ID Application: Node\0Apple Root CA',
  lane: '',
  ...change,
})
const CODESIGN = `Identifier=org.nodejs.node\nCDHash=${CDHASH}\nTeamIdentifier=HX7739G8FX\n`
const HOPED = { what: "a developer's", signature: Signature.valid }

describe('what the inspector says on a Mac', () => {
  it('is as hoped when the verdict is, and codesign has the same', () => {
    const { outcome, text } = signerFinding(HOPED, told(), CODESIGN)
    assert.equal(outcome, 'as hoped')
    assert.match(
      text,
      /^a developer's: valid .*HX7739G8FX Developer ID Application: Node, Apple Root CA; as codesign/,
    )
  })

  for (const [what, change] of Object.entries<Partial<Inspection>>({
    'another verdict': { signature: Signature.adhoc },
    'an error': { error: 13 },
    'another cdhash': { cdhash: new Uint8Array(20) },
    'another team': { teamId: '' },
    'another signing id': { signingId: 'node' },
  }))
    it(`is otherwise with ${what}`, () => {
      assert.equal(signerFinding(HOPED, told(change), CODESIGN).outcome, 'otherwise')
    })

  it('is otherwise without an answer', () =>
    assert.equal(signerFinding(HOPED, undefined, CODESIGN).outcome, 'otherwise'))

  it('compares no hash of a file that was changed, or that has none', () => {
    const changed = told({ signature: Signature.invalid, cdhash: new Uint8Array(20) })
    const hoped = { what: 'changed', signature: Signature.invalid }
    assert.equal(signerFinding(hoped, changed, CODESIGN).outcome, 'as hoped')
    const none = told({ signature: Signature.unsigned, cdhash: new Uint8Array(20), signingId: '' })
    const unsigned = { what: 'unsigned', signature: Signature.unsigned }
    const said = '/x/unsigned: code object is not signed at all\n'
    assert.match(signerFinding(unsigned, none, said).text, /; .*not signed at all$/)
    assert.equal(signerFinding(unsigned, none, said).outcome, 'as hoped')
  })

  it('is asked of five files, the changed one with one byte that is another', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-signers-'))
    try {
      const root = join(folder, 'clone')
      mkdirSync(join(root, 'native/build'), { recursive: true })
      writeFileSync(join(root, 'native/build/probe'), Buffer.alloc(1000, 7))
      const findings: Finding[] = []
      const asked: string[] = []
      const mac: Mac = {
        root,
        folder,
        say: () => {},
        wait: async () => {},
        found: (finding) => findings.push(finding),
        run: async (program) => ({
          ...{ status: 0, signal: undefined },
          output: program === 'spctl' ? '/x: rejected\nsource=no usable signature\n' : '',
        }),
      }
      await signers(mac, () => ({
        inspect: async ([request]) => {
          asked.push(basename(request?.path ?? ''))
          return [told({ signature: Signature.unsigned })]
        },
      }))
      assert.deepEqual(asked, ['ls', basename(process.execPath), 'adhoc', 'unsigned', 'changed'])
      assert.deepEqual(
        findings.map(({ outcome }) => outcome),
        ['otherwise', 'otherwise', 'otherwise', 'as hoped', 'otherwise'],
      )
      for (const { text } of findings)
        assert.match(text, /; spctl: \/x: rejected, source=no usable signature$/)
      const changed = readFileSync(join(folder, 'changed'))
      assert.equal(changed.length, 1000)
      assert.equal(changed.filter((byte) => byte !== 7).length, 1)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
