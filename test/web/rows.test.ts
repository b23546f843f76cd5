// Rows of the page's lists: each opens wherever it is clicked, at the width of a phone and of a desk.
import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'
import { nowUnixNs } from '../../src/units.ts'
import { DEVICE_A } from '../collector/agent.ts'
import { accessibilityFaults } from './browser.ts'
import { alertFinding, identity, secondsBefore, sightingOf } from './samples.ts'
import { probe, stage, upload } from './scene.ts'

const WIDTHS_PX = [390, 1280]

describe('rows of the page', () => {
  const { scene } = stage()

  /** Clicks a point of the row, given as shares of its width and height. */
  async function clickAt(page: Page, row: Locator, across: number, down: number): Promise<void> {
    const box = await row.boundingBox()
    assert.ok(box)
    await page.mouse.click(box.x + box.width * across, box.y + box.height * down)
  }

  for (const width of WIDTHS_PX)
    it(`open an alert wherever they are clicked, at ${width} px`, async () => {
      const { page, tell, show, watched } = await scene({ viewport: { width, height: 800 } })
      const now = nowUnixNs()
      const alert = upload(now)
      await tell(alertFinding(alert))
      const row = page.getByRole('row').filter({ hasText: 'freshet-probe-3f9c2a' })
      await row.waitFor()
      const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      assert.equal(wide, 0, 'the list is not wider than the window')
      for (const [across, down] of [
        [0.5, 0.5],
        [0.05, 0.5],
        [0.5, 0.96],
        [0.97, 0.5],
      ] as const) {
        await clickAt(page, row, across, down)
        await page.getByRole('heading', { level: 1, name: alert.sentence }).waitFor()
        assert.match(page.url(), new RegExp(`#/alerts/${alert.id}\\?device=`), `${across}, ${down}`)
        await show('#/alerts')
        await row.waitFor()
      }
      await row.getByText('High').click()
      await page.getByRole('heading', { level: 1, name: alert.sentence }).waitFor()
      assert.deepEqual(watched.faults, [])
    })

  it('are left by Escape, with the keyboard where it was, and opened by Enter', async () => {
    const { page, tell } = await scene()
    const alert = upload(nowUnixNs())
    await tell(alertFinding(alert))
    await page.getByRole('row').filter({ hasText: 'freshet-probe' }).getByText('High').click()
    const heading = page.getByRole('heading', { level: 1, name: alert.sentence })
    await heading.waitFor()
    await page.keyboard.press('Escape')
    await heading.waitFor({ state: 'detached' })
    await page.locator(`a[data-row="${alert.id} ${DEVICE_A}"]:focus`).waitFor()
    await page.keyboard.press('Enter')
    await heading.waitFor()
  })

  it('do not open when a text in them has been selected', async () => {
    const { page, tell } = await scene()
    await tell(alertFinding(upload(nowUnixNs())))
    const row = page.getByRole('row').filter({ hasText: 'freshet-probe' })
    // A double click selects a word; its first click would already have left.
    await row.waitFor()
    await page.evaluate("getSelection().selectAllChildren(document.querySelector('tbody td.wide'))")
    await page.evaluate("document.querySelector('tbody td.wide').click()")
    assert.match(page.url(), /#\/alerts$/)
    await page.evaluate('getSelection().removeAllRanges()')
    await page.evaluate("document.querySelector('tbody td.wide').click()")
    await page.waitForURL(/#\/alerts\/[0-9a-f]{32}\?device=[0-9a-f-]+$/)
  })

  it('show a whole sentence on a phone', async () => {
    const { page, tell } = await scene({ viewport: { width: 390, height: 800 } })
    const sentence = `freshet-probe-3f9c2a sent ${'much more than it ever got, '.repeat(12)}the end`
    await tell(alertFinding(upload(nowUnixNs(), { sentence })))
    const link = page.getByRole('link', { name: sentence })
    await link.waitFor()
    assert.ok(
      ((await link.boundingBox())?.height ?? 0) > 100,
      'more than the three lines of a wide list',
    )
  })

  it('say while an upload goes on that figures are the least, and of when', async () => {
    const { page, tell } = await scene()
    const now = nowUnixNs()
    await tell(alertFinding(upload(now)))
    const row = page.getByRole('row').filter({ hasText: 'freshet-probe' })
    await row.getByText(/Still sending: at least this much, as of \d\d:\d\d:\d\d/).waitFor()
    await row.getByRole('link').click()
    const header = page.getByRole('article').locator('header')
    await header.getByText(/Still sending: at least this much, as of \d\d:\d\d:\d\d/).waitFor()
    await header.getByText('Out, at least', { exact: true }).waitFor()
    await tell(alertFinding(upload(now, { revision: 2, state: 'final' })))
    await header.getByText('Final figures').waitFor()
    await header.getByText('Out', { exact: true }).waitFor()
    assert.equal(await header.getByText('at least').count(), 0)
  })

  for (const width of WIDTHS_PX)
    it(`tell identities of one name apart and open into what is known of each, at ${width} px`, async () => {
      const { page, tell, show, watched } = await scene({ viewport: { width, height: 800 } })
      const now = nowUnixNs()
      const own = probe(now)
      const curl = identity('curl', 'platform', secondsBefore(now, 5))
      const acting = { ...curl, key: `${curl.key} via ${own.key}` }
      const about = upload(now, { identity: acting, sentence: 'curl sent 2.1 MB' })
      await tell(
        sightingOf(own, 'ada'),
        sightingOf(curl, 'root'),
        sightingOf(acting, 'ada', 'identity'),
        alertFinding(about),
      )
      await show('#/identities')
      const short = own.sha256.slice(0, 12)
      const row = page.getByRole('row').filter({ hasText: 'acting for' })
      await row.getByText(`${own.name} ${short}`).waitFor()
      await row.getByText(curl.sha256.slice(0, 12)).waitFor()
      assert.equal(await page.getByRole('row').filter({ hasText: '/usr/bin/curl' }).count(), 2)
      await clickAt(page, row, 0.5, 0.5)
      const panel = page.getByRole('region', { name: 'What identifies it' })
      await panel.getByText(curl.sha256, { exact: true }).waitFor()
      await panel.getByRole('button', { name: `Copy ${curl.sha256}` }).waitFor()
      assert.ok((await panel.innerText()).includes('via unsigned:sha256:'))
      assert.match(
        await page.getByRole('article').locator('header').innerText(),
        /First run by\s+ada[\s\S]*Destinations\s+0[\s\S]*First network use\s+not yet/,
      )
      assert.deepEqual(await accessibilityFaults(page), [])
      const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      assert.equal(wide, 0, 'the page is not wider than the window')
      // Its address alone is enough, also where the list does not hold it.
      await page.reload()
      await panel.getByText(curl.sha256, { exact: true }).waitFor()
      await page.getByRole('region', { name: 'Its alerts' }).getByText('High').click()
      await page.getByRole('heading', { level: 1, name: 'curl sent 2.1 MB' }).waitFor()
      await page.getByRole('link', { name: 'All that is known of this program' }).click()
      await panel.getByRole('link', { name: own.name }).click()
      await page.getByRole('heading', { level: 1, name: own.name }).waitFor()
      assert.deepEqual(watched.faults, [])
    })

  it('say so when no machine has told of an identity', async () => {
    const { page, show } = await scene()
    await show('#/identities/nowhere/unsigned:sha256:00')
    await page.getByText('No machine has told of this identity.').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
  })
})
