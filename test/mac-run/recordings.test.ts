// What the steps of a run on a Mac make of their own recordings.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Mac, thisMac } from '../../scripts/mac-run/mac.ts'
import { recordedOf } from '../../scripts/mac-run/recorded.ts'
import {
  countFinding,
  counts,
  execFinding,
  flowsFinding,
  marksText,
  ownersFinding,
  ownersScript,
  record,
  shortLivedFinding,
} from '../../scripts/mac-run/recordings.ts'
import { losing, openSink, ownAddress, sendTo } from '../../scripts/mac-run/traffic.ts'
import {
  FlowFlag,
  Loss,
  Source,
  writeExec,
  writeExit,
  writeGone,
  writeLoss,
} from '../../src/records/record.gen.ts'
import { captureBlocks } from '../capture/captures.ts'
import { Mark, Teller, type Told } from '../intake/flows.ts'
import { ended, pretendMac } from './pretend.ts'

const { networkStatistics: statistics, polling, eslogger } = Source
const teller = new Teller()
const head = (source: number, atMs = 1_000) => ({ source, atNs: BigInt(atMs) * 1_000_000n })
const anExec = {
  ...{ flags: 0, uid: 0, parentPid: 1, parentPidversion: 1 },
  ...{ responsiblePid: 1, responsiblePidversion: 1, codesignFlags: 0, cdhash: new Uint8Array(20) },
  ...{ dev: 1n, ino: 1n, scriptDev: 0n, scriptIno: 0n, scriptFrom: 0, script: '' },
  ...{ signingId: '', teamId: '' },
}
const flow = (told: Partial<Told>) =>
  teller.flow(statistics, { id: 1, out: 0, pid: 7, pidversion: 70, state: 'closed', ...told })
const exec = (pid: number, path: string, source: number = polling, atMs = 1_000) =>
  writeExec({ ...anExec, ...head(source, atMs), pid, pidversion: pid * 10, path })
const exit = (pid: number, atMs: number) =>
  writeExit({ ...head(polling, atMs), pid, pidversion: pid * 10, status: 0 })
const lost = (what: number, source: number = statistics) =>
  writeLoss({ ...head(source), count: 3n, what })
const gone = (flowId: number, name: string) =>
  writeGone({
    ...head(statistics),
    ...{ flowId: BigInt(flowId), epoch: 1, pid: 9, programUuid: new Uint8Array(16), name },
  })
const of = (...records: Uint8Array[]) => recordedOf([Buffer.concat(records)])

