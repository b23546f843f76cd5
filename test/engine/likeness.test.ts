// What a program has in common with others that it is not: names, and builds in one folder; and what stays one program.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { rarityScoring } from '../../src/engine/detection/judging.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { InspectedFlag, Signature, Source } from '../../src/records/record.gen.ts'
import { MIB, type ProgramSpec, Script, tell } from './scenario.ts'

const scoring = rarityScoring(0.1)
const DAY_MS = 86_400_000
const VALID = 0x1
const ADHOC = 0x2

const alertOf = (script: Script): Alert | undefined => tell(script, { scoring }).alerts[0]
const contextOf = (script: Script): string[] =>
  (alertOf(script)?.reasons ?? []).filter(({ term }) => term === 'context').map(({ text }) => text)
const upload = (script: Script, total = 900 * MIB) => script.upload({ id: 1, total })

const hash = (byte: number): Uint8Array => new Uint8Array(20).fill(byte)
const mac = (): Script => {
  const script = new Script()
  script.source = Source.endpointSecurity
  return script.start()
}
const signed = (
  pid: number,
  teamId: string,
  signingId: string,
  more: Partial<ProgramSpec> = {},
) => ({
  ...{ pid, path: `/Applications/${signingId}.app/Contents/MacOS/Tool${pid}` },
  kernel: { codesignFlags: VALID, cdhash: hash(pid), signingId, teamId },
  found: {
    ...{ cdhash: hash(pid), signature: Signature.valid, signingId, teamId },
    flags: InspectedFlag.developerId | InspectedFlag.notarized,
    authorities: `Developer ID Application: Some One (${teamId})`,
  },
  ...more,
})
const adhoc = (pid: number, signingId: string): ProgramSpec => ({
  ...{ pid, path: '/Users/ann/Applications/X.app/Contents/MacOS/X' },
  kernel: { codesignFlags: VALID | ADHOC, cdhash: hash(pid), signingId, teamId: '' },
  found: { cdhash: hash(pid), signature: Signature.adhoc, signingId },
})

describe('a program that is called like another', () => {
  const text =
    'it calls itself “com.example.sync” as a program of team “TEAMONE123” does, which it is not'

  it('is said to be none of that team’s, signed by another team or by nobody', () => {
    const known = () => mac().program(signed(90, 'TEAMONE123', 'com.example.sync'))
    const another = signed(100, 'TEAMTWO123', 'com.example.sync')
    deepEqual(contextOf(upload(known().program(another))), [text])
    deepEqual(contextOf(upload(known().program(adhoc(100, 'COM.example.sync')), 4 * MIB)), [
      text.replace('com.example', 'COM.example'),
    ])
    // A later version, another name, and the first of its name.
    const version = signed(100, 'TEAMONE123', 'com.example.sync')
    deepEqual(contextOf(upload(known().program(version))), [])
    deepEqual(contextOf(upload(known().program(adhoc(100, 'com.example.other')), 4 * MIB)), [])
    deepEqual(contextOf(upload(mac().program(another))), [])
  })

  it('is none of the system’s with Apple’s own prefix, if nobody vouches for it', () => {
    deepEqual(contextOf(upload(mac().program(adhoc(100, 'com.apple.mdworker')), 4 * MIB)), [
      'it calls itself “com.apple.mdworker” as a program of the system does, which it is not',
    ])
  })

  it('is said by its file’s name too, where that is one maker’s and says what it is', () => {
    const begun = (system: string) =>
      new Script().start().system(50, '/usr/sbin/backupd').system(60, system, 50)
    const named = (name: string, system = `/usr/bin/${name}`) =>
      contextOf(upload(begun(system).program({ pid: 100, path: `/opt/x/${name}`, parent: 50 })))
    deepEqual(named('htop'), ['it is called “htop” as a program of the system is, which it is not'])
    deepEqual(named('htop', '/usr/bin/atop'), [])
    // What many are called, what is too short, and tools that come in many builds.
    for (const name of ['updater', 'top', 'curl']) deepEqual(named(name), [], name)
  })

  it('is not said of a name that two makers gave', () => {
    const named = (pid: number, team: string): ProgramSpec => ({
      ...signed(pid, team, `com.example.of${pid}`),
      path: `/Applications/${team}.app/Contents/MacOS/Syncer`,
    })
    const other = { ...adhoc(100, 'x'), path: '/Users/ann/Syncer' }
    const one = () => mac().program(named(80, 'TEAMONE123'))
    equal(contextOf(upload(one().program(other), 4 * MIB)).length, 1)
    const two = one().program(named(81, 'TEAMTWO123'))
    deepEqual(contextOf(upload(two.program(other), 4 * MIB)), [])
  })

  it('is still known to be none after a restart, by the baseline', () => {
    const baseline = openMemoryBaseline()
    tell(mac().program(signed(90, 'TEAMONE123', 'com.example.sync')), { baseline, scoring })
    const again = mac()
    again.nowMs = 9 * DAY_MS
    const script = upload(again.tick().program(signed(100, 'TEAMTWO123', 'com.example.sync')))
    const [alert] = tell(script, { baseline, scoring }).alerts
    ok(alert?.reasons.some((reason) => reason.text === text))
  })
})

