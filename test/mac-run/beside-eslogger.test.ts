// What our own client of Endpoint Security told beside what Apple's did.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { besideEslogger } from '../../scripts/mac-run/beside-eslogger.ts'
import { endpointSecurity, WAYS } from '../../scripts/mac-run/endpoint-security.ts'
import { recordedOf } from '../../scripts/mac-run/recorded.ts'
import { Source, writeExec } from '../../src/records/record.gen.ts'
import { captureBlocks } from '../capture/captures.ts'
import { type EsProcess, esLine, execOf, ZSH } from '../importers/samples.ts'
import { ALL, Mark, Teller } from '../intake/flows.ts'
import { ended, pretendMac } from './pretend.ts'

const { endpointSecurity: ours, polling } = Source
const teller = new Teller()
const PROGRAM = '/usr/bin/arch'
const arch = (nth: number, change: Partial<EsProcess> = {}): EsProcess => ({
  ...{ pid: 600 + nth, version: 6_000 + nth, path: PROGRAM, platform: true },
  ...{ signing: 'com.apple.arch', euid: 0, cdhash: 'CD'.repeat(20) },
  ...change,
})
const told = (one: EsProcess, source: number = ours): Uint8Array =>
  writeExec({
    ...teller.head(source),
    ...{ flags: 0, pid: one.pid, pidversion: one.version, path: one.path, uid: one.euid ?? 501 },
    ...{ parentPid: 1, parentPidversion: 9, responsiblePid: 0, responsiblePidversion: 0 },
    ...{ codesignFlags: 1, cdhash: Buffer.from(one.cdhash ?? '', 'hex'), dev: 1n, ino: 1n },
    ...{ scriptDev: 0n, scriptIno: 0n, scriptFrom: 0, script: '' },
    ...{ signingId: one.signing ?? '', teamId: one.team ?? '' },
  })
const line = (one: EsProcess) => esLine(11, '2026-03-02T10:00:00Z', ZSH, execOf(11, one))
const compare = async (mine: readonly Uint8Array[], lines: readonly string[]) =>
  besideEslogger(await recordedOf([Buffer.concat(mine)]), lines.join('\n'), [PROGRAM])

describe('Endpoint Security beside eslogger in a run on a Mac', () => {
  it('is as hoped where both told each program of the step, and of each the same', async () => {
    const others = { ...arch(9), path: '/bin/other' }
    const { outcome, text } = await compare(
      [told(arch(1)), told(arch(2)), told(others), told(arch(3), polling)],
      [line(arch(1)), 'Not JSON', line(arch(2)), line({ ...arch(8), path: '/bin/another' })],
    )
    assert.equal(outcome, 'as hoped', text)
    assert.match(text, /: 2 programs told by both, 2 of them this step's own, 2 Apple's/)
  })

  for (const [what, mine, lines, said] of [
    [
      'eslogger alone told one',
      [told(arch(1))],
      [line(arch(1)), line(arch(2))],
      /alone told 1, ours alone 0/,
    ],
    [
      'we alone told one',
      [told(arch(1)), told(arch(2))],
      [line(arch(1))],
      /alone told 0, ours alone 1/,
    ],
    [
      'one is told differently',
      [told(arch(1, { signing: '', cdhash: '00'.repeat(20) }))],
      [line(arch(1))],
      /1 told differently \(\/usr\/bin\/arch: signing id {2}for com.apple.arch, cdhash 0{40} for (cd){20}\)/,
    ],
    ['nothing is told', [], [], /0 programs told by both/],
  ] as const)
    it(`is not where ${what}`, async () => {
      const { outcome, text } = await compare(mine, lines)
      assert.equal(outcome, 'otherwise')
      assert.match(text, said)
    })

  it('is compared in each way in which Endpoint Security works, where eslogger may listen', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-mac-run-'))
    try {
      const works = [teller.mark(ours, Mark.start, ALL), told(arch(1))]
      for (const { name } of WAYS)
        writeFileSync(
          join(folder, `endpoint-security-${name}.fcap`),
          Buffer.concat(captureBlocks([Buffer.concat(works)])),
        )
      const answers = {
        'run --silent build': ended(''),
        codesign: ended(''),
        ' record ': ended(''),
        install: ended(''),
      }
      const run = async (eslogger: string) => {
        const { mac, findings } = pretendMac(folder, { ...answers, eslogger: ended(eslogger) })
        await endpointSecurity(mac)
        return findings.map(({ point, outcome, text }) => `${point} ${outcome} ${text}`)
      }
      const found = await run(line(arch(1)))
      assert.equal(found.length, 2 * WAYS.length)
      assert.match(found[0] ?? '', /^E19 seen plain: status 0; Endpoint Security works$/)
      assert.match(
        found[1] ?? '',
        /^E19 as hoped plain, beside eslogger: 1 programs told by both, 1 /,
      )
      const unheard = await run('Not permitted')
      assert.match(unheard[1] ?? '', /^E19 seen plain: eslogger told nothing \(status 0\)$/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }).timeout(20_000)
})
