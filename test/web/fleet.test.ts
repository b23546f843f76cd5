// Machines that enrolled, on the page: who waits, whose they are, and what a person does about them.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import { keyIdOf } from '../../src/policy/keys.ts'
import { Capability } from '../../src/stream/message.ts'
import type { DocumentReport } from '../../src/stream/policy-message.ts'
import { nowUnixNs } from '../../src/units.ts'
import { Agent, DEVICE_A, DEVICE_B, helloOf, itemOf, liveOf } from '../collector/agent.ts'
import { runFleet } from '../collector/enrolled.ts'
import { daysOn, makeTestKey, signedBy } from '../policy/documents.ts'
import { accessibilityFaults, openPage } from './browser.ts'
import { alertFinding } from './samples.ts'
import { stage, upload } from './scene.ts'

const DEVICE_C = '11111111-1111-4111-8111-111111111111'
const root = makeTestKey()

describe('page and enrolled machines', () => {
  const { browser, ending } = stage()

  const begin = async (width?: number) => {
    const fleet = await runFleet()
    ending(() => fleet.stop())
    const identity = await fleet.enrol(DEVICE_A)
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    ending(() => agent.close())
    await agent.hello(DEVICE_A, 'mac-1')
    agent.send({ kind: 'live', live: liveOf() })
    const watched = await openPage(
      browser(),
      fleet.collector.url,
      width === undefined ? {} : { viewport: { width, height: 800 } },
    )
    ending(() => watched.page.context().close())
    await watched.page.goto(`${fleet.collector.url}/#key=${fleet.key}`)
    await watched.page.getByText('Live · mac-1').waitFor()
    return { fleet, agent, ...watched, page: watched.page }
  }

  it('are told apart by how their ids begin where several call themselves the same, and only there', async () => {
    const { fleet, agent, page, faults } = await begin()
    await agent.deliver([itemOf(1, alertFinding(upload(nowUnixNs())))])
    await page.getByText('1 alert.', { exact: true }).waitFor()
    const short = page.getByText(DEVICE_A.slice(0, 8), { exact: true })
    assert.equal(await short.count(), 0)
    const identity = await fleet.enrol(DEVICE_B)
    const namesake = await new Agent(fleet.door.url, { identity }).opened()
    ending(() => namesake.close())
    await namesake.hello(DEVICE_B, 'mac-1')
    await page.locator('.alerts td.wide').getByText(DEVICE_A.slice(0, 8)).waitFor()
    await page.goto(`${fleet.collector.url}/#/machine`)
    for (const id of [DEVICE_A, DEVICE_B]) {
      await page.getByRole('heading', { name: `mac-1 ${id.slice(0, 8)}` }).waitFor()
      await page.locator('.roster tbody').getByText(id.slice(0, 8)).waitFor()
    }
    assert.deepEqual(await accessibilityFaults(page), [])
    assert.deepEqual(faults, [])
  })

  it('wait to be admitted, and are called, grouped and owned by what a person types', async () => {
    const { fleet, page, faults } = await begin()
    await page.goto(`${fleet.collector.url}/#/machine`)
    await page.getByText('One waits for somebody to admit it').waitFor()
    const enrolment = page.getByRole('region', { name: 'Enrolment of mac-1' })
    await enrolment.getByRole('button', { name: 'Change' }).click()
    await enrolment.getByLabel('Name').fill('<b>Ana</b>')
    await enrolment.getByLabel('Group').fill('berlin')
    await enrolment.getByLabel('Owner').fill('Ana')
    await enrolment.getByRole('button', { name: 'Keep' }).click()
    await enrolment.getByText('Kept.').waitFor()
    await enrolment.getByRole('button', { name: 'Admit' }).click()
    await enrolment.getByText('Admitted.').waitFor()
    const row = page.locator('.roster tbody tr').first()
    await row.getByText('<b>Ana</b>').waitFor()
    assert.match((await row.innerText()).replaceAll(/\s+/g, ' '), /Admitted berlin Ana 0\.1\.0/)
    assert.deepEqual(await accessibilityFaults(page), [])
    const kept = fleet.withRegistry((registry) => registry.device(DEVICE_A))
    assert.deepEqual(
      [kept?.name, kept?.group, kept?.owner, kept?.standing],
      ['<b>Ana</b>', 'berlin', 'Ana', 'active'],
    )
    assert.deepEqual(faults, [])
  })

  it('are thrown out by two clicks, and not by one', async () => {
    const { fleet, agent, page } = await begin()
    await page.goto(`${fleet.collector.url}/#/machine`)
    const enrolment = page.getByRole('region', { name: 'Enrolment of mac-1' })
    await enrolment.getByRole('button', { name: 'Change' }).click()
    await enrolment.getByRole('button', { name: 'Revoke' }).click()
    await enrolment.getByText('Its connection ends').waitFor()
    const standing = () => fleet.withRegistry((registry) => registry.device(DEVICE_A)?.standing)
    assert.equal(standing(), 'quarantined')
    await enrolment.getByRole('button', { name: 'Yes, revoke it' }).click()
    assert.equal((await agent.closed).code, 4003)
    await enrolment.getByText('Revoked, group').waitFor()
    assert.equal(standing(), 'revoked')
  })

  it('are removed once it is said what becomes of their alerts: these stay', async () => {
    const { fleet, agent, page, faults } = await begin()
    const alert = upload(nowUnixNs())
    await agent.deliver([itemOf(1, alertFinding(alert))])
    await page.goto(`${fleet.collector.url}/#/machine`)
    const enrolment = page.getByRole('region', { name: 'Enrolment of mac-1' })
    await enrolment.getByRole('button', { name: 'Change' }).click()
    await enrolment.getByRole('button', { name: 'Remove' }).click()
    await enrolment.getByText('Its alerts and what else it sent can stay').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await enrolment.getByRole('button', { name: 'Leave it' }).click()
    assert.equal(
      fleet.withRegistry((registry) => registry.devices().length),
      1,
    )
    await enrolment.getByRole('button', { name: 'Remove' }).click()
    await enrolment.getByRole('button', { name: 'Remove it, keep its alerts' }).click()
    await page.getByText('What it sent stays until it is too old.').waitFor()
    assert.equal((await agent.closed).code, 4003)
    assert.equal(
      fleet.withRegistry((registry) => registry.devices().length),
      0,
    )
    await page.goto(`${fleet.collector.url}/#/alerts/${alert.id}`)
    await page.locator('.figures').first().waitFor()
    assert.deepEqual(faults, [])
  })

  it('are removed with what they sent, and leave all lists when that is gone', async () => {
    const { fleet, agent, page, faults } = await begin()
    await agent.deliver([itemOf(1, alertFinding(upload(nowUnixNs())))])
    await page.getByText('1 alert.', { exact: true }).waitFor()
    await page.goto(`${fleet.collector.url}/#/machine`)
    const enrolment = page.getByRole('region', { name: 'Enrolment of mac-1' })
    await enrolment.getByRole('button', { name: 'Change' }).click()
    await enrolment.getByRole('button', { name: 'Remove' }).click()
    await enrolment.getByRole('button', { name: 'Remove it, delete its alerts' }).click()
    assert.equal((await agent.closed).code, 4003)
    await page.getByText('No machine has reported to this collector yet').waitFor()
    const { total } = await fleet.json<{ total: number }>('/api/alerts')
    assert.equal(total, 0)
    await page.goto(`${fleet.collector.url}/#/alerts`)
    await page.locator('[data-row]').first().waitFor({ state: 'detached' })
    assert.deepEqual(faults, [])
  })

  it('are changed and removed in the list of all where they never connected', async () => {
    const { fleet, page, faults } = await begin()
    await fleet.enrol(DEVICE_B)
    await page.goto(`${fleet.collector.url}/#/machine`)
    const change = page.locator('.roster').getByRole('button', { name: /^Change / })
    await change.waitFor()
    assert.equal(await change.count(), 1, 'the other has a section of its own')
    await change.click()
    const forms = page.locator('.roster td.enrolment')
    await forms.getByRole('button', { name: 'Admit' }).click()
    await forms.getByText('Admitted.').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    const standing = () => fleet.withRegistry((registry) => registry.device(DEVICE_B)?.standing)
    assert.equal(standing(), 'active')
    await forms.getByRole('button', { name: 'Remove' }).click()
    await forms.getByRole('button', { name: 'Remove it, keep its alerts' }).click()
    await change.waitFor({ state: 'detached' })
    assert.equal(standing(), undefined)
    assert.deepEqual(faults, [])
  })

  it('mark their alerts while nobody has admitted them', async () => {
    const { fleet, agent, page } = await begin()
    const alert = upload(nowUnixNs())
    await agent.deliver([itemOf(1, alertFinding(alert))])
    await page.locator('.standing-mark:visible').first().waitFor()
    assert.equal(await page.locator('.standing-mark:visible').first().innerText(), 'Quarantined')
    await page.goto(`${fleet.collector.url}/#/alerts/${alert.id}`)
    await page.locator('.figures .standing-mark').waitFor()
    await page.goto(`${fleet.collector.url}/#/machine`)
    const enrolment = page.getByRole('region', { name: 'Enrolment of mac-1' })
    await enrolment.getByRole('button', { name: 'Change' }).click()
    await enrolment.getByRole('button', { name: 'Admit' }).click()
    await enrolment.getByText('Admitted.').waitFor()
    await page.goto(`${fleet.collector.url}/#/alerts/${alert.id}`)
    await page.locator('.figures').first().waitFor()
    assert.equal(await page.locator('.standing-mark').count(), 0)
  })

  it('mark their alerts once they are forgotten, and say on their own page why', async () => {
    const { fleet, agent, page, faults } = await begin()
    const alert = upload(nowUnixNs())
    await agent.deliver([itemOf(1, alertFinding(alert))])
    fleet.withRegistry((registry) => registry.remove(DEVICE_A))
    await agent.closed
    await page.goto(`${fleet.collector.url}/#/alerts/${alert.id}`)
    await page.reload()
    await page.locator('.figures .standing-mark').waitFor()
    assert.equal(await page.locator('.figures .standing-mark').innerText(), 'Not enrolled here')
    await page.goto(`${fleet.collector.url}/#/machine`)
    await page.getByText('nobody vouches for what it sent').first().waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    assert.deepEqual(faults, [])
  })

  /** Two that enrolled, of which one never came, a policy that one narrows and then refuses, and somebody who was turned away. */
  const whole = async (width?: number) => {
    const fleet = await runFleet()
    ending(() => fleet.stop())
    const identity = await fleet.enrol(DEVICE_A)
    await fleet.enrol(DEVICE_B)
    fleet.withRegistry((registry) =>
      registry.change(DEVICE_B, { owner: 'Somebody_without_end', group: 'a-group-without-an-end' }),
    )
    await assert.rejects(fleet.enrol(DEVICE_C, { token: 'freshet_enrol_nothing' }))
    const publish = (version: number) => {
      const policies = new Policies(openPoliciesFile(join(fleet.stateDir, POLICIES_FILE), () => {}))
      const now = nowUnixNs()
      const signed = signedBy(root, { version, madeAt: now, notAfter: daysOn(9, now) })
      policies.publish(signed, { rootKey: root.public, sharePercent: 100, now })
      policies.close()
    }
    publish(1)
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    ending(() => agent.close())
    agent.send(helloOf(DEVICE_A, 'mac-1', Capability.policy))
    await agent.expect('welcome')
    agent.send({ kind: 'live', live: liveOf() })
    const say = (change: Partial<DocumentReport>) =>
      agent.send({
        kind: 'policyReport',
        report: {
          ...{ keyId: keyIdOf(root.public), source: 'pushed', group: 'office' },
          ...{ suppressed: 0, suppressions: [] },
          documents: [
            {
              ...{ kind: 'policy', version: 1, receivedVersion: 1, state: 'applied', code: '' },
              ...{ text: '', clamped: 2, at: nowUnixNs(), ...change },
            },
          ],
        },
      })
    const viewport = width === undefined ? {} : { viewport: { width, height: 800 } }
    const watched = await openPage(browser(), fleet.collector.url, viewport)
    ending(() => watched.page.context().close())
    await watched.page.goto(`${fleet.collector.url}/#key=${fleet.key}`)
    await watched.page.getByText('Live · mac-1').waitFor()
    await watched.page.goto(`${fleet.collector.url}/#/machine`)
    return { fleet, say, publish, ...watched }
  }

  it('are listed where they never connected, with how policies stand, and who was turned away', async () => {
    const { page, say, publish, faults } = await whole()
    await page.getByText('One has enrolled and never connected.').waitFor()
    const apart = 'Not counted: 1 that nobody has admitted and that never connected.'
    await page.getByText(`0 of 1 apply policy 1, 1 has not said yet. ${apart}`).waitFor()
    await page.locator('.roster tr', { hasText: 'Never connected' }).waitFor()
    const enrolment = page.getByRole('region', { name: 'Enrolment of mac-1' })
    await enrolment
      .getByText('Policy 1 is offered, and it has not said anything of it yet')
      .waitFor()
    say({})
    await enrolment.getByText(/Policy 1 is in force, 2 of its entries narrowed/).waitFor()
    await page.getByText(`1 of 1 applies policy 1. ${apart}`).waitFor()
    publish(2)
    say({ receivedVersion: 2, state: 'failed', code: 'agent-old', text: 'It wants version 9.' })
    await enrolment.getByText('Policy 2 is refused (agent-old).').waitFor()
    await enrolment.getByText('It wants version 9.').waitFor()
    await page.getByText(`0 of 1 apply policy 2, 1 refuses it. ${apart}`).waitFor()
    await page.locator('.roster td', { hasText: '1, 2 sent, refused' }).first().waitFor()
    const away = page.getByRole('region', { name: 'Turned away' })
    await away.getByText('token-unknown').waitFor()
    await away.getByText(DEVICE_C).first().waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    assert.deepEqual(faults, [])
  })

  it('are gone through a hundred at a time', async () => {
    const fleet = await runFleet()
    ending(() => fleet.stop())
    fleet.withRegistry((registry) => {
      const { secret } = registry.makeToken(
        { label: 'x', group: 'office', usesMax: undefined, expiresAt: undefined },
        nowUnixNs(),
      )
      for (let number = 0; number < 130; number++) {
        const id = `${`${number}`.padStart(8, '0')}-89ab-4cde-8f01-23456789abcd`
        const known = registry.enrol(
          secret,
          { deviceId: id, hardware: '', key: id, shown: undefined },
          { fingerprint: `${number}`, notAfter: nowUnixNs() },
          nowUnixNs(),
        )
        assert(!('code' in known))
      }
    })
    const { page, faults } = await openPage(browser(), fleet.collector.url)
    ending(() => page.context().close())
    await page.goto(`${fleet.collector.url}/#key=${fleet.key}`)
    await page.goto(`${fleet.collector.url}/#/machine`)
    await page.getByText('100 of 130 by name are shown.').waitFor()
    await page.getByRole('button', { name: 'The next' }).click()
    await page.getByText('30 of 130 by name are shown.').waitFor()
    await page.locator('.roster td', { hasText: '00000129-' }).waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.getByRole('button', { name: 'Those before' }).click()
    await page.getByText('100 of 130 by name are shown.').waitFor()
    assert.deepEqual(faults, [])
  })

  for (const width of [360, 768, 1280])
    it(`with policies and those turned away fit a screen of ${width}`, async () => {
      const { page, say } = await whole(width)
      const text = `It names ${'a-setting-without-end-'.repeat(30)}`
      say({ receivedVersion: 1, state: 'failed', code: 'content', text })
      await page.getByText('Policy 1 is refused (content).').waitFor()
      await page.getByRole('region', { name: 'Turned away' }).waitFor()
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      assert(wide <= width, `${wide}`)
      assert.deepEqual(await accessibilityFaults(page), [])
      const pictures = process.env['FRESHET_PICTURES']
      if (pictures)
        await page.screenshot({ path: `${pictures}/fleet-${width}.png`, fullPage: true })
    })

  for (const width of [320, 390])
    it(`fit a screen of ${width}`, async () => {
      const { fleet, page } = await begin(width)
      await page.goto(`${fleet.collector.url}/#/machine`)
      const enrolment = page.getByRole('region', { name: 'Enrolment of mac-1' })
      await enrolment.getByRole('button', { name: 'Change' }).click()
      await enrolment.getByLabel('Owner').waitFor()
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      assert(wide <= width, `${wide}`)
    })
})
