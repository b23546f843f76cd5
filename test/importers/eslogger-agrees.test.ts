// The same content as messages of Endpoint Security, decoded by the sensor, and as eslogger's lines: the engine has
// to know the same programs, for the same others, by the same scripts.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  ExecFlag,
  type ExecRecord,
  RecordType,
  readExec,
  Script,
  Source,
  Subject,
  writeExec,
  writeInspected,
} from '../../src/records/record.gen.ts'
import { kernelScript, NO_SCRIPT } from '../../src/records/script.ts'
import { NO_SIGNATURE_ASKED } from '../../src/records/signature.ts'
import { MIB, Script as Story, tell } from '../engine/scenario.ts'
import { importText } from './read.ts'
import { esLine, type esProcess, execOf } from './samples.ts'

const GOLDEN = new URL('../native/golden/', import.meta.url)
const TIME = '2026-03-02T10:00:00Z'
/** What all messages and lines were sent by. */
const ACTOR = { pid: 9_000, version: 1, path: '/sbin/launchd', platform: true, parent: [0, 0] }

type Content = Omit<ExecRecord, 'source' | 'atNs'>

/** The exec records that the sensor's decoder made of messages of this version (es-messages.test.ts keeps them so). */
function decoded(version: number): Content[] {
  const lines = readFileSync(new URL(`es-v${version}.txt`, GOLDEN), 'utf8').split('\n')
  return (
    lines
      .filter((line) => line.startsWith('{"record":"exec"'))
      .map((line) => JSON.parse(line) as Record<string, never>)
      .map((read) => ({
        ...(read as unknown as Content),
        cdhash: Uint8Array.from(Buffer.from(read['cdhash'] as unknown as string, 'hex')),
        dev: BigInt(read['dev'] as unknown as string),
        ino: BigInt(read['ino'] as unknown as string),
        scriptDev: BigInt(read['scriptDev'] as unknown as string),
        scriptIno: BigInt(read['scriptIno'] as unknown as string),
      }))
      // Of a message that names a script it is the kernel that does.
      .map((one) =>
        one.script !== '' && one.scriptFrom === Script.none
          ? { ...one, ...kernelScript(one.script) }
          : one,
      )
      .filter(({ path }) => path !== '' && !path.endsWith(')'))
  )
}

/** A program of the system or of a team, run by a shell of Terminal. */
const content = (pid: number, path: string, rest: Partial<Content>): Content => ({
  flags: 0,
  pid,
  pidversion: 1,
  parentPid: 40,
  parentPidversion: 1,
  responsiblePid: 40,
  responsiblePidversion: 1,
  uid: 501,
  codesignFlags: 0x2000_0001,
  cdhash: new Uint8Array(20).fill(pid),
  dev: 5n,
  ino: BigInt(pid),
  path,
  ...NO_SCRIPT,
  signingId: `com.example.${pid}`,
  teamId: '',
  ...rest,
})
const platform = { flags: ExecFlag.platformBinary, codesignFlags: 0x2400_0001 }
const STORY: Content[] = [
  content(40, '/System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal', {
    ...platform,
    parentPid: 1,
  }),
  content(50, '/bin/zsh', { ...platform, ...kernelScript('/Users/ada/send.sh') }),
  content(51, '/usr/bin/curl', { ...platform, parentPid: 50 }),
  content(52, '/usr/bin/osascript', { ...platform, ...kernelScript('/Users/ada/x.scpt') }),
  content(53, '/Applications/A.app/Contents/MacOS/A', { teamId: 'EXAMPLE123' }),
  content(54, '/opt/homebrew/bin/node', {
    codesignFlags: 0x2002_0003,
    scriptFrom: Script.standardInput,
  }),
  content(55, '/Users/ada/a.out', { codesignFlags: 0, signingId: '', cdhash: new Uint8Array(20) }),
  content(56, '/Users/ada/b.out', { codesignFlags: 0x3, parentPid: 54, responsiblePid: 0 }),
  content(57, '/usr/bin/python3', {
    ...platform,
    script: '/Users/ada/send.py',
    scriptFrom: Script.argument,
  }),
  content(58, '/usr/bin/perl', { ...platform, scriptFrom: Script.inline }),
  content(59, '/usr/bin/python3', { ...platform, scriptFrom: Script.module }),
]
/** Arguments of which the sensor made this, by the rules of scripts; none that name one where it told none. */
const ARGUMENTS = new Map<number, (path: string, script: string) => string[]>([
  [Script.argument, (path, script) => [path, script.replace('/Users/ada/', ''), 'x']],
  [Script.inline, (path) => [path, '-e', 'x']],
  [Script.module, (path) => [path, '-m', 'x']],
  [Script.standardInput, (path) => [path]],
  [Script.kernel, (path, script) => [path, script, 'x']],
])

