import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { sentenceOf } from '../../src/stream/answer.ts'
import { FRAME_BYTES_MAX, STREAM_PATH } from '../../src/stream/message.ts'
import {
  Agent,
  alertItem,
  type Connect,
  connectAgent,
  DEVICE_A,
  DEVICE_B,
  helloOf,
  liveOf,
  type Running,
  runCollector,
} from './agent.ts'

/** The status and the body of a refused upgrade. */
async function refusal(url: string, how: Connect = {}): Promise<{ status: number; error: string }> {
  const { socket } = new Agent(url, how)
  const [, response] = await once(socket, 'unexpected-response')
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode, error: JSON.parse(body).error }
}

describe('admission of agents', () => {
  let running: Running
  before(async () => {
    running = await runCollector({
      helloTimeoutMs: 300,
      creditItems: 10,
      headersTimeoutMs: 400,
      probeMs: 200,
    })
  })
  after(() => running.stop())

  const open = () => new Agent(running.socket).opened()
  const counted = (name: string) => running.collector.counters()[name]

  it('has no agents at the port of the page, with a token neither, and tells them where they come in', async () => {
    const { url, port } = running.collector
    for (const headers of [
      { Authorization: `Bearer ${'x'.repeat(43)}` },
      { Authorization: `Bearer ${running.key}` },
      { Origin: url },
      { Host: `rebound.example:${port}` },
    ]) {
      const { status, error } = await refusal(url, { headers })
      assert.equal(status, 410)
      const root = running.root.replaceAll('.', '\\.')
      assert.match(error, new RegExp(`--collector ${root} and without --token-file; .*enroll\``))
      assert.equal(sentenceOf(JSON.stringify({ error })).error, error, 'an agent shows all of it')
    }
    assert.equal(counted('agentsRefusedPlain'), 4)
    assert.equal(counted('agentsAccepted'), 0)
  })

  it('refuses another subprotocol with 400 and another path with 404', async () => {
    const other = await refusal(running.socket, { protocols: ['freshet.v9'] })
    assert.equal(other.status, 400)
    assert.match(other.error, /freshet\.v2/)
    const nowhere = await refusal(running.socket, { path: '/v1/nowhere' })
    assert.equal(nowhere.status, 404)
    assert(nowhere.error.includes(STREAM_PATH))
  })

  it('ends a connection whose headers do not come', async () => {
    const socket = connect(running.collector.port, '127.0.0.1')
    socket.write(`GET ${STREAM_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: `)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    await once(socket, 'close')
    assert.match(answer, /^HTTP\/1\.1 408 /)
  })

  it('ends a connection that says no Hello', async () => {
    const agent = await open()
    assert.match((await agent.expect('goodbye')).reason, /no Hello/)
    assert.equal((await agent.closed).code, 1008)
    assert.equal(counted('agentsClosedNoHello'), 1)
  })

  it('wants Hello first', async () => {
    const agent = await open()
    agent.send({ kind: 'live', live: liveOf() })
    assert.match((await agent.expect('goodbye')).reason, /must be hello, not live/)
    assert.equal((await agent.closed).code, 1008)
  })

  it('refuses a second Hello', async () => {
    const agent = await open()
    await agent.hello()
    agent.send(helloOf(DEVICE_A))
    assert.match((await agent.expect('goodbye')).reason, /hello was not expected/)
    assert.equal((await agent.closed).code, 1002)
  })

  it('ends a connection that sends garbage, with what is wrong', async () => {
    const agent = await open()
    agent.socket.send(Buffer.from('ffffffffff', 'hex'))
    assert.match((await agent.expect('goodbye')).reason, /cannot be read/)
    assert.equal((await agent.closed).code, 1007)
    assert.equal(counted('agentsClosedMalformed'), 1)
  })

  it('ends a connection whose item has not even a sequence', async () => {
    const agent = await open()
    await agent.hello()
    agent.send({ kind: 'batch', items: [Buffer.from('0a', 'hex')] })
    assert.match((await agent.expect('goodbye')).reason, /without a sequence/)
    assert.equal((await agent.closed).code, 1007)
  })

  it('ends a connection that sends text', async () => {
    const agent = await open()
    agent.socket.send('hello')
    await agent.expect('goodbye')
    assert.equal((await agent.closed).code, 1003)
  })

  it('ends a connection whose frame is larger than any may be', async () => {
    const agent = await open()
    agent.socket.send(Buffer.alloc(FRAME_BYTES_MAX + 1))
    assert.equal((await agent.closed).code, 1009)
    assert.equal(counted('agentsClosedOversized'), 1)
  })

  it('ends a connection that sends beyond its credit, and stores none of that', async () => {
    const agent = await open()
    await agent.hello()
    const items = Array.from({ length: 11 }, (_, index) => alertItem(index + 1))
    agent.send({ kind: 'batch', items })
    assert.match((await agent.expect('goodbye')).reason, /at most 10/)
    assert.equal((await agent.closed).code, 1008)
    assert.equal(counted('itemsStored'), 0)
  })

  it('ignores a message of a later version', async () => {
    const agent = await open()
    await agent.hello()
    // Field 1000, length 1.
    agent.socket.send(Buffer.from('c23e0100', 'hex'))
    assert.equal((await agent.deliver([Buffer.from('1001', 'hex')])).throughSequence, 1)
    assert.equal(counted('framesUnknown'), 1)
    await agent.close()
  })

  it('lets the newer of two connections of a device win where the older does not answer', async () => {
    const older = await connectAgent(running)
    // As after a change of network: the connection is there, and nobody at its other end.
    older.socket.pause()
    const newer = await connectAgent(running)
    older.socket.resume()
    assert.match((await older.expect('goodbye')).reason, /newer connection/)
    assert.equal((await older.closed).code, 4001)
    await newer.deliver([alertItem(1)])
    assert.equal(counted('agentsConnected'), 1)
    await newer.close()
  })
})

