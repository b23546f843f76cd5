// What the browser tests share: a collector, an agent connected to it, and a page that is signed in.
import assert from 'node:assert/strict'
import type { Browser, Page } from 'playwright-core'
import type { Alert, Finding } from '../../src/engine/finding.ts'
import type { UnixNs } from '../../src/units.ts'
import { Agent, DEVICE_A, itemOf, type Running, runCollector } from '../collector/agent.ts'
import { leaveOut } from '../left-out.ts'
import {
  launchChromium,
  openPage,
  pageIsBuilt,
  temporaryDirectory,
  type Watched,
  whyNoBrowser,
} from './browser.ts'
import { type Relay, relayTo } from './relay.ts'
import { type AlertFacts, alertOf, destination, identity, secondsBefore } from './samples.ts'

export const HOSTNAME = 'build-07.example.org'
export const DEGRADED =
  'Connections are read once a second only, because tracefs is not mounted: run `mount -t tracefs none /sys/kernel/tracing`.'
/** Every list of the page. */
export const ROUTES = ['#/alerts', '#/identities', '#/machine']

export type Scene = {
  running: Running
  agent: Agent
  /** Between browser and collector; its address is the page's. */
  relay: Relay
  watched: Watched
  page: Page
  /** Sends findings and waits until they are stored. */
  tell: (...findings: Finding[]) => Promise<void>
  /** Shows a route without loading the document again. */
  show: (hash: string) => Promise<unknown>
}

type PageOptions = Parameters<typeof openPage>[2]

/**
 * For a describe: starts Chromium before its tests (skipping them, with the reason, where it cannot), and
 * ends after each test what the test began.
 */
export function stage(): {
  browser: () => Browser
  scene: (options?: PageOptions) => Promise<Scene>
  /** Runs after the present test, last added first. */
  ending: (end: () => unknown) => void
} {
  let browser: Browser
  const endings: (() => unknown)[] = []
  before(async function () {
    assert.ok(pageIsBuilt(), 'the page is not built: run `node scripts/setup.mjs`')
    leaveOut(this, await whyNoBrowser())
    browser = await launchChromium()
  })
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end()
  })
  after(() => browser?.close())

  async function scene(options: PageOptions = {}): Promise<Scene> {
    const directory = temporaryDirectory()
    endings.push(() => directory.remove())
    const running = await runCollector({}, directory.path)
    endings.push(() => running.stop())
    const relay = await relayTo(running.collector.port)
    endings.push(() => relay.close())
    const agent = await new Agent(running.socket).opened()
    endings.push(() => agent.close())
    await agent.hello(DEVICE_A, HOSTNAME)
    const watched = await openPage(browser, relay.url, options)
    const { page } = watched
    endings.push(() => page.context().close())
    await page.goto(`${relay.url}/#key=${running.key}`)
    await page.getByText(`Live · ${HOSTNAME}`).waitFor()
    let sequence = 0
    return {
      running,
      agent,
      relay,
      watched,
      page,
      show: (hash) => page.goto(`${relay.url}/${hash}`),
      async tell(...findings) {
        const ack = await agent.deliver(findings.map((finding) => itemOf(++sequence, finding)))
        assert.deepEqual(ack, { throughSequence: sequence, rejects: [] })
      },
    }
  }

  return { browser: () => browser, scene, ending: (end) => endings.push(end) }
}

/** A program that nobody has seen before `now`. */
export const probe = (now: UnixNs) =>
  identity('freshet-probe-3f9c2a', 'unsigned', secondsBefore(now, 12), '/tmp/freshet-probe-3f9c2a')

/** Its upload, which got nothing back. */
export const upload = (now: UnixNs, change: Partial<AlertFacts> = {}): Alert =>
  alertOf({
    seed: 'upload',
    identity: probe(now),
    severity: 'high',
    to: destination('203.0.113.77', 4433),
    openedAt: now,
    bytesOut: 2_097_152,
    bytesIn: 0,
    sentence: 'freshet-probe-3f9c2a sent 2.1 MB to 203.0.113.77:4433 and got nothing back',
    ...change,
  })
