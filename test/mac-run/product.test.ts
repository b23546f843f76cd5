// The steps of a run on a Mac that type the README's commands; its programs are pretended.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interruption, type Mac, type Ran, thisMac } from '../../scripts/mac-run/mac.ts'
import {
  BY_NETTOP,
  hideKeys,
  pageFinding,
  pageOf,
  STOCK,
  start,
  stop,
  type Uploads,
  upload,
  uploadText,
  WITH_ESLOGGER,
  WITHOUT_ESLOGGER,
} from '../../scripts/mac-run/product.ts'
import { ended, pretendMac } from './pretend.ts'

describe('the product in a run on a Mac', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-mac-run-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  describe('the two commands', () => {
    const LOG = `freshet: building the addon took 61.0 s
Freshet 0.1.0 watches this machine.
  page    http://127.0.0.1:8442/#key=secret
freshet: Freshet is in runner's menu bar: a drop
`

    it('are started, waited for and ended, each with what was found', async () => {
      const { mac, findings, commands } = pretendMac(folder, { 'process.kill': ended('') })
      const page = 'http://127.0.0.1:1/'
      let looks = 0
      await start({ ...mac, wait: async () => void looks++ }, 'start', [], (_, log, options) => {
        assert.deepEqual(options, [])
        writeFileSync(log, LOG.replace('8442', '1'))
        return { pid: 77, hasEnded: () => false }
      })
      assert.equal(looks, 0)
      assert.deepEqual(
        findings.map(({ point, outcome }) => `${point} ${outcome}`),
        ['R1 as hoped', 'M3 seen', 'R2 otherwise'],
        'nothing listens there',
      )
      assert.match(findings[1]?.text ?? '', /^Freshet is in runner's menu bar: a drop$/)
      assert.ok(findings[2]?.text.startsWith(page))
      assert.doesNotMatch(JSON.stringify(findings), /secret/)
      await stop(mac)
      assert.equal(commands[0], `sudo -n ${process.execPath} -e process.kill(-77, 'SIGINT')`)
      assert.match(readFileSync(join(folder, 'product-start.log'), 'utf8'), /#key=\.\.\.$/m)
      assert.deepEqual(findings.at(-1), {
        point: 'R4',
        outcome: 'as hoped',
        text: 'all ended within 30 s',
      })
    })

    it('are otherwise when they end without an address, or never print one', async () => {
      for (const hasEnded of [true, false]) {
        const { mac, findings } = pretendMac(folder)
        await start(mac, 'start', [], (_, log) => {
          writeFileSync(log, "freshet: set-up: Apple's command line tools are missing\n")
          return { pid: 77, hasEnded: () => hasEnded }
        })
        assert.equal(findings[0]?.outcome, 'otherwise')
        assert.match(
          findings[0]?.text ?? '',
          hasEnded ? /after 0 s; last: freshet: set-up: Apple's/ : /after 900 s/,
        )
      }
      const again = pretendMac(folder)
      await start(again.mac, 'start-again', [], () => ({ pid: 77, hasEnded: () => false }))
      assert.match(again.findings[0]?.text ?? '', /^no address after 300 s/)
    })

    it('are started again with other sources, and keep what the first said; no key is kept', async () => {
      const { mac } = pretendMac(folder)
      const asked: (readonly string[])[] = []
      for (const [step, sources] of [
        ['start', []],
        ['start-by-nettop', ['polling', 'nettop']],
      ] as const)
        await start(mac, step, sources, (_, log, options) => {
          asked.push(options)
          writeFileSync(log, `${step}\n${LOG}`)
          return { pid: 77, hasEnded: () => true }
        })
      assert.deepEqual(asked, [[], ['--', '--sources', 'polling,nettop']])
      hideKeys(folder)
      for (const step of ['start', 'start-by-nettop']) {
        const log = readFileSync(join(folder, `product-${step}.log`), 'utf8')
        assert.ok(log.startsWith(`${step}\n`))
        assert.doesNotMatch(log, /secret/)
      }
    })

    it('are ended as a group, and nobody else is', async () => {
      const begin = () => spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
      const [ours, another] = [begin(), begin()]
      try {
        const ending = once(ours, 'exit')
        writeFileSync(join(folder, 'product.pid'), `${ours.pid}`)
        const { mac } = pretendMac(folder)
        const real = thisMac(folder, folder)
        await stop({
          ...mac,
          run: (program, args) =>
            program === 'sudo' ? real.run(args[1] ?? '', args.slice(2)) : mac.run(program, args),
        })
        assert.deepEqual(await ending, [null, 'SIGINT'])
        assert.equal(another.exitCode ?? another.signalCode, null)
      } finally {
        for (const child of [ours, another]) child.kill('SIGKILL')
      }
      for (const pid of [0, 1, -1, Number.NaN, 2.5])
        assert.throws(() => interruption(pid), /is no group to end/)
    })

    it('leave nothing running, or it is said what', async () => {
      writeFileSync(join(folder, 'product.pid'), '77')
      const { mac, findings } = pretendMac(folder, {
        ps: ended(
          '    1 /sbin/launchd\n   78 /c/node /c/src/cli.ts engine --state /x\n   79 /usr/bin/nettop -L 0\n   80 /usr/bin/script -q /dev/null /bin/sh\n',
        ),
      })
      await stop(mac)
      assert.equal(
        findings[0]?.text,
        'still there: 78 /c/node /c/src/cli.ts engine --state /x; 79 /usr/bin/nettop -L 0; 80 /usr/bin/script -q /dev/null /bin/sh',
      )
      assert.equal(findings[0]?.outcome, 'otherwise')
    })

    it('have a page that answers with a page', async () => {
      const answer =
        (text: string, status = 200) =>
        async () =>
          new Response(text, { status })
      const page = 'http://127.0.0.1:8442/'
      assert.equal((await pageFinding(page, answer('<!doctype html>'))).outcome, 'as hoped')
      assert.equal((await pageFinding(page, answer('busy', 503))).outcome, 'otherwise')
      assert.equal((await pageFinding(page, answer('{}'))).outcome, 'otherwise')
      assert.equal(pageOf(LOG), page)
      assert.equal(pageOf('  page    soon\n'), undefined)
    })
  })

  describe('an upload', () => {
    const exact = `Program      /tmp/x
Sent         8388608 B over 1 flow in 0.1 s by process 5; 2048 B came back
Final        1.0 s after the upload began: 8388608 B out, exactly what was sent; 2048 B in, exactly what came back
`
    const atWork = (processes: string, flows = 'network_statistics') =>
      ended(JSON.stringify({ pid: 1, sources: { processes, flows, forced: [] } }))
    /** Its findings, and what it asked, where simulate ends so and the status says this each time, the last ever on. */
    const made = async (which: Uploads, simulated: Ran, ...statuses: Ran[]) => {
      const { mac, findings, commands } = pretendMac(folder, {
        'simulate upload': simulated,
        status: ended('Watching, with gaps.'),
        doctor: ended('all is well'),
      })
      const asked = [...statuses]
      let waited = 0
      const uploading: Mac = {
        ...mac,
        wait: async (seconds) => {
          waited += seconds
        },
        run: async (program, args, limits) =>
          args.at(-1) === '--json'
            ? ((asked.length > 1 ? asked.shift() : asked[0]) as Ran)
            : mac.run(program, args, limits),
      }
      await upload(uploading, which)
      const own = findings.filter(({ point }) => point === which.point)
      return { findings, own, commands, waited, outcomes: own.map(({ outcome }) => outcome) }
    }
    const few = (bytes: number) =>
      ended(`Final        ${1000 - bytes} B out, but 1000 B were sent: ${bytes} B too few\n`, 1)

    it('is as hoped with the figure that was sent, and says by whom', async () => {
      const { own, findings } = await made(STOCK, ended(exact), atWork('polling'))
      assert.deepEqual(
        own.map(({ outcome }) => outcome),
        ['as hoped', 'as hoped', 'as hoped'],
      )
      assert.match(
        own[0]?.text ?? '',
        /^by polling and network_statistics: --mb 8: Sent +8388608 B .*; Final .*exactly what was sent/,
      )
      assert.equal(findings.at(-1)?.point, 'C1')
      assert.equal(JSON.parse(readFileSync(join(folder, 'status-upload.json'), 'utf8')).pid, 1)
      assert.equal(readFileSync(join(folder, 'doctor-upload.txt'), 'utf8'), 'all is well')
    })

    it('is otherwise in every other end, and says which', async () => {
      const ends = [
        'Final        8388600 B out, but 8388608 B were sent: 8 B too few',
        'No alert     within 60 s. It stopped at the agent: it saw nothing',
        'Nothing was sent: no collector runs.',
      ]
      for (const line of ends) {
        const ran = ended(`Program x\n${line}\n`, 1)
        const { own } = await made(STOCK, ran, atWork('polling'))
        assert.equal(own[0]?.outcome, 'otherwise')
        assert.ok(own[0]?.text.endsWith(line), own[0]?.text)
      }
      const broken = { status: undefined, signal: 'SIGKILL', output: 'odd\n' }
      assert.match(uploadText(broken), /^ended by SIGKILL, odd$/)
    })

    it('is of eslogger only where that is at work, before and after', async () => {
      const eslogger = atWork('eslogger')
      const polling = atWork('polling')
      const well = await made(WITH_ESLOGGER, ended(exact), polling, eslogger)
      assert.deepEqual(well.outcomes, ['as hoped', 'as hoped', 'as hoped'])
      assert.ok(well.waited > 0, 'it may take a while to begin')
      for (const statuses of [[polling], [ended('no agent', 1)], [ended('{}')]]) {
        const { outcomes, waited } = await made(WITH_ESLOGGER, ended(exact), ...statuses)
        assert.deepEqual(outcomes, ['otherwise', 'otherwise', 'otherwise'])
        assert.ok(waited < 100)
      }
      const ends = await made(WITH_ESLOGGER, ended(exact), eslogger, eslogger, polling)
      assert.deepEqual(ends.outcomes, ['as hoped', 'otherwise', 'otherwise'])
      assert.match(
        ends.own[1]?.text ?? '',
        /^by eslogger and network_statistics, then polling and network_statistics: --mb 4/,
      )
    })

    it('is of the list of processes, and of nettop, only where they are', async () => {
      assert.deepEqual((await made(WITHOUT_ESLOGGER, ended(exact), atWork('eslogger'))).outcomes, [
        'otherwise',
        'otherwise',
        'otherwise',
      ])
      const nettop = atWork('polling', 'nettop')
      assert.deepEqual((await made(BY_NETTOP, ended(exact), atWork('polling'))).outcomes, [
        'otherwise',
      ])
      for (const [ran, outcome] of [
        [ended(exact), 'as hoped'],
        [few(100), 'as hoped'],
        [few(101), 'otherwise'],
        [few(-100), 'as hoped'],
        [ended('No alert', 1), 'otherwise'],
      ] as const)
        assert.deepEqual((await made(BY_NETTOP, ran, nettop)).outcomes, [outcome], ran.output)
      assert.deepEqual((await made(STOCK, few(1), nettop)).outcomes[0], 'otherwise')
    })

    it('is typed as the documents have it, the first of each kind', async () => {
      const { commands } = await made(STOCK, ended(exact), atWork('polling'))
      const typed = commands.filter((line) => line.includes('simulate'))
      assert.equal(typed[0], 'sudo -n npx freshet simulate upload --mb 8')
      assert.equal(typed.filter((line) => line.includes('npx')).length, 1)
      const documented = ['README.md', 'docs/stock-mac.md'].map((name) =>
        readFileSync(join(pretendMac(folder).mac.root, name), 'utf8'),
      )
      for (const text of documented) assert.match(text, /npx freshet simulate upload --mb 8/)
    })
  })
})
