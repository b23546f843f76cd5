// Alerts that are like one another are one row, opened at will; the list's order and time are in its address.
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import type { AlertGroup } from '../../src/collector/views/page-api.ts'
import {
  groupActor,
  groupedText,
  groupPlaceText,
  membersText,
} from '../../src/collector/web/group-words.ts'
import {
  asked,
  isReversed,
  isTime,
  localText,
  momentOfLocal,
  presetOf,
} from '../../src/collector/web/time-range.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import { accessibilityFaults } from './browser.ts'
import { type AlertFacts, alertFinding, destination, identity, secondsBefore } from './samples.ts'
import { stage, upload } from './scene.ts'

const LIKE = 130

describe('page: groups of alerts', function () {
  this.timeout(180_000)
  const { scene } = stage()

  /** One of many programs that one script starts, each another, all to one place. */
  const drop = (now: UnixNs, number: number, change: Partial<AlertFacts> = {}) =>
    alertFinding(
      upload(now, {
        seed: `drop ${number}`,
        identity: identity(`drop-${number}`, 'unsigned', secondsBefore(now, 60)),
        severity: 'low',
        bytesOut: 1_000_000,
        state: 'final',
        sentence: `drop ${number}`,
        ...change,
      }),
    )
  const rclone = (now: UnixNs, change: Partial<AlertFacts> = {}) =>
    alertFinding(
      upload(now, {
        seed: 'rclone',
        identity: identity('rclone', 'developer_id', secondsBefore(now, 90)),
        to: destination('198.51.100.7', 443, 'files.example.org'),
        severity: 'high',
        bytesOut: 1_200_000_000,
        bytesIn: 20_000,
        state: 'final',
        sentence: 'rclone sent',
        ...change,
      }),
    )
  const sentences = (page: Page) => page.locator('a[data-row]').allInnerTexts()
  const fold = (page: Page, count: number) =>
    page.getByRole('button', { name: new RegExp(`^${count} alerts: `) })
  const width = async (page: Page, row: number) => {
    const style = await page.locator('.volume.out .bar span').nth(row).getAttribute('style')
    return Number(/([\d.]+)%/.exec(style ?? '')?.[1])
  }

  it('[D8] are one row, with how many and how much, opened at will and by page', async () => {
    const { page, tell, watched } = await scene()
    const now = nowUnixNs()
    for (let from = 0; from < LIKE; from += 65)
      await tell(...Array.from({ length: 65 }, (_, index) => drop(now, from + index)))
    await tell(rclone(now))
    await page.getByText(`${LIKE + 1} alerts, in 2 rows.`).waitFor()
    assert.deepEqual(await sentences(page), ['rclone sent'], 'one alert is a plain row')
    const group = fold(page, LIKE)
    const text = await page.getByRole('row').filter({ has: group }).innerText()
    assert.match(
      text,
      /^Low\s+score 65\s+130 alerts: 130 programs started by python3\.11 \/home\/ada\/jobs\/nightly-export\.py to 203\.0\.113\.77:4433/,
    )
    assert.match(text, /130 MB[\s\S]*together/)
    // One scale: 1.2 GB fills it, 130 MB does not, and stays far above 1 MB.
    assert.deepEqual([await width(page, 0), Math.round(await width(page, 1))], [100, 84])
    assert.deepEqual(await accessibilityFaults(page), [])

    // The keyboard alone: to the row, open, and on to its alerts.
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    assert.equal(await group.getAttribute('aria-expanded'), 'false')
    await page.keyboard.press('Enter')
    await page.getByText(`50 of its ${LIKE} alerts.`).waitFor()
    assert.equal(await group.getAttribute('aria-expanded'), 'true')
    const controls = await group.getAttribute('aria-controls')
    assert.equal(await page.locator(`#${controls} a[data-row]`).count(), 50)
    assert.equal(Math.round(await width(page, 2)), 49, 'its alerts are on the same scale')
    await page.getByRole('button', { name: 'Load 50 more' }).click()
    await page.getByText(`100 of its ${LIKE} alerts.`).waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.getByRole('button', { name: 'Load 30 more' }).click()
    await page.getByText(`Its ${LIKE} alerts.`, { exact: true }).waitFor()
    assert.equal(new Set(await sentences(page)).size, LIKE + 1, 'each once')

    // The keyboard goes on with what was brought; back from one of them, it is still open, with the focus where it was.
    const focus = (text: string) =>
      page.locator('a[data-row]:focus').getByText(text, { exact: true }).waitFor()
    await focus('drop 29')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'drop 28' }).waitFor()
    await page.keyboard.press('j')
    await page.getByRole('heading', { level: 1, name: 'drop 27' }).waitFor()
    await page.keyboard.press('Escape')
    await focus('drop 27')
    await group.click()
    assert.deepEqual(await sentences(page), ['rclone sent'])
    assert.deepEqual(watched.faults, [])
  })

  it('stay open over a reload, and for whom the address is sent to', async () => {
    const { page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    const other = { to: destination('198.51.100.8', 443, 'else.example.org') } as const
    await tell(drop(now, 1), drop(now, 2), drop(now, 3, other), drop(now, 4, other), rclone(now))
    await page.getByText('5 alerts, in 3 rows.').waitFor()
    const group = page.getByRole('button', { name: /^2 alerts: .*else\.example\.org/ })
    const address = () => page.evaluate<string>('location.hash')
    await group.click()
    await page.getByText('Its 2 alerts.').waitFor()
    await page.waitForURL(/#\/alerts\?open=[0-9a-f]{16}$/)
    const opened = await address()
    await page.reload()
    await page.getByText('Its 2 alerts.').waitFor()
    assert.deepEqual(await sentences(page), ['rclone sent', 'drop 4', 'drop 3'])
    assert.equal(await address(), opened)

    // Another filter leaves it open, and an alert of it is come back from.
    await page.getByRole('link', { name: 'Low', exact: true }).click()
    await page.getByText('4 alerts found, in 2 rows.').waitFor()
    await page.getByText('Its 2 alerts.').waitFor()
    await page.getByRole('link', { name: 'drop 3' }).click()
    await page.getByRole('heading', { level: 1, name: 'drop 3' }).waitFor()
    await page.getByRole('link', { name: '← Alerts' }).click()
    await page.getByText('Its 2 alerts.').waitFor()
    assert.equal(await address(), opened.replace('?', '?severity=low&'))

    // The bar's link leads to the list without a filter; what is open on the page stands in the address.
    await page
      .getByRole('navigation', { name: 'Pages' })
      .getByRole('link', { name: 'Alerts' })
      .click()
    await page.getByText('5 alerts, in 3 rows.').waitFor()
    await page.waitForURL(`**/${opened}`)
    await group.click()
    await page.waitForURL(/#\/alerts$/)
    await page.reload()
    await page.getByText('5 alerts, in 3 rows.').waitFor()
    assert.equal(await group.getAttribute('aria-expanded'), 'false')

    // In the list that is shown, too; what is no group of it leaves the address.
    await show(`#/alerts?open=${'0'.repeat(16)}-${opened.slice(-16)}`)
    await page.getByText('Its 2 alerts.').waitFor()
    await page.waitForURL(`**/${opened}`)

    // In a list that it is not in it is closed, and stays so in the next.
    await page.getByRole('link', { name: 'High', exact: true }).click()
    await page.getByText('1 alert found.').waitFor()
    await page.waitForURL(/#\/alerts\?severity=high$/)
    await page.getByRole('link', { name: 'Low', exact: true }).click()
    await page.getByText('4 alerts found, in 2 rows.').waitFor()
    assert.equal(await group.getAttribute('aria-expanded'), 'false')
    assert.deepEqual(watched.faults, [])
  })

  it('show the answer to what was asked last, whichever comes first', async () => {
    const { page, tell, watched } = await scene()
    const now = nowUnixNs()
    await tell(drop(now, 1), drop(now, 2))
    const held = Promise.withResolvers<void>()
    let asked = 0
    let isAnswered = false
    await page.route('**/api/alerts?*group=*', async (route) => {
      const isFirst = asked++ === 0
      const response = await route.fetch()
      if (isFirst) await held.promise
      await route.fulfill({ response })
      if (isFirst) isAnswered = true
    })
    await fold(page, 2).click()
    await tell(drop(now, 3))
    await page.getByText('Its 3 alerts.').waitFor()
    held.resolve()
    await until(() => isAnswered)
    // What it does with it is done by then.
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 200))')
    await page.getByText('Its 3 alerts.').waitFor()
    assert.deepEqual(await sentences(page), ['drop 3', 'drop 2', 'drop 1'])
    assert.deepEqual(watched.faults, [])
  })

  it('show the answer to the list that was asked for last, also where it was left and come back to', async () => {
    const { page, tell, watched } = await scene()
    const now = nowUnixNs()
    await tell(drop(now, 1), drop(now, 2))
    await page.getByText('2 alerts, in 1 row.').waitFor()
    const held = Promise.withResolvers<void>()
    let isHeld = false
    let isAnswered = false
    await page.route('**/api/alert-groups?*', async (route) => {
      const isFirst = !isHeld && !route.request().url().includes('severity')
      isHeld ||= isFirst
      const response = await route.fetch()
      if (isFirst) await held.promise
      await route.fulfill({ response })
      if (isFirst) isAnswered = true
    })
    // Of this list the answer is on its way while another is looked at.
    await tell(drop(now, 3))
    await until(() => isHeld)
    await page.getByRole('link', { name: 'Low', exact: true }).click()
    await page.getByText('3 alerts found, in 1 row.').waitFor()
    await tell(drop(now, 4))
    await page.getByRole('link', { name: 'All', exact: true }).click()
    await page.getByText('4 alerts, in 1 row.').waitFor()
    held.resolve()
    await until(() => isAnswered)
    // What it does with it is done by then.
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 200))')
    await page.getByText('4 alerts, in 1 row.').waitFor()
    assert.equal(await page.getByText('3 alerts, in 1 row.').count(), 0)
    assert.deepEqual(watched.faults, [])
  })

  it('[D8] take in what arrives, and stay open; what is closed leaves them', async () => {
    const { page, tell, watched } = await scene()
    const now = nowUnixNs()
    await tell(drop(now, 1), drop(now, 2))
    await fold(page, 2).click()
    await page.getByRole('link', { name: 'drop 1' }).waitFor()
    await tell(drop(now, 3), rclone(now))
    await fold(page, 3).waitFor()
    await page.getByText('4 alerts, in 2 rows.').waitFor()
    await page.getByRole('link', { name: 'drop 3' }).waitFor()
    assert.deepEqual(await sentences(page), ['rclone sent', 'drop 3', 'drop 2', 'drop 1'])
    // A later revision of one is in its row and in the sum.
    await tell(drop(now, 1, { revision: 2, bytesOut: 501_000_000, sentence: 'drop 1 went on' }))
    await page.getByRole('link', { name: 'drop 1 went on' }).waitFor()
    const row = page.getByRole('row').filter({ has: fold(page, 3) })
    await row.locator('.volumes').getByText('503 MB').waitFor()
    // What is said of one shows among them; closed, it goes, and a filter of the closed has it alone.
    await page.getByRole('link', { name: 'drop 2' }).click()
    await page.getByLabel('Your name').fill('Ada')
    await page.getByRole('button', { name: 'Acknowledge' }).click()
    await page.getByText('says Ada').waitFor()
    await page.getByRole('link', { name: '← Alerts' }).click()
    await page.locator('.members').getByText('Acknowledged by Ada').waitFor()
    await page.getByRole('link', { name: 'drop 2' }).click()
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.locator('.headline').getByText('Closed by Ada').waitFor()
    await page.getByRole('link', { name: '← Alerts' }).click()
    await fold(page, 2).waitFor()
    await page.getByRole('link', { name: 'drop 2' }).waitFor({ state: 'detached' })
    assert.deepEqual(await sentences(page), ['drop 1 went on', 'drop 3', 'rclone sent'])
    await page.getByLabel('Status').selectOption('closed')
    await page.getByText('1 alert found.').waitFor()
    assert.deepEqual(await sentences(page), ['drop 2'])
    assert.deepEqual(watched.faults, [])
  })

  it('[D8] are in the order and of the time that the address says', async () => {
    const { page, relay, tell, show, watched } = await scene()
    const now = nowUnixNs()
    await tell(
      rclone(now, { openedAt: secondsBefore(now, 3 * 3600) }),
      drop(now, 1, { openedAt: secondsBefore(now, 7200) }),
      drop(now, 2, { openedAt: secondsBefore(now, 60) }),
      alertFinding(
        upload(now, {
          seed: 'm',
          severity: 'medium',
          sentence: 'the medium',
          bytesOut: 5000,
          to: destination('192.0.2.9'),
        }),
      ),
    )
    const order = async (what: string[]) => {
      for (let turn = 0; turn < 100; turn++) {
        const rows = await page.locator('[data-row]').allInnerTexts()
        if (
          rows.length === what.length &&
          rows.every((row, at) => row.includes(what[at] as string))
        )
          return
        await page.waitForTimeout(100)
      }
      assert.deepEqual(await page.locator('[data-row]').allInnerTexts(), what)
    }
    await order(['the medium', '2 alerts:', 'rclone sent'])
    await page.getByLabel('Order').selectOption('score')
    await order(['rclone sent', 'the medium', '2 alerts:'])
    assert.equal(new URL(page.url()).hash, '#/alerts?sort=score')
    await page.getByLabel('Order').selectOption('bytes')
    await order(['rclone sent', '2 alerts:', 'the medium'])
    await page.getByRole('combobox', { name: 'Opened', exact: true }).selectOption('-1h')
    // Of the group one is in this time, and is a plain row.
    await order(['drop 2', 'the medium'])
    assert.equal(new URL(page.url()).hash, '#/alerts?sort=bytes&from=-1h')
    await page.getByText('2 alerts found.').waitFor()
    await page.reload()
    await order(['drop 2', 'the medium'])
    // A range of one's own; the browser of these tests is in UTC.
    await page.getByRole('combobox', { name: 'Opened', exact: true }).selectOption('custom')
    await order(['rclone sent', '2 alerts:', 'the medium'])
    const moment = (secondsAgo: number) =>
      new Date(Number(now / 1_000_000n) - secondsAgo * 1000).toISOString().slice(0, 16)
    await page.getByLabel('to', { exact: true }).fill(moment(3600))
    await order(['rclone sent', 'drop 1'])
    await page.getByLabel('from', { exact: true }).fill(moment(2.5 * 3600))
    await order(['drop 1'])
    const { hash } = new URL(page.url())
    assert.equal(
      decodeURIComponent(hash),
      `#/alerts?sort=bytes&from=${moment(2.5 * 3600)}Z&to=${moment(3600)}Z`,
    )
    assert.deepEqual(await accessibilityFaults(page), [])
    await show('#/machine')
    await page.goto(`${relay.url}/${hash}`)
    await order(['drop 1'])
    // Nothing there, and nothing possible, are said apart.
    await page.getByLabel('to', { exact: true }).fill(moment(2.4 * 3600))
    await page.getByText('No alert that the collector keeps was opened in this time').waitFor()
    await page.getByLabel('to', { exact: true }).fill(moment(9 * 3600))
    await page.getByText('The time range ends before it begins.').waitFor()
    assert.equal(await page.getByText('No alert').count(), 0)
    await page.getByRole('combobox', { name: 'Opened', exact: true }).selectOption('')
    await order(['rclone sent', '2 alerts:', 'the medium'])
    // With a search, and back to all with Escape.
    await show('#/alerts?q=drop-1&sort=score')
    await order(['drop 1'])
    assert.deepEqual(watched.faults, [])
  })

  for (const px of [390, 1280])
    it(`are not wider than the window, and open wherever they are clicked, at ${px} px`, async () => {
      const { page, tell } = await scene({ viewport: { width: px, height: 800 } })
      const now = nowUnixNs()
      await tell(drop(now, 1), drop(now, 2))
      const group = fold(page, 2)
      await group.waitFor()
      const row = page.getByRole('row').filter({ has: group })
      for (const across of [0.05, 0.5, 0.97]) {
        const box = await row.boundingBox()
        assert.ok(box)
        await page.mouse.click(box.x + box.width * across, box.y + box.height - 6)
        await page.locator('.members a[data-row]').nth(1).waitFor()
        const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        assert.equal(wide, 0)
        await group.click()
        await page.locator('.members').waitFor({ state: 'detached' })
      }
    })

  it('say so when their alerts cannot be had, and are had again', async () => {
    const { page, tell } = await scene()
    const now = nowUnixNs()
    await tell(drop(now, 1), drop(now, 2))
    await fold(page, 2).waitFor()
    await page.route('**/api/alerts?*group=*', (route) => route.abort())
    await fold(page, 2).click()
    await page.locator('.members').getByText('The collector does not answer.').waitFor()
    await page.unroute('**/api/alerts?*group=*')
    await tell(drop(now, 3))
    await page.getByText('Its 3 alerts.').waitFor()
    assert.equal(await page.getByText('does not answer').count(), 0)
  })
})

