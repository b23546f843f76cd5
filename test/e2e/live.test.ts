// The whole product on this machine's own kernel events: nothing in between is pretended.
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AlertDetail, IdentitiesResponse } from '../../src/collector/views/page-api.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { launchChromium, openPage, whyNoBrowser } from '../web/browser.ts'
import { type Installation, startInstallation, until } from './installation.ts'

describe('live, from kernel to page', () => {
  let installation: Installation

  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
    installation = await startInstallation()
  })
  after(async () => {
    await installation?.stop()
  })

  it('shows this machine connected, whole, with what it sees', async () => {
    const device = await installation.connected()
    assert.equal(device.live?.degraded, '')
    assert.equal(device.os, 'linux')
  })

  it('knows the programs of this machine, the test runner among them', async () => {
    await until(async () => {
      const { identities } = await installation.api<IdentitiesResponse>('/api/identities?limit=500')
      return identities.some(
        (one) => one.path === process.execPath && /^[0-9a-f]{64}$/.test(one.sha256),
      )
    }, `an identity for ${process.execPath}`)
  })

  it('shows them, and the alert of simulate, in the page as they come, without a reload', async function () {
    leaveOut(this, await whyNoBrowser())
    const browser = await launchChromium()
    try {
      const { page, faults } = await openPage(browser, installation.origin)
      await page.goto(`${installation.pageUrl}`)
      await page.getByRole('link', { name: /Identities/ }).click()
      await page.getByText(process.execPath, { exact: false }).first().waitFor()
      await page.getByRole('link', { name: /Alerts/ }).click()
      const simulated = await installation.freshet(['simulate', 'upload', '--mb', '3'])
      assert.equal(simulated.status, 0, simulated.stdout)
      const [name] = /upload-[0-9a-f]+/.exec(simulated.stdout) as RegExpExecArray
      // Its row: what is told to who does not see it names it, too.
      await page.getByRole('link', { name }).first().click()
      await page.getByText('3,145,728 B').first().waitFor()
      await page.getByRole('heading', { name: 'Who started it' }).waitFor()
      assert.deepEqual(faults, [])
    } finally {
      await browser.close()
    }
  })

  for (const silent of [false, true])
    it(`raises an alert whose final figure is what simulate ${silent ? '--silent ' : ''}sent, to the byte`, async () => {
      const args = ['simulate', 'upload', '--mb', '8', ...(silent ? ['--silent'] : [])]
      const { status, stdout, stderr } = await installation.freshet(args)
      assert.equal(status, 0, `${stdout}\n${stderr}`)
      const id = /#\/alerts\/([0-9a-f]{32})/.exec(stdout)?.[1]
      const alert = await installation.api<AlertDetail>(`/api/alerts/${id}`)
      assert.equal(alert.bytesOut, 8 * 1024 * 1024)
      assert.equal(alert.state, 'final')
      if (silent) assert.equal(alert.bytesIn, 0)
      const [probe, parent] = alert.chain
      assert.match(probe?.path ?? '', /\/upload-[0-9a-f]+$/)
      assert.equal(parent?.path, process.execPath)
      for (const one of alert.chain) assert.equal(one.arguments, null, 'nobody asked for arguments')
      assert.match(alert.identity.sha256, /^[0-9a-f]{64}$/)
      assert.ok(stdout.includes(alert.identity.sha256), stdout)
    })

  it('tells its state in a terminal', async () => {
    const { status, stdout } = await installation.freshet(['status'])
    assert.equal(status, 0)
    assert.match(stdout, /^Watching/)
    assert.match(stdout, /Collector: connected to \//)
    const json = await installation.freshet(['status', '--json'])
    assert.ok((JSON.parse(json.stdout) as { counters: { execs: number } }).counters.execs > 0)
  })

  it('lists and shows what the baseline knows while the agent runs', async () => {
    const list = await installation.freshet(['baseline', 'list', '--limit', '1000'])
    assert.equal(list.status, 0, list.stderr)
    assert.ok(list.stdout.includes(process.execPath), list.stdout)
    const [key] =
      /unsigned:sha256:[0-9a-f]{64}/.exec(
        (await installation.freshet(['baseline', 'list', '--json', '--matching', process.execPath]))
          .stdout,
      ) ?? []
    const show = await installation.freshet(['baseline', 'show', key as string])
    assert.equal(show.status, 0, show.stderr)
    assert.match(show.stdout, /^ {2}path +\//m)
    const none = await installation.freshet(['baseline', 'show', 'no-such-program'])
    assert.equal(none.status, 1)
    assert.match(none.stderr, /no-such-program/)
  })

  it('refuses a second one on the same state directory, with a sentence', async () => {
    const { status, stderr } = await installation.freshet(['up', '--port', '0'])
    assert.notEqual(status, 0)
    assert.match(stderr, /Freshet watches already with the state directory .*: stop it/)
    const policy = join(installation.state, '../no.policy')
    const misled = await installation.freshet(['up', '--port', '0', '--policy', policy])
    assert.equal(misled.status, 78)
    assert.match(
      misled.stderr,
      /^freshet: --policy: .*no\.policy cannot be read: it is not there$/m,
    )
    assert.equal(`${misled.stdout}${misled.stderr}`.includes('watches'), false)
  })

  it('refuses a recording beside it at once, with a sentence and without a file', async () => {
    const file = join(tmpdir(), `freshet-beside-${process.pid}.fcap`)
    const { status, stdout, stderr } = await installation.freshet([
      ...['record', file, '--seconds', '600'],
    ])
    assert.equal(status, 78)
    assert.match(stderr, /another agent runs with the state directory .*: stop it, or choose/)
    assert.equal(stdout, '')
    assert.equal(existsSync(file), false)
  })

  it('keeps its files to itself', async () => {
    const { statSync } = await import('node:fs')
    assert.equal(statSync(installation.state).mode & 0o777, 0o711)
    for (const inside of ['agent', 'collector'])
      assert.equal(statSync(`${installation.state}/${inside}`).mode & 0o777, 0o700)
    assert.equal(statSync(`${installation.state}/collector/page.key`).mode & 0o777, 0o600)
  })

  it('runs engine and collector as an ordinary user, and ends all of it on Ctrl-C', async () => {
    const { readFileSync } = await import('node:fs')
    const uidOf = (pid: number) =>
      /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)/m
        .exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
        ?.slice(1)
    const running = (['agent', 'engine', 'collector'] as const).map(
      (role) => installation.pidsOf(role)[0] as number,
    )
    const [sense, engine, collector] = running as [number, number, number]
    assert.deepEqual(uidOf(sense), ['0', '0', '0', '0'])
    for (const pid of [engine, collector])
      assert.ok(!uidOf(pid)?.includes('0'), `pid ${pid} runs as root`)
    assert.equal(await installation.stop(), 0)
    const alive = new Set(readdirSync('/proc'))
    assert.deepEqual(
      running.filter((pid) => alive.has(String(pid))),
      [],
    )
  })
})
