// People say what they make of an alert: on its page, in the list, beside each other.
import assert from 'node:assert/strict'
import { nowUnixNs } from '../../src/units.ts'
import { accessibilityFaults, openPage } from './browser.ts'
import { alertFinding, destination } from './samples.ts'
import { stage, upload } from './scene.ts'

describe('page and triage', () => {
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

  it('leaves what is closed out of the list, counts it, and lists it again when it has grown', async () => {
    const { page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    const names = ['first', 'second', 'third', 'fourth']
    const of = (seed: string, change = {}) =>
      upload(now, {
        seed,
        sentence: `the ${seed}`,
        to: destination('203.0.113.77', 5000 + names.indexOf(seed)),
        ...change,
      })
    await tell(...names.slice(0, 3).map((seed) => alertFinding(of(seed))))
    const rows = () => page.locator('[data-row]').allInnerTexts()
    /** Exactly these rows, in any order. */
    const until = async (expected: string[]) => {
      const others = names.filter((name) => !expected.includes(`the ${name}`))
      for (const text of expected) await page.getByRole('link', { name: text }).waitFor()
      for (const name of others)
        await page.getByRole('link', { name: `the ${name}` }).waitFor({ state: 'detached' })
      assert.deepEqual((await rows()).toSorted(), expected.toSorted())
    }
    await until(['the first', 'the second', 'the third'])
    await page.getByRole('link', { name: 'the second' }).click()
    await page.getByLabel('Your name').fill('Ada')
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.getByText('says Ada').waitFor()
    await page.getByRole('link', { name: '← Alerts' }).click()
    await until(['the first', 'the third'])
    await page.getByText('1 closed not shown').waitFor()
    await page.getByText('2 alerts.', { exact: true }).waitFor()
    const status = page.getByLabel('Status')
    assert.deepEqual(await status.getByRole('option').allInnerTexts(), [
      'Not closed (2)',
      'Open (2)',
      'Acknowledged (0)',
      'Closed (1)',
      'All (3)',
    ])
    await status.selectOption('closed')
    await until(['the second'])
    await page.getByText('Closed by Ada').waitFor()
    assert.equal(new URL(page.url()).hash, '#/alerts?status=closed')
    assert.deepEqual(await accessibilityFaults(page), [])
    // A search looks at what is not closed, and says what it leaves out.
    await show('#/alerts?q=second')
    await page.getByText('1 closed not shown').waitFor()
    assert.deepEqual(await rows(), [])
    await status.selectOption('all')
    await until(['the second'])
    await show('#/alerts')
    await until(['the first', 'the third'])
    // A revision that brings nothing changes nothing; one that brings more lists it again.
    await tell(alertFinding(of('second', { revision: 2 })), alertFinding(of('fourth')))
    await until(['the first', 'the fourth', 'the third'])
    await tell(alertFinding(of('second', { revision: 3, bytesOut: 90_000_000 })))
    await until(['the first', 'the fourth', 'the second', 'the third'])
    await page.getByText('since then 87.9 MB more out').waitFor()
    assert.deepEqual(watched.faults, [])
  })
})