describe('limits of the gateway', () => {
  it('refuses more agents than its limit with 503, and takes one again when one leaves', async () => {
    const running = await runCollector({ agentsMax: 1 })
    try {
      const agent = await connectAgent(running)
      const refused = await refusal(running.socket)
      assert.equal(refused.status, 503)
      await agent.close()
      await (await connectAgent(running)).close()
    } finally {
      await running.stop()
    }
  })

  it('refuses more connections a second than its limit with 503', async () => {
    const running = await runCollector({ connectsPerSecond: 0.001, connectsBurst: 1 })
    try {
      const agent = await connectAgent(running)
      const refused = await refusal(running.socket)
      assert.equal(refused.status, 503)
      assert.equal(running.collector.counters().agentsRefusedRate, 1)
      await agent.close()
    } finally {
      await running.stop()
    }
  })

  it('ends an agent that is silent, and repeats its acknowledgement to one that listens', async () => {
    const running = await runCollector({ silenceMs: 1500, heartbeatMs: 200 })
    try {
      const agent = await connectAgent(running)
      await agent.deliver([alertItem(1)])
      assert.deepEqual((await agent.expect('ack')).ack, { throughSequence: 1, rejects: [] })
      await agent.closed
      assert.equal(running.collector.counters().agentsClosedSilent, 1)
    } finally {
      await running.stop()
    }
  })

  it('says goodbye when it stops, and waits no longer than its limit for an agent that does not answer', async () => {
    const running = await runCollector({ closeMs: 200 })
    const agent = await connectAgent(running)
    const mute = await connectAgent(running, DEVICE_B)
    mute.socket.pause()
    await running.collector.close()
    assert.equal(mute.socket.isPaused, true)
    await running.stop()
    assert.match((await agent.expect('goodbye')).reason, /stopping/)
    assert.equal((await agent.closed).code, 1001)
    mute.socket.terminate()
  })
})
