// What the steps of a run on a Mac make of what its programs print; the programs are pretended.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endpointSecurity, WAYS, wayText } from '../../scripts/mac-run/endpoint-security.ts'
import {
  ancestorsOf,
  eslogger,
  esloggerLines,
  grant,
  grantSql,
} from '../../scripts/mac-run/eslogger.ts'
import {
  checkMac,
  cost,
  costLines,
  exportedNames,
  frameworks,
  menuBar,
  wantedSymbols,
} from '../../scripts/mac-run/looks.ts'
import { interruption, type Mac, type Ran, thisMac } from '../../scripts/mac-run/mac.ts'
import {
  codesignFields,
  compareProcesses,
  psTable,
  toldBy,
} from '../../scripts/mac-run/processes.ts'
import {
  pageFinding,
  pageOf,
  start,
  stop,
  upload,
  uploadFinding,
} from '../../scripts/mac-run/product.ts'
import { esStory } from '../importers/samples.ts'
import { ended, pretendMac } from './pretend.ts'

describe('a run on a Mac', () => {
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
      await start({ ...mac, wait: async () => void looks++ }, (_, log) => {
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
      assert.match(readFileSync(join(folder, 'product.log'), 'utf8'), /#key=\.\.\.$/m)
      assert.deepEqual(findings.at(-1), {
        point: 'R4',
        outcome: 'as hoped',
        text: 'all ended within 30 s',
      })
    })

    it('are otherwise when they end without an address, or never print one', async () => {
      for (const hasEnded of [true, false]) {
        const { mac, findings } = pretendMac(folder)
        await start(mac, (_, log) => {
          writeFileSync(log, "freshet: set-up: Apple's command line tools are missing\n")
          return { pid: 77, hasEnded: () => hasEnded }
        })
        assert.equal(findings[0]?.outcome, 'otherwise')
        assert.match(
          findings[0]?.text ?? '',
          hasEnded ? /after 0 s; last: freshet: set-up: Apple's/ : /after 900 s/,
        )
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
          '    1 /sbin/launchd\n   78 /c/node /c/src/cli.ts engine --state /x\n   79 /usr/bin/nettop -L 0\n',
        ),
      })
      await stop(mac)
      assert.equal(
        findings[0]?.text,
        'still there: 78 /c/node /c/src/cli.ts engine --state /x; 79 /usr/bin/nettop -L 0',
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
    it('is as hoped with the figure that was sent, by the exit status of simulate', () => {
      const found = uploadFinding('R3', '--mb 8', ended(exact))
      assert.equal(found.outcome, 'as hoped')
      assert.match(found.text, /^--mb 8: Sent +8388608 B .*; Final .*exactly what was sent/)
    })

    it('is otherwise in every other end, and says which', () => {
      const ends = [
        'Final        8388600 B out, but 8388608 B were sent: 8 B too few',
        'No alert     within 60 s. It stopped at the agent: it saw nothing',
        'Nothing was sent: no collector runs.',
      ]
      for (const line of ends) {
        const { outcome, text } = uploadFinding('R3', '', ended(`Program x\n${line}\n`, 1))
        assert.equal(outcome, 'otherwise')
        assert.ok(text.endsWith(line), text)
      }
      const broken = { status: undefined, signal: 'SIGKILL', output: 'odd\n' }
      assert.match(uploadFinding('R3', 'x', broken).text, /ended by SIGKILL, odd$/)
    })

    it('is made in three kinds, with what the status and the doctor say of it', async () => {
      const { mac, findings } = pretendMac(folder, {
        'simulate upload': ended(exact),
        'status --json': ended('{}'),
        status: ended('Watching, with gaps.'),
        doctor: ended('all is well'),
      })
      await upload(mac, 'L3')
      assert.deepEqual(
        findings.map(({ point, outcome }) => `${point} ${outcome}`),
        ['L3 as hoped', 'L3 as hoped', 'L3 as hoped', 'C1 seen'],
      )
      assert.equal(readFileSync(join(folder, 'status-L3.json'), 'utf8'), '{}')
      assert.equal(readFileSync(join(folder, 'doctor-L3.txt'), 'utf8'), 'all is well')
    })
  })

  describe('the processes', () => {
    const told = (pid: number, path: string) => ({
      ...{ pid, path, signingId: '', teamId: '', cdhash: '' },
    })

    it('of ps and of a recording are compared where they lasted', () => {
      const before = psTable(
        '    0 kernel_task\n    1 /sbin/launchd\n  20 /bin/a b\n 30 -zsh\n 40 /bin/c\n',
      )
      assert.deepEqual([...before.keys()], [0, 1, 20, 30, 40])
      const after = new Map(before).set(40, '/bin/other')
      const all = [told(1, '/sbin/launchd'), told(20, '/bin/a b'), told(30, '/bin/zsh')]
      assert.deepEqual(compareProcesses(before, after, all), {
        lasting: 3,
        missing: [],
        others: [],
      })
      assert.deepEqual(compareProcesses(before, after, [told(1, '/bin/launchd'), told(30, '/x')]), {
        lasting: 3,
        missing: ['20 /bin/a b'],
        others: ['1 /bin/launchd for /sbin/launchd'],
      })
    })

    it('have the signatures that codesign tells', () => {
      const output = `Executable=/bin/a
Identifier=com.apple.a
CDHash=00ff
TeamIdentifier=not set
`
      assert.deepEqual(codesignFields(output), {
        signingId: 'com.apple.a',
        teamId: '',
        cdhash: '00ff',
      })
      assert.equal(codesignFields('TeamIdentifier=ABCDE12345\n').teamId, 'ABCDE12345')
    })

    it('are read of a capture, each pid as it was last', async () => {
      const capture = join(pretendMac(folder).mac.root, 'test/scenarios/captures')
      const [name] = readdirSync(capture).filter((one) => one.endsWith('.fcap'))
      const all = await toldBy(join(capture, name ?? ''))
      assert.ok(all.length > 10)
      assert.equal(new Set(all.map(({ pid }) => pid)).size, all.length)
      assert.ok(all.every(({ cdhash }) => /^[0-9a-f]{40}$/.test(cdhash)))
    })
  })

  describe('eslogger', () => {
    it('is granted to all that the run descends from', () => {
      const ps = `  1     0 /sbin/launchd
 90     1 /Users/runner/runner's/Runner.Worker
 95    90 /bin/bash
 99    95 node
`
      assert.deepEqual(ancestorsOf(99, ps), [
        'node',
        '/bin/bash',
        "/Users/runner/runner's/Runner.Worker",
      ])
      assert.deepEqual(ancestorsOf(7, ps), [])
      assert.deepEqual(ancestorsOf(5, ' 5 5 /a\n'), ['/a'])
      assert.match(
        grantSql(["/a'b", '/c']),
        /^INSERT OR REPLACE INTO access \(service,client,.*\) VALUES \('kTCCServiceSystemPolicyAllFiles','\/a''b',1,2,3,1,'UNUSED',0\),\('kTCC.*'\/c',.*\);$/,
      )
    })

    it('is granted only when the list says so afterwards', async () => {
      const clients = ['/usr/bin/eslogger', '/usr/bin/sudo', '/bin/bash', '/bin/sh', '/bin/zsh']
      const listed = ended(clients.map((one) => `${one}|1|2`).join('\n'))
      const granted = pretendMac(folder, { INSERT: ended(''), SELECT: listed })
      await grant(granted.mac)
      assert.equal(granted.findings[0]?.outcome, 'as hoped')
      const refused = pretendMac(folder, {
        INSERT: ended('attempt to write a readonly database', 8),
      })
      await grant(refused.mac)
      assert.match(refused.findings[0]?.text ?? '', /status 8, attempt to write/)
      const forgotten = pretendMac(folder, { INSERT: ended(''), SELECT: ended('/bin/sh|1|2') })
      await grant(forgotten.mac)
      assert.equal(forgotten.findings[0]?.outcome, 'otherwise')
    })

    it('is as hoped when it prints events and nothing else', async () => {
      const [event = ''] = esStory(7).split('\n')
      const { others, ...counts } = esloggerLines(`${event}\n\nNot permitted\n{}\n${event}\n`)
      assert.deepEqual(counts, {
        events: 2,
        versions: ['schema 1, message 7'],
        longest: Buffer.byteLength(event),
      })
      assert.equal(others.length, 2)
      assert.match(others.join('\n'), /Not permitted\n.*\{\}$/)
      for (const [output, isGranted, outcome] of [
        [event, true, 'as hoped'],
        [`${event}\n${event.slice(0, 99)}`, true, 'as hoped'],
        [`${event.slice(0, 99)}\n${event}`, true, 'otherwise'],
        [`${event}\nwarning`, true, 'otherwise'],
        ['', true, 'otherwise'],
        ['Not permitted', false, 'seen'],
      ] as const) {
        const { mac, findings } = pretendMac(folder, { eslogger: ended(output) })
        await eslogger(mac, isGranted)
        assert.equal(findings[0]?.outcome, outcome, output)
      }
    })
  })

  describe('what is looked at', () => {
    it('is whether the framework exports what is needed, and what nettop calls its columns', async () => {
      const { root } = pretendMac(folder).mac
      const list = join(root, 'native/mac/statistics/framework_symbols.cc')
      const wanted = wantedSymbols(readFileSync(list, 'utf8'))
      const [needed, optional] = [true, false].map((is) =>
        wanted.find(({ isNeeded }) => isNeeded === is),
      )
      assert.ok(wanted.length > 20)
      const exportsBut = (one?: string) =>
        wanted
          .filter(({ name }) => name !== one)
          .map(({ name }) => `        0x0001A2B4  _${name}`)
          .join('\n')
      assert.equal(exportedNames(`${exportsBut()}\n 0x1 _kNStatOdd\n`).size, wanted.length + 1)
      const header = 'time,,interface,state,bytes_in,bytes_out,'
      const nettop = ended(
        `${header}\n1,a.5,,,1,2,\n2,tcp4 10.0.0.2:1<->203.0.113.9:443,en0,Established,1,2,\n`,
      )
      const good = pretendMac(folder, { dyld_info: ended(exportsBut(optional?.name)), nettop })
      await frameworks(good.mac)
      assert.deepEqual(
        good.findings.map(({ point, outcome }) => `${point} ${outcome}`),
        ['N1 as hoped', 'T1 as hoped'],
      )
      assert.match(good.findings[1]?.text ?? '', /; 1 lines of flows, 1 of processes, 0 others/)
      const bad = pretendMac(folder, {
        dyld_info: ended(exportsBut(needed?.name)),
        nettop: ended('time,,interface,state,rx,tx,\n'),
      })
      await frameworks(bad.mac)
      assert.ok(bad.findings[0]?.text.endsWith(`of these needed: ${needed?.name}`))
      assert.match(
        bad.findings[1]?.text ?? '',
        /header time,,interface,state,rx,tx,, which is not /,
      )
      assert.ok(bad.findings.every(({ outcome }) => outcome === 'otherwise'))
    })

    it('is the app: its signature, and that it runs', async () => {
      const signature = { '-dvv': ended('Identifier=org.freshet.app\nSignature=adhoc\n') }
      const runs = { '--verify': ended(''), pgrep: ended('88 Freshet\n') }
      const good = pretendMac(folder, { ...signature, ...runs })
      await menuBar(good.mac)
      assert.match(good.findings[0]?.text ?? '', /holds, Signature=adhoc; runs as 88 Freshet$/)
      assert.equal(good.findings[0]?.outcome, 'as hoped')
      const gone = pretendMac(folder, { ...signature, '--verify': ended('') })
      await menuBar(gone.mac)
      assert.equal(gone.findings[0]?.outcome, 'otherwise')
    })

    it('is what check:mac says with the SDK at hand', async () => {
      const said = 'SDK of macOS 26.1; Apple clang\n\nNothing of the code is newer than this SDK.\n'
      const good = pretendMac(folder, { 'check:mac': ended(said) })
      await checkMac(good.mac)
      assert.deepEqual(
        good.findings.map(({ point, outcome }) => `${point} ${outcome}`),
        ['B2 as hoped', 'B3 as hoped'],
      )
      assert.match(good.findings[0]?.text ?? '', /^SDK of macOS 26\.1.*; Nothing of the code/)
      const wrong = 'WRONG: Freshet: arm64: links A; named are A, B\n1 things are wrong.\n'
      const bad = pretendMac(folder, { 'check:mac': ended(said + wrong, 1) })
      await checkMac(bad.mac)
      assert.ok(bad.findings.every(({ outcome }) => outcome === 'otherwise'))
      assert.match(bad.findings[1]?.text ?? '', /^WRONG: Freshet: arm64: links A/)
    })

    it('is what each role costs, without sudo and npm', async () => {
      const ps = `  0.1  4096 sudo -n npm start src/cli.ts up
  1.5 61440 /c/node /c/src/cli.ts agent --state /x
  0.4 81920 node src/cli.ts up
  9.0 81920 node other.ts
`
      assert.deepEqual(costLines(ps), ['agent 1.5 % and 60 MiB', 'up 0.4 % and 80 MiB'])
      const { mac, findings } = pretendMac(folder, { ps: ended('') })
      await cost(mac)
      assert.equal(findings[0]?.outcome, 'otherwise')
    })

    it("is whether macOS lets a Node with Endpoint Security's entitlement begin", async () => {
      const killed: Ran = { status: undefined, signal: 'SIGKILL', output: '' }
      assert.match(wayText('plain', killed, undefined), /^plain: killed as it began/)
      assert.match(wayText('plain', ended('x'), ''), /status 0; Endpoint Security works$/)
      assert.match(wayText('plain', ended('x'), 'no entitlement'), /status 0; no entitlement$/)
      const { mac, findings, commands } = pretendMac(folder, { codesign: ended(''), sudo: killed })
      await endpointSecurity(mac)
      assert.equal(findings.length, WAYS.length)
      assert.ok(findings.every(({ text }) => text.includes('killed as it began')))
      const hosts = commands.filter((line) => line.startsWith('sudo') && line.includes(' record '))
      assert.equal(hosts.filter((line) => line.includes(' --jitless ')).length, 1)
    }).timeout(20_000)
  })

  it('runs programs to their end, or to the end of their time', async () => {
    const mac = thisMac(folder, folder)
    const quiet: Mac = { ...mac, say: () => {} }
    const sh = (script: string, limits?: { seconds?: number; until?: number }) =>
      quiet.run('sh', ['-c', script], limits)
    assert.deepEqual(await sh('echo a; echo b >&2; exit 3'), {
      status: 3,
      signal: undefined,
      output: 'a\nb\n',
    })
    assert.equal((await sh('exec sleep 60', { seconds: 0.2 })).signal, 'SIGKILL')
    assert.equal((await sh('exec sleep 60', { until: 0.2 })).signal, 'SIGINT')
    // With all that it started, though that holds its output.
    assert.equal((await sh('sleep 60 & wait', { seconds: 0.2 })).signal, 'SIGKILL')
    assert.match((await quiet.run('/nowhere/x', [])).output, /ENOENT/)
  })

  it('end what runs by sudo as root, since it is root’s', async () => {
    const path = process.env['PATH']
    const sudo = join(folder, 'sudo')
    // As sudo does it: what comes from whoever is not root does nothing.
    writeFileSync(
      sudo,
      `#!/bin/sh\nshift\necho "$*" >> ${folder}/asked\ncase "$1" in *node*) exec "$@";; esac\ntrap '' INT\n"$@"\n`,
      { mode: 0o755 },
    )
    process.env['PATH'] = `${folder}:${path}`
    try {
      const mac: Mac = { ...thisMac(folder, folder), say: () => {} }
      const ran = await mac.run('sudo', ['-n', 'sleep', '60'], { until: 0.3, seconds: 2 })
      assert.equal(ran.signal ?? ran.status, 'SIGKILL')
      const asked = readFileSync(join(folder, 'asked'), 'utf8').split('\n')
      assert.match(asked[1] ?? '', /node -e process\.kill\(-\d+, 'SIGINT'\)$/)
      assert.match(asked[2] ?? '', /node -e process\.kill\(-\d+, 'SIGKILL'\)$/)
    } finally {
      process.env['PATH'] = path
    }
  })
})
