// The page in a browser, against a real collector that a real agent's frames reach.
import assert from 'node:assert/strict'
import { sourceSentences } from '../../src/status/source-words.ts'
import { nowUnixNs } from '../../src/units.ts'
import { accessibilityFaults, openPage } from './browser.ts'
import {
  alertFinding,
  destination,
  identity,
  liveAt,
  secondsBefore,
  sightingOf,
} from './samples.ts'
import { DEGRADED, HOSTNAME, probe, ROUTES, stage, upload } from './scene.ts'

describe('page in a browser', () => {
  const { browser, ending, scene } = stage()

  it('takes the key out of the address and stays signed in', async () => {
    const { page, running, watched } = await scene()
    assert.ok(!page.url().includes('key'), page.url())
    assert.equal(await page.evaluate('history.length'), 2, 'the blank page and this one')
    await page.goBack()
    await page.goForward()
    assert.ok(!page.url().includes(running.key), 'nor is it in the history')
    await page.getByText(`Live · ${HOSTNAME}`).waitFor()
    assert.deepEqual(watched.faults, [])
  })

  it('asks for the key without a session, says where it is, and refuses a wrong one', async () => {
    const { relay, running } = await scene()
    const { page, faults } = await openPage(browser(), relay.url)
    ending(() => page.context().close())
    await page.goto(`${relay.url}/#/machine`)
    await page.getByText('page.key').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    const open = async (key: string) => {
      await page.getByLabel('Key of this collector').fill(key)
      await page.getByRole('button', { name: 'Open' }).click()
    }
    const refuses = async (wrong: string) => {
      await open(wrong)
      await page.getByText('That is not the key of this collector.').waitFor()
      await open('')
      await page.getByText('Enter the key first.').waitFor()
    }
    for (const wrong of ['not the key', 'notthekey', 'ключ']) await refuses(wrong)
    // So many that the collector ends the connection (429): they are wrong all the same.
    for (let n = 0; n < 30 && running.collector.counters().requestsWrongKeys === 0; n++)
      await refuses('notthekey')
    assert.ok((running.collector.counters().requestsWrongKeys ?? 0) > 0)
    await open(running.key)
    await page.getByRole('heading', { name: HOSTNAME }).waitFor()
    assert.match(page.url(), /#\/machine$/, 'and shows what the address asked for')
    // A browser itself reports each 401 and 429 on its console.
    assert.deepEqual(
      faults.filter((fault) => !/401|429/.test(fault)),
      [],
    )
  })

  it('says what is being watched while there is no alert, with counters that move', async () => {
    const { agent, page, watched } = await scene()
    await page.getByText('npx freshet simulate upload --mb 8').waitFor()
    const figure = (name: string) =>
      page.locator('.figure').filter({ hasText: name }).locator('.value')
    agent.send({ kind: 'live', live: { ...liveAt(nowUnixNs(), 1), execs: 321, bytesOut: 5000 } })
    await figure('Programs started').getByText('321', { exact: true }).waitFor()
    agent.send({
      kind: 'live',
      live: { ...liveAt(nowUnixNs(), 2), execs: 654, bytesOut: 7_654_321 },
    })
    await figure('Programs started').getByText('654', { exact: true }).waitFor()
    await figure('Bytes out').getByText('7.65 MB').waitFor()
    agent.send({ kind: 'live', live: { ...liveAt(nowUnixNs(), 3), execs: 655 } })
    await figure('Programs started').getByText('655', { exact: true }).waitFor()
    await page.locator('.spark polyline').first().waitFor()
    await page.getByText(`Every program that starts on ${HOSTNAME}`).waitFor()
    agent.send({ kind: 'live', live: { ...liveAt(nowUnixNs(), 4, DEGRADED), execs: 656 } })
    await page.getByText(`${HOSTNAME} is being watched in part`).waitFor()
    assert.equal(await page.getByText('Every program').count(), 0)
    assert.deepEqual(watched.faults, [])
  })

  it('shows an alert as it arrives, its numbers, and its final figure, without a reload', async () => {
    const { page, tell, watched } = await scene()
    await page.evaluate('window.sameDocument = true')
    const now = nowUnixNs()
    await tell(alertFinding(upload(now)))
    const row = page.getByRole('row').filter({ hasText: 'freshet-probe-3f9c2a' })
    await row.getByText('Still sending').waitFor()
    assert.match(await row.innerText(), /High[\s\S]*Unsigned[\s\S]*ada[\s\S]*2\.10 MB[\s\S]*0 B/)
    await page
      .getByRole('status')
      .getByText(/^New high alert: freshet-probe/)
      .waitFor()

    await row.getByRole('link').click()
    await page.getByText('2,097,152 B', { exact: true }).waitFor()
    await page.locator('.plot canvas').waitFor()
    const reasons = page.getByRole('region', { name: 'Why this is unusual' })
    assert.match(await reasons.innerText(), /Novelty[\s\S]*12 s[\s\S]*1 d[\s\S]*\+30/)
    const chain = await page.getByRole('region', { name: 'Who started it' }).innerText()
    assert.match(
      chain,
      /systemd[\s\S]*sshd[\s\S]*bash[\s\S]*nightly-export\.py\s+arguments\s+python3\.11 nightly-export\.py '--to=\\u\{202E\}lacol'[\s\S]*freshet-probe[\s\S]*connected through\s+\/usr\/libexec\/nsurlsessiond/,
    )
    await page.getByText(probe(now).sha256, { exact: true }).waitFor()
    assert.match(
      await page.getByRole('region', { name: 'The program' }).innerText(),
      /Policy\s+version 3\s+Reference\s+0123456789abcdef/,
    )
    const technique = page.getByRole('link', { name: /^T1001\.001/ })
    assert.equal(
      await technique.getAttribute('href'),
      'https://attack.mitre.org/techniques/T1001/001/',
    )
    assert.match((await technique.getAttribute('rel')) ?? '', /noreferrer/)

    const last = upload(now, { revision: 2, state: 'final', bytesOut: 8_388_608 })
    await tell(alertFinding(last))
    await page.getByText('8,388,608 B', { exact: true }).waitFor()
    await page.getByText('Final figures').waitFor()
    await page.getByText('As a table').click()
    const table = page.getByRole('region', { name: 'Out and in over time' }).getByRole('row')
    const rows = (await table.allInnerTexts()).slice(1).map((text) => text.split('\t')[1] ?? '')
    const sum = rows.reduce((all, text) => all + Number(text.replace(/[^0-9]/g, '')), 0)
    assert.equal(sum, 8_388_608, 'the table beside the chart has every byte')
    assert.equal(await page.evaluate('window.sameDocument'), true)
    assert.deepEqual(await accessibilityFaults(page), [])
    assert.deepEqual(watched.faults, [])
  })

  it('says so when there is no such alert', async () => {
    const { page, show } = await scene()
    await show(`#/alerts/${'0'.repeat(32)}`)
    await page.getByText('There is no alert with this id.').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
  })

  it('says so when an address names no page, with a way back', async () => {
    const { page, show } = await scene()
    await show('#/nothing/<b>')
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    await page.getByText('#/nothing/').waitFor()
    assert.equal(await page.locator('main b').count(), 0)
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.getByRole('link', { name: 'Go to the alerts' }).click()
    await page.getByText('Nothing unusual so far').waitFor()
  })

  it('says so when a part of an address means nothing to its page', async () => {
    const { page, show } = await scene()
    await show('#/machine?device=zz')
    await page.getByText('The address has device=zz, which means nothing to this page').waitFor()
    await page.getByRole('heading', { name: HOSTNAME }).waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await show(`#/alerts?from=bogus&severity=high&sort=${'x'.repeat(99)}`)
    await page.getByText(/has from=bogus, sort=x+…x+, which means nothing/).waitFor()
    // A choice writes the address anew.
    await page.getByRole('link', { name: 'Low', exact: true }).click()
    await page.waitForURL(/#\/alerts\?severity=low$/)
    await page.getByText('which means nothing').waitFor({ state: 'detached' })
  })

  it('draws no line and says no rate before it has looked twice', async () => {
    const { agent, page } = await scene()
    const figure = page.locator('.figure').filter({ hasText: 'Programs started' })
    assert.equal(await figure.locator('.value').innerText(), '–', 'no machine has told any')
    agent.send({ kind: 'live', live: { ...liveAt(nowUnixNs(), 1), execs: 321 } })
    await figure.getByText('321', { exact: true }).waitFor()
    await figure.getByText('–/s').waitFor()
    assert.equal(await figure.locator('.spark :is(line, polyline)').count(), 0)
    agent.send({ kind: 'live', live: { ...liveAt(nowUnixNs(), 2), execs: 322 } })
    await figure.getByText('322', { exact: true }).waitFor()
    await figure.getByText(/^[0-9.]+\/s$/).waitFor()
    agent.send({ kind: 'live', live: { ...liveAt(nowUnixNs(), 3), execs: 323 } })
    await figure.locator('.spark polyline').waitFor()
    // The line of zero begins with the first value, at the right.
    const begins = await figure.locator('.spark line').getAttribute('x1')
    assert.ok(Number(begins) > 110, `${begins}`)
  })

  it('shows identities as they are first seen, and finds them', async () => {
    const { page, tell, watched } = await scene()
    await page.getByRole('link', { name: /^Identities/ }).click()
    const now = nowUnixNs()
    const bash = identity('bash', 'platform', secondsBefore(now, 86_400))
    await tell(sightingOf(bash, 'root'), sightingOf(probe(now), 'ada'))
    await page.getByRole('row').filter({ hasText: 'freshet-probe' }).waitFor()
    assert.match(await page.locator('tbody tr').first().innerText(), /freshet-probe[\s\S]*not yet/)
    const onNetwork = { ...probe(now), firstNetworkAt: now }
    await tell(
      sightingOf(onNetwork, 'ada', 'network'),
      sightingOf(onNetwork, 'ada', 'destination', destination('203.0.113.77', 4433)),
    )
    const seen = page.getByRole('row').filter({ hasText: 'freshet-probe' })
    await seen.filter({ hasNotText: 'not yet' }).waitFor()
    assert.equal(await seen.locator('td').last().innerText(), '1')
    await page.getByRole('searchbox').fill('/usr/bin/bash')
    await seen.waitFor({ state: 'detached' })
    assert.match(await page.locator('tbody').innerText(), /^bash[\s\S]*Platform[\s\S]*root/)
    assert.deepEqual(watched.faults, [])
  })

  it('shows the last of very many identities that come at once, and how many there are', async () => {
    const { page, tell, watched } = await scene()
    await page.getByRole('link', { name: /^Identities/ }).click()
    const now = nowUnixNs()
    const many = Array.from({ length: 300 }, (_, n) =>
      sightingOf(identity(`built-${n}`, 'unsigned', secondsBefore(now, 400 - n)), 'ada'),
    )
    await tell(...many)
    await page.getByRole('row').filter({ hasText: 'built-299' }).waitFor()
    await page
      .getByText(/\b300\b/)
      .first()
      .waitFor()
    assert.deepEqual(watched.faults, [])
  })

  it('says on every page what a machine does not see, and what was lost', async () => {
    const { agent, page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    await tell({
      kind: 'health',
      at: now,
      health: { of: 'degraded', text: DEGRADED, count: 1 },
    })
    agent.send({ kind: 'live', live: { ...liveAt(now, 3, DEGRADED), lost: 1234, lostSince: now } })
    for (const hash of ROUTES) {
      await show(hash)
      await page.getByRole('region', { name: 'Missing telemetry' }).getByText(DEGRADED).waitFor()
    }
    await page.getByRole('row', { name: /^Records lost 1,234 since \d/ }).waitFor()
    await page.getByRole('row').filter({ hasText: 'restic' }).getByText('12.1 MB').waitFor()
    await page.getByRole('region', { name: 'Health events' }).getByText(DEGRADED).waitFor()
    agent.send({ kind: 'live', live: liveAt(nowUnixNs(), 4) })
    await page.getByRole('region', { name: 'Missing telemetry' }).waitFor({ state: 'detached' })
    assert.deepEqual(watched.faults, [])
  })

  it('says of a Mac who sees its programs and its flows, what they cannot see, and when that changes', async () => {
    const { agent, page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    const changed = 'flows are seen by NetworkStatistics now, no longer by the network filter'
    await tell({ kind: 'health', at: now, health: { of: 'degraded', text: changed, count: 1 } })
    await show('#/machine')
    const sources = {
      ...({ processes: 'polling', flows: 'network_statistics', isFilterSilent: true } as const),
      forced: ['polling', 'filter', 'network_statistics'] as const,
    }
    const text = sourceSentences(sources)
    const live = { ...liveAt(now, 3), sources: { ...sources, forced: [...sources.forced], text } }
    agent.send({ kind: 'live', live })
    const region = page.getByRole('region', { name: `Sources of ${HOSTNAME}` })
    await region.waitFor()
    assert.deepEqual(
      await region.locator('p').allInnerTexts(),
      text.map((sentence) => sentence.replaceAll('`', '')),
    )
    await page.getByRole('region', { name: 'Health events' }).getByText(changed).waitFor()
    agent.send({ kind: 'live', live: liveAt(nowUnixNs(), 4) })
    await region.waitFor({ state: 'detached' })
    assert.deepEqual(watched.faults, [])
  })

  it('says of a machine what it did not see lately, however much else was told, with its alerts of that time', async () => {
    const { page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    const about = (of: 'loss' | 'recovered', text: string, at = now) => ({
      kind: 'health' as const,
      at,
      health: { of, text, count: 1 },
    })
    const unseen = '5 MB were sent in ways that are not watched'
    await tell(
      about('loss', 'lost two days ago', secondsBefore(now, 2 * 86_400)),
      about('loss', unseen, secondsBefore(now, 7200)),
      alertFinding(upload(now, { openedAt: secondsBefore(now, 7000), sentence: 'of that time' })),
      alertFinding(upload(now, { seed: 'later', sentence: 'of now' })),
    )
    for (let from = 0; from < 110; from += 55)
      await tell(...Array.from({ length: 55 }, (_, index) => about('recovered', `${from + index}`)))
    await page.reload()
    await show('#/machine')
    const lately = page.getByRole('region', { name: 'Not seen in the last day' })
    await lately.getByText(unseen).waitFor()
    assert.equal(await lately.getByRole('listitem').count(), 1)
    const events = page.getByRole('region', { name: 'Health events' })
    assert.equal(await events.getByText(unseen).count(), 0, 'it is not among the newest')
    await tell(about('loss', 'one more'))
    await lately.getByText('one more').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await lately.getByRole('listitem').filter({ hasText: unseen }).getByRole('link').click()
    await page.getByText('1 alert found.').waitFor()
    assert.deepEqual(await page.locator('[data-row]').allInnerTexts(), ['of that time'])
    assert.deepEqual(watched.faults, [])
  })

  it('says on an alert what its machine lost while it went on, and not what at another time', async () => {
    const { page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    const lost = (text: string, at: typeof now) => ({
      kind: 'health' as const,
      at,
      health: { of: 'loss' as const, text, count: 7 },
    })
    const alert = upload(now)
    await tell(
      alertFinding(alert),
      lost('7 records were dropped', alert.updatedAt),
      lost('7 of another day', secondsBefore(now, 86_400)),
      { kind: 'health', at: alert.updatedAt, health: { of: 'recovered', text: 'again', count: 1 } },
    )
    await show(`#/alerts/${alert.id}`)
    const list = page.getByRole('list', { name: 'Not seen meanwhile' })
    await list.getByText('7 records were dropped').waitFor()
    assert.equal(await list.getByRole('listitem').count(), 1)
    // Said while the page is open, of a time before.
    await tell(lost('8 records were dropped', alert.updatedAt))
    await list.getByText('8 records were dropped').waitFor()
    await page.getByText('figures here may be too small').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    assert.deepEqual(watched.faults, [])
  })

  it('shows a lost connection and loads what it missed when it is back', async () => {
    const { page, relay, tell } = await scene()
    relay.cut()
    await page.getByRole('alert').getByText('Connection lost.').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await tell(alertFinding(upload(nowUnixNs())))
    relay.mend()
    await page.getByRole('row').filter({ hasText: 'freshet-probe-3f9c2a' }).waitFor()
    await page.getByText(`Live · ${HOSTNAME}`).waitFor()
    assert.equal(await page.getByRole('alert').count(), 0)
  })
})
