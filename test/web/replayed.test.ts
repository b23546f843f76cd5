// What README promises of the made-up Mac: its days and nights, replayed into a collector, fill the page.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SCENARIO_DIRECTORY } from '../../scripts/scenarios.ts'
import { runReplayCommand } from '../../src/cli/replay.ts'
import { runCollector } from '../collector/agent.ts'
import { accessibilityFaults, openPage, temporaryDirectory } from './browser.ts'
import { stage } from './scene.ts'

type Golden = Record<string, unknown[]>

describe('page of replayed captures', () => {
  const { browser, ending } = stage()

  it('lists every alert of the scenarios, each with its story, and the machines as replays', async () => {
    const golden = JSON.parse(
      readFileSync(new URL('../scenarios/golden.json', import.meta.url), 'utf8'),
    ) as Golden
    const expected = Object.values(golden).flat()
    assert.ok(expected.length > 0)

    const directory = temporaryDirectory()
    ending(() => directory.remove())
    const running = await runCollector({}, join(directory.path, 'collector'))
    ending(() => running.stop())
    const { url } = running.collector
    const { page, faults } = await openPage(browser(), url)
    ending(() => page.context().close())
    await page.goto(`${url}/#key=${running.key}`)
    await page.getByText('npx freshet simulate upload').waitFor()

    const output = { out: () => undefined, err: () => undefined, isTerminal: false }
    const options = { files: [SCENARIO_DIRECTORY], collector: running.root }
    const { signal } = new AbortController()
    assert.equal(await runReplayCommand(options, output, signal), 0)

    const rows = page.locator('tbody tr')
    await rows.nth(expected.length - 1).waitFor()
    assert.equal(await rows.count(), expected.length)
    for (const name of ['indexd', 'curl']) await rows.filter({ hasText: name }).first().waitFor()
    await rows.filter({ hasText: 'indexd' }).filter({ hasText: '120 MB' }).getByRole('link').click()
    await page.getByText('120,000,000 B', { exact: true }).waitFor()
    await page.locator('.plot canvas').waitFor()

    // None of them can ever report again, which is no trouble of theirs.
    await page.getByRole('link', { name: 'Machine' }).click()
    await page.getByRole('heading', { name: /replayed from night-burst\.fcap/ }).waitFor()
    await page.getByText('Replayed', { exact: true }).first().waitFor()
    assert.equal(await page.getByText('Not connected').count(), 0)
    await page.getByText('Live · no machine yet').waitFor()

    await page.getByRole('link', { name: /^Identities/ }).click()
    await rows.nth(10).waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    assert.deepEqual(faults, [])
  })
})
