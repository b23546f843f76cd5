// The page in a browser, against a real collector that a real agent's frames reach.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import type { Finding } from '../../src/engine/finding.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'
import { Agent, DEVICE_A, itemOf, type Running, runCollector } from '../collector/agent.ts'
import {
  accessibilityFaults,
  launchChromium,
  openPage,
  pageIsBuilt,
  temporaryDirectory,
  type Watched,
} from './browser.ts'
import { type Relay, relayTo } from './relay.ts'
import {
  alertFinding,
  alertOf,
  destination,
  identity,
  liveAt,
  secondsBefore,
  sightingOf,
} from './samples.ts'

const HOSTNAME = 'build-07.example.org'
const DEGRADED =
  'Connections are read once a second only, because tracefs is not mounted: run `mount -t tracefs none /sys/kernel/tracing`.'
const ROUTES = ['#/alerts', '#/identities', '#/machine']

/** A collector, one agent connected to it, and a page that is signed in. */
type Scene = { running: Running; agent: Agent; relay: Relay; watched: Watched; page: Page }

describe('page in a browser', function () {
  this.timeout(60_000)
  let browser: Browser
  const endings: (() => unknown)[] = []

  before(async function () {
    assert.ok(pageIsBuilt(), 'the page is not built: run `node scripts/setup.mjs`')
    try {
      browser = await launchChromium()
    } catch (error) {
      console.log(`    Chromium cannot start here: ${(error as Error).message.split('\n')[0]}`)
      this.skip()
    }
  })
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end()
  })
  after(() => browser?.close())

  async function scene(options: Parameters<typeof openPage>[2] = {}): Promise<Scene> {
    const directory = temporaryDirectory()
    endings.push(() => directory.remove())
    const running = await runCollector({}, directory.path)
    endings.push(() => running.stop())
    const relay = await relayTo(running.collector.port)
    endings.push(() => relay.close())
    const agent = await new Agent(running.collector.url, { token: running.token }).opened()
    endings.push(() => agent.close())
    await agent.hello(DEVICE_A, HOSTNAME)
    const watched = await openPage(browser, relay.url, options)
    endings.push(() => watched.page.context().close())
    await watched.page.goto(`${relay.url}/#key=${running.key}`)
    await watched.page.getByText(`Live · ${HOSTNAME}`).waitFor()
    return { running, agent, relay, watched, page: watched.page }
  }

  let sequence = 0
  beforeEach(() => {
    sequence = 0
  })
  /** Sends findings and waits until they are stored. */
  async function tell(agent: Agent, ...findings: Finding[]): Promise<void> {
    const ack = await agent.deliver(findings.map((finding) => itemOf(++sequence, finding)))
    assert.deepEqual(ack, { throughSequence: sequence, rejects: [] })
  }

  const probe = (now: UnixNs) =>
    identity(
      'freshet-probe-3f9c2a',
      'unsigned',
      secondsBefore(now, 12),
      '/tmp/freshet-probe-3f9c2a',
    )
  const upload = (now: UnixNs, change: Partial<Parameters<typeof alertOf>[0]> = {}) =>
    alertOf({
      seed: 'upload',
      identity: probe(now),
      severity: 'high',
      to: destination('203.0.113.77', 4433),
      openedAt: now,
      bytesOut: 2_097_152,
      bytesIn: 0,
      sentence: 'freshet-probe-3f9c2a sent 2.10 MB to 203.0.113.77:4433 and got nothing back',
      ...change,
    })

  it('takes the key out of the address and stays signed in', async () => {
    const { page, running, watched } = await scene()
    assert.ok(!page.url().includes('key'), page.url())
    assert.equal(await page.evaluate('history.length'), 2, 'the blank page and this one')
    await page.goBack()
    await page.goForward()
    assert.ok(!page.url().includes(running.key), 'nor is it in the history')
    await page.getByText(`Live · ${HOSTNAME}`).waitFor()
    assert.deepEqual(watched.faults, [])
  })

  it('asks for the key without a session, says where it is, and refuses a wrong one', async () => {
    const { running, relay } = await scene()
    const { page, faults } = await openPage(browser, relay.url)
    endings.push(() => page.context().close())
    await page.goto(`${relay.url}/#/machine`)
    await page.getByText('page.key').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.getByLabel('Key of this collector').fill('not the key')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('That is not the key of this collector.').waitFor()
    await page.getByLabel('Key of this collector').fill(running.key)
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByRole('heading', { name: HOSTNAME }).waitFor()
    assert.match(page.url(), /#\/machine$/, 'and shows what the address asked for')
    // A browser itself reports each 401 on its console.
    assert.deepEqual(
      faults.filter((fault) => !/401/.test(fault)),
      [],
    )
  })

  it('says what is being watched while there is no alert, with counters that move', async () => {
    const { agent, page, watched } = await scene()
    await page.getByText('npx freshet simulate upload --mb 8').waitFor()
    const figure = (name: string) =>
      page.locator('.figure').filter({ hasText: name }).locator('.value')
    agent.send({ kind: 'live', live: { ...liveAt(nowUnixNs(), 1), execs: 321, bytesOut: 5000 } })
    await figure('Programs started').getByText('321', { exact: true }).waitFor()
    agent.send({
      kind: 'live',
      live: { ...liveAt(nowUnixNs(), 2), execs: 654, bytesOut: 7_654_321 },
    })
    await figure('Programs started').getByText('654', { exact: true }).waitFor()
    await figure('Bytes out').getByText('7.65 MB').waitFor()
    assert.deepEqual(watched.faults, [])
  })

  it('shows an alert as it arrives, its numbers, and its final figure, without a reload', async () => {
    const { agent, page, watched } = await scene()
    await page.evaluate('window.sameDocument = true')
    const now = nowUnixNs()
    await tell(agent, alertFinding(upload(now)))
    const row = page.getByRole('row').filter({ hasText: 'freshet-probe-3f9c2a' })
    await row.getByText('Still sending').waitFor()
    assert.match(await row.innerText(), /High[\s\S]*Unsigned[\s\S]*ada[\s\S]*2\.10 MB[\s\S]*0 B/)
    await page
      .getByRole('status')
      .getByText(/^New high alert: freshet-probe/)
      .waitFor()

    await row.getByRole('link').click()
    await page.getByText('2,097,152 B', { exact: true }).waitFor()
    await page.locator('.plot canvas').waitFor()
    const reasons = page.getByRole('region', { name: 'Why this is unusual' })
    assert.match(await reasons.innerText(), /Novelty[\s\S]*12 s[\s\S]*1 d[\s\S]*\+30/)
    const chain = await page.getByRole('region', { name: 'Who started it' }).innerText()
    assert.match(
      chain,
      /systemd[\s\S]*sshd[\s\S]*bash[\s\S]*nightly-export\.py[\s\S]*freshet-probe/,
    )
    await page.getByText(probe(now).sha256, { exact: true }).waitFor()
    const technique = page.getByRole('link', { name: /^T1001\.001/ })
    assert.equal(
      await technique.getAttribute('href'),
      'https://attack.mitre.org/techniques/T1001/001/',
    )
    assert.match((await technique.getAttribute('rel')) ?? '', /noreferrer/)

    const last = upload(now, { revision: 2, state: 'final', bytesOut: 8_388_608 })
    await tell(agent, alertFinding(last))
    await page.getByText('8,388,608 B', { exact: true }).waitFor()
    await page.getByText('Final figures').waitFor()
    await page.getByText('As a table').click()
    const table = page.getByRole('region', { name: 'Out and in over time' }).getByRole('row')
    const rows = (await table.allInnerTexts()).slice(1).map((text) => text.split('\t')[1] ?? '')
    const sum = rows.reduce((all, text) => all + Number(text.replace(/[^0-9]/g, '')), 0)
    assert.equal(sum, 8_388_608, 'the table beside the chart has every byte')
    assert.equal(await page.evaluate('window.sameDocument'), true)
    assert.deepEqual(await accessibilityFaults(page), [])
    assert.deepEqual(watched.faults, [])
  })

  it('says so when there is no such alert', async () => {
    const { page } = await scene()
    await page.goto(`${new URL(page.url()).origin}/#/alerts/${'0'.repeat(32)}`)
    await page.getByText('There is no alert with this id.').waitFor()
  })

  it('shows hostile names as the text they are', async () => {
    const { agent, page, watched } = await scene({ viewport: { width: 800, height: 800 } })
    const now = nowUnixNs()
    const name = '<img src=x onerror="window.hit=1">\u202Efdp.exe'
    const path = `/${'a'.repeat(50)}/${'<b>deep</b>/'.repeat(330)}${name}`.slice(0, 4096)
    const hostile = { ...probe(now), name, path }
    const alert = upload(now, {
      identity: hostile,
      user: '<i>root</i>',
      sentence: `${name} sent 2 MB`,
    })
    alert.destination.hostname = '<script>window.hit=1</script>.example.org'
    await tell(agent, alertFinding(alert), sightingOf(hostile, '<u>x</u>'))
    agent.send({
      kind: 'live',
      live: {
        ...liveAt(now, 1, `${name} is missing`),
        top: [{ name, destination: path.slice(0, 200), bytesOut: 1, bytesIn: 0 }],
      },
    })
    for (const hash of [...ROUTES, `#/alerts/${alert.id}`]) {
      await page.goto(`${new URL(page.url()).origin}/${hash}`)
      await page.getByText('<img src=x', { exact: false }).first().waitFor()
      await page.getByText('\\u{202E}').first().waitFor()
      assert.equal(
        await page.locator('main img, main b, main i, main u, main script').count(),
        0,
        hash,
      )
      assert.ok(!(await page.locator('body').innerText()).includes('\u202E'), hash)
      const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      assert.equal(wide, 0, `${hash} is not wider than the window`)
      assert.deepEqual(await accessibilityFaults(page), [], hash)
    }
    assert.equal(await page.evaluate('window.hit'), undefined)
    assert.deepEqual(watched.faults, [])
  })

  it('is used with the keyboard alone', async () => {
    const { agent, page, watched } = await scene()
    const now = nowUnixNs()
    const names = ['first', 'second', 'third']
    await tell(
      agent,
      ...names.map((name, index) =>
        alertFinding(
          upload(now, {
            seed: name,
            severity: index === 1 ? 'low' : 'high',
            openedAt: secondsBefore(now, index * 60),
            sentence: `${name} program sent 2 MB`,
          }),
        ),
      ),
    )
    const focused = () => page.evaluate<string>('document.activeElement.innerText')
    await page.getByRole('link', { name: /^third program/ }).waitFor()
    await page.keyboard.press('j')
    assert.match(await focused(), /^first/)
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    assert.match(await focused(), /^second/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'second program sent 2 MB' }).waitFor()
    await page.keyboard.press('j')
    await page.getByRole('heading', { name: 'third program sent 2 MB' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'Alerts' }).waitFor()
    await page.locator('[data-row]:focus').getByText('third program').waitFor()

    await page.keyboard.press('/')
    await page.keyboard.type('SECOND')
    await page.waitForURL(/#\/alerts\?q=SECOND$/)
    assert.equal(await page.locator('[data-row]').count(), 1)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.waitForURL(/#\/alerts$/)
    assert.equal(await page.locator('[data-row]').count(), 3)
    await page.getByRole('link', { name: 'Low', exact: true }).click()
    await page.waitForURL(/severity=low$/)
    assert.deepEqual(await page.locator('[data-row]').allInnerTexts(), ['second program sent 2 MB'])
    await page.reload()
    await page.getByRole('link', { name: /^second program/ }).waitFor()
    assert.equal(await page.locator('[data-row]').count(), 1, 'the address keeps the filter')
    assert.deepEqual(watched.faults, [])
  })

  it('shows identities as they are first seen, and finds them', async () => {
    const { agent, page, watched } = await scene()
    await page.getByRole('link', { name: /^Identities/ }).click()
    const now = nowUnixNs()
    const bash = identity('bash', 'platform', secondsBefore(now, 86_400))
    await tell(agent, sightingOf(bash, 'root'), sightingOf(probe(now), 'ada'))
    await page.getByRole('row').filter({ hasText: 'freshet-probe' }).waitFor()
    assert.match(await page.locator('tbody tr').first().innerText(), /freshet-probe[\s\S]*not yet/)
    const onNetwork = { ...probe(now), firstNetworkAt: now }
    await tell(
      agent,
      sightingOf(onNetwork, 'ada', 'network'),
      sightingOf(onNetwork, 'ada', 'destination', destination('203.0.113.77', 4433)),
    )
    const seen = page.getByRole('row').filter({ hasText: 'freshet-probe' })
    await seen.filter({ hasNotText: 'not yet' }).waitFor()
    assert.equal(await seen.locator('td').last().innerText(), '1')
    await page.getByRole('searchbox').fill('/usr/bin/bash')
    await seen.waitFor({ state: 'detached' })
    assert.match(await page.locator('tbody').innerText(), /^bash[\s\S]*Platform[\s\S]*root/)
    assert.deepEqual(watched.faults, [])
  })

  it('says on every page what a machine does not see, and what was lost', async () => {
    const { agent, page, watched } = await scene()
    const now = nowUnixNs()
    await tell(agent, {
      kind: 'health',
      at: now,
      health: { of: 'degraded', text: DEGRADED, count: 1 },
    })
    agent.send({ kind: 'live', live: { ...liveAt(now, 3, DEGRADED), lost: 1234 } })
    for (const hash of ROUTES) {
      await page.goto(`${new URL(page.url()).origin}/${hash}`)
      await page.getByRole('region', { name: 'Missing telemetry' }).getByText(DEGRADED).waitFor()
    }
    await page.getByRole('row', { name: 'Records lost 1,234' }).waitFor()
    await page.getByRole('row').filter({ hasText: 'restic' }).getByText('12.1 MB').waitFor()
    await page.getByRole('region', { name: 'Health events' }).getByText(DEGRADED).waitFor()
    agent.send({ kind: 'live', live: liveAt(nowUnixNs(), 4) })
    await page.getByRole('region', { name: 'Missing telemetry' }).waitFor({ state: 'detached' })
    assert.deepEqual(watched.faults, [])
  })

  it('has nothing that axe-core objects to, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { agent, page } = await scene({ colorScheme })
      assert.deepEqual(await accessibilityFaults(page), [], `${colorScheme}, empty`)
      const now = nowUnixNs()
      const severities = ['high', 'medium', 'low'] as const
      await tell(
        agent,
        ...severities.map((severity) => alertFinding(upload(now, { seed: severity, severity }))),
        sightingOf(probe(now), 'ada'),
      )
      agent.send({ kind: 'live', live: { ...liveAt(now, 3, DEGRADED), lost: 3 } })
      await page.getByText(DEGRADED).first().waitFor()
      for (const hash of ROUTES) {
        await page.goto(`${new URL(page.url()).origin}/${hash}`)
        await page.locator('main h1').waitFor()
        assert.deepEqual(await accessibilityFaults(page), [], `${colorScheme} ${hash}`)
      }
    }
  })

  it('shows a lost connection and loads what it missed when it is back', async () => {
    const { agent, page, relay } = await scene()
    relay.cut()
    await page.getByRole('alert').getByText('Connection lost.').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await tell(agent, alertFinding(upload(nowUnixNs())))
    relay.mend()
    await page.getByRole('row').filter({ hasText: 'freshet-probe-3f9c2a' }).waitFor()
    await page.getByText(`Live · ${HOSTNAME}`).waitFor()
    assert.equal(await page.getByRole('alert').count(), 0)
  })

  it('has its pictures in the documentation, made anew with UPDATE_SCREENSHOTS=1', async () => {
    const { agent, page } = await scene()
    const now = nowUnixNs()
    const rclone = identity('rclone', 'unsigned', secondsBefore(now, 400), '/home/ada/bin/rclone')
    const sync = identity(
      'sync-agent',
      'unsigned',
      secondsBefore(now, 7200),
      '/opt/vendor/sync-agent',
    )
    const alerts = [
      upload(now, { state: 'final', bytesOut: 8_388_608, openedAt: secondsBefore(now, 24) }),
      upload(now, {
        seed: 'rclone',
        identity: rclone,
        severity: 'medium',
        openedAt: secondsBefore(now, 340),
        to: destination('198.51.100.20', 443, 'upload.files.example.net'),
        bytesOut: 2_412_345_678,
        bytesIn: 48_211,
        sentence: 'rclone sent 2.41 GB to upload.files.example.net and got 48.2 kB back',
      }),
      upload(now, {
        seed: 'sync',
        identity: sync,
        severity: 'low',
        user: 'backup',
        state: 'final',
        openedAt: secondsBefore(now, 6900),
        to: destination('2001:db8:40::17', 22),
        bytesOut: 1_310_720,
        bytesIn: 12_400,
        sentence: 'sync-agent sent 1.31 MB to [2001:db8:40::17]:22 and got 12.4 kB back',
      }),
    ]
    for (let seconds = 70; seconds > 0; seconds--)
      agent.send({ kind: 'live', live: liveAt(secondsBefore(now, seconds), 70 - seconds) })
    await tell(agent, ...alerts.map(alertFinding), sightingOf(probe(now), 'ada'))
    await page.getByText('rclone sent').waitFor()
    const list = await page.screenshot()
    await page.getByRole('link', { name: /rclone sent/ }).click()
    await page.locator('.plot canvas').waitFor()
    await page.emulateMedia({ colorScheme: 'dark' })
    const alert = await page.screenshot({ fullPage: true })
    assert.ok(list.length > 20_000 && alert.length > 40_000, 'both show something')
    const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))
    if (process.env['UPDATE_SCREENSHOTS'] === '1') {
      mkdirSync(docs(''), { recursive: true })
      writeFileSync(docs('alerts.png'), list)
      writeFileSync(docs('alert-dark.png'), alert)
    }
    for (const name of ['alerts.png', 'alert-dark.png'])
      assert.ok(existsSync(docs(name)), `docs/${name}: run this test with UPDATE_SCREENSHOTS=1`)
  })
})
