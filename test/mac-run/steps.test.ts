// What the steps of a run on a Mac make of what its programs print; the programs are pretended.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { activateFilter } from '../../scripts/mac-run/activate-filter.ts'
import { endpointSecurity, WAYS, wayText } from '../../scripts/mac-run/endpoint-security.ts'
import {
  checkMac,
  cost,
  costLines,
  exportedNames,
  frameworks,
  menuBar,
  tests,
  testText,
  wantedSymbols,
} from '../../scripts/mac-run/looks.ts'
import { type Mac, type Ran, thisMac } from '../../scripts/mac-run/mac.ts'
import {
  codesignFields,
  compareProcesses,
  psTable,
  toldBy,
} from '../../scripts/mac-run/processes.ts'
import { ended, pretendMac } from './pretend.ts'

describe('a run on a Mac', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-mac-run-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

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

    it('is what npm test says: how many pass, and which fail', async () => {
      const mocha = `
  a
    ✔ one
    1) two

  3 passing (1s)
  1 failing

  1) a
       two:
     AssertionError

  4 passing (2s)
`
      assert.deepEqual(testText(mocha), { passing: 7, failing: 1, titles: ['two'] })
      for (const [ran, outcome] of [
        [ended('  4 passing (1s)\n'), 'as hoped'],
        [ended(mocha, 1), 'otherwise'],
        [ended('set-up: no compiler\n', 1), 'otherwise'],
        [ended(''), 'otherwise'],
      ] as const) {
        const { mac, findings } = pretendMac(folder, { 'npm test': ran })
        await tests(mac)
        assert.equal(findings[0]?.outcome, outcome, ran.output)
        assert.equal(readFileSync(join(folder, 'npm-test.txt'), 'utf8'), ran.output)
      }
    })

    it('is what each role costs, without sudo and npm', async () => {
      const ps = `  0.1  4096 sudo -n npm start src/cli.ts up
  1.5 61440 /c/node /c/src/cli.ts agent --state /x
  0.4 81920 node src/cli.ts up
  9.0 81920 node other.ts
  0.3 10240 /usr/bin/script -q /dev/null /bin/sh -c exec /usr/bin/nettop -L 0
142.0 20480 /usr/bin/nettop -L 0 -n
`
      assert.deepEqual(costLines(ps), [
        ...['agent 1.5 % and 60 MiB', 'up 0.4 % and 80 MiB'],
        ...['script 0.3 % and 10 MiB', 'nettop 142.0 % and 20 MiB'],
      ])
      const { mac, findings } = pretendMac(folder, { ps: ended('') })
      await cost(mac)
      assert.equal(findings[0]?.outcome, 'otherwise')
    })

    it("is whether macOS lets a Node with Endpoint Security's entitlement begin", async () => {
      const killed: Ran = { status: undefined, signal: 'SIGKILL', output: '' }
      assert.match(wayText('plain', killed, undefined), /^plain: killed as it began/)
      assert.match(wayText('plain', ended('x'), ''), /status 0; Endpoint Security works$/)
      assert.match(wayText('plain', ended('x'), 'no entitlement'), /status 0; no entitlement$/)
      const { mac, findings, commands } = pretendMac(folder, {
        'run --silent build': ended(''),
        codesign: ended(''),
        sudo: killed,
      })
      await endpointSecurity(mac)
      assert.equal(findings.length, WAYS.length)
      assert.ok(findings.every(({ text }) => text.includes('killed as it began')))
      const hosts = commands.filter((line) => line.startsWith('sudo') && line.includes(' record '))
      assert.equal(hosts.length, WAYS.length)
      // Of sources Node could take no types without WebAssembly.
      const jitless = hosts.filter((line) => line.includes('--jitless'))
      assert.deepEqual(
        jitless.map((line) => /--jitless (\S+)/.exec(line)?.[1]),
        ['dist/freshet.mjs'],
      )
      assert.match(commands[0] ?? '', /^npm run --silent build$/)
      const unbuilt = pretendMac(folder, { codesign: ended(''), sudo: killed })
      await endpointSecurity(unbuilt.mac)
      assert.deepEqual(
        unbuilt.findings.map(({ text }) => text.split(':', 1).join()),
        ['npm run build', 'plain', 'hardened-jit'],
      )
    }).timeout(20_000)
  })

  describe('the command that switches the filter on', () => {
    const [without, with_] = ['without entitlements', 'with them']

    it('ends as it ends in an app that is signed ad hoc, and that is told', async () => {
      const { mac, findings, commands } = pretendMac(folder, {
        'build:mac': ended(''),
        codesign: ended(''),
        '--filter-status': ended('The network monitor is not installed.\n', 5),
        '--activate-filter': ended('macOS refuses: no entitlement.\n', 1),
        '--deactivate-filter': { status: undefined, signal: 'SIGKILL', output: '' },
        systemextensionsctl: ended('0 extension(s)'),
      })
      await activateFilter(mac)
      const of = (way: string) => [
        `${way}, --filter-status: status 5; The network monitor is not installed.`,
        `${way}, --activate-filter: status 1; macOS refuses: no entitlement.`,
        `${way}, --filter-status: status 5; The network monitor is not installed.`,
        `${way}, --deactivate-filter: killed as it began`,
      ]
      assert.deepEqual(
        findings.map(({ text }) => text),
        [...of(without), ...of(with_), 'systemextensionsctl list: status 0; 0 extension(s)'],
      )
      assert.ok(findings.every(({ point, outcome }) => point === 'F12' && outcome === 'seen'))
      const signed = commands.filter((line) => line.startsWith('codesign'))
      assert.deepEqual(
        signed.map((line) => [/\.(\w+)$/.exec(line)?.[1], line.includes('--entitlements')]),
        [
          ['systemextension', false],
          ['app', false],
          ['systemextension', true],
          ['app', true],
        ],
      )
    })

    it('is not tried where the app cannot be built or signed', async () => {
      const unbuilt = pretendMac(folder)
      await activateFilter(unbuilt.mac)
      assert.deepEqual(
        unbuilt.findings.map(({ outcome }) => outcome),
        ['otherwise'],
      )
      const unsigned = pretendMac(folder, {
        'build:mac': ended(''),
        systemextensionsctl: ended(''),
      })
      await activateFilter(unsigned.mac)
      assert.deepEqual(
        unsigned.findings.map(({ outcome }) => outcome),
        ['otherwise', 'otherwise', 'seen'],
      )
      assert.ok(!unsigned.commands.some((line) => line.includes('MacOS/Freshet')))
    })
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