describe('page: words of groups', () => {
  const group = (actor: Partial<AlertGroup['newest']['actor']>, programs = 1) =>
    ({
      programs,
      newest: {
        actor: { as: 'itself', path: '/usr/bin/bash', script: '', ...actor },
        application: { key: 'k', name: 'curl', path: '/usr/bin/curl', signerClass: 'platform' },
        destination: { key: 'example.org:443', address: '192.0.2.1', port: 443, hostname: '' },
      },
    }) as AlertGroup
  it('name the program, for whom it ran, or who started it', () => {
    assert.deepEqual(groupActor(group({})), { what: 'curl', how: '', whom: '' })
    assert.deepEqual(groupActor(group({ as: 'for', path: '/tmp/x' }, 2)), {
      what: '2 programs',
      how: 'run for',
      whom: '/tmp/x',
    })
    assert.deepEqual(groupActor(group({ as: 'by' }, 40)), {
      what: '40 programs',
      how: 'started by',
      whom: '/usr/bin/bash',
    })
    assert.equal(groupActor(group({ as: 'by', script: '/a.sh' })).whom, 'bash /a.sh')
    assert.equal(groupPlaceText(group({})), 'example.org:443')
  })
  it('say how much of all is on the page', () => {
    const of = (total: number, alerts: number) => ({ total, alerts })
    assert.equal(groupedText(1, of(1, 1), false), '1 alert.')
    assert.equal(groupedText(100, of(131, 131), true), '100 of 131 alerts found.')
    assert.equal(groupedText(3, of(3, 1306), false), '1,306 alerts, in 3 rows.')
    assert.equal(groupedText(1, of(1, 4), true), '4 alerts found, in 1 row.')
    assert.equal(
      groupedText(100, of(220, 5000), true),
      '5,000 alerts found, in 220 rows; 100 of them are shown.',
    )
    assert.equal(membersText(50, 1300), '50 of its 1,300 alerts.')
    assert.equal(membersText(3, 3), 'Its 3 alerts.')
  })
})

