// The steps of a run on a Mac that try eslogger; its programs are pretended.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ancestorsOf,
  clientsOf,
  eslogger,
  esloggerLines,
  grant,
  grantSql,
} from '../../scripts/mac-run/eslogger.ts'
import { esLine, esStory, execOf, TOOL, ZSH } from '../importers/samples.ts'
import { ended, pretendMac } from './pretend.ts'

describe('eslogger in a run on a Mac', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-mac-run-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

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

  it('is granted to a program by its own path too, where it was started by a link', () => {
    const real = (path: string): string => {
      if (path === '/gone') throw new Error('ENOENT')
      return path.replace('/usr/local/opt/runner', '/opt/off/opt/runner')
    }
    assert.deepEqual(clientsOf(['/usr/local/opt/runner/x', 'node', '/gone', '/bin/sh'], real), [
      ...['/usr/local/opt/runner/x', '/opt/off/opt/runner/x', '/gone', '/bin/sh'],
    ])
  })

  it('is granted only when the list says so afterwards', async () => {
    const clients = clientsOf([
      '/usr/bin/eslogger',
      '/usr/bin/sudo',
      '/bin/bash',
      '/bin/sh',
      '/bin/zsh',
    ])
    const listed = ended(clients.map((one) => `${one}|1|2`).join('\n'))
    const granted = pretendMac(folder, { INSERT: ended(''), SELECT: listed })
    await grant(granted.mac)
    assert.equal(granted.findings[0]?.outcome, 'as hoped')
    // The list may be locked for a moment.
    assert.ok(
      granted.commands.every(
        (line) => !line.includes('sqlite3') || /-cmd \.timeout \d{4,}/.test(line),
      ),
    )
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
    const { others, kept, ...counts } = esloggerLines(`${event}\n\nNot permitted\n{}\n${event}\n`)
    assert.deepEqual(counts, {
      events: 2,
      versions: ['schema 1, message 7'],
      longest: Buffer.byteLength(event),
    })
    assert.equal(kept.length, 2)
    assert.deepEqual(others, ['not JSON, 13 B', 'no time of an event, 2 B'])
    assert.deepEqual(esloggerLines('Not permitted\n{}\n').others, [
      'not JSON: Not permitted',
      'no time of an event, 2 B',
    ])
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

  it('keeps no argument and no environment, in no file and in no finding', async () => {
    const event = execOf(11, TOOL, undefined, ['tool', '--password=SECRET'])
    const { env } = event['exec'] as { env: string[] }
    env.push('TOKEN=SECRET')
    const line = esLine(11, '2026-03-02T10:00:00Z', ZSH, event)
    for (const [output, events] of [
      [`${line}\n${line.slice(0, -1)}\nSECRET\n${line}\n${line.slice(0, -9)}`, 2],
      [`{"event":{"exec":{"args":["SECRET"\n"SECRET"`, 0],
    ] as const) {
      const { mac, findings, said } = pretendMac(folder, { eslogger: ended(output) })
      await eslogger(mac, true)
      const kept = readFileSync(join(folder, 'eslogger-granted.jsonl'), 'utf8')
      for (const text of [kept, JSON.stringify(findings), said.join('\n')])
        assert.doesNotMatch(text, /SECRET/)
      assert.equal(kept.split('\n').length - 1, events)
      if (events === 0) continue
      const exec = JSON.parse(kept.split('\n', 1).join()).event.exec
      assert.deepEqual([exec.args, exec.env, exec.fds], [2, 2, 1])
      assert.equal(exec.target.executable.path, TOOL.path)
    }
  })
})
