// Names and paths come from whoever wrote the program: the page shows them as text.
import assert from 'node:assert/strict'
import { nowUnixNs } from '../../src/units.ts'
import { accessibilityFaults } from './browser.ts'
import { alertFinding, liveAt, sightingOf } from './samples.ts'
import { probe, ROUTES, stage, upload } from './scene.ts'

describe('page and hostile names', () => {
  const { scene } = stage()

  it('shows hostile names as the text they are', async () => {
    const { agent, page, show, tell, watched } = await scene({
      viewport: { width: 800, height: 800 },
    })
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
    const another = { ...alert, id: '0'.repeat(32), sentence: `${name} again` }
    await tell(alertFinding(another), alertFinding(alert), sightingOf(hostile, '<u>x</u>'))
    agent.send({
      kind: 'live',
      live: {
        ...liveAt(now, 1, `${name} is missing`),
        top: [{ name, destination: path.slice(0, 200), bytesOut: 1, bytesIn: 0 }],
      },
    })
    for (const hash of [...ROUTES, `#/alerts/${alert.id}`]) {
      await show(hash)
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
})
