// How a program came to run, from records to the reasons of an alert.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { rarityScoring } from '../../src/engine/detection/judging.ts'
import type { Alert } from '../../src/engine/finding.ts'
import {
  Origin,
  type OriginRecord,
  Signature,
  Source,
  Subject,
  writeOrigin,
} from '../../src/records/record.gen.ts'
import { BOOT_UNIX_NS, MIB, Script, tell } from './scenario.ts'

const DAY_NS = 86_400_000_000_000n

/** How the file at `path` came here; in a stream right before what it is. Of process 100. */
const told = (path: string, of: Partial<OriginRecord>): Uint8Array =>
  writeOrigin({
    ...{ source: Source.inspector, atNs: 0n, pid: 100, pidversion: 1, path },
    ...{ subject: Subject.program, kind: 0, installedUnixNs: 0n, keeperUid: 0, name: '' },
    ...of,
  })
const scoring = rarityScoring(0.1)
const alertsOf = (script: Script): Alert[] => tell(script, { scoring }).alerts
const contextOf = (script: Script): string[] =>
  (alertsOf(script)[0]?.reasons ?? [])
    .filter(({ term }) => term === 'context')
    .map(({ text }) => text)
const begun = () => new Script().start().system(50, '/usr/sbin/backupd')
const upload = (script: Script) => script.upload({ id: 1, total: 30 * MIB })

