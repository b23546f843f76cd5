// The page on narrow and wide screens: what is long is cut, wraps, or scrolls in a place of its own.
import assert from 'node:assert/strict'
import type { Finding, ListedFlow } from '../../src/engine/finding.ts'
import { bytes, nowUnixNs } from '../../src/units.ts'
import { DEVICE_A } from '../collector/agent.ts'
import { accessibilityFaults } from './browser.ts'
import { alertFinding, destination, liveAt, secondsBefore, sightingOf } from './samples.ts'
import { DEGRADED, probe, type Scene, stage, upload } from './scene.ts'

const WIDTHS = [360, 768, 1280]

const NAME =
  'com.example.enterprise-endpoint-synchronisation-service-helper_with_a_name_without_end'
const HOST = `${'upload-eu-central-1-'.repeat(4)}archive.objects.storage.example.org`

/** What is wider than its place, whether that shows it, cuts it off or scrolls: a text to be copied may. */
const WIDE = `[...document.querySelectorAll('body *')].flatMap((element) =>
  element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 &&
  !element.closest('.unseen, svg, pre, select, details:not([open])')
    ? [element.outerHTML.slice(0, 120) + ' has ' + element.scrollWidth + ', ' + element.clientWidth]
    : [])`

/** Numbers, and the words beside bars, that are broken over lines. */
const BROKEN = `[...document.querySelectorAll('.figure .value, td.number, .volume .what')].flatMap((element) => {
  const lines = document.createRange()
  lines.selectNodeContents(element)
  const tops = new Set([...lines.getClientRects()].map(({ top }) => Math.round(top)))
  return /^[\\da-z,]+$/.test(element.textContent) && tops.size > 1 ? [element.textContent] : []
})`

/** Where the words of each process of a chain begin, pixels from the left, whoever came first first. */
const CHAIN = `[...document.querySelectorAll('.chain > li > .process')].map((process) =>
  process.getBoundingClientRect().left)`

describe('page: its width', function () {
  this.timeout(240_000)
  const { scene } = stage()

  /** Everything that a page can show, with names as long as systems allow. */
  async function long({ agent, tell }: Scene) {
    const now = nowUnixNs()
    const path = `/Applications/${NAME}.app/Contents/MacOS/${NAME}`
    const seen = { ...probe(now), name: NAME, path, firstNetworkAt: now, teamId: 'A1B2C3D4E5' }
    const flow: ListedFlow = {
      ...{ firstAt: secondsBefore(now, 90_000), lastAt: now, pid: 4_048_211, localPort: 50_001 },
      ...{ address: '2001:db8:1234:5678:9abc:def0:1234:5678', port: 44_333, isInbound: true },
      ...{ bytesOut: bytes(1_523_456, 'out'), bytesIn: bytes(70, 'in') },
      ...{ isUnread: true, state: 'gone' as const },
    }
    const facts = (seed: string) =>
      upload(now, {
        ...{ seed, identity: seen, to: destination(flow.address, 44_333, HOST) },
        ...{ user: `${NAME}@corp.example.org`, openedAt: secondsBefore(now, 90_000) },
        sentence: `${NAME} sent 2.1 MB to ${HOST}:44333 and got nothing back`,
      })
    const alert = { ...facts('long'), listedFlows: [flow, { ...flow, state: 'open' as const }] }
    const told: Finding[] = [
      sightingOf(seen, `${NAME}@corp`, 'destination', destination(flow.address, 44_333, HOST)),
      sightingOf(seen, `${NAME}@corp`),
      alertFinding(alert),
      alertFinding(facts('another')),
      {
        kind: 'health',
        at: now,
        health: { of: 'degraded', text: `${DEGRADED} ${path}`, count: 12_345 },
      },
    ]
    await tell(...told)
    const top = [{ name: NAME, destination: `${HOST}:44333`, bytesOut: 12_100_000, bytesIn: 8_300 }]
    const large = {
      records: Number.MAX_SAFE_INTEGER,
      execs: 123_456_789_012,
      flows: 9_876_543,
      unattributedFlows: 1_234_567,
    }
    agent.send({ kind: 'live', live: { ...liveAt(now, 3, `${DEGRADED} ${path}`), top, ...large } })
    return { alert, seen }
  }

  for (const width of WIDTHS)
    it(`of ${width} px holds every page, long names included`, async () => {
      const played = await scene({ viewport: { width, height: 800 } })
      const { page, show, watched } = played
      const { alert, seen } = await long(played)
      const identityPage = `#/identities/${DEVICE_A}/${encodeURIComponent(seen.key)}`
      const pages: [hash: string, heading: string | RegExp][] = [
        ['#/alerts', 'Alerts'],
        ['#/alerts?from=2026-11-01T00:00Z&to=2040-01-01T00:00Z&q=app:probe', 'Alerts'],
        [`#/alerts/${alert.id}`, /got nothing back/],
        ['#/identities?q="how', 'Identities'],
        [identityPage, /helper_with/],
        ['#/machine', 'Machine'],
        [`#/${NAME}/${HOST}`, 'There is no such page'],
      ]
      for (const [hash, name] of pages) {
        await show(hash)
        await page.getByRole('heading', { level: 1, name }).waitFor()
        await page
          .getByText('Searching …')
          .or(page.getByText('Loading …'))
          .waitFor({ state: 'detached' })
        await page.getByText('Asking the collector …').first().waitFor({ state: 'detached' })
        const folds = page.locator('.folding')
        assert.equal(await folds.count(), hash === '#/machine' ? 2 : 0)
        const isFolded = width < 640
        const missed = page.getByText('1,234,567 without a program')
        if (hash === '#/machine') assert.equal(await missed.isVisible(), isFolded)
        for (const fold of await folds.all()) {
          assert.equal((await fold.getAttribute('open')) === null, isFolded)
          if (isFolded) await fold.locator('summary').click()
        }
        const how = page.locator('.how')
        if (hash.includes('q=') && (await how.getAttribute('open')) === null)
          await how.getByText('How to search').click()
        const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
        assert.equal(await page.evaluate(wide), 0, `${hash} is not wider than the window`)
        assert.deepEqual(await page.evaluate(WIDE), [], hash)
        if (hash.includes(alert.id)) {
          const [first = 0, ...deeper] = await page.evaluate<number[]>(CHAIN)
          assert(deeper.length > 1, 'a chain of three')
          for (const [index, left] of deeper.entries()) {
            const step = left - (deeper[index - 1] ?? first)
            // To be seen, and so small that a long chain leaves room for its words.
            assert(step >= 4 && step <= (width < 600 ? 16 : 32), `a step of ${step} px`)
          }
        }
        assert.deepEqual(await page.evaluate(BROKEN), [], hash)
        assert.deepEqual(await accessibilityFaults(page), [], hash)
      }
      assert.deepEqual(watched.faults, [])
    })
})
