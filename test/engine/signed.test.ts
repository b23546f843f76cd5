// Whose a signed program is on a Mac: what the kernel says at its exec, and what its file is found to be.
import assert from 'node:assert/strict'
import {
  ExecFlag,
  InspectedFlag,
  type InspectedRecord,
  Signature,
  Source,
  writeInvalidated,
} from '../../src/records/record.gen.ts'
import { MIB, type ProgramSpec, SCRIPT_HASH, Script, tellByPoints as tell } from './scenario.ts'

const VALID = 0x1
const TOOLS = '/Library/Developer/CommandLineTools/Library/Frameworks/Python3.framework/Resources'
const ADHOC = 0x2
const hash = (byte: number): Uint8Array => new Uint8Array(20).fill(byte)
const hexOf = (byte: number): string => Buffer.from(hash(byte)).toString('hex')
const AUTHORITIES = ['Developer ID Application: Example (EXAMPLE123)', 'Apple Root CA']

const mac = (): Script => {
  const script = new Script()
  script.source = Source.endpointSecurity
  return script.start()
}
/** A team's program as the kernel knows it; `found` is what its file is. */
const team = (found: Partial<InspectedRecord>, rest: Partial<ProgramSpec> = {}): ProgramSpec => ({
  pid: 100,
  path: '/Applications/A.app/Contents/MacOS/A',
  kernel: {
    codesignFlags: VALID,
    cdhash: hash(7),
    signingId: 'com.example.a',
    teamId: 'EXAMPLE123',
  },
  found: { cdhash: hash(7), authorities: AUTHORITIES.join('\0'), ...found },
  ...rest,
})
const signed = (flags: number, rest: Partial<InspectedRecord> = {}) =>
  team({ signature: Signature.valid, flags, ...rest })

/** The identity that its upload is alerted for. */
function identityOf(spec: ProgramSpec, total = 300 * MIB) {
  const { alerts, health } = tell(mac().program(spec).upload({ id: 1, total, steps: 2 }).ticks(6))
  const alert = alerts[0]
  assert.ok(alert, 'no alert')
  return { ...alert.identity, sentence: alert.sentence, health }
}
const KEY = 'EXAMPLE123:com.example.a'

