// The pictures of the page in the documentation.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { countText } from '../../src/collector/web/format.ts'
import { alertSentence } from '../../src/engine/sentence.ts'
import { nowUnixNs } from '../../src/units.ts'
import {
  alertFinding,
  destination,
  identity,
  liveAt,
  secondsBefore,
  sightingOf,
} from './samples.ts'
import { probe, stage, upload } from './scene.ts'

const sentenceOf = (
  name: string,
  knownSeconds: number,
  destination: string,
  bytesOut: number,
  bytesIn: number,
): string =>
  alertSentence({
    name,
    signer: 'unsigned',
    knownMs: knownSeconds * 1000,
    runBy: 'python3.11',
    actsFor: false,
    script: '',
    doubt: '',
    destination,
    bytesOut,
    bytesIn,
    lead: { of: 'pair' },
    durationMs: 24_000,
    flows: 3,
    silentFlows: 1,
    recentOut: bytesOut,
    privateNetwork: false,
    rolledUp: 0,
  })

describe('page and its pictures', function () {
  this.timeout(120_000)
  const { scene } = stage()
  const update = process.env['UPDATE_SCREENSHOTS'] === '1'

  it('has its pictures in the documentation, made anew with UPDATE_SCREENSHOTS=1', async () => {
    const { agent, page, tell } = await scene()
    const now = nowUnixNs()
    const rclone = identity('rclone', 'unsigned', secondsBefore(now, 400), '/home/ada/bin/rclone')
    const sync = identity(
      'sync-agent',
      'unsigned',
      secondsBefore(now, 7200),
      '/opt/vendor/sync-agent',
    )
    const alerts = [
      upload(now, {
        state: 'final',
        bytesOut: 8_388_608,
        openedAt: secondsBefore(now, 24),
        sentence: sentenceOf('freshet-probe-3f9c2a', 12, '203.0.113.77:4433', 8_388_608, 0),
      }),
      upload(now, {
        seed: 'rclone',
        identity: rclone,
        severity: 'medium',
        openedAt: secondsBefore(now, 340),
        to: destination('198.51.100.20', 443, 'upload.files.example.net'),
        bytesOut: 2_412_345_678,
        bytesIn: 48_211,
        sentence: sentenceOf('rclone', 400, 'upload.files.example.net:443', 2_412_345_678, 48_211),
      }),
      upload(now, {
        seed: 'sync',
        identity: sync,
        severity: 'low',
        user: 'backup',
        state: 'final',
        openedAt: secondsBefore(now, 6900),
        to: destination('2001:db8:40::17', 22),
        bytesOut: 1_310_720,
        bytesIn: 12_400,
        sentence: sentenceOf('sync-agent', 7200, '[2001:db8:40::17]:22', 1_310_720, 12_400),
      }),
    ]
    // A line needs reports that come one by one: of those that come at once a page is told the last.
    for (let second = 0; second < (update ? 20 : 3); second++) {
      const live = liveAt(nowUnixNs(), second)
      agent.send({ kind: 'live', live })
      await page.getByText(countText(live.records), { exact: true }).waitFor()
    }
    await page.locator('.spark polyline').first().waitFor()
    const watching = await page.screenshot()
    await tell(...alerts.map(alertFinding), sightingOf(probe(now), 'ada'))
    await page.getByRole('link', { name: /^rclone/ }).waitFor()
    // Without the emphasis on what has just arrived.
    await page.reload()
    await page.getByRole('link', { name: /^rclone/ }).waitFor()
    const list = await page.screenshot()
    await page.getByRole('link', { name: /^rclone/ }).click()
    await page.locator('.plot canvas').waitFor()
    await page.emulateMedia({ colorScheme: 'dark' })
    const alert = await page.screenshot({ fullPage: true })
    assert.ok(list.length > 20_000 && alert.length > 40_000, 'both show something')
    const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))
    if (update) {
      mkdirSync(docs(''), { recursive: true })
      writeFileSync(docs('watching.png'), watching)
      writeFileSync(docs('alerts.png'), list)
      writeFileSync(docs('alert-dark.png'), alert)
    }
    for (const name of ['watching.png', 'alerts.png', 'alert-dark.png'])
      assert.ok(existsSync(docs(name)), `docs/${name}: run this test with UPDATE_SCREENSHOTS=1`)
  })
})
