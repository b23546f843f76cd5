// What the page shows beside an alert and an identity: destinations, other alerts, who vouches for parents.
import assert from 'node:assert/strict'
import type { Finding, ListedFlow } from '../../src/engine/finding.ts'
import { bytes, nowUnixNs } from '../../src/units.ts'
import { itemOf } from '../collector/agent.ts'
import { accessibilityFaults } from './browser.ts'
import {
  alertFinding,
  destination,
  identity,
  liveAt,
  secondsBefore,
  sightingOf,
} from './samples.ts'
import { HOSTNAME, probe, stage, upload } from './scene.ts'

describe('page and details', () => {
  const { scene } = stage()

  it('tell where an identity went, how much and when, and what is not told', async () => {
    const { page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    const seen = { ...probe(now), firstNetworkAt: now }
    const hour = (to: string, out: number): Finding => ({
      kind: 'summary',
      at: now,
      summary: {
        identityKey: seen.key,
        destination: destination('203.0.113.7', 443, to),
        hourAt: secondsBefore(now, 7200),
        bytesOut: bytes(out, 'out'),
        bytesIn: bytes(12, 'in'),
        flows: 3,
        largestFlowOut: bytes(out, 'largest'),
      },
    })
    await tell(
      sightingOf(seen, 'ada'),
      sightingOf(seen, 'ada', 'destination', destination('203.0.113.9', 22, 'new.example.org')),
      hour('little.example.org', 2000),
      hour('much.example.org', 5_000_000),
    )
    await show('#/identities')
    await page.getByRole('link', { name: 'freshet-probe' }).first().click()
    const panel = page.getByRole('region', { name: 'Where it went' })
    await panel.getByText('to 3 destinations').waitFor()
    const rows = await panel.locator('tbody tr').allInnerTexts()
    assert.match(rows[0] ?? '', /^much\.example\.org:443\s+5\.00 MB\s+12 B\s+3\s+5\.00 MB/)
    assert.match(rows[1] ?? '', /^little\.example\.org:443\s+2\.00 kB/)
    assert.match(rows[2] ?? '', /^new\.example\.org:22\s+no hour told yet/)
    assert.deepEqual(await accessibilityFaults(page), [])
    assert.deepEqual(watched.faults, [])
  })

  it('count other alerts of the whole store, and lead to them', async () => {
    const { page, tell, watched } = await scene()
    const now = nowUnixNs()
    const elsewhere = destination('198.51.100.7', 443, 'other.example.org')
    await tell(
      ...['one', 'two', 'three', 'four'].map((seed) =>
        alertFinding(upload(now, { seed, sentence: `the ${seed}` })),
      ),
      alertFinding(upload(now, { seed: 'five', sentence: 'the five', to: elsewhere })),
    )
    // Those to one destination are one row.
    await page.getByRole('button', { name: /^4 alerts: freshet-probe-3f9c2a started by/ }).click()
    await page.getByRole('link', { name: 'the two' }).click()
    await page.getByRole('link', { name: '4 other alerts of this program' }).waitFor()
    await page.getByRole('link', { name: '3 other alerts to this destination' }).click()
    await page.getByText('4 alerts found, in 1 row.').waitFor()
    assert.equal(await page.getByRole('link', { name: 'the five' }).count(), 0)
    await page.goto(`${new URL(page.url()).origin}/#/alerts`)
    await page.getByRole('link', { name: 'the five' }).click()
    await page.getByText('No other alert to this destination').waitFor()
    assert.deepEqual(watched.faults, [])
  })

  it('name signer and hash of the programs above, where their machine told of them', async () => {
    const { page, tell, watched } = await scene()
    const now = nowUnixNs()
    const bash = identity('bash', 'platform', secondsBefore(now, 90_000))
    const alert = upload(now)
    const [self, python, shell, ...rest] = alert.chain
    assert(self && python && shell)
    const chain = [
      { ...self, identityKey: alert.identity.key },
      { ...python, identityKey: 'platform:/usr/bin/python3.11' },
      { ...shell, identityKey: bash.key },
      ...rest,
    ]
    await tell(sightingOf(bash, 'root'), alertFinding({ ...alert, chain }))
    await page.getByRole('link', { name: 'freshet-probe' }).first().click()
    const panel = page.getByRole('region', { name: 'Who started it' })
    await panel.getByRole('link', { name: bash.sha256.slice(0, 12) }).waitFor()
    const processes = await panel.locator('.process').allInnerTexts()
    assert.match(processes.at(-1) ?? '', /Unsigned/)
    assert.match(processes.at(-2) ?? '', /signer and hash not told/)
    assert.match(processes.at(-3) ?? '', /Platform/)
    assert.match(processes.at(-4) ?? '', /its file was not looked at/)
    assert.deepEqual(await accessibilityFaults(page), [])
    await panel.getByRole('link', { name: bash.sha256.slice(0, 12) }).click()
    await page.getByRole('heading', { name: 'bash' }).waitFor()
    assert.deepEqual(watched.faults, [])
  })

  it('lead from a machine to its alerts and programs', async () => {
    const { page, show, tell } = await scene()
    const now = nowUnixNs()
    await tell(sightingOf(probe(now), 'ada'), alertFinding(upload(now)))
    await show('#/machine')
    await page.getByRole('heading', { name: HOSTNAME }).waitFor()
    await page.getByRole('link', { name: 'Its alerts' }).click()
    await page.getByText('1 alert found.').waitFor()
    await show('#/machine')
    await page.getByRole('link', { name: 'Its programs' }).click()
    await page.getByText('1 identity found.').waitFor()
  })

  it('say when a machine was heard of, and of its items no number, which is none of how many there are', async () => {
    const { agent, page, show } = await scene()
    // An agent that starts again goes on 2^20 numbers later.
    await agent.deliver([itemOf(1_048_577, sightingOf(probe(nowUnixNs()), 'ada'))])
    agent.send({ kind: 'live', live: liveAt(nowUnixNs(), 1) })
    await show('#/machine')
    const missed = page.getByRole('region', { name: 'What was missed' })
    const heard = missed.getByRole('row', { name: /^Last heard of/ })
    assert.match(await heard.innerText(), /\d\d:\d\d:\d\d$/)
    assert.doesNotMatch(await page.locator('main').innerText(), /1,?048,?577/)
  })

  it('list the flows of an alert, count the rest, and say where an agent sent none', async () => {
    const { page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    const flow = (localPort: number, out: number, state: ListedFlow['state']): ListedFlow => ({
      firstAt: secondsBefore(now, 9),
      lastAt: now,
      pid: 48_211,
      localPort,
      address: '2001:db8::7',
      port: 443,
      isInbound: false,
      bytesOut: bytes(out, 'out'),
      bytesIn: bytes(70, 'in'),
      isUnread: localPort === 50_002,
      state,
    })
    const listedFlows = [
      flow(50_001, 1_500_000, 'open'),
      flow(50_002, 300_000, 'closed'),
      { ...flow(50_003, 100_000, 'gone'), pid: 0 },
    ]
    const alert = {
      ...upload(now),
      ...{ flows: 12, listedFlows, bytesIn: bytes(210, 'in'), silentFlows: 0, unreadFlows: 0 },
    }
    await tell(alertFinding(alert), alertFinding(upload(now, { seed: 'older' })))
    await show(`#/alerts/${alert.id}`)
    const panel = page.getByRole('region', { name: 'Its flows' })
    await panel.getByText('It has 12 flows. 9 more than are listed, with 197 kB out').waitFor()
    const rows = await panel.locator('tbody tr').allInnerTexts()
    assert.match(rows[0] ?? '', /\d\d:\d\d:\d\d[\s\S]*48211/)
    assert.match(rows[0] ?? '', /48211\s+50001\s+\[2001:db8::7\]:443\s+1\.50 MB\s+70 B\s+open/)
    assert.match(rows[1] ?? '', /at least 300 kB\s+70 B\s+closed/)
    assert.match(rows[2] ?? '', /not known\s+50003.*gone/s)
    // A flow of 266 B without an answer may be in the list: above it stands what is counted, below it what that means.
    await page.getByText('none of 1,024 B or more unanswered').waitFor()
    await panel.getByText('Smaller ones are not counted.').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await show(`#/alerts/${upload(now, { seed: 'older' }).id}`)
    await panel.getByText('did not send them').waitFor()
    assert.deepEqual(watched.faults, [])
  })
})
