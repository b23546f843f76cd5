// What the log says of devices that a person knows is hidden by nothing that whoever has a token can have said there: each kind of
// line is bounded in sum, and devices can be invented.
import assert from 'node:assert/strict'
import { until } from '../waits.ts'
import { Agent, DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { type Fleet, hardwareOf, type Identity, runFleet } from './enrolled.ts'

/** More than a kind of lines has at once (terms/complaint.ts). */
const FLOOD = 110
const idOf = (n: number) => `${`${n}`.padStart(8, '0')}-89ab-4cde-8f01-23456789abcd`

describe('a collector whose token is stolen says of a device that a person has admitted', () => {
  let fleet: Fleet
  let token: string
  let admitted: Identity
  const invented: Identity[] = []
  before(async () => {
    fleet = await runFleet()
    token = fleet.token()
    admitted = await fleet.enrol(DEVICE_A, { token })
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'active' }))
    for (let n = 0; n < FLOOD; n++) invented.push(await fleet.enrol(idOf(n), { token }))
  })
  after(() => fleet.stop())
  const says = (text: RegExp) =>
    until(() => fleet.log.some((line) => line.includes(DEVICE_A) && text.test(line)))
  /** Connected, and said what it is; `from`: another hardware than it has enrolled on. */
  const comes = async (identity: Identity, as: string, hardware: string) => {
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    const hello = helloOf(as)
    agent.send({ ...hello, hello: { ...hello.hello, hardware } })
    return agent
  }

  it('that others are refused since it has their hardware', async () => {
    await assert.rejects(fleet.enrol(DEVICE_B, { token: 'freshet_enrol_nothing' }))
    const refusals = invented.map((_, n) => fleet.enrol(idOf(n), { token, hardware: '' }))
    for (const one of await Promise.allSettled(refusals)) assert.equal(one.status, 'rejected')
    await assert.rejects(fleet.enrol(DEVICE_B, { token, hardware: hardwareOf(DEVICE_A) }))
    await says(/an enrolment is refused \(hardware-known\): .*it comes with that one’s key/)
  })

  it('that its certificate was shown by who says that it is another', async () => {
    for (const [n, one] of invented.entries()) {
      const agent = await comes(one, idOf(n + 1), '')
      await agent.closed
    }
    const agent = await comes(admitted, DEVICE_B, hardwareOf(DEVICE_A))
    await agent.closed
    await says(/by its certificate, says that it is device .*: refused/)
  })

  it('that another machine has its certificate', async () => {
    for (const [n, one] of invented.entries()) {
      const agent = await comes(one, idOf(n), hardwareOf(idOf(n + 1000)))
      await agent.expect('welcome')
      await agent.close()
    }
    const agent = await comes(admitted, DEVICE_A, hardwareOf(DEVICE_B))
    await agent.expect('welcome')
    await says(/this is other hardware than what was enrolled/)
    await agent.close()
  })

  it('that it came again by its key on other hardware', async () => {
    for (const [n, old] of invented.entries())
      await fleet.enrol(idOf(n), { token, old, hardware: '' })
    await fleet.enrol(DEVICE_A, { token, old: admitted, hardware: '' })
    await says(/came again by its key, and names no hardware/)
  })
})
