// The page for those who use the keyboard, a screen reader, or little contrast.
import assert from 'node:assert/strict'
import { nowUnixNs } from '../../src/units.ts'
import { accessibilityFaults } from './browser.ts'
import { alertFinding, destination, liveAt, secondsBefore, sightingOf } from './samples.ts'
import { DEGRADED, probe, ROUTES, stage, upload } from './scene.ts'

describe('page and access', () => {
  const { scene } = stage()

  it('is used with the keyboard alone', async () => {
    const { page, tell, watched } = await scene()
    const now = nowUnixNs()
    const names = ['first', 'second', 'third']
    await tell(
      ...names.toReversed().map((name, index) =>
        alertFinding(
          upload(now, {
            seed: name,
            severity: index === 1 ? 'low' : 'high',
            to: destination('203.0.113.77', 4433 + index),
            openedAt: secondsBefore(now, (2 - index) * 60),
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
    await page.getByText('1 alert found.').waitFor()
    assert.equal(await page.locator('[data-row]').count(), 1)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.waitForURL(/#\/alerts$/)
    await page.getByText('3 alerts.', { exact: true }).waitFor()
    assert.equal(await page.locator('[data-row]').count(), 3)
    await page.getByRole('link', { name: 'Low', exact: true }).click()
    await page.waitForURL(/severity=low$/)
    await page.getByText('1 alert found.').waitFor()
    assert.deepEqual(await page.locator('[data-row]').allInnerTexts(), ['second program sent 2 MB'])
    await page.reload()
    await page.getByRole('link', { name: /^second program/ }).waitFor()
    assert.equal(await page.locator('[data-row]').count(), 1, 'the address keeps the filter')
    assert.deepEqual(watched.faults, [])
  })

  it('has nothing that axe-core objects to, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { agent, page, show, tell } = await scene({ colorScheme })
      assert.deepEqual(await accessibilityFaults(page), [], `${colorScheme}, empty`)
      const now = nowUnixNs()
      const severities = ['high', 'medium', 'low'] as const
      await tell(
        ...severities.map((severity) => alertFinding(upload(now, { seed: severity, severity }))),
        sightingOf(probe(now), 'ada'),
      )
      agent.send({ kind: 'live', live: { ...liveAt(now, 3, DEGRADED), lost: 3 } })
      await page.getByText(DEGRADED).first().waitFor()
      for (const hash of ROUTES) {
        await show(hash)
        await page.locator('main h1').waitFor()
        assert.deepEqual(await accessibilityFaults(page), [], `${colorScheme} ${hash}`)
      }
    }
  })
})
