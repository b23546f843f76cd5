// The pictures of the page in the documentation, of a real run: Freshet on this machine, two uploads of
// `simulate`, and what the page shows of them. UPDATE_SCREENSHOTS=1 takes them anew.
// Other programs that upload stand in the way: `unshare -n` keeps the connections of a busy machine out.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { leaveOut } from '../left-out.ts'
import { launchChromium, openPage, whyNoBrowser } from '../web/browser.ts'
import { type Installation, startInstallation } from './installation.ts'

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const PICTURES = ['watching.png', 'alerts.png', 'alert.png', 'alert-dark.png']
/** Narrow enough that the parts of an alert stand one below the other, and sharp on a fine screen. */
const ALERT_VIEW = { viewport: { width: 720, height: 900 }, deviceScaleFactor: 2 }

/** One upload; the end of simulate is that of its alert. Gives the alert's id. */
async function simulate(installation: Installation, args: string[]): Promise<string> {
  const ran = await installation.freshet(['simulate', 'upload', ...args])
  assert.equal(ran.status, 0, `${ran.stdout}\n${ran.stderr}`)
  return /#\/alerts\/([0-9a-f]{32})/.exec(ran.stdout)?.[1] as string
}

/** The alert down to its reasons: what comes below names programs of the machine it was taken on. */
async function shotOfAlert(page: Page): Promise<Buffer> {
  await page.locator('.plot canvas').waitFor()
  const end = await page.getByRole('region', { name: 'Why this is unusual' }).boundingBox()
  assert.ok(end)
  const height = Math.ceil(end.y + end.height + 16)
  return page.screenshot({
    fullPage: true,
    clip: { x: 0, y: 0, width: ALERT_VIEW.viewport.width, height },
  })
}

describe('pictures in the documentation', function () {
  this.timeout(180_000)

  it('are there, and the README shows the list and one alert', () => {
    for (const name of PICTURES)
      assert.ok(
        existsSync(root(`docs/${name}`)),
        `docs/${name}: run this file with UPDATE_SCREENSHOTS=1`,
      )
    const readme = readFileSync(root('README.md'), 'utf8')
    for (const name of ['alerts.png', 'alert.png'])
      assert.ok(readme.includes(`](docs/${name})`), name)
  })

  if (process.env['UPDATE_SCREENSHOTS'] !== '1') return

  it('are taken of a real run with UPDATE_SCREENSHOTS=1', async function () {
    leaveOut(this, await whyNoBrowser())
    // Where simulate puts its program is in the picture.
    process.env['TMPDIR'] = '/tmp'
    const installation = await startInstallation()
    const browser = await launchChromium()
    const save = (name: string, picture: Buffer) => writeFileSync(root(`docs/${name}`), picture)
    try {
      const { page } = await openPage(browser, installation.origin)
      const { hostname } = await installation.connected()
      await page.goto(installation.pageUrl)
      await page.getByText(`Live · ${hostname}`).waitFor()
      await page.getByRole('heading', { name: 'Nothing unusual so far' }).waitFor()
      // Lines of the last half minute.
      await sleep(30_000)
      await page.getByRole('heading', { name: 'Nothing unusual so far' }).waitFor()
      await page.setViewportSize({ width: 1280, height: 710 })
      save('watching.png', await page.screenshot())

      await simulate(installation, ['--mb', '2', '--flows', '3', '--seconds', '2'])
      const id = await simulate(installation, ['--mb', '8'])
      // Anew, without the emphasis on what has just arrived, and no other program of this machine.
      await page.goto(`${installation.origin}/#/alerts?q=freshet-simulate`)
      await page.reload()
      await page.locator('tbody tr').nth(1).waitFor()
      await page.setViewportSize({ width: 1280, height: 420 })
      save('alerts.png', await page.screenshot())

      const alert = await openPage(browser, installation.origin, ALERT_VIEW)
      await alert.page.goto(installation.pageUrl)
      await alert.page.getByText(`Live · ${hostname}`).waitFor()
      await alert.page.goto(`${installation.origin}/#/alerts/${id}`)
      await alert.page.getByText('Final figures').waitFor()
      save('alert.png', await shotOfAlert(alert.page))
      await alert.page.emulateMedia({ colorScheme: 'dark' })
      save('alert-dark.png', await shotOfAlert(alert.page))
    } finally {
      await browser.close()
      await installation.stop()
    }
  })
})