describe('builds of a program', () => {
  /** One a day for `days` days, then one that sends. */
  const afterBuilds = (days: number, path: (build: number) => string, more = {}) => {
    const script = new Script().start().system(50, '/usr/sbin/backupd')
    for (let day = 0; day <= days; day++) {
      const sha = (0x10 + day).toString(16)
      if (day > 0) script.exit(100, day)
      const spec = { pid: 100, pidversion: day + 1, path: path(day), parent: 50, sha, ...more }
      script.program(spec)
      if (day < days) {
        script.nowMs += DAY_MS
        script.tick()
      }
    }
    return contextOf(script.upload({ id: 1, pidversion: days + 1, total: 4 * MIB }))
  }
  const home = (build: number) => `/home/ann/src/tool/dist-${build}.0.${build}/tool-${build}`

  it('carry their lineage where there were some for days, under one name but for numbers', () => {
    deepEqual(afterBuilds(4, home), [
      'other builds lay there on 4 days before it, since 4 days ago',
    ])
    deepEqual(afterBuilds(2, home), [])
    // Another name each time.
    deepEqual(
      afterBuilds(4, (build) => `/home/ann/src/${'abcde'[build]}/tool`),
      [],
    )
  })

  it('have none where others may write', () => {
    deepEqual(
      afterBuilds(4, (build) => `/tmp/go-build${build}/tool`),
      ['it lies in “/tmp/go-build4/”, where everybody may write'],
    )
    deepEqual(afterBuilds(4, home, { found: { mode: 0o100777 } }), [])
  })
})

describe('one program to the baseline', () => {
  it('is what team and signing id say: a version, another certificate, and a notarization that lapsed', () => {
    const spec = (build: number, found: object): ProgramSpec => {
      const one = signed(100, 'TEAMONE123', 'com.example.sync')
      return {
        ...{ ...one, sha: `1${build}`, pidversion: build },
        kernel: { ...one.kernel, cdhash: hash(build) },
        found: { ...one.found, cdhash: hash(build), ...found },
      }
    }
    const script = mac().program(spec(1, {})).upload({ id: 1, total: 4_000, answer: 9_000 })
    const { developerId } = InspectedFlag
    const authorities = 'Developer ID Application: Some One Renamed (TEAMONE123)'
    for (const [build, found] of [
      [2, {}],
      [3, { authorities }],
      [4, { flags: developerId }],
    ] as const) {
      script.exit(100, build - 1)
      script.nowMs += 20 * DAY_MS
      script.tick().program(spec(build, found))
    }
    const sent = script.upload({ id: 9, pidversion: 4, to: '198.51.100.7', total: 4_000 * MIB })
    const { alerts, sightings } = tell(sent, { scoring })
    const [alert] = alerts
    equal(alert?.identity.key, 'TEAMONE123:com.example.sync')
    equal(alert?.identity.signerClass, 'developer_id')
    const novelty = alert?.reasons.find(({ term }) => term === 'novelty')
    equal(Math.round((novelty?.value ?? 0) / 86_400), 60)
    equal(sightings.filter(({ of }) => of === 'identity').length, 1)
    deepEqual(
      alert?.reasons.filter(({ term }) => term === 'context'),
      [],
    )
  })
})
