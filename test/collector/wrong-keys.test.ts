// Wrong keys of the page: bounded on a connection and in all, and the right one passes whatever came before it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent as HttpAgent, type IncomingMessage, request } from 'node:http'
import type { ErrorResponse } from '../../src/collector/views/page-api.ts'
import { type Running, runCollector } from './agent.ts'

const WRONG = 'x'.repeat(43)
/** No wrong key is earned back within a test. */
const SLOW = 1e-9

describe('wrong keys of the page', () => {
  let running: Running
  const agents: HttpAgent[] = []
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy()
    await running.stop()
  })

  /** Requests over one connection as long as that is open. */
  function client() {
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    return async (key: string | undefined) => {
      const headers = key === undefined ? {} : { Authorization: `Bearer ${key}` }
      const { port } = running.collector
      const sent = request({ host: '127.0.0.1', port, path: '/api/counters', agent, headers })
      sent.end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      let body = ''
      for await (const chunk of response) body += chunk
      const { statusCode: status, headers: said } = response
      return { status, isLast: said.connection === 'close', body }
    }
  }
  const counted = (name: string) => running.collector.counters()[name]
  const times = async (ask: ReturnType<typeof client>, key: string | undefined, count: number) => {
    const statuses = []
    for (let n = 0; n < count; n++) statuses.push((await ask(key)).status)
    return statuses
  }

  it('end their connection at the bound, with where the right one is', async () => {
    running = await runCollector({ wrongKeysPerConnection: 3 })
    const ask = client()
    assert.deepEqual(await times(ask, WRONG, 3), [401, 401, 401])
    const { status, isLast, body } = await ask(WRONG)
    assert.deepEqual([status, isLast], [429, true])
    assert.match((JSON.parse(body) as ErrorResponse).error, /^too many wrong keys.*freshet page/)
    assert.deepEqual([counted('requestsUnauthorized'), counted('requestsWrongKeys')], [4, 1])
    assert.equal((await ask(WRONG)).status, 401, 'a connection of its own')
  })

  it('are bounded over all connections, and the right one passes beside them and on the same one', async () => {
    running = await runCollector({ wrongKeysBurst: 5, wrongKeysPerSecond: SLOW })
    const statuses = []
    for (let n = 0; n < 20; n++) statuses.push((await client()(WRONG)).status)
    assert.deepEqual(statuses, [...Array(5).fill(401), ...Array(15).fill(429)])
    assert.deepEqual(await times(client(), running.key, 30), Array(30).fill(200))
    const mixed = client()
    for (let n = 0; n < 3; n++)
      assert.deepEqual(
        [(await mixed(running.key)).status, (await mixed(WRONG)).status],
        [200, 429],
        'a connection that was ended is another',
      )
    assert.equal(counted('requestsWrongKeys'), 18)
  })

  it('are not those that are missing: a page without one asks nobody to wait', async () => {
    running = await runCollector({ wrongKeysBurst: 1, wrongKeysPerSecond: SLOW })
    assert.deepEqual(await times(client(), undefined, 30), Array(30).fill(401))
    assert.equal(counted('requestsWrongKeys'), 0)
  })

  it('are earned back with time', async () => {
    running = await runCollector({ wrongKeysBurst: 1, wrongKeysPerSecond: 1e6 })
    for (let n = 0; n < 5; n++) assert.equal((await client()(WRONG)).status, 401)
  })
})
