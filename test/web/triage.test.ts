// People say what they make of an alert: on its page, in the list, beside each other.
import assert from 'node:assert/strict'
import { nowUnixNs } from '../../src/units.ts'
import { accessibilityFaults, openPage } from './browser.ts'
import { alertFinding } from './samples.ts'
import { stage, upload } from './scene.ts'

describe('page and triage', function () {
  this.timeout(120_000)
  const { scene, browser, ending } = stage()

  it('keeps status, note and name, and shows them as what a person wrote', async () => {
    const { page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    const alert = upload(now)
    await tell(alertFinding(alert))
    await show(`#/alerts/${alert.id}`)
    const triage = page.getByRole('region', { name: 'Triage' })
    await triage.getByText('nobody has said anything of it yet').waitFor()
    await triage.getByRole('button', { name: 'Acknowledge' }).click()
    await triage.getByText('Type your name first').waitFor()
    await triage.getByLabel('Your name').fill('Ada')
    await triage.getByLabel('Note').fill('<img src=x onerror=alert(1)>\nasked \u202Ethe owner')
    await triage.getByRole('button', { name: 'Acknowledge' }).click()
    await triage.getByText('says Ada').waitFor()
    const notes = await triage.locator('.note').allInnerTexts()
    assert.deepEqual(notes, ['<img src=x onerror=alert(1)>', 'asked \\u{202E}the owner'])
    assert.equal(await triage.getByLabel('Note').inputValue(), '', 'it is kept')
    assert.deepEqual(await accessibilityFaults(page), [])
    // The name is known from now on, in this browser.
    await page.reload()
    await triage.getByText('says Ada').waitFor()
    assert.equal(await triage.getByLabel('Your name').inputValue(), 'Ada')
    await triage.getByRole('button', { name: 'Close', exact: true }).click()
    await page.locator('.headline').getByText('Closed by Ada').waitFor()
    // The agent goes on: what was said stays, and what was closed has grown.
    await tell(alertFinding(upload(now, { revision: 2, bytesOut: alert.bytesOut + 5_000_000 })))
    await triage.getByText('Since then 5.00 MB more out.').waitFor()
    await page
      .locator('.headline')
      .getByText('Closed by Ada, since then 5.00 MB more out')
      .waitFor()
    await triage.getByRole('button', { name: 'Open again' }).click()
    await triage.getByText('Open since').waitFor()
    assert.equal(await triage.getByRole('listitem').count(), 3)
    assert.deepEqual(watched.faults, [])
  })

  it('tells of two people the second what the first said, and keeps what the second wrote', async () => {
    const { page, relay, running, tell } = await scene()
    const alert = upload(nowUnixNs())
    await tell(alertFinding(alert))
    const other = await openPage(browser(), relay.url)
    ending(() => other.page.context().close())
    await other.page.goto(`${relay.url}/#key=${running.key}`)
    for (const one of [page, other.page]) {
      await one.getByRole('link', { name: 'freshet-probe' }).first().click()
      await one.getByLabel('Your name').waitFor()
    }
    await page.getByLabel('Your name').fill('Ada')
    await other.page.getByLabel('Your name').fill('Bo')
    await other.page.getByLabel('Note').fill('a note of mine')
    // The second page does not hear of it: its connection is held.
    await other.page.route('**/api/alerts/*', (route) => route.abort())
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.getByText('says Ada').waitFor()
    await other.page.getByRole('button', { name: 'Acknowledge' }).click()
    await other.page.getByText('Nothing was kept').waitFor()
    assert.equal(await other.page.getByLabel('Note').inputValue(), 'a note of mine')
    await other.page.unroute('**/api/alerts/*')
    await other.page.reload()
    await other.page.getByText('says Ada').waitFor()
    assert.equal(await other.page.locator('.said li').count(), 1, 'nothing was overwritten')
  })

  it('shows at once on other pages what was said', async () => {
    const { page, relay, running, tell } = await scene()
    const alert = upload(nowUnixNs())
    await tell(alertFinding(alert))
    const other = await openPage(browser(), relay.url)
    ending(() => other.page.context().close())
    await other.page.goto(`${relay.url}/#key=${running.key}`)
    for (const one of [page, other.page]) {
      await one.getByRole('link', { name: 'freshet-probe' }).first().click()
      await one.getByLabel('Your name').waitFor()
    }
    await page.getByLabel('Your name').fill('Ada')
    await page.getByRole('button', { name: 'Acknowledge' }).click()
    await other.page.locator('.headline').getByText('Acknowledged by Ada').waitFor()
    await other.page.getByLabel('Your name').fill('Bo')
    await other.page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.locator('.headline').getByText('Closed by Bo').waitFor()
  })
})
