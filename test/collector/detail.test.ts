// What the API knows beside an alert and an identity: where a program went, who vouches for its parents.
import assert from 'node:assert/strict'
import type {
  AlertDetail,
  DestinationsResponse,
  IdentitiesResponse,
} from '../../src/collector/views/page-api.ts'
import { bytes, unixNs } from '../../src/units.ts'
import {
  type Agent,
  alertItem,
  connectAgent,
  DEVICE_A,
  DEVICE_B,
  destinationOf,
  identityOf,
  itemOf,
  processOf,
  type Running,
  runCollector,
  T0,
} from './agent.ts'

const at = unixNs(T0, 'at')
const sighting = (name: string, change = {}) => ({
  at,
  kind: 'sighting' as const,
  sighting: {
    of: 'identity' as const,
    identity: identityOf(name, change),
    process: processOf(`/opt/${name}`),
    destination: undefined,
  },
})

describe('the API of details', () => {
  let running: Running
  let agent: Agent
  let other: Agent
  before(async () => {
    running = await runCollector()
    agent = await connectAgent(running, DEVICE_A)
    other = await connectAgent(running, DEVICE_B)
  })
  after(async () => {
    await agent?.close()
    await other?.close()
    await running?.stop()
  })

  it('says where an identity went, on one machine', async () => {
    const summary = (to: string, out: number) => ({
      at,
      kind: 'summary' as const,
      summary: {
        identityKey: identityOf('tool').key,
        destination: destinationOf(to),
        hourAt: at,
        bytesOut: bytes(out, 'bytesOut'),
        bytesIn: bytes(1, 'bytesIn'),
        flows: 1,
        largestFlowOut: bytes(out, 'largestFlowOut'),
      },
    })
    await agent.deliver([
      itemOf(1, sighting('tool')),
      itemOf(2, summary('a:443', 5)),
      itemOf(3, summary('b:443', 7)),
    ])
    const of = (query: Record<string, string>) =>
      running.get(`/api/destinations?${new URLSearchParams(query)}`)
    const { key } = identityOf('tool')
    const answer = await of({ device: DEVICE_A, key, limit: '1' })
    const found = (await answer.json()) as DestinationsResponse
    assert.deepEqual([found.total, found.bytesOut, found.bytesIn], [2, 12, 2])
    assert.deepEqual(
      found.destinations.map(({ key: to, told }) => [to, told?.bytesOut]),
      [['b:443', 7]],
    )
    assert.equal((await of({ device: DEVICE_B, key })).status, 404)
    assert.equal((await of({ device: DEVICE_A })).status, 400)
    assert.equal((await of({ key })).status, 400)
    assert.equal((await of({ device: DEVICE_A, key, limit: '1001' })).status, 400)
  })

  it("says of each process of a chain what its own machine told of its program, and null where it didn't", async () => {
    const chain = [
      { ...processOf('/opt/backup-tool'), identityKey: identityOf('backup-tool').key },
      { ...processOf('/opt/shell'), identityKey: identityOf('shell').key },
      { ...processOf('/opt/elsewhere'), identityKey: identityOf('elsewhere').key },
      processOf('/opt/unlooked'),
    ]
    await other.deliver([itemOf(1, sighting('elsewhere'))])
    await agent.deliver([
      itemOf(4, sighting('shell', { signerClass: 'platform', sha256: 'cd'.repeat(32) })),
      alertItem(5, { chain }),
    ])
    const id = (5).toString(16).padStart(32, '0')
    const alert = await running.json<AlertDetail>(`/api/alerts/${id}`)
    assert.deepEqual(
      alert.chain.map(({ program }) => program && [program.signerClass, program.sha256]),
      [['unsigned', 'ab'.repeat(32)], ['platform', 'cd'.repeat(32)], null, null],
    )
  })

  it('lists the programs of one machine', async () => {
    const of = async (host: string) => {
      const q = new URLSearchParams({ q: `host:"${host}"` })
      const { identities } = await running.json<IdentitiesResponse>(`/api/identities?${q}`)
      return identities.map(({ name }) => name).sort()
    }
    assert.deepEqual(await of(DEVICE_A), ['shell', 'tool'])
    assert.deepEqual(await of(DEVICE_B), ['elsewhere'])
    assert.deepEqual(await of('mac'), [], 'the whole name')
  })
})
