// Recordings and logs among made-up machines: every byte, under the truth that their manifest says.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createHost } from '../../src/eval/host.ts'
import { courseOf } from '../../src/eval/judging.ts'
import { runMachine } from '../../src/eval/machine.ts'
import type { FlowGroup, ManifestRow } from '../../src/eval/manifest.ts'
import { createRandom } from '../../src/eval/random.ts'
import { hostOfLog, recordedStrangers, withRecorded } from '../../src/eval/recorded.ts'
import { inReports, readWorkload } from '../../src/eval/workload.ts'

const CAPTURES = fileURLToPath(new URL('../scenarios/captures/', import.meta.url))
const captureOf = (file: string): string => join(CAPTURES, file)

const group = (label: FlowGroup['label'], remote: string): FlowGroup => ({
  ...{ label, program: '', script: '', direction: 'outbound', protocol: 'tcp', remote },
  ...{ ports: [0, 65_535], flowCount: 0, bytesOut: 0, bytesIn: 0 },
})
const row = (more: Partial<ManifestRow>): ManifestRow => ({
  ...{ name: 'night-curl', file: 'night-curl.fcap', source: 'capture', label: 'attack' },
  ...{ workload: 'curl', kind: 'curl', about: '', novelty: 'new', tunedOn: false },
  ...{ signers: ['unsigned'], names: {} },
  flows: [group('attack', '192.0.2.201')],
  ...more,
})

