// What an alert's page says that its machine did not see: of the alert's time, and whether it concerns it.
import assert from 'node:assert/strict'
import type { HealthInfo } from '../../src/collector/views/page-api.ts'
import {
  sightOf,
  sightText,
  standingOf,
  withStanding,
} from '../../src/collector/web/sight-words.ts'
import type { Finding, Health } from '../../src/engine/finding.ts'
import { createChanges } from '../../src/intake/changes.ts'
import type { FlowSource, ProcessSource } from '../../src/sources/choice.ts'
import { nowUnixNs } from '../../src/units.ts'
import { accessibilityFaults } from './browser.ts'
import { alertFinding, secondsBefore } from './samples.ts'
import { stage, upload } from './scene.ts'

describe('what a machine did not see, on the page of an alert', () => {
  const { scene } = stage()

  it('is no loss of another time, of another program, or that the alert’s own flows would say', async () => {
    const { page, show, tell, watched } = await scene()
    const alert = upload(nowUnixNs())
    const end = alert.updatedAt
    /** From so many seconds before its end to so many before it. */
    const said = (
      text: string,
      [from, to]: [number, number],
      more: Partial<Health> = {},
    ): Finding => ({
      kind: 'health',
      at: secondsBefore(end, to),
      health: { of: 'loss', text, count: 7, since: secondsBefore(end, from), ...more },
    })
    const lacks = (text: string): Health => ({ of: 'degraded', text, count: 1 })
    const unwatched = (text: string, ...programs: string[]) => said(text, [4, 2], { programs })
    await tell(
      alertFinding(alert),
      said('began before it and ended in it', [7200, 1]),
      said('after its end, told after it', [-30, -90]),
      said('before it', [9000, 8000]),
      said('of flows that say so', [4, 2], { about: 'told' }),
      unwatched('by itself', alert.identity.key),
      unwatched('by others', 'platform:/usr/bin/dig'),
      unwatched('by somebody', 'platform:/usr/bin/dig', ''),
      said('was missing until then', [7200, 1], { of: 'recovered' }),
      { kind: 'health', at: secondsBefore(end, 9000), health: lacks('stands since long ago') },
      { kind: 'health', at: secondsBefore(end, 9000), health: lacks('was over before') },
      said('no longer so: was over before', [9000, 8000], { of: 'recovered' }),
      { kind: 'health', at: end, health: { of: 'restart', text: 'nothing is lost', count: 1 } },
      { kind: 'health', at: end, health: { of: 'recovered', text: 'again', count: 1 } },
    )
    await show(`#/alerts/${alert.id}`)
    const list = page.getByRole('list', { name: 'Not seen meanwhile' })
    await list.getByText('began before it').waitFor()
    const items = (await list.getByRole('listitem').allInnerTexts()).map((text) =>
      text.replace(/^.*\d\d:\d\d:\d\d /, ''),
    )
    assert.deepEqual(items.toSorted(), [
      'began before it and ended in it',
      'by itself (this program among them)',
      'by somebody (not all of them are named: this one may be among them)',
      'stands since long ago (until when is not known)',
      'was missing until then',
    ])
    assert.match(await list.innerText(), /:\d\d to .*:\d\d began before it/)
    assert.match(await list.innerText(), /told .*:\d\d stands since long ago/)
    await page.getByText('figures here may be too small').waitFor()
    await page.getByText('Of this machine in that time, not of this program').click()
    const others = page.getByRole('list', { name: 'Of other programs' })
    assert.deepEqual(await others.getByRole('listitem').count(), 1)
    await others.getByText('by others').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    // On the page of the machine all of it stands, but for what says that nothing was missed.
    await show('#/machine')
    const lately = page.getByRole('region', { name: 'Not seen in the last day' })
    await lately.getByText('and 4 more').waitFor()
    assert.equal(await lately.getByText('nothing is lost').count(), 0)
    assert.deepEqual(watched.faults, [])
  })

  it('doubts figures only where flows may be missing', () => {
    const event = { deviceId: 'a', at: '9', kind: 'loss', text: 'x', count: 1, since: '5' }
    const text = (about?: 'flows' | 'programs' | 'told') =>
      sightText(sightOf([{ ...event, ...(about && { about }) }], 'k'))
    assert.match(text(), /figures here may be too small/)
    assert.match(text('flows'), /figures here may be too small/)
    assert.match(text('programs'), /who started it may be missing/)
    assert.deepEqual(sightOf([{ ...event, about: 'told' }], 'k'), { own: [], others: [] })
  })

  it('stands until an end of it is told, or nothing was watched', () => {
    const event = (kind: string, text: string, at: number, since?: number) => ({
      ...{ deviceId: 'a', at: `${at}`, kind, text, count: 1 },
      ...(since !== undefined && { since: `${since}` }),
    })
    const standing = (...told: ReturnType<typeof event>[]) =>
      standingOf(told, 10n).map(({ text, at }) => `${text} ${at}`)
    const begin = event('degraded', 'x', 5)
    assert.deepEqual(standing(begin), ['x 5'])
    assert.deepEqual(standing(event('degraded', 'x', 9), begin), ['x 5'])
    assert.deepEqual(standing(event('recovered', 'no longer so: y', 9, 5), begin), ['x 5'])
    assert.deepEqual(standing(event('recovered', 'no longer so: x', 9, 5), begin), [])
    assert.deepEqual(standing(event('degraded', 'y', 9), event('degraded', 'x', 9, 5), begin), [
      'y 9',
    ])
    // An agent that begins says anew what it lacks, and the order is that of telling, not of a clock.
    assert.deepEqual(standing(event('restart', 'engine', 9), begin), [])
    assert.deepEqual(standing(event('restart', 'both', 9, 7), begin), [])
    assert.deepEqual(standing(event('recovered', 'no longer so: x', 2), begin), [])
    assert.deepEqual(standing(event('recovered', 'all is well', 9), begin), [])
    assert.deepEqual(standing(begin, event('recovered', 'no longer so: x', 9)), ['x 5'])
    assert.deepEqual(standing(event('degraded', 'x', 9), event('restart', 'both', 8, 7), begin), [
      'x 9',
    ])
    // Said once: by the event that tells most of its time.
    const end = event('recovered', 'no longer so: x', 9, 5)
    assert.deepEqual(withStanding([end, begin], []), [end])
    const [stands] = standingOf([begin], 10n)
    assert(stands)
    assert.deepEqual(withStanding([end], [stands]), [end])
    assert.match(sightText(sightOf([stands], 'k')), /^Not all may have been seen/)
    assert.match(sightText(sightOf([stands, end], 'k')), /^While it went on, not all was seen/)
    assert.deepEqual(withStanding([event('degraded', 'x', 9)], [stands]), [stands])
  })

  it('stands a day at most of an agent that says it no more', () => {
    const begin = { deviceId: 'a', at: '5', kind: 'degraded', text: 'x', count: 1 }
    const hours = (count: number) => BigInt(count) * 3_600_000_000_000n
    assert.equal(standingOf([begin], hours(24)).length, 1)
    assert.deepEqual(standingOf([begin], hours(26)), [])
    assert.deepEqual(standingOf([{ ...begin, storedAt: `${hours(1)}` }], hours(26)), [])
    const again = { ...begin, at: `${hours(24)}` }
    assert.equal(standingOf([again, begin], hours(26)).length, 1)
    // Its clock was days behind, or it could not deliver: it may stand by when the collector had it.
    const wrong = { ...begin, storedAt: `${hours(100)}` }
    assert.equal(standingOf([wrong], hours(124)).length, 1)
    assert.deepEqual(standingOf([wrong], hours(126)), [])
  })

  it('is one line of what is said again each day, and hides no loss', () => {
    const event = (kind: string, text: string, at: number, more: object = {}) => ({
      ...{ deviceId: 'a', at: `${at}`, kind, text, count: 1, ...more },
    })
    const daily = [9, 8, 7, 6, 5, 4, 3].map((at) => event('degraded', 'x', at))
    const loss = event('loss', '5000 records', 2, { since: '1' })
    const texts = (told: HealthInfo[]) => withStanding(told, []).map(({ text, at }) => text + at)
    assert.deepEqual(texts([...daily, loss]), ['x3', '5000 records2'])
    // What ended in between and began anew is told anew.
    const [last, ...before] = daily as [HealthInfo, ...HealthInfo[]]
    assert.deepEqual(texts([last, event('restart', 'both', 8), ...before]), ['x9', 'both8', 'x3'])
  })

  it('stands after a change of source for as long as it is so, as that is said again each day', () => {
    const changes = createChanges()
    const told: HealthInfo[] = []
    const HOUR_NS = 3_600_000_000_000n
    const note = (flows: FlowSource | 'none', hour: number): void => {
      const choice = {
        ...{ processes: 'polling' as const, flows, runs: [], isFilterSilent: false, failed: [] },
      }
      changes.note(choice, BigInt(hour) * HOUR_NS)
      for (const { text, isBetter } of changes.take())
        told.unshift({
          ...{ deviceId: 'a', at: `${BigInt(hour) * HOUR_NS}`, count: 1, text },
          kind: isBetter ? 'recovered' : 'degraded',
        })
    }
    const standing = (hour: number) => standingOf(told, BigInt(hour) * HOUR_NS).length
    note('filter', 1)
    for (let hour = 2; hour <= 100; hour++) note('nettop', hour)
    assert.equal(told.length, 5, 'at its beginning and on each of four days')
    assert.equal(standing(100), 1)
    assert.equal(withStanding(told, []).length, 1, 'as one line')
    note('filter', 101)
    assert.equal(standing(101), 0)
    for (let hour = 102; hour <= 200; hour++) note('filter', hour)
    assert.equal(told.length, 6, 'what is better is said once')
  })

  it('stands after a change of source until the next of the same, in the agent’s own words', () => {
    const changes = createChanges()
    const told: HealthInfo[] = []
    const note = (processes: ProcessSource, flows: FlowSource | 'none', second: number): void => {
      const choice = { processes, flows, runs: [], isFilterSilent: false, failed: [] }
      changes.note(choice, BigInt(second) * 1_000_000_000n)
      for (const { text, isBetter } of changes.take())
        told.unshift({
          ...{ deviceId: 'a', at: `${second}`, count: 1, text },
          kind: isBetter ? 'recovered' : 'degraded',
        })
    }
    const standing = () => standingOf(told, 1000n).map(({ text }) => text)
    note('endpoint_security', 'filter', 1)
    note('endpoint_security', 'nettop', 100)
    const nettop = 'flows are seen by nettop now, no longer by the network filter'
    assert.deepEqual(standing(), [nettop])
    note('polling', 'nettop', 150)
    const list = 'programs are seen by the list of processes now, no longer by Endpoint Security'
    assert.deepEqual(standing(), [list, nettop])
    note('polling', 'none', 200)
    note('polling', 'none', 220)
    assert.deepEqual(standing(), ['flows are seen by nobody now, no longer by nettop', list])
    note('polling', 'filter', 300)
    assert.deepEqual(standing(), [list])
    note('endpoint_security', 'filter', 400)
    assert.deepEqual(standing(), [])
  })
})
