// The step of a run on a Mac that tries XPC under launchd; its programs are pretended.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mac } from '../../scripts/mac-run/mac.ts'
import { buildArguments, xpc, xpcFinding } from '../../scripts/mac-run/xpc.ts'
import { ended, pretendMac } from './pretend.ts'

const DAEMON = 'flows 1, starts 2, enumerated 1, refused 7, gaps 0\n'
const FILTER = 'connections 1, lost 0, batches 2, records 1, refused 0\n'
const USER = 'connections 3, lost 3, batches 0, records 0, refused 0\n'
const STRANGER = 'connections 4, lost 4, batches 0, records 0, refused 0\n'

describe('XPC in a run on a Mac', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-mac-run-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is built of the product’s own files, and one for the run', () => {
    const { root } = pretendMac(folder).mac
    const files = buildArguments('/x').filter((one) => /\.(cc|mm)$/.test(one))
    for (const file of files) assert.ok(existsSync(join(root, file)), file)
    assert.equal(files.filter((file) => file.includes('/test/')).length, 1)
    assert.ok(!files.some((file) => file.includes('peer_requirement')), 'its own stands in')
  })

  it('is as hoped where the filter is heard and a stranger is refused and counted', () => {
    assert.equal(
      xpcFinding(DAEMON, ended(FILTER), ended(STRANGER), ended(USER)).outcome,
      'as hoped',
    )
    for (const [daemon, filter, stranger, user = USER] of [
      [DAEMON.replace('flows 1', 'flows 0'), FILTER, STRANGER],
      [DAEMON.replace('enumerated 1', 'enumerated 0'), FILTER, STRANGER],
      [DAEMON.replace('refused 7', 'refused 4'), FILTER, STRANGER],
      [DAEMON, FILTER.replace('batches 2', 'batches 0'), STRANGER],
      [DAEMON, FILTER, FILTER],
      [DAEMON, FILTER, ''],
      ['', FILTER, STRANGER],
      [DAEMON, FILTER, STRANGER, FILTER],
      [DAEMON, FILTER, STRANGER, ''],
    ] as const)
      assert.equal(
        xpcFinding(daemon, ended(filter), ended(stranger), ended(user)).outcome,
        'otherwise',
      )
  })

  it('is tried by hand and under launchd, and its job is taken away again', async () => {
    const { mac, findings, commands } = pretendMac(folder, {
      'clang++': ended(''),
      'xpc-filter filter': ended(FILTER),
      'xpc-stranger filter': ended(STRANGER),
      'xpc-by-hand.txt': ended(''),
    })
    const pretended: Mac = {
      ...mac,
      run: async (program, args, limits) => {
        if (program === 'clang++') writeFileSync(args.at(-1) ?? '', 'a program')
        if (args.includes('bootstrap')) writeFileSync(join(folder, 'xpc-daemon.txt'), DAEMON)
        const [path = ''] = args.filter((one) => one.endsWith('xpc-by-hand.txt'))
        if (program.endsWith('xpc-filter')) return ended(USER)
        if (path !== '') writeFileSync(path, DAEMON.replace('gaps 0', 'gaps 4096'))
        return mac.run(program, args, limits)
      },
    }
    await xpc(pretended)
    assert.deepEqual(
      findings.map(({ point, outcome }) => `${point} ${outcome}`),
      ['F7 as hoped', 'F7 as hoped'],
    )
    const signed = commands.filter((line) => line.startsWith('codesign'))
    assert.deepEqual(
      signed.map((line) => /--identifier (\S+)/.exec(line)?.[1]),
      ['org.freshet.daemon', 'org.freshet.app.filter', 'org.freshet.stranger'],
    )
    const plist = readFileSync(join(folder, 'org.freshet.live.plist'), 'utf8')
    assert.match(plist, /<key>TEAMID0000\.org\.freshet\.daemon<\/key>/)
    assert.match(commands.at(-2) ?? '', /launchctl bootout system\/org\.freshet\.live$/)
    assert.match(
      commands.at(-1) ?? '',
      /rm -f \/Library\/LaunchDaemons\/org\.freshet\.live\.plist$/,
    )
  })

  it('is otherwise where it does not compile', async () => {
    const { mac, findings, commands } = pretendMac(folder, { 'clang++': ended('error: x', 1) })
    await xpc(mac)
    assert.deepEqual(findings, [
      { point: 'F7', outcome: 'otherwise', text: 'clang++: status 1, error: x' },
    ])
    assert.equal(commands.length, 1)
  })
})