describe('what was recorded, in an evaluation', () => {
  it('has the bytes, the names and the labels of its flows', async () => {
    const { flows } = await readWorkload(
      row({ flows: [group('attack', '192.0.2.0/24'), group('benign', '192.0.2.201')] }),
      captureOf,
    )
    const attack = flows.filter(({ label }) => label === 'attack')
    // The first group that matches decides; the story has curl send 10 MB four times.
    assert.equal(attack.length, 4)
    for (const { hostname, points, port, protocol } of attack) {
      assert.deepEqual(points.at(-1), { afterMs: 14_000, out: 10_000_000, in: 6_000 })
      assert.deepEqual([hostname, port, protocol], ['paste.example', 443, 6])
    }
    assert.ok(flows.some(({ label }) => label === 'benign'))
    assert.equal(flows[0]?.atMs, 0)
  })

  it('spreads what a log tells at the end over reports of five seconds', () => {
    assert.deepEqual(inReports([{ afterMs: 12_000, out: 900, in: 30 }]), [
      { afterMs: 4_000, out: 300, in: 10 },
      { afterMs: 8_000, out: 600, in: 20 },
      { afterMs: 12_000, out: 900, in: 30 },
    ])
    assert.deepEqual(inReports([{ afterMs: 0, out: 9, in: 1 }]), [{ afterMs: 0, out: 9, in: 1 }])
  })

  it('is found where an alert is of the attack, and not of what is beside it', async function () {
    this.timeout(300_000)
    const found = async (remote: string): Promise<number> => {
      const workload = await readWorkload(row({ flows: [group('attack', remote)] }), captureOf)
      const { subjects } = runMachine({
        ...{
          host: createHost(6),
          attacks: [],
          workloads: [workload],
          withTerms: false,
        },
        nowMs: () => 0,
      })
      const own = subjects.filter(({ label }) => label === 'recorded')
      assert.equal(own.length, 1)
      return own[0]?.scores[0]?.length ?? 0
    }
    // By its own alert, or by one of the program that names where else it sent.
    assert.ok((await found('192.0.2.201')) >= 1)
    // The mail server of the same recording.
    assert.equal(await found('198.51.100.25'), 0)
  })

  it('puts a known program on some machines, the same ones by their seeds', async () => {
    const workload = await readWorkload(
      row({ label: 'benign', novelty: 'known', flows: [] }),
      captureOf,
    )
    const has = (seed: number): boolean =>
      withRecorded(createHost(seed), [workload])
        .day(0)
        .some(({ code }) => code === `k-night-curl-${seed}`)
    const seeds = Array.from({ length: 40 }, (_, seed) => seed)
    const count = seeds.filter(has).length
    assert.ok(count > 5 && count < 35, `${count} of 40`)
    assert.deepEqual(seeds.map(has), seeds.map(has))
    assert.deepEqual(recordedStrangers([workload], 1, createRandom(1)), [])
    const stranger = { ...workload, row: { ...workload.row, novelty: 'new' } as const }
    const [install] = recordedStrangers([stranger], 1, createRandom(1))
    assert.equal(install?.label, 'install')
    assert.equal(install?.isKnown, false)
  })

  it('keeps from one half of the machines what the other half has', async () => {
    const read = await readWorkload(
      row({ label: 'benign', novelty: 'known', flows: [] }),
      captureOf,
    )
    const workloads = ['a', 'b', 'c', 'd'].map((name) => ({ ...read, row: { ...read.row, name } }))
    const named = (seed: number): string[] =>
      withRecorded(createHost(seed), workloads)
        .day(0)
        .flatMap(({ code }) => /^k-(.)-/.exec(code)?.[1] ?? [])
    const ofHalf = (half: number): string[] => [
      ...new Set(Array.from({ length: 20 }, (_, i) => named(20_000 + 2 * i + half)).flat()),
    ]
    assert.deepEqual(ofHalf(0).sort(), ['a', 'c'])
    assert.deepEqual(ofHalf(1).sort(), ['b', 'd'])
  })

  it("makes of a host's log a machine with all its bytes, and of its attack a stranger", async () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-eval-'))
    try {
      const lines = Array.from({ length: 90 }, (_, i) =>
        JSON.stringify({
          ...{ ts: 1_700_000_000 + i * 600, uid: `C${i}`, 'id.orig_h': '192.0.2.10' },
          ...{ 'id.orig_p': 40_000 + i, 'id.resp_h': `198.51.${i}.7`, 'id.resp_p': 443 },
          ...{ proto: 'tcp', conn_state: 'SF', history: 'ShADadFf', duration: 12 },
          ...{ orig_bytes: 1_000 + i, resp_bytes: 500 },
        }),
      )
      lines.push(
        JSON.stringify({
          ...{ ts: 1_700_000_000 + 54_600, uid: 'D', 'id.orig_h': '192.0.2.10' },
          ...{ 'id.orig_p': 41_000, 'id.resp_h': '192.168.0.4', 'id.resp_p': 80 },
          ...{ proto: 'tcp', conn_state: 'SF', history: 'ShADadFf', duration: 12 },
          ...{ orig_bytes: 2_000_000, resp_bytes: 27_000 },
        }),
      )
      writeFileSync(join(directory, 'conn.log'), lines.join('\n'))
      const log = { name: 'desk', file: 'conn.log', source: 'zeek', host: '192.0.2.10' } as const
      const pathOf = (file: string): string => join(directory, file)
      const benign = await readWorkload(row({ ...log, label: 'benign', flows: [] }), pathOf)
      const host = hostOfLog(benign, 1)
      const applications = host.day(0)
      const sent = applications.reduce((sum, actor) => sum + courseOf(actor).bytesOut, 0)
      assert.equal(sent, 90 * 1_000 + (89 * 90) / 2 + 2_000_000)
      assert.ok(applications.length > 20 && applications.length <= 30)
      assert.deepEqual(
        host.day(7).map(({ code }) => code),
        applications.map(({ code }) => code),
      )
      const attack = await readWorkload(
        row({ ...log, flows: [group('attack', '192.168.0.4')] }),
        pathOf,
      )
      const [stranger, ...more] = recordedStrangers([attack, benign], 0x9c40, createRandom(1))
      assert.ok(stranger && more.length === 0)
      assert.equal(courseOf(stranger).bytesOut, 2_000_000)
      // A test's private network is the outside here.
      assert.deepEqual([...(stranger.targets ?? [])], ['2001:db8:9c40::1'])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
