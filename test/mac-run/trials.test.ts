// The steps of a run on a Mac that try the product while it runs; its programs are pretended.
import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Mac, Ran } from '../../scripts/mac-run/mac.ts'
import {
  esloggerEnd,
  flowPids,
  footprintOf,
  memory,
  names,
  pidOf,
  readers,
} from '../../scripts/mac-run/trials.ts'
import { HEADER } from '../intake/nettop-text.ts'
import { ended, pretendMac } from './pretend.ts'

describe('a trial of what runs on a Mac', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-mac-run-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  describe('of who may read the status', () => {
    const asked = async (own: Ran, nobody: Ran, refused: number, root = true) => {
      const { mac, findings, commands } = pretendMac(folder, { '-u nobody nc': nobody })
      let looks = 0
      await readers({
        ...mac,
        run: async (program, args, limits) => {
          if (args.at(-1) !== '--json') return mac.run(program, args, limits)
          if (program !== 'sudo') return own
          const counts = { served: 1, refused: looks++ * refused }
          return root ? ended(JSON.stringify({ state: '/s', readers: counts })) : ended('no', 1)
        },
      })
      return { ...findings[0], commands }
    }
    const served = ended('{"readers":{"served":2,"refused":0}}')
    const refusal = ended('{"refused":"uid 4294967294 may not ask","remedy":"x"}\n')

    it('serves root and who sits there, and refuses and counts a third', async () => {
      const { point, outcome, text, commands } = await asked(served, refusal, 1)
      assert.deepEqual([point, outcome], ['D1', 'as hoped'])
      assert.match(text ?? '', /^root: served; who runs this: served; nobody: \{"refused":"uid/)
      assert.ok(commands.some((line) => line.endsWith(' nc -w 5 -U /s/status.sock')))
    })

    it('is otherwise in each other case', async () => {
      for (const finding of [
        await asked(ended('not shown', 1), refusal, 1),
        await asked(served, served, 1),
        await asked(served, ended('', 1), 0),
        await asked(served, refusal, 0),
        await asked(served, refusal, 1, false),
      ])
        assert.equal(finding.outcome, 'otherwise', finding.text ?? '')
    })
  })

  it('of memory makes ten uploads and asks what root’s part holds', async () => {
    assert.equal(footprintOf('node [7]: 64-bit  Footprint: 41 MB (16384 bytes per page)'), 41)
    assert.equal(footprintOf('Footprint: 5120 KB'), 5)
    assert.equal(footprintOf('footprint: no such process'), undefined)
    const ps =
      '    1 /sbin/launchd\n  8 sudo -n node src/cli.ts agent\n 77 /n/node /c/src/cli.ts agent --x\n'
    assert.equal(pidOf(ps, /src\/cli\.ts agent\b/), 77)
    assert.equal(pidOf(ps, /eslogger/), undefined)
    for (const [footprint, table, outcome] of [
      ['Footprint: 41 MB', ps, 'as hoped'],
      ['Footprint: 61 MB', ps, 'otherwise'],
      ['not permitted', ps, 'otherwise'],
      ['Footprint: 41 MB', '1 /sbin/launchd\n', 'otherwise'],
    ] as const) {
      const { mac, findings, commands } = pretendMac(folder, {
        'footprint 77': ended(footprint),
        'footprint undefined': ended(footprint),
        ps: ended(table),
      })
      await memory(mac)
      assert.equal(findings[0]?.outcome, outcome, findings[0]?.text ?? '')
      assert.equal(commands.filter((line) => line.includes('simulate upload')).length, 10)
    }
  })

  describe('of eslogger’s end', () => {
    /** A product that does of these what it should. */
    const tried = async (does: { replaces: boolean; returns: boolean; finds: boolean }) => {
      const log = join(folder, 'product-start-again.log')
      writeFileSync(
        log,
        'engine: programs are seen by eslogger now, no longer by the list of processes\n',
      )
      const { mac, findings, commands } = pretendMac(folder)
      let pid = 50
      let runs = true
      let isStopped = false
      const say = (text: string) => appendFileSync(log, `engine: ${text}\n`)
      const back = (): void => {
        if (!does.returns) return
        pid++
        runs = true
        say('programs are seen by eslogger now, no longer by the list of processes')
      }
      const pretended: Mac = {
        ...mac,
        wait: async () => {
          if (!runs) back()
        },
        run: async (program, args, limits) => {
          const line = args.join(' ')
          if (program === 'ps') return ended(`   ${pid} /usr/bin/eslogger exec fork\n`)
          if (program === 'sleep' && isStopped && does.finds) {
            isStopped = false
            say('eslogger: it told of none of 12 programs that began; it is started again')
            back()
          }
          if (args.at(-1) === '--json')
            return ended(
              JSON.stringify({ sources: { processes: runs ? 'eslogger' : 'polling', flows: 'x' } }),
            )
          if (line.includes(`process.kill(${pid}, 'SIGKILL')`)) {
            runs = false
            if (does.replaces)
              say('programs are seen by the list of processes now, no longer by eslogger')
          }
          if (line.includes(`process.kill(${pid}, 'SIGSTOP')`)) isStopped = true
          return mac.run(program, args, limits)
        },
      }
      await esloggerEnd(pretended, 'start-again')
      return { told: findings.map(({ outcome, text }) => `${outcome} ${text}`), commands }
    }

    it('is as hoped where another takes over, and it comes back', async () => {
      const { told, commands } = await tried({ replaces: true, returns: true, finds: true })
      assert.deepEqual(told, [
        'as hoped SIGKILL: replaced by the list of processes; at work again',
        'as hoped SIGSTOP for 120 s, 30 programs: found to tell nothing; started anew and at work',
      ])
      assert.equal(commands.filter((line) => line === 'sleep 2').length, 30)
    })

    it('is otherwise where one of them does not', async () => {
      const all = { replaces: true, returns: true, finds: true }
      assert.match(
        (await tried({ ...all, replaces: false })).told[0] ?? '',
        /^otherwise SIGKILL: not replaced by the list of processes; at work again$/,
      )
      assert.deepEqual((await tried({ ...all, returns: false })).told, [
        'otherwise SIGKILL: replaced by the list of processes; not at work again',
        'otherwise SIGSTOP: not at work before',
      ])
      assert.match(
        (await tried({ ...all, finds: false })).told[1] ?? '',
        /not found to tell nothing; not started anew and at work$/,
      )
    })
  })

  describe('of names', () => {
    const flow = (port: number) => `2,tcp4 10.0.0.2:1<->203.0.113.9:${port},en0,Established,1,2,`

    it('finds whose flows are, by the process above them', () => {
      const lines = [HEADER, '1,a.1 b.2.77,,,1,2,', flow(443), '1,c', 'd.3.78,,,1,2,', flow(443)]
      const { pids, others } = flowPids(lines.join('\n'), 443)
      assert.deepEqual([...pids], [77, 0])
      assert.equal(others.length, 2)
      assert.deepEqual([...flowPids(lines.slice(0, 3).join('\n'), 80).pids], [])
      assert.equal(flowPids(flow(443), 443).others.length, 1)
    })

    it('is as hoped where nettop tells each pid, and nothing that is not understood', async () => {
      for (const [isKnown, outcome] of [
        [true, 'as hoped'],
        [false, 'otherwise'],
      ] as const) {
        const { mac, findings } = pretendMac(folder)
        let port = 0
        let started = 76
        const programs: string[] = []
        await names({
          ...mac,
          run: async (program, args) => {
            if (!program.endsWith('nettop')) {
              programs.push(basename(program))
              assert.ok(existsSync(program))
              port = Number(/connect\((\d+),/.exec(args[1] ?? '')?.[1])
              return ended(`${++started}\n`)
            }
            const second = isKnown ? ['1,c d.3.78,,,1,2,', flow(port)] : ['1,c', flow(port)]
            return ended([HEADER, '1,a.1 b.2.77,,,1,2,', flow(port), ...second, ''].join('\n'))
          },
        })
        assert.equal(findings[0]?.outcome, outcome, findings[0]?.text ?? '')
        assert.deepEqual(programs, ['a.1 b.2', 'c\nd.3'])
        assert.deepEqual(readdirSync(folder), [], 'nothing of it is kept')
      }
    })
  })
})