describe('page: the time of a list', () => {
  const now = Date.parse('2026-11-29T12:00:00Z')
  const ns = (text: string) => String(BigInt(Date.parse(text)) * 1_000_000n)
  it('is a moment, or so long before now', () => {
    for (const text of ['-1h', '-24h', '-7d', '-90m', '2026-11-29T07:00Z', '2026-11-29T07:00:30Z'])
      assert.ok(isTime(text), text)
    for (const text of [
      '',
      '1h',
      '-0h',
      '-1w',
      '-99999d',
      '2026-11-29',
      '2026-13-29T07:00Z',
      '1969-12-31T23:59Z',
    ])
      assert.ok(!isTime(text), text)
  })
  it('is asked for in nanoseconds, from on and before', () => {
    assert.deepEqual(asked({ from: '-24h' }, now), {
      since: ns('2026-11-28T12:00:00Z'),
      until: undefined,
    })
    assert.deepEqual(asked({ to: '2026-11-29T07:00Z' }, now), {
      since: undefined,
      until: ns('2026-11-29T07:00:00Z'),
    })
    assert.equal(asked({ from: '-9999d' }, 86_400_000).since, '0')
    assert.ok(isReversed({ from: '-1h', to: '2026-11-29T07:00Z' }, now))
    assert.ok(isReversed({ from: '2026-11-29T07:00Z', to: '2026-11-29T07:00Z' }, now))
    assert.ok(!isReversed({ from: '-24h', to: '2026-11-29T07:00Z' }, now))
    assert.ok(!isReversed({ to: '2026-11-29T07:00Z' }, now))
  })
  it('is a preset, or one’s own in the browser’s zone, there and back', () => {
    assert.deepEqual(
      [{}, { from: '-1h' }, { from: '-3h' }, { to: '2026-11-29T07:00Z' }].map(presetOf),
      ['', '-1h', 'custom', 'custom'],
    )
    const moment = '2026-11-29T07:15Z'
    assert.equal(momentOfLocal(localText(moment, now)), moment)
    assert.equal(localText(undefined, now), '')
    for (const none of ['', '2026-11-29', 'x', '99999-01-01T00:00'])
      assert.ok(momentOfLocal(none) === undefined || isTime(momentOfLocal(none) as string), none)
    assert.equal(momentOfLocal(''), undefined)
  })
})