describe('signed programs', () => {
  it('are as good as what vouches for them', () => {
    const { developerId, notarized, appStore } = InspectedFlag
    for (const [spec, signerClass, words] of [
      [signed(developerId + notarized), 'notarized', /notarized, team EXAMPLE123/],
      [signed(developerId), 'developer_id', /signed by team EXAMPLE123, not known to be notarized/],
      [signed(appStore), 'app_store', /from the App Store/],
      // A development certificate; a ticket alone; nobody looked; nobody could.
      [signed(0), 'developer_id', /not known to be notarized/],
      [signed(notarized), 'developer_id', /not known to be notarized/],
      [team({ signature: Signature.notAsked }), 'developer_id', /not known to be notarized/],
      [
        team({ signature: Signature.unknown, flags: appStore, signatureStatus: 0xfffef95c }),
        'developer_id',
        /not known to be notarized/,
      ],
      [team({ error: 2 }), 'developer_id', /not known to be notarized/],
    ] as const) {
      const found = identityOf(spec)
      assert.equal(found.key, KEY)
      assert.equal(found.signerClass, signerClass)
      assert.match(found.sentence, words)
    }
  })

  it('are not known before their file was looked at, and presumed where that takes too long', () => {
    const early = mac()
      .exec(signed(0))
      .upload({ id: 1, total: 300 * MIB, steps: 2 })
    assert.equal(tell(early).alerts.length, 0)
    const [alert] = tell(early.ticks(6)).alerts
    assert.equal(alert?.identity.key, KEY)
    assert.match(alert?.sentence ?? '', /not inspected in time/)
  })

  it('are known by no name when their signature does not hold', () => {
    const found = identityOf(team({ signature: Signature.invalid, signatureStatus: -67_061 >>> 0 }))
    assert.equal(found.key, `invalid:${hexOf(7)}`)
    assert.equal(found.signerClass, 'invalid')
    assert.match(found.sentence, /signed by “Developer ID Application: Example .*-67061/)
    assert.equal(found.health.filter(({ of }) => of === 'signature').length, 0)
  })

  it('are known by no name from when the kernel finds their signature broken', () => {
    const script = mac().program(signed(InspectedFlag.developerId))
    const at = { source: Source.endpointSecurity, atNs: script.atNs }
    script.add(writeInvalidated({ ...at, pid: 100, pidversion: 1 }))
    const [alert] = tell(script.upload({ id: 1, total: 2 * MIB }).ticks(6)).alerts
    assert.equal(alert?.identity.key, `invalid:${hexOf(7)}`)
    assert.match(alert?.sentence ?? '', /its signature became invalid/)
  })

  it('keep what a flow had sent before their signature broke', () => {
    const script = mac().program(signed(InspectedFlag.developerId))
    script.flow({ id: 1, out: 5_000 })
    const at = { source: Source.endpointSecurity, atNs: script.atNs }
    script.add(writeInvalidated({ ...at, pid: 100, pidversion: 1 }))
    script.flow({ id: 1, out: 5_000 + 2 * MIB })
    const { engine } = tell(script)
    engine.finish()
    const sent = engine
      .takeFindings()
      .map(
        (finding) =>
          finding.kind === 'summary' && [finding.summary.identityKey, finding.summary.bytesOut],
      )
    assert.deepEqual(sent, [
      [KEY, 5_000],
      [`invalid:${hexOf(7)}`, 2 * MIB],
    ])
  })

  it('are known by no name when they are found running with a signature that broke before', () => {
    const SIGNED = 0x2000_0000
    const kernel = { codesignFlags: SIGNED, cdhash: hash(7), signingId: '', teamId: '' }
    const found = identityOf(team({ signature: Signature.valid }, { kernel }))
    assert.equal(found.key, `invalid:${hexOf(7)}`)
    assert.equal(found.signerClass, 'invalid')
    assert.match(found.sentence, /its signature is no longer valid/)
    // Of what the kernel holds no code directory there is no hash to know it by.
    const none = { ...kernel, cdhash: hash(0) }
    assert.match(identityOf(team({}, { kernel: none })).key, /^unsigned:/)
  })

  it('are known by their path where the kernel gave no signing id, and not all as one', () => {
    const kernel = { codesignFlags: VALID, cdhash: hash(7), signingId: '', teamId: 'EXAMPLE123' }
    const path = '/Applications/A.app/Contents/MacOS/A'
    const found = { signature: Signature.valid, flags: InspectedFlag.developerId }
    assert.equal(identityOf(team(found, { kernel })).key, `EXAMPLE123:${path}`)
    assert.equal(identityOf(team({ error: 2 }, { kernel })).key, `EXAMPLE123:${path}`)
    const platform = { kernel: { ...kernel, teamId: '' }, flags: ExecFlag.platformBinary }
    assert.equal(identityOf(team(found, platform)).key, `platform:${path}`)
  })

  it('are known by what their file names them where the kernel’s word was not believed', () => {
    const disbelieved = (found: Partial<InspectedRecord>, codesignFlags = VALID) =>
      identityOf({
        ...team({ signature: Signature.valid, signingId: 'com.example.a', ...found }),
        kernel: { codesignFlags, cdhash: hash(7), signingId: '', teamId: '' },
      })
    const { developerId, notarized } = InspectedFlag
    const held = disbelieved({ teamId: 'EXAMPLE123', flags: developerId + notarized })
    assert.deepEqual([held.key, held.signerClass], [KEY, 'notarized'])
    // Of a file that is not the code that runs, or that no certificate names, nothing is taken.
    for (const found of [
      { teamId: 'EXAMPLE123', cdhash: hash(8) },
      { teamId: '' },
      { teamId: 'EXAMPLE123', signature: Signature.unknown },
    ])
      assert.equal(disbelieved(found).key, `adhoc:${hexOf(7)}`)
    // The kernel gave a name and no team: that is its word.
    const own = {
      ...team({ signature: Signature.valid, signingId: 'com.example.a', teamId: 'EXAMPLE123' }),
      kernel: { codesignFlags: VALID, cdhash: hash(7), signingId: 'com.example.b', teamId: '' },
    }
    assert.equal(identityOf(own).key, `adhoc:${hexOf(7)}`)
  })

  it('say so when other code may run under their name', () => {
    const { developerId, notarized, appStore, hardenedRuntime } = InspectedFlag
    const words = /without the hardened runtime, so other code may run in it/
    assert.match(identityOf(signed(developerId + notarized)).sentence, words)
    for (const spec of [
      signed(developerId + notarized + hardenedRuntime),
      signed(appStore), // the sandbox, not the runtime, is what the App Store wants
      team({ signature: Signature.notAsked }),
    ])
      assert.doesNotMatch(identityOf(spec).sentence, words)
  })

  it('of nobody are known by what they are, those of Apple by name', () => {
    const kernel = { codesignFlags: VALID, cdhash: hash(7), signingId: 'com.example.a', teamId: '' }
    const one = (codesignFlags: number, found: Partial<InspectedRecord>, flags = 0) =>
      identityOf(team(found, { kernel: { ...kernel, codesignFlags }, flags }))
    const adhoc = { key: `adhoc:${hexOf(7)}`, signerClass: 'adhoc' }
    const apple = { key: 'platform:com.example.a', signerClass: 'platform' }
    const pick = ({ key, signerClass }: { key: string; signerClass: string }) => ({
      key,
      signerClass,
    })
    assert.deepEqual(pick(one(VALID + ADHOC, { signature: Signature.adhoc })), adhoc)
    // A certificate of one's own making, and one that claims to be Apple's over other code.
    assert.deepEqual(pick(one(VALID, { signature: Signature.valid })), adhoc)
    const claims = { signature: Signature.valid, flags: InspectedFlag.apple }
    assert.deepEqual(pick(one(VALID, { ...claims, cdhash: hash(8) })), adhoc)
    assert.deepEqual(pick(one(VALID, claims)), apple)
    assert.deepEqual(pick(one(VALID, {}, ExecFlag.platformBinary)), apple)
    const unsigned = one(0, { signature: Signature.unsigned })
    assert.match(unsigned.key, /^unsigned:sha256:/)
  })

  it('become better known when a later version is notarized, and not worse when nobody looks', () => {
    const { developerId, notarized } = InspectedFlag
    const again = (spec: ProgramSpec, pid: number): ProgramSpec => ({ ...spec, pid })
    const script = mac()
      .program(again(signed(developerId), 100))
      .program(again(signed(developerId + notarized), 101))
      .program(again(team({ signature: Signature.notAsked }), 102))
    const { alerts } = tell(script.upload({ id: 1, pid: 102, total: 300 * MIB, steps: 2 }).ticks(1))
    assert.equal(alerts[0]?.identity.signerClass, 'notarized')
  })
})

