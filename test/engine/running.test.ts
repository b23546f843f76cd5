// What a process was known to run, after a restart: what a list of those that run says makes it no better.
import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { ExecFlag, Mark, Script as ScriptFrom, Source } from '../../src/records/record.gen.ts'
import { BOOT_ID, MIB, type ProgramSpec, Script } from './scenario.ts'

const EVIL = { pid: 100, path: '/home/ann/evil', parent: 50 }
const SLEEP = { pid: 100, path: '/usr/bin/sleep', owner: 0, parent: 50, kernel: { ino: 9n } }
const FOUND = ExecFlag.enumerated
const BASH = { pid: 50, path: '/usr/bin/bash', owner: 0, sha: 'cd' }

const baselineAfter = (script: Script) => {
  const baseline = openMemoryBaseline()
  const engine = createEngine({ deviceId: 'device-1', baseline })
  engine.save(0)
  for (const record of script.records) engine.push(record)
  engine.save(0)
  return baseline
}

/** The identity that uploads once `found` was told to a second engine, which began where `first` left off. */
function identityAfter(
  first: Script,
  found: ProgramSpec,
  atMs: number,
  bootId = BOOT_ID,
  capabilities = 15,
) {
  const engine = createEngine({ deviceId: 'device-1', baseline: baselineAfter(first) })
  engine.save(0)
  const script = new Script().from(Source.linux, capabilities)
  script.mark(Mark.start, '', bootId)
  script.exec({ ...BASH, pidversion: 2, flags: FOUND }).inspected({ ...BASH, pidversion: 2 })
  script.nowMs = atMs
  script.exec({ ...found, pidversion: 2 }).inspected({ ...found, pidversion: 2 })
  if (found.script) script.scriptInspected({ ...found, pidversion: 2 })
  script.nowMs = 60_000
  script.mark(Mark.enumerated, '', bootId)
  script.upload({ id: 1, pid: 100, pidversion: 2, total: 300 * MIB }).ticks(5)
  const findings = script.records.flatMap((record) => {
    engine.push(record)
    return engine.takeFindings()
  })
  const alerts = findings.flatMap((finding) => (finding.kind === 'alert' ? [finding.alert] : []))
  assert.ok(alerts.length > 0)
  const { identity, sentence } = alerts.at(-1) as (typeof alerts)[number]
  return { key: identity.key, signerClass: identity.signerClass, sentence }
}

/** The process began at 10 s. */
const ran = (program: ProgramSpec): Script =>
  new Script().start().program(BASH).program(program).ticks(2)

describe('after a restart a process that is found running', () => {
  it('is no better than what was known of it, where it runs another file', () => {
    const { key, signerClass, sentence } = identityAfter(
      ran(EVIL),
      { ...SLEEP, flags: FOUND },
      10_000,
    )
    assert.deepEqual([key, signerClass], ['unsigned:path:/usr/bin/sleep', 'unsigned'])
    assert.match(sentence, /it may have set itself which file it is said to run/)
  })

  it('is what it was, where it runs the same', () => {
    const found = identityAfter(ran(SLEEP), { ...SLEEP, flags: FOUND }, 10_000)
    assert.equal(found.key, 'platform:/usr/bin/sleep')
    const guess = ExecFlag.pathGuessed | ExecFlag.exeUnconfirmed
    const sure = identityAfter(ran(SLEEP), { ...SLEEP, flags: FOUND | guess }, 10_000)
    assert.equal(sure.key, 'platform:/usr/bin/sleep')
    const unsure = identityAfter(
      ran({ ...SLEEP, flags: guess }),
      { ...SLEEP, flags: FOUND },
      10_000,
    )
    assert.equal(unsure.key, 'unsigned:path:/usr/bin/sleep')
  })

  it('is what a forked process was, though its program was executed before it began', () => {
    const forked = ran({ ...EVIL, pid: 99 })
      .wait(5_000)
      .fork(100, 99)
      .tick()
    const found = { ...SLEEP, flags: FOUND }
    assert.equal(identityAfter(forked, found, 16_000).key, 'unsigned:path:/usr/bin/sleep')
  })

  it('is believed where the kernel says that it executed that file, or it began later, or in another boot', () => {
    const confirmed = { ...SLEEP, flags: FOUND | ExecFlag.exeConfirmed }
    assert.equal(identityAfter(ran(EVIL), confirmed, 10_000).key, 'platform:/usr/bin/sleep')
    const later = { ...SLEEP, flags: FOUND }
    assert.equal(identityAfter(ran(EVIL), later, 30_000).key, 'platform:/usr/bin/sleep')
    const boot = new Uint8Array(16).fill(9)
    assert.equal(identityAfter(ran(EVIL), later, 10_000, boot).key, 'platform:/usr/bin/sleep')
  })

  const PYTHON = { pid: 100, path: '/usr/bin/python3', owner: 0, sha: 'cd', parent: 50 }
  const running = (script: string, byte: string, scriptFrom: number) => ({
    ...PYTHON,
    script,
    scriptFrom,
    scriptFound: { sha256: Uint8Array.from(Buffer.from(byte.repeat(32), 'hex')) },
  })
  const evil = running('/home/ann/evil.py', 'ee', ScriptFrom.argument)
  const claims = (spec: ProgramSpec) => ({
    ...spec,
    flags: FOUND | ExecFlag.exeConfirmed,
    scriptFrom: ScriptFrom.claimed,
  })
  const known = claims(running('/home/ann/known.py', 'b0', ScriptFrom.claimed))
  const keyAfter = (first: ProgramSpec, found: ProgramSpec, atMs: number, capabilities = 31) =>
    identityAfter(ran(first), found, atMs, BOOT_ID, capabilities).key.replace(/ via .*/, '')
  const scriptKey = (byte: string) => `platform:/usr/bin/python3 script ${byte.repeat(32)}`

  it('runs the script that it was known to run, and never one that it only says', () => {
    assert.equal(keyAfter(evil, claims(evil), 10_000), scriptKey('ee'))
    assert.equal(keyAfter(evil, known, 10_000), `${scriptKey('b0')} as claimed`)
    // One that began while nobody looked is what it is when its exec is seen: services start before the agent or after it.
    assert.equal(keyAfter(evil, known, 30_000), scriptKey('b0'))
    assert.equal(keyAfter(evil, known, 30_000, 15), scriptKey('b0'))
    assert.equal(keyAfter(known, known, 10_000, 31), `${scriptKey('b0')}`)
  })

  it('is not told to run a text where it was known to run a script', () => {
    const text = { ...known, script: '', scriptFrom: ScriptFrom.inline }
    assert.match(keyAfter(evil, text, 10_000), /script unknown$/)
    assert.match(keyAfter(evil, text, 30_000), /script inline$/)
  })

  it('is not carried once it has ended, nor longer than it is there', () => {
    const pids = (script: Script): number[] =>
      [...baselineAfter(script).carried.processes()].map(({ pid }) => pid)
    assert.deepEqual(pids(ran(EVIL)), [50, 100])
    assert.deepEqual(pids(ran(EVIL).exit(100)), [50])
  })
})
