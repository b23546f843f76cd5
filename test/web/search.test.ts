// Searches and links of the page find what it has not loaded.
import assert from 'node:assert/strict'
import { nowUnixNs } from '../../src/units.ts'
import { DEVICE_A } from '../collector/agent.ts'
import { alertFinding, destination, identity, secondsBefore, sightingOf } from './samples.ts'
import { HOSTNAME, stage, upload } from './scene.ts'

const OTHERS = 130

describe('page and search', () => {
  const { scene } = stage()

  it('find what lies beyond the rows that are loaded, and count the whole store', async () => {
    const { page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    const old = secondsBefore(now, 90_000)
    const first = {
      to: destination('198.51.100.9', 443, 'old.example.org'),
      openedAt: old,
    } as const
    await tell(
      alertFinding(
        upload(now, {
          ...first,
          seed: 'old',
          user: 'grace',
          severity: 'low',
          sentence: 'the old one',
        }),
      ),
    )
    for (let from = 0; from < OTHERS; from += 65)
      await tell(
        ...Array.from({ length: 65 }, (_, index) =>
          alertFinding(
            upload(now, {
              seed: `new ${from + index}`,
              sentence: `new ${from + index}`,
              to: destination('203.0.113.77', 5000 + from + index),
            }),
          ),
        ),
      )
    await page.reload()
    await page.getByText(`100 of ${OTHERS + 1} alerts.`).waitFor()
    assert.equal(await page.getByText('the old one').count(), 0, 'it is not among those loaded')
    const only = async (what: string) => {
      await page.getByText('1 alert found.').waitFor()
      assert.deepEqual(await page.locator('[data-row]').allInnerTexts(), ['the old one'], what)
    }
    for (const query of [
      'old.example.org',
      'user:grace',
      'nightly-export.py user:grace',
      '198.51.100.9:443',
    ]) {
      await show('#/machine')
      await show(`#/alerts?q=${encodeURIComponent(query)}`)
      await only(query)
    }
    await show('#/alerts?severity=low')
    await only('severity')
    // What arrives while a filter is shown is in it, where it matches.
    await tell(alertFinding(upload(now, { seed: 'late', severity: 'low', sentence: 'a late one' })))
    await page.getByText('2 alerts found.').waitFor()

    await show('#/alerts?q=freshet-probe-3f9c2a')
    await page.getByText(`100 of ${OTHERS + 2} alerts found.`).waitFor()
    await page.getByRole('button', { name: 'Load more' }).click()
    await page.getByText(`${OTHERS + 2} alerts found.`, { exact: true }).waitFor()
    assert.equal(await page.locator('[data-row]').count(), OTHERS + 2)

    // Links of an alert, to the one of which the page has no row.
    await page.getByRole('link', { name: 'the old one' }).click()
    const facts = page.getByRole('article').locator('header')
    await facts.getByRole('link', { name: 'grace' }).click()
    await only('user')
    await page.getByRole('link', { name: 'the old one' }).click()
    await facts.getByRole('link', { name: 'old.example.org' }).click()
    await only('destination')
    await page.getByRole('link', { name: 'the old one' }).click()
    await facts.getByRole('link', { name: HOSTNAME }).click()
    await page.getByText(`100 of ${OTHERS + 2} alerts found.`).waitFor()
    await show('#/alerts?q=nobody')
    await page.getByText('No alert that the collector keeps matches.').waitFor()
    assert.deepEqual(watched.faults, [])
  })

  it('list every identity that was found, and show one that no list holds', async () => {
    const { page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    // More than the page ever keeps of the newest.
    const programs = Array.from({ length: 560 }, (_, index) =>
      identity(`many-${index}`, 'unsigned', secondsBefore(now, index + 1)),
    )
    for (let from = 0; from < programs.length; from += 56)
      await tell(...programs.slice(from, from + 56).map((one) => sightingOf(one, 'ada')))
    await show('#/identities?q=many-')
    await page.getByText('200 of 560 identities found.').waitFor()
    await page.getByRole('button', { name: 'Load more' }).click()
    await page.getByText('400 of 560 identities found.').waitFor()
    await page.getByRole('button', { name: 'Load more' }).click()
    await page.getByText(/^560 identities found/).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Load more' }).count(), 0)
    assert.equal(await page.getByRole('row').filter({ hasText: 'many-' }).count(), 560)
    const oldest = programs.at(-1)
    await show(`#/identities/${DEVICE_A}/${encodeURIComponent(oldest?.key ?? '')}`)
    await page.getByRole('heading', { name: 'many-559' }).waitFor()
    // A page that so many events outrun is let go by the collector, and comes back.
    const others = watched.faults.filter((fault) => !fault.includes('ERR_INCOMPLETE_CHUNKED'))
    assert.deepEqual(others, [])
  })
})