describe('a file that holds other code than runs', () => {
  const vouched = InspectedFlag.developerId + InspectedFlag.notarized
  const other = (rest: Partial<InspectedRecord> = {}): ProgramSpec =>
    team({ signature: Signature.valid, cdhash: hash(9), flags: vouched, ...rest })
  const said = (script: Script) =>
    tell(script)
      .health.filter(({ of }) => of === 'signature')
      .map(({ text }) => text)

  it('is said once, with both, and not counted as what vouches', () => {
    const { health, ...found } = identityOf(other())
    assert.equal(found.signerClass, 'developer_id')
    assert.match(found.sentence, /its file holds other code now than it runs/)
    const texts = health.filter(({ of }) => of === 'signature').map(({ text }) => text)
    assert.deepEqual(texts, [
      `“/Applications/A.app/Contents/MacOS/A” was changed in place: process 100 runs code signed as ${hexOf(7)}, but the file is signed by ${AUTHORITIES.map((name) => `“${name}”`).join(', ')} as ${hexOf(9)}`,
    ])
    const twice = mac()
      .program(other())
      .program({ ...other(), pid: 101 })
    assert.equal(said(twice).length, 1)
    assert.match(
      said(mac().program(other({ signature: Signature.unsigned, cdhash: hash(0) })))[0] ?? '',
      /but the file is not signed$/,
    )
  })

  it('is nothing to say where another file took its place, or nobody can know', () => {
    const { replaced } = InspectedFlag
    for (const spec of [
      other({ flags: replaced }),
      other({ error: 13 }),
      other({ signature: Signature.unknown }),
      other({ signature: Signature.notAsked }),
      other({ cdhash: hash(7) }),
      { ...other(), kernel: { ...other().kernel, ino: 0n } },
      { ...other(), kernel: { ...other().kernel, cdhash: hash(0) } },
    ])
      assert.deepEqual(said(mac().program(spec)), [])
  })

  it('is said at most 16 times an hour, the rest as a number', () => {
    const script = mac()
    for (let i = 0; i < 40; i++) script.program({ ...other(), pid: 200 + i, path: `/p/${i}` })
    assert.equal(said(script).length, 16)
    const later = said(script.wait(3_600_000).ticks(1))
    assert.equal(later.length, 17)
    assert.match(later[16] ?? '', /^24 more files hold other code than runs from them$/)
    const one = mac()
    for (let i = 0; i < 17; i++) one.program({ ...other(), pid: 200 + i, path: `/p/${i}` })
    const [of17] = said(one.wait(3_600_000).ticks(1)).slice(16)
    assert.equal(of17, '1 more file holds other code than runs from it')
  })
})