describe('how a program came to run', () => {
  it('is told as reasons that add up to the score, and moves what its volume is held against', () => {
    const at = (path: string) =>
      alertsOf(upload(begun().program({ pid: 100, path, parent: 50 })))[0]
    const [ordinary, temporary] = [at('/home/ann/x'), at('/tmp/x')]
    ok(ordinary && temporary)
    const of = ({ reasons }: Alert, term: string) => reasons.find((one) => one.term === term)
    equal(of(ordinary, 'context'), undefined)
    equal(of(temporary, 'context')?.text, 'it lies in “/tmp/”, where everybody may write')
    equal(of(temporary, 'context')?.points, 9)
    const [more, less] = [of(ordinary, 'volume'), of(temporary, 'volume')]
    ok(more && less && less.threshold <= more.threshold)
    for (const alert of [ordinary, temporary]) {
      const sum = alert.reasons.reduce((all, { points }) => all + points, 0)
      ok(Math.abs(sum - alert.score) <= 1, `${sum} of ${alert.score}`)
    }
  })

  it('decides near the threshold: what is silent as a package’s is told as nobody’s', () => {
    const isTold = (kind: number, total: number): boolean => {
      const spec = { pid: 100, path: '/usr/lib/x/x', parent: 50, owner: 0, sha: 'cd' }
      const script = begun().exec(spec).add(told(spec.path, { kind })).inspected(spec)
      return alertsOf(script.upload({ id: 1, total })).length > 0
    }
    const first = (kind: number): number => {
      for (let total = MIB; total < 2 ** 40; total += total >> 2)
        if (isTold(kind, total)) return total
      return 2 ** 40
    }
    const [asPackages, unknown, asNobodys] = [Origin.package, 0, Origin.unpackaged].map(first)
    ok(asPackages && unknown && asNobodys)
    ok(asPackages > unknown && unknown > asNobodys, `${asPackages} ${unknown} ${asNobodys}`)
    // Eight tenths of a decade are 20 times the bytes along a tail of exponent 0.62, and no more than 41.
    ok(asPackages / asNobodys > 5)
  })

  it('says what package brought it, by the record that comes before what it is', () => {
    const spec = { pid: 100, path: '/opt/x/x', parent: 50, owner: 0 }
    const installedUnixNs = BOOT_UNIX_NS - 3n * DAY_NS
    const of = { kind: Origin.package, name: 'x-tool', installedUnixNs }
    const script = begun().exec(spec).add(told(spec.path, of)).inspected(spec)
    deepEqual(contextOf(upload(script)), ["the system's package “x-tool” brought it 3 days ago"])
  })

  it('says that no package has what lies among the system’s programs', () => {
    const spec = { pid: 100, path: '/usr/lib/x/x', parent: 50, owner: 0, sha: 'cd' }
    const script = begun()
      .exec(spec)
      .add(told(spec.path, { kind: Origin.unpackaged }))
    script.inspected(spec).upload({ id: 1, total: 4_000 * MIB })
    deepEqual(contextOf(script), ["it lies among the system's programs, and no package brought it"])
  })

  it('is that of a script where an interpreter runs one, and of no tool of another’s', () => {
    const script = { pid: 100, path: '/usr/bin/python3', parent: 50, owner: 0, sha: 'cd' }
    const ran = begun().program({ ...script, script: '/tmp/x.py' })
    deepEqual(contextOf(upload(ran)), ['it lies in “/tmp/”, where everybody may write'])
    const other = begun().exec({ ...script, script: '/opt/x.py' })
    other.add(told('/usr/bin/python3', { kind: Origin.package, name: 'python3' }))
    other.inspected(script)
    other.add(told('/opt/x.py', { kind: Origin.package, name: 'x', subject: Subject.script }))
    other.scriptInspected({ ...script, script: '/opt/x.py' })
    deepEqual(contextOf(upload(other)), ["the system's package “x” brought it"])
    const tool = begun().program({ pid: 60, path: '/tmp/x', parent: 50 })
    const curl = { pid: 100, path: '/usr/bin/curl', parent: 60, owner: 0, sha: 'ce' }
    deepEqual(contextOf(upload(tool.program(curl))), [])
  })

  it('says who started it, behind shells and what it starts of itself', () => {
    const under = (path: string) => {
      const script = begun().system(60, path, 50).system(70, '/usr/bin/bash', 60)
      script.program({ pid: 80, path: '/opt/x', parent: 70 })
      return contextOf(upload(script.program({ pid: 100, path: '/opt/x', parent: 80 })))
    }
    deepEqual(under('/usr/sbin/sshd'), ['it was started from a login from another machine'])
    deepEqual(under('/usr/lib/libreoffice/program/soffice.bin'), [
      'it was started by “soffice.bin”, which opens documents and mail',
    ])
    deepEqual(under('/usr/bin/dpkg'), ["the system's “dpkg” started it"])
    deepEqual(under('/usr/bin/gnome-shell'), [])
    const script = begun().program({
      pid: 70,
      path: '/usr/bin/bash',
      parent: 50,
      script: '/opt/a.sh',
    })
    const started = script.program({ pid: 100, path: '/opt/x', parent: 70 })
    deepEqual(contextOf(upload(started)), ['it was started by a script'])
    // Who calls himself an installer is none.
    const own = begun().program({ pid: 70, path: '/home/ann/dpkg', parent: 50, sha: 'ef' })
    deepEqual(contextOf(upload(own.program({ pid: 100, path: '/opt/x', parent: 70 }))), [])
  })

  it('says that a destination is called like its signer, as the certificate has it', () => {
    const signed = (authority: string, host: string) => {
      const cdhash = new Uint8Array(20).fill(7)
      const script = new Script().start().system(50, '/usr/sbin/backupd')
      const ids = { teamId: '628ANCW94C', signingId: 'com.example.bzbmenu' }
      script.program({
        ...{ pid: 100, path: '/Applications/B.app/Contents/MacOS/B', parent: 50 },
        kernel: { ...ids, cdhash, codesignFlags: 1, source: 2 },
        found: { ...ids, cdhash, signature: Signature.valid, authorities: authority },
      })
      return contextOf(script.name(1, host).upload({ id: 1, total: 900 * MIB }))
    }
    const own = 'Developer ID Application: Backblaze, Inc. (628ANCW94C)'
    deepEqual(signed(own, 'f1.backblaze.com'), [
      '“backblaze.com” is called like who signed it, “Backblaze, Inc.”',
    ])
    deepEqual(signed(own, 'f1.example.org'), [])
    // Another team's name in a certificate is not its signer's.
    const others = 'Developer ID Application: Backblaze, Inc. (AAAAAAAAAA)'
    deepEqual(signed(others, 'f1.backblaze.com'), [])
  })

  it('says that others sent there before, of vouched-for code', () => {
    const shared = (isOthers: boolean) => {
      const script = begun().system(60, '/usr/lib/a', 50).system(100, '/usr/lib/b', 50)
      script.upload({ id: 1, pid: isOthers ? 60 : 100, total: 4_000, answer: 4_000 })
      return contextOf(script.upload({ id: 2, total: 4_000 * MIB }))
    }
    deepEqual(shared(true), ['other programs of this machine sent there before it did'])
    deepEqual(shared(false), [])
  })

  it('takes no program for another’s predecessor that was there itself before a restart', () => {
    const baseline = openMemoryBaseline()
    const before = begun().system(100, '/usr/lib/b', 50)
    tell(before.upload({ id: 1, total: 4_000, answer: 4_000 }), { baseline, scoring })
    const again = new Script()
    again.nowMs = before.nowMs + 60_000
    const script = again.start().system(50, '/usr/sbin/backupd').system(100, '/usr/lib/b', 50)
    const [alert] = tell(script.upload({ id: 2, total: 4_000 * MIB }), { baseline, scoring }).alerts
    ok(alert)
    ok(alert.reasons.every(({ text }) => !text.startsWith('other programs')))
  })
})
