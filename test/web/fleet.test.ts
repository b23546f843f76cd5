// Machines that enrolled, on the page: who waits, whose they are, and what a person does about them.
import assert from 'node:assert/strict'
import { nowUnixNs } from '../../src/units.ts'
import { Agent, DEVICE_A, itemOf, liveOf } from '../collector/agent.ts'
import { runFleet } from '../collector/enrolled.ts'
import { accessibilityFaults, openPage } from './browser.ts'
import { alertFinding } from './samples.ts'
import { stage, upload } from './scene.ts'

describe('page and enrolled machines', () => {
  const { browser, ending } = stage()

  const begin = async (width?: number) => {
    const fleet = await runFleet()
    ending(() => fleet.stop())
    const identity = await fleet.enrol(DEVICE_A)
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    ending(() => agent.close())
    await agent.hello(DEVICE_A, 'mac-1')
    agent.send({ kind: 'live', live: liveOf() })
    const watched = await openPage(
      browser(),
      fleet.collector.url,
      width === undefined ? {} : { viewport: { width, height: 800 } },
    )
    ending(() => watched.page.context().close())
    await watched.page.goto(`${fleet.collector.url}/#key=${fleet.key}`)
    await watched.page.getByText('Live · mac-1').waitFor()
    return { fleet, agent, ...watched, page: watched.page }
  }

  it('wait to be admitted, and are called, grouped and owned by what a person types', async () => {
    const { fleet, page, faults } = await begin()
    await page.goto(`${fleet.collector.url}/#/machine`)
    await page.getByText('One waits for somebody to admit it').waitFor()
    const enrolment = page.getByRole('region', { name: 'Enrolment of mac-1' })
    await enrolment.getByRole('button', { name: 'Change' }).click()
    await enrolment.getByLabel('Name').fill('<b>Ana</b>')
    await enrolment.getByLabel('Group').fill('berlin')
    await enrolment.getByLabel('Owner').fill('Ana')
    await enrolment.getByRole('button', { name: 'Keep' }).click()
    await enrolment.getByText('Kept.').waitFor()
    await enrolment.getByRole('button', { name: 'Admit' }).click()
    await enrolment.getByText('Admitted.').waitFor()
    const row = page.locator('.roster tbody tr').first()
    await row.getByText('<b>Ana</b>').waitFor()
    assert.match((await row.innerText()).replaceAll(/\s+/g, ' '), /Admitted berlin Ana 0\.1\.0/)
    assert.deepEqual(await accessibilityFaults(page), [])
    const kept = fleet.withRegistry((registry) => registry.device(DEVICE_A))
    assert.deepEqual(
      [kept?.name, kept?.group, kept?.owner, kept?.standing],
      ['<b>Ana</b>', 'berlin', 'Ana', 'active'],
    )
    assert.deepEqual(faults, [])
  })

  it('are thrown out by two clicks, and not by one', async () => {
    const { fleet, agent, page } = await begin()
    await page.goto(`${fleet.collector.url}/#/machine`)
    const enrolment = page.getByRole('region', { name: 'Enrolment of mac-1' })
    await enrolment.getByRole('button', { name: 'Change' }).click()
    await enrolment.getByRole('button', { name: 'Revoke' }).click()
    await enrolment.getByText('Its connection ends').waitFor()
    const standing = () => fleet.withRegistry((registry) => registry.device(DEVICE_A)?.standing)
    assert.equal(standing(), 'quarantined')
    await enrolment.getByRole('button', { name: 'Yes, revoke it' }).click()
    assert.equal((await agent.closed).code, 4003)
    await enrolment.getByText('Revoked, group').waitFor()
    assert.equal(standing(), 'revoked')
  })

  it('mark their alerts while nobody has admitted them', async () => {
    const { fleet, agent, page } = await begin()
    const alert = upload(nowUnixNs())
    await agent.deliver([itemOf(1, alertFinding(alert))])
    await page.locator('.standing-mark:visible').first().waitFor()
    assert.equal(await page.locator('.standing-mark:visible').first().innerText(), 'Quarantined')
    await page.goto(`${fleet.collector.url}/#/alerts/${alert.id}`)
    await page.locator('.figures .standing-mark').waitFor()
    await page.goto(`${fleet.collector.url}/#/machine`)
    const enrolment = page.getByRole('region', { name: 'Enrolment of mac-1' })
    await enrolment.getByRole('button', { name: 'Change' }).click()
    await enrolment.getByRole('button', { name: 'Admit' }).click()
    await enrolment.getByText('Admitted.').waitFor()
    await page.goto(`${fleet.collector.url}/#/alerts/${alert.id}`)
    await page.locator('.figures').first().waitFor()
    assert.equal(await page.locator('.standing-mark').count(), 0)
  })

  for (const width of [320, 390])
    it(`fit a screen of ${width}`, async () => {
      const { fleet, page } = await begin(width)
      await page.goto(`${fleet.collector.url}/#/machine`)
      const enrolment = page.getByRole('region', { name: 'Enrolment of mac-1' })
      await enrolment.getByRole('button', { name: 'Change' }).click()
      await enrolment.getByLabel('Owner').waitFor()
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      assert(wide <= width, `${wide}`)
    })
})