describe('programs of a Mac that act for others', () => {
  const kernelOf = (signingId: string, responsible = 0) => ({
    codesignFlags: VALID,
    signingId,
    cdhash: hash(3),
    responsiblePid: responsible,
    responsiblePidversion: responsible === 0 ? 0 : 1,
  })
  const apples = (pid: number, path: string, id: string, rest: Partial<ProgramSpec> = {}) => ({
    pid,
    path,
    flags: ExecFlag.platformBinary,
    kernel: kernelOf(id, 40),
    found: { signature: Signature.valid, cdhash: hash(3), flags: InspectedFlag.apple },
    ...rest,
  })
  const terminal = apples(40, '/System/Applications/Terminal', 'com.apple.Terminal')
  const keyOf = (script: Script, pid: number): string | undefined =>
    tell(script.upload({ id: 1, pid, total: 300 * MIB, steps: 2 }).ticks(1)).alerts[0]?.identity.key

  it('are known with the process that the system holds responsible', () => {
    const script = mac()
      .program(terminal)
      .program(apples(50, '/bin/zsh', 'com.apple.zsh', { parent: 40 }))
      .program(apples(60, '/usr/bin/curl', 'com.apple.curl', { parent: 50 }))
    assert.equal(keyOf(script, 60), 'platform:com.apple.curl via platform:com.apple.Terminal')
  })

  it('are known with the script that runs them, their own or that of their shell', () => {
    const zsh = apples(50, '/bin/zsh', 'com.apple.zsh', {
      parent: 40,
      script: '/Users/ann/send.sh',
    })
    const start = () => mac().program(terminal).program(zsh)
    assert.equal(
      keyOf(start().program(apples(60, '/usr/bin/curl', 'com.apple.curl', { parent: 50 })), 60),
      `platform:com.apple.curl script ${SCRIPT_HASH} via platform:com.apple.Terminal`,
    )
    const osascript = apples(60, '/usr/bin/osascript', 'com.apple.osascript', {
      parent: 50,
      script: '/tmp/x.scpt',
    })
    assert.equal(
      keyOf(start().program(osascript), 60),
      `platform:com.apple.osascript script ${SCRIPT_HASH} via platform:com.apple.Terminal`,
    )
  })

  it('are known by their name in any case: a Mac’s Python', () => {
    const script = mac()
      .program(terminal)
      .program(apples(50, `${TOOLS}/Python.app/Contents/MacOS/Python`, 'com.apple.python3'))
    assert.equal(keyOf(script, 50), 'platform:com.apple.python3 via platform:com.apple.Terminal')
  })

  it('answer for themselves where they were started by none', () => {
    const alone = { ...apples(50, '/usr/bin/curl', 'com.apple.curl'), parent: 0 }
    const kernel = { ...kernelOf('com.apple.curl', 50), parentPid: 0 }
    assert.equal(keyOf(mac().program({ ...alone, kernel }), 50), 'platform:com.apple.curl')
  })
})
