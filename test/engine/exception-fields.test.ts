// By what an exception names what it is for: each field narrows it, and an impostor inherits none.
import assert from 'node:assert/strict'
import type { ExceptionDocument } from '../../src/engine/exception.ts'
import { namedText } from '../../src/engine/exception.ts'
import { makePolicy } from '../../src/engine/policy.ts'
import {
  ExecFlag,
  InspectedFlag,
  type InspectedRecord,
  Signature,
  Source,
} from '../../src/records/record.gen.ts'
import { BOOT_UNIX_NS, MIB, type ProgramSpec, SCRIPT_HASH, Script, tell } from './scenario.ts'

type Naming = Omit<ExceptionDocument, 'until' | 'bytesPerDayMax'>

const UNTIL = `${new Date(Number(BOOT_UNIX_NS / 1_000_000n) + 1e9).toISOString().slice(0, 19)}Z`
const TEAM = 'EXAMPLE123'
const ID = 'com.example.a'
const SHA = 'ab'.repeat(32)
const cdhash = (byte: number) => new Uint8Array(20).fill(byte)
const CDHASH = '07'.repeat(20)

/** A program on a Mac, as the kernel and its file say that it is signed. */
const signed = (
  found: Partial<InspectedRecord> = {},
  kernel: ProgramSpec['kernel'] = {},
): ProgramSpec => ({
  pid: 100,
  path: '/Applications/A.app/Contents/MacOS/A',
  kernel: {
    ...{ codesignFlags: 1, cdhash: cdhash(7), signingId: ID, teamId: TEAM, uid: 501 },
    ...kernel,
  },
  found: {
    ...{ cdhash: cdhash(7), authorities: 'Developer ID Application: Example (EXAMPLE123)' },
    ...{ signature: Signature.valid, flags: InspectedFlag.developerId },
    ...found,
  },
})
const onMac = (spec: ProgramSpec): Script => {
  const script = new Script()
  script.source = Source.endpointSecurity
  return script.start().program(spec).name(1, 'up.example.org')
}
const onLinux = (spec: Partial<ProgramSpec> = {}): Script =>
  new Script()
    .start()
    .system(50, '/usr/sbin/backupd')
    .program({ pid: 100, path: '/home/ann/probe', parent: 50, ...spec })

/** Whether its upload raises no alert under an exception by these. */
function isHeld(script: Script, naming: Naming): boolean {
  const exceptions = [{ ...naming, until: UNTIL, bytesPerDayMax: 1000 * MIB }]
  const { alerts, engine } = tell(script.upload({ id: 1, total: 300 * MIB, steps: 2 }).ticks(7), {
    policy: makePolicy({ exceptions }),
  })
  const held = engine.counters().suppressed
  assert.equal(alerts.length === 0, held === 1, `${alerts.length} alerts, ${held} held back`)
  if (held === 1)
    assert.deepEqual(engine.suppressions(), [
      { rule: `exception for ${namedText(naming as ExceptionDocument)}`, count: 1 },
    ])
  return held === 1
}

