// The key of a collector in browsers: where it is kept, who gets it, and what happens when it is refused.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { nowUnixNs } from '../../src/units.ts'
import { tabShown } from './browser.ts'
import { alertFinding } from './samples.ts'
import { HOSTNAME, stage, upload } from './scene.ts'

describe('page: its key', () => {
  const { browser, ending, scene } = stage()

  it('reaches no other port of this machine', async () => {
    const { page, running } = await scene()
    const asked: IncomingHttpHeaders[] = []
    const other = createServer(({ headers }, response) => {
      asked.push(headers)
      response.end('other')
    }).listen(0, '127.0.0.1')
    ending(() => other.close())
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    // In the same browser, also with what it would send by itself.
    const tab = await page.context().newPage()
    await tab.goto(`http://127.0.0.1:${port}/`)
    assert.deepEqual(await tab.evaluate('Object.keys(sessionStorage)'), [])
    assert.ok(asked.length > 0)
    for (const headers of asked) {
      assert.equal(headers.cookie, undefined)
      assert.equal(headers.authorization, undefined)
      assert.ok(!JSON.stringify(headers).includes(running.key))
    }
    assert.deepEqual(await page.context().cookies(), [])
  })

  it('lasts over a reload, and reaches a tab that is opened beside one', async () => {
    const { page, relay } = await scene()
    await page.reload()
    await page.getByText(`Live · ${HOSTNAME}`).waitFor()
    await page.getByRole('link', { name: 'Machine' }).click({ modifiers: ['Control'] })
    // Without the key its title is not that of a page of the collector's.
    await tabShown(browser(), `${relay.url}/#/machine`, 'Machine · Freshet')
    const typed = await page.context().newPage()
    await typed.goto(`${relay.url}/#/identities`)
    await typed.getByText(`Live · ${HOSTNAME}`).waitFor()
    assert.match(typed.url(), /#\/identities$/)
  })

  it('is asked for in a tab that is opened when no other is', async () => {
    const { page, relay } = await scene()
    const context = page.context()
    await page.close()
    const later = await context.newPage()
    await later.goto(`${relay.url}/`)
    await later.getByLabel('Key of this collector').waitFor()
    await later.getByText('freshet page').waitFor()
  })

  it('is taken from an address that is opened in a tab that asks for it', async () => {
    const { page, relay, running } = await scene()
    await page.evaluate('sessionStorage.clear()')
    await page.goto(`${relay.url}/#key=${'x'.repeat(43)}`)
    await page.getByText('The key is not that of this collector.').waitFor()
    assert.equal(await page.evaluate('sessionStorage.length'), 0)
    await page.goto(`${relay.url}/#key=${running.key}`)
    await page.getByText(`Live · ${HOSTNAME}`).waitFor()
    assert.ok(!page.url().includes(running.key), page.url())
  })

  it('is kept where an answer to another one comes late', async () => {
    const { page, relay, running } = await scene()
    const wrong = 'x'.repeat(43)
    let late: (() => Promise<void>) | undefined
    let isAnswered = false
    await page.route('**/api/**', async (route) => {
      const isWrong = route.request().headers()['authorization'] === `Bearer ${wrong}`
      if (!isWrong || late || route.request().url().includes('/api/events')) return route.continue()
      const answer = Promise.withResolvers<void>()
      late = async () => {
        const done = page.waitForEvent('response', (response) => response.status() === 401)
        answer.resolve()
        await done
      }
      await answer.promise
      await route.continue()
      isAnswered = true
    })
    await page.goto(`${relay.url}/#key=${wrong}`)
    await page.getByText('The key is not that of this collector.').waitFor()
    await page.goto(`${relay.url}/#key=${running.key}`)
    await page.getByText(`Live · ${HOSTNAME}`).waitFor()
    assert.ok(late, 'a list was asked for')
    await late()
    assert.ok(isAnswered)
    // Whoever hears of it has done with it by the next answer.
    await page.reload()
    await page.getByText(`Live · ${HOSTNAME}`).waitFor()
  })

  it('is not asked for, and no list loaded again, when a connection breaks for a moment', async () => {
    const { page, relay, tell } = await scene()
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    relay.cut()
    await page.getByRole('alert').getByText('Connection lost.').waitFor()
    await tell(alertFinding(upload(nowUnixNs())))
    asked.length = 0
    relay.mend()
    await page.getByText(`Live · ${HOSTNAME}`).waitFor()
    await page.getByRole('row').filter({ hasText: 'freshet-probe-3f9c2a' }).waitFor()
    assert.ok(!asked.includes('/api/devices'), asked.join(' '))
  })
})