/** The line that eslogger would write of the message with this content. */
function lineOf(version: number, one: Content): string {
  const target = {
    pid: one.pid,
    version: one.pidversion,
    path: one.path,
    euid: one.uid,
    parent: [one.parentPid, one.parentPidversion] as [number, number],
    responsible: [one.responsiblePid, one.responsiblePidversion] as [number, number],
    signing: one.signingId,
    team: one.teamId === '' ? null : one.teamId,
    cdhash: Buffer.from(one.cdhash).toString('hex').toUpperCase(),
    flags: one.codesignFlags,
    platform: (one.flags & ExecFlag.platformBinary) !== 0,
  }
  const script = one.scriptFrom === Script.kernel ? one.script : undefined
  const args = ARGUMENTS.get(one.scriptFrom)?.(one.path, one.script) ?? []
  const exec = execOf(version, target, script, args)
  return esLine(version, TIME, ACTOR as Parameters<typeof esProcess>[1], exec)
}

type Known = { key: string; signerClass: string; responsible: string | undefined; script: string }

/** What the engine takes each program for that was told with this (pid, pidversion). */
function knownBy(records: readonly Uint8Array[], contents: readonly Content[]): Known[] {
  return contents.map(({ pid, pidversion }, index) => {
    const script = new Story()
    script.source = Source.endpointSecurity
    script.start()
    for (const record of records) script.add(record)
    const flow = { id: 1, pid, pidversion, total: 300 * MIB, to: `198.51.100.${index}` }
    const [alert] = tell(script.upload({ ...flow, steps: 2 }).ticks(6)).alerts
    assert.ok(alert, `no alert for ${pid}.${pidversion}`)
    const { key, signerClass } = alert.identity
    return {
      key,
      signerClass,
      responsible: alert.responsibleKey,
      script: alert.chain[0]?.script ?? '',
    }
  })
}

const AT_NS = 10_000_000_000n

/** The sensor's records; nobody is there to look at the files, as with a log. */
const sensed = (contents: readonly Content[]): Uint8Array[] =>
  contents.flatMap((one) => [
    writeExec({ ...one, source: Source.endpointSecurity, atNs: AT_NS }),
    writeInspected({
      subject: Subject.program,
      ...NO_SIGNATURE_ASKED,
      source: Source.inspector,
      atNs: AT_NS,
      dev: one.dev,
      ino: one.ino,
      fileBytes: 0n,
      pid: one.pid,
      pidversion: one.pidversion,
      ownerUid: 0xffff_ffff,
      mode: 0,
      flags: 0,
      error: 2,
      sha256: new Uint8Array(32),
      path: one.path,
    }),
  ])

async function imported(version: number, contents: readonly Content[]): Promise<Uint8Array[]> {
  const text = contents.map((one) => lineOf(version, one)).join('\n')
  const { told, input } = await importText('eslogger', text)
  assert.equal(input.damage().places, 0)
  return told.flatMap((record) => {
    if (record.type === 'exec') return [writeExec({ ...record, atNs: AT_NS })]
    if (record.type === 'inspected') return [writeInspected({ ...record, atNs: AT_NS })]
    return []
  })
}

describe('eslogger and the Endpoint Security source', () => {
  for (const version of [7, 9, 10, 11])
    it(`agree about what the decoder made of messages of version ${version}`, async () => {
      const contents = decoded(version)
      assert.ok(contents.length >= 3)
      const known = knownBy(sensed(contents), contents)
      assert.deepEqual(known, knownBy(await imported(version, contents), contents))
      assert.equal(known[0]?.key, 'ABCDE12345:org.example.groesse')
    })

  it('agree about what an interpreter runs, and who says so', async () => {
    const scripts = (records: readonly Uint8Array[]): [string, number][] =>
      records
        .map((record) => new DataView(record.buffer, record.byteOffset, record.length))
        .filter((view) => view.getUint16(4, true) === RecordType.exec)
        .map((view) => readExec(view, 0))
        .filter(({ pid }) => pid !== ACTOR.pid)
        .map(({ script, scriptFrom }) => [script, scriptFrom])
    const wanted = scripts(sensed(STORY))
    for (const version of [9, 10, 11])
      assert.deepEqual(scripts(await imported(version, STORY)), wanted)
    for (const version of [7, 9, 10, 11]) {
      const contents = decoded(version)
      assert.deepEqual(scripts(await imported(version, contents)), scripts(sensed(contents)))
    }
    assert.deepEqual(wanted.slice(-3), [
      ['/Users/ada/send.py', Script.argument],
      ['', Script.inline],
      ['', Script.module],
    ])
  })

  it('agree about programs that act for others, and by which script', async () => {
    const known = knownBy(sensed(STORY), STORY)
    for (const version of [9, 10, 11])
      assert.deepEqual(known, knownBy(await imported(version, STORY), STORY))
    const keys = new Map(STORY.map(({ pid }, index) => [pid, known[index] as Known]))
    const terminal = 'platform:com.example.40'
    assert.equal(
      keys.get(51)?.key,
      `platform:com.example.51 script /Users/ada/send.sh via ${terminal}`,
    )
    assert.equal(
      keys.get(52)?.key,
      `platform:com.example.52 script /Users/ada/x.scpt via ${terminal}`,
    )
    assert.deepEqual(
      [53, 54, 55, 56].map((pid) => keys.get(pid)?.signerClass),
      ['developer_id', 'adhoc', 'unsigned', 'adhoc'],
    )
    assert.equal(keys.get(54)?.responsible, terminal)
  })
})