describe('an exception by', () => {
  for (const [what, naming] of Object.entries({
    'a team': { team: TEAM },
    'a signing id of a team': { signingId: ID, team: TEAM },
    'a signing id with the hash of its code directory': { signingId: ID, hash: CDHASH },
    'its SHA-256, in capitals': { hash: SHA.toUpperCase() },
    'a signer class': { signer: 'developer_id' },
    'a user': { user: 501 },
    'a port': { port: 443 },
    'a program': { program: '/Applications/A.app/*' },
    'a domain, a port and a team': { host: 'example.org', port: 443, team: TEAM },
    'all that there is but a parent': {
      ...{ host: '203.0.113.0/24', port: 443, program: '/Applications/*', signingId: ID },
      ...{ team: TEAM, signer: 'developer_id', hash: CDHASH, user: 501 },
    },
  } satisfies Record<string, Naming>))
    it(`${what} holds back`, () => assert.equal(isHeld(onMac(signed()), naming), true))

  for (const [what, naming] of Object.entries({
    'another team': { team: 'EXAMPLE124' },
    'another signing id of the team': { signingId: 'com.example', team: TEAM },
    'another hash': { hash: 'cd'.repeat(32) },
    'the hash of another code directory': { signingId: ID, hash: '08'.repeat(20) },
    'another signer class': { signer: 'notarized' },
    'another user': { user: 0 },
    'the name of a user, which only the agent knows': { user: 'ann' },
    'another port': { port: 80 },
    'another program': { program: '/Applications/A.app' },
    'all that it is, and another host': { team: TEAM, host: '192.0.2.0/24' },
    'all that it is, and another port': { team: TEAM, host: 'example.org', port: 8443 },
    'all that it is, and a parent that it does not have': { team: TEAM, parent: '/bin/zsh' },
  } satisfies Record<string, Naming>))
    it(`${what} holds back nothing`, () => assert.equal(isHeld(onMac(signed()), naming), false))

  it('a team is inherited by nobody whose signature does not hold, or is of another', () => {
    const naming = { signingId: ID, team: TEAM }
    for (const impostor of [
      signed({ signature: Signature.invalid, signatureStatus: 3 }),
      signed({ teamId: 'EXAMPLE666' }, { teamId: 'EXAMPLE666' }),
      signed({ signature: Signature.unsigned, flags: 0 }, { codesignFlags: 0, cdhash: cdhash(0) }),
      // Signed ad hoc, under the name of the other.
      signed({ flags: 0, authorities: '' }, { codesignFlags: 3, teamId: '' }),
    ]) {
      assert.equal(isHeld(onMac(impostor), naming), false)
      assert.equal(isHeld(onMac(impostor), { team: TEAM }), false)
      assert.equal(isHeld(onMac(impostor), { signingId: ID, signer: 'platform' }), false)
    }
  })

  it('a hash names what runs, and what is signed ad hoc by it', () => {
    const adhoc = signed({ flags: 0, authorities: '' }, { codesignFlags: 3, teamId: '' })
    assert.equal(isHeld(onMac(adhoc), { signingId: ID, hash: CDHASH }), true)
    assert.equal(isHeld(onMac(adhoc), { signingId: ID, hash: '08'.repeat(20) }), false)
    assert.equal(isHeld(onLinux(), { hash: SHA }), true)
    assert.equal(isHeld(onLinux(), { hash: SHA, signer: 'unsigned' }), true)
    assert.equal(isHeld(onLinux({ sha: 'ac' }), { hash: SHA }), false)
    // What has no code directory is not named by that.
    assert.equal(isHeld(onLinux(), { hash: '00'.repeat(20) }), false)
    const platform = onLinux({ path: '/usr/bin/probe', owner: 0 })
    assert.equal(isHeld(platform, { hash: SHA }), true)
    const zero = onLinux({ path: '/usr/bin/probe', owner: 0 })
    assert.equal(isHeld(zero, { hash: '00'.repeat(20) }), false)
    // Its file was replaced after it began: what lies there now is not what runs.
    const replaced = onLinux({ inspectFlags: InspectedFlag.replaced })
    assert.equal(isHeld(replaced, { hash: SHA }), false)
    const flags = InspectedFlag.developerId + InspectedFlag.replaced
    assert.equal(isHeld(onMac(signed({ flags })), { hash: SHA }), false)
  })

  it('a hash names a program that runs code from elsewhere no more', () => {
    const script = onMac(signed()).code(100, '/Users/ann/evil.dylib')
    assert.equal(isHeld(script, { team: TEAM }), false)
    const again = onMac(signed()).code(100, '/Users/ann/evil.dylib')
    assert.equal(isHeld(again, { hash: SHA }), false)
  })

  it('a team, a signing id and a hash name no tool that acts for another', () => {
    const app = {
      ...signed({ flags: InspectedFlag.developerId + InspectedFlag.notarized }),
      ...{ pid: 60, path: '/Applications/A.app/Contents/MacOS/Sync', sha: 'ac' },
    }
    const tool: ProgramSpec = {
      ...signed({ cdhash: cdhash(8) }, { signingId: 'com.example.curl', cdhash: cdhash(8) }),
      ...{ path: '/Applications/A.app/Contents/MacOS/curl', parent: 60 },
    }
    const byTool = () => {
      const script = new Script()
      script.source = Source.endpointSecurity
      return script.start().program(app).program(tool)
    }
    for (const naming of [
      { team: TEAM },
      { team: TEAM, signingId: 'com.example.curl' },
      { hash: SHA },
      { hash: '08'.repeat(20), signingId: 'com.example.curl' },
    ])
      assert.equal(isHeld(byTool(), naming), false, JSON.stringify(naming))
    assert.equal(isHeld(byTool(), { program: tool.path, parent: app.path }), true)
  })

  it('a signing id with signer platform names Apple’s own, but no tool of Apple’s, and nobody who signs as that', () => {
    const isOf = (name: string, flags: number) => {
      const script = new Script()
      script.source = Source.endpointSecurity
      script.start().program({
        ...{ pid: 100, path: `/usr/bin/${name}`, flags },
        kernel: { codesignFlags: 1, signingId: `com.apple.${name}`, cdhash: cdhash(8) },
      })
      return isHeld(script, { signingId: `com.apple.${name}`, signer: 'platform' })
    }
    assert.equal(isOf('photolibraryd', ExecFlag.platformBinary), true)
    assert.equal(isOf('photolibraryd', 0), false)
    assert.equal(isOf('curl', ExecFlag.platformBinary), false)
  })

  it('the hash of a script names that script, and that of its interpreter none', () => {
    const python = { path: '/usr/bin/python3', owner: 0, script: '/home/ann/send.py', parent: 50 }
    assert.equal(isHeld(onLinux(python), { hash: SCRIPT_HASH }), true)
    assert.equal(isHeld(onLinux(python), { hash: SHA }), false)
    const other = { ...python, scriptFound: { sha256: new Uint8Array(32).fill(9) } }
    assert.equal(isHeld(onLinux(other), { hash: SCRIPT_HASH }), false)
    // Who chooses where its file lies is not what the path says.
    const named = { path: `/home/ann/x script ${SCRIPT_HASH}`, error: 13, owner: 1000 }
    assert.equal(isHeld(onLinux(named), { hash: SCRIPT_HASH }), false)
  })

  it('program, parent and user is for what has all three', () => {
    const naming = { program: '/home/ann/*', parent: '/usr/sbin/backupd', user: 1000 }
    assert.equal(isHeld(onLinux(), naming), true)
    assert.equal(isHeld(onLinux(), { ...naming, user: 1001 }), false)
    assert.equal(isHeld(onLinux(), { ...naming, parent: '/usr/sbin/cron' }), false)
    assert.equal(isHeld(onLinux(), { parent: '/usr/sbin/backupd' }), true)
    assert.equal(isHeld(onLinux(), { ...naming, program: '/home/bob/*' }), false)
  })

  it('a volume holds back up to it, an alert comes beyond, and who stands for it is said', () => {
    const exceptions = [
      {
        ...{ team: TEAM, host: 'example.org', until: UNTIL, bytesPerDayMax: 2e9 },
        ...{ owner: 'Ana, IT', reason: 'the backup' },
      },
    ]
    const script = onMac(signed())
    for (let step = 1; step <= 25; step++) script.tick(1_000).flow({ id: 1, out: step * 1e8 })
    const { alerts, engine } = tell(script.ticks(7), { policy: makePolicy({ exceptions }) })
    assert.equal(alerts[0]?.bytesOut, 2.1e9)
    assert.deepEqual(engine.suppressions(), [
      { rule: `exception for programs of team ${TEAM} to example.org (Ana, IT)`, count: 1 },
    ])
  })
})
