// Chromium from the npm package, for tests that look at the page.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import chromium, { inflate } from '@sparticuz/chromium'
import axe, { type AxeResults } from 'axe-core'
import {
  type Browser,
  type BrowserContextOptions,
  chromium as driver,
  type Page,
} from 'playwright-core'
import { WAIT_MS } from '../waits.ts'

// The package's own list turns off web security; the page is to be seen with it.
const ARGS = ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none']

/**
 * Starts it; rejects when it cannot run here. It needs NSS and NSPR: Debian's libnss3, else those the
 * package carries.
 */
export async function launchChromium(): Promise<Browser> {
  const executablePath = await chromium.executablePath()
  try {
    return await driver.launch({ executablePath, args: ARGS })
  } catch {
    const carried = fileURLToPath(
      new URL('../bin/al2023.tar.br', import.meta.resolve('@sparticuz/chromium')),
    )
    const libraries = join(await inflate(carried), 'lib')
    const env = { ...process.env, LD_LIBRARY_PATH: libraries } as Record<string, string>
    return await driver.launch({ executablePath, args: ARGS, env })
  }
}

let noBrowser: Promise<string | undefined> | undefined

/** undefined when it starts here and ends again; else why it does not. */
export function whyNoBrowser(): Promise<string | undefined> {
  noBrowser ??= launchChromium().then(
    (browser) => browser.close().then(() => undefined),
    (error: Error) =>
      `Chromium cannot start (${error.message.split('\n')[0]}): apt-get install libnss3`,
  )
  return noBrowser
}

/** A page and what went wrong in it. */
export type Watched = {
  page: Page
  /** Console errors, uncaught exceptions, requests to other origins. Content-Security-Policy breaches are among them. */
  faults: string[]
}

/** A page in a context of its own. `origin` is the only one it may ask. */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({
    locale: 'en-US',
    timezoneId: 'UTC',
    viewport: { width: 1280, height: 860 },
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(WAIT_MS)
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`asked ${request.url()}`)
  })
  return { page, faults }
}

/**
 * Waits for a tab that shows `title` at `url`, whoever opened it. Asks the browser for its tabs, not the driver: in 3 of 13
 * runs of one test Chromium 153 told Playwright 1.65 of no `Page.frameNavigated` of a tab that a link had opened, though it
 * had loaded and shown all it was to show; the driver then makes no page of it, or waits for its navigation for ever.
 */
export async function tabShown(browser: Browser, url: string, title: string): Promise<void> {
  const session = await browser.newBrowserCDPSession()
  const untilMs = performance.now() + WAIT_MS
  try {
    // Of a title that changes the browser tells nothing, so it is asked.
    for (;;) {
      const { targetInfos } = await session.send('Target.getTargets')
      if (targetInfos.some((tab) => tab.url === url && tab.title === title)) return
      const tabs = targetInfos.map((tab) => `${tab.url} "${tab.title}"`).join(', ')
      if (performance.now() > untilMs) throw new Error(`no tab shows "${title}": ${tabs}`)
      await setTimeout(50)
    }
  } finally {
    await session.detach()
  }
}

/** What axe-core finds wrong on the page as it is: rule, element, advice. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>('axe.run()')
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 200)}: ${node.failureSummary}`),
  )
}

/** Whether the page has been built. */
export const pageIsBuilt = (): boolean =>
  existsSync(fileURLToPath(new URL('../../src/collector/web/dist/index.html', import.meta.url)))

/** A directory that `remove` takes away. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'freshet-page-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