describe('a recording of a run on a Mac', () => {
  it('has flows with a process and a peer, and none that was not understood', async () => {
    const good = [flow({}), flow({ id: 2, protocol: 17, to: '::', port: 0 })]
    assert.deepEqual(flowsFinding(await of(...good)), {
      outcome: 'as hoped',
      text: '2 flows (1 of protocol 6, 1 of protocol 17): 0 of TCP without a peer, 0 without a process; lost: nothing',
    })
    for (const bad of [
      [...good, flow({ id: 3, to: '::', port: 0 })],
      [...good, flow({ id: 3, pid: 0, pidversion: 0 })],
      [...good, lost(Loss.malformed)],
      [teller.flow(Source.nettop, { id: 1, out: 1 })],
      [],
    ])
      assert.equal(flowsFinding(await of(...bad)).outcome, 'otherwise')
    const others = await of(...good, lost(Loss.malformed, eslogger), lost(Loss.tableFull))
    assert.equal(flowsFinding(others).outcome, 'as hoped')
    assert.match(flowsFinding(others).text, /lost: source \d+ malformed 3, source \d+ tableFull 3$/)
  })

  it('says what each source said of itself last', async () => {
    const told = await of(
      teller.mark(statistics, Mark.start),
      teller.mark(statistics, Mark.start, 0),
    )
    assert.match(
      marksText(told),
      /^0 execs, 0 exits, 0 reports of flows; NetworkStatistics: can 0, lacks \d+$/,
    )
  })

  it('tells an exec within a second of it, its end, and many at once', async () => {
    const many = [20, 21].flatMap((pid) => [exec(pid, '/bin/sleep'), exit(pid, 3_000)])
    const at = (execMs: number, exitMs: number) => [
      ...many,
      exec(5, '/bin/sh', polling, 10),
      exec(5, '/bin/sleep', polling, execMs),
      exit(5, exitMs),
    ]
    const judged = async (...records: Uint8Array[]) => execFinding(await of(...records), 5, 4, 2)
    assert.deepEqual(await judged(...at(100, 4_050)), {
      outcome: 'as hoped',
      text: 'sh 5 executes sleep 4: told 3950 ms before its end; of 2 at once 2 told, 2 with their end; lost: nothing',
    })
    for (const bad of [
      at(1_200, 4_050),
      at(100, 5_200),
      at(100, 4_050).slice(2),
      [...at(100, 4_050).slice(0, -1)],
      many,
      at(100, 4_050).toSpliced(1, 1),
    ])
      assert.equal((await judged(...bad)).outcome, 'otherwise')
  })

  it('has the count that came, or marks it as at most', async () => {
    const judged = async (told: Partial<Told>, got = 100) =>
      countFinding('x', got, (await of(flow(told))).flows[0]).outcome
    assert.equal(await judged({ out: 100 }), 'as hoped')
    assert.equal(await judged({ out: 101 }), 'otherwise')
    assert.equal(await judged({ out: 101, flags: FlowFlag.atMost }), 'as hoped')
    assert.equal(await judged({ out: 99, flags: FlowFlag.atMost }), 'otherwise')
    assert.equal(await judged({ out: 0 }, 0), 'otherwise')
    assert.match(countFinding('x', 5, undefined).text, /5 B came, no flow was told/)
  })

  it('names who lived no longer than it took to send', async () => {
    const curl = exec(7, '/usr/bin/curl')
    const flows = [
      flow({ id: 1 }),
      flow({ id: 2, pid: 9, pidversion: 0 }),
      flow({ id: 3, port: 99 }),
    ]
    const judged = async (...records: Uint8Array[]) =>
      shortLivedFinding(await of(...records), 443, 2)
    assert.deepEqual(await judged(curl, ...flows, gone(2, 'curl')), {
      outcome: 'as hoped',
      text: '2 times curl: 2 flows told (2 of curl), 1 with what the flow says of who had gone; lost: nothing',
    })
    assert.match((await judged(curl, ...flows)).text, /\(1 of curl, 1 of nobody\)/)
    assert.equal((await judged(...flows, gone(2, 'curl'))).outcome, 'otherwise')
  })

  it('gives each flow the process that an exec told', async () => {
    const shell = [exec(7, '/bin/bash', eslogger), flow({ state: 'report' })]
    const cat = [
      writeExec({ ...anExec, ...head(eslogger), pid: 7, pidversion: 71, path: '/bin/cat' }),
      flow({ pidversion: 71 }),
    ]
    const judged = async (...records: Uint8Array[]) => ownersFinding(await of(...records), 443)
    assert.deepEqual(await judged(...shell, ...cat), {
      outcome: 'as hoped',
      text: 'of 1 flows 1 have a process that was told, 0 one that had gone, 0 another (); bash that executes cat: bash, then cat; 2 execs by eslogger',
    })
    const polled = (path: string, pidversion: number) =>
      writeExec({ ...anExec, ...head(polling), pid: 7, pidversion, path })
    for (const bad of [
      shell,
      cat,
      [...shell, ...cat, flow({ id: 5, pidversion: 9, port: 1 })],
      // Without eslogger, or with a child's write between the two.
      [polled('/bin/bash', 70), shell[1], polled('/bin/cat', 71), cat[1]] as Uint8Array[],
      [...shell, exec(8, '/usr/bin/head'), flow({ pid: 8, pidversion: 80 }), ...cat],
    ])
      assert.equal((await judged(...bad)).outcome, 'otherwise')
  })

  it('of owners is made by a shell that writes by itself, and then by what it executes', async () => {
    const sink = await openSink('127.0.0.1')
    // What a child of the shell's would write: none but cat's is found in the path.
    const script = ownersScript(sink).replaceAll('sleep 4', ':').replace('cat /bin/ls', 'echo -n y')
    const bin = mkdtempSync(join(tmpdir(), 'freshet-no-programs-'))
    // It ends when all has come: the sink's answers, which nobody reads, make its end a reset.
    const has = join(bin, 'all-has-come')
    const program = `#!/bin/sh\nprintf y\nwhile [ ! -e '${has}' ]; do /bin/sleep 0.05; done\n`
    writeFileSync(join(bin, 'echo'), program, { mode: 0o755 })
    try {
      const shell = spawn('/bin/bash', ['-c', script], { env: { PATH: bin }, stdio: 'inherit' })
      const exit = once(shell, 'exit')
      while ([...sink.got.values()].join() !== '200001') await sleep(5)
      writeFileSync(has, '')
      assert.deepEqual(await exit, [0, null])
    } finally {
      sink.close()
      rmSync(bin, { recursive: true })
    }
  })

  describe('is made', () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'freshet-mac-run-'))
    })
    afterEach(() => rmSync(folder, { recursive: true }))

    it('while the step does what it compares it with, or it is said why not', async () => {
      const { mac, findings, commands } = pretendMac(folder, {
        'record /var/tmp/freshet-run-stock.fcap --seconds 15': ended(''),
        'echo $$': ended('5\n'),
      })
      const kept: Mac = {
        ...mac,
        run: async (program, args, limits) => {
          if (!args.includes('install')) return mac.run(program, args, limits)
          const records = Buffer.concat([flow({}), exec(5, '/bin/sleep'), exit(5, 5_000)])
          writeFileSync(args.at(-1) ?? '', Buffer.concat(captureBlocks([records])))
          return ended('')
        },
      }
      await record(kept)
      assert.deepEqual(
        findings.map(({ point, outcome }) => `${point} ${outcome}`),
        [' seen', 'N2 as hoped', 'P4 otherwise'],
      )
      assert.match(findings[2]?.text ?? '', /told 4000 ms before its end; of 600 at once 0 told/)
      assert.ok(commands.some((line) => /^curl .* http:\/\/[\d.]+:\d+\/$/.test(line)))
      const without = pretendMac(folder, { 'sudo -n': ended('no addon', 1) })
      await record(without.mac)
      assert.deepEqual(without.findings, [
        { point: 'N2', outcome: 'otherwise', text: 'record: status 1, no addon' },
      ])
    })

    it('beside uploads of which the sink counts each byte, also of one that is reset', async () => {
      const mac: Mac = { ...thisMac(folder, folder), say: () => {} }
      for (const isReset of [false, true]) {
        const sink = await openSink('127.0.0.1')
        const ran = await sendTo(mac, sink, 3_000_000, isReset)
        sink.close()
        assert.equal(ran.status, 0, ran.output)
        assert.deepEqual([...sink.got.values()], [3_000_000])
      }
    }).timeout(30_000)

    it('and a dummynet that macOS refuses is told as that, and not as a count that is wrong', async () => {
      const { mac, findings } = pretendMac(folder, {
        dnctl: ended('no such device', 1),
        'sudo -n': ended(''),
      })
      const counting: Mac = {
        ...mac,
        run: async (program, args, limits) => {
          if (!args.includes('install')) return mac.run(program, args, limits)
          writeFileSync(args.at(-1) ?? '', Buffer.concat(captureBlocks([flow({})])))
          return ended('')
        },
      }
      await counts(counting)
      assert.deepEqual(
        findings.map(({ outcome, text }) => `${outcome} ${text.split(',')[0]}`),
        [
          'seen 8 MiB',
          // Nothing is sent here.
          'otherwise 64 MiB: 0 B came',
          'otherwise 8 MiB and a reset: 0 B came',
        ],
      )
      assert.match(findings[0]?.text ?? '', /: dummynet refused: status 1, no such device$/)
    })

    it('and heals a network that it made lose packets, also where that was refused', async () => {
      const well = pretendMac(folder, { sudo: ended('') })
      const lossy = await losing(well.mac, 443)
      assert.ok(well.commands.some((line) => line.includes('to any port 443 pipe 1')))
      assert.equal(well.commands.length, 2)
      assert.ok('heal' in lossy)
      await lossy.heal()
      const healing = ['pfctl -q -f /etc/pf.conf', 'pfctl -q -d', 'dnctl -q flush']
      assert.deepEqual(
        well.commands.slice(2),
        healing.map((one) => `sudo -n ${one}`),
      )
      const refused = pretendMac(folder, { dnctl: ended('no', 1), sudo: ended('') })
      assert.deepEqual(await losing(refused.mac, 443), { refusal: 'status 1, no' })
      assert.equal(refused.commands.length, 5)
      assert.equal(ownAddress({}), '127.0.0.1')
    })
  })
})
