import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { HELLO_BYTES_MAX } from '../../../src/collector/door/client-hello.ts'
import type { Limits } from '../../../src/collector/terms/limits.ts'
import { AGENT_ALPN } from '../../../src/stream/message.ts'
import { issue } from '../../stream/certificate.ts'
import { WAIT_MS } from '../../waits.ts'
import {
  ask,
  helloOfNode,
  judgeByAuthority,
  type Running,
  runDoor,
  slowRelay,
  until,
} from './fixture.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
setFlagsFromString('--no-expose-gc')

/** One that says nothing by itself. */
function connectSilent(port: number): Socket {
  const socket = connectTcp({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  return socket
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())))

describe("the door's bounds:", () => {
  let running: Running
  const sockets: Socket[] = []
  const open = async (limits: Partial<Limits>, judge = judgeByAuthority) => {
    running = await runDoor(limits, judge)
  }
  const kept = <T extends Socket>(socket: T): T => {
    sockets.push(socket)
    return socket
  }
  const silent = () => kept(connectSilent(running.port))
  const isThere = (socket: TLSSocket) => ask(socket).then(({ by }) => by)
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await until(() => {
      const { waiting, queued, handshakes, agents, people } = running.door.sizes()
      return waiting + queued + handshakes + agents + people === 0
    }, 'nothing is left that is counted as open')
    running.stop()
  })

  describe('time', () => {
    it('is enough for a ClientHello that comes byte by byte', async () => {
      await open({ handshakeMs: WAIT_MS })
      const relay = await slowRelay(running.port, 1, 0)
      const socket = kept(await running.connectAgent('slow', { port: relay.port }))
      assert.equal((await ask(socket)).certificateOf, 'slow')
      relay.close()
    })

    it('is not for ever, however steadily it comes', async () => {
      await open({ handshakeMs: 300 })
      const relay = await slowRelay(running.port, 1, 20)
      await assert.rejects(running.connect({ port: relay.port }))
      assert.equal(running.counters.read().doorHelloLate, 1)
      relay.close()
    })

    it('ends for who begins a handshake and says no more', async () => {
      await open({ handshakeMs: 1500 })
      const socket = silent()
      socket.write(await helloOfNode({}))
      socket.resume()
      await closed(socket)
      await until(() => running.counters.read().doorTlsLate === 1, 'it is counted')
    })

    it('ends for who says nothing', async () => {
      await open({ handshakeMs: 300 })
      await closed(silent().resume())
      assert.equal(running.counters.read().doorHelloLate, 1)
    })
  })

  describe('nonsense', () => {
    it('is cut, counted, and harms nobody', async () => {
      await open({})
      const good = kept(await running.connect())
      const begins: Buffer[] = [
        randomBytes(3000).fill(0, 0, 1),
        Buffer.concat([
          Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252]),
          randomBytes(508).fill(255, 34, 99),
        ]),
        Buffer.from([22, 3, 1, 0, 0]),
        Buffer.from([22, 3, 1, 0xff, 0xff]),
      ]
      for (const begin of begins) {
        const socket = silent()
        socket.resume()
        socket.write(begin)
        await closed(socket)
      }
      const { doorNotTls, doorHelloMalformed } = running.counters.read()
      assert.deepEqual([doorNotTls, doorHelloMalformed], [1, 3])
      assert.equal(await isThere(good), 'people')
    })

    it('after a good ClientHello is for TLS to refuse', async () => {
      await open({})
      const socket = silent()
      socket.resume()
      socket.write(Buffer.concat([await helloOfNode({}), randomBytes(600)]))
      await closed(socket)
      await until(() => running.counters.read().doorTlsFailed === 1, 'it is counted')
    })
  })

  describe('what waits for its turn', () => {
    it('is a ClientHello and little more: who sends on is sent away and counted, who waits is served', async () => {
      await open({ handshakesAtOnce: 0 })
      const hello = await helloOfNode({})
      const sending = async (...writes: Buffer[]) => {
        const socket = silent().resume()
        for (const bytes of writes) {
          socket.write(bytes)
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        return socket
      }
      const patient = await sending(hello, randomBytes(1000))
      await closed(await sending(hello, randomBytes(1000), randomBytes(25)))
      await closed(await sending(Buffer.concat([hello, randomBytes(HELLO_BYTES_MAX + 1500)])))
      assert.equal(running.counters.read().doorHelloMore, 2)
      assert.deepEqual([patient.closed, running.door.sizes().queued], [false, 1])
    })

    it('holds no more memory than it has bytes', async () => {
      await open({ handshakesAtOnce: 0 })
      const hello = await helloOfNode({})
      let queued = 0
      // What else the process buffers comes and goes: the least of three is the door's.
      let each = Number.POSITIVE_INFINITY
      for (let round = 0; round < 3 && each >= hello.length * 1.5; round++) {
        collectGarbage()
        const { arrayBuffers } = process.memoryUsage()
        for (let n = 0; n < 40; n++) {
          const socket = silent()
          // In pieces, each of which makes the buffer larger.
          for (const part of [hello.subarray(0, 900), hello.subarray(900)]) {
            socket.write(part)
            await new Promise((resolve) => setTimeout(resolve, 5))
          }
          queued++
          await until(() => running.door.sizes().queued === queued, 'it waits')
        }
        collectGarbage()
        each = Math.min(each, (process.memoryUsage().arrayBuffers - arrayBuffers) / 40)
      }
      assert.ok(each < hello.length * 1.5, `${each} of ${hello.length} bytes`)
    })
  })

  describe('places', () => {
    it('are there for hundreds at once', async () => {
      await open({ handshakeMs: WAIT_MS })
      const certified = issue(
        running.authority,
        { name: 'one of many', use: 'clientAuth' },
        Date.now(),
      )
      const all = await Promise.all(
        Array.from({ length: 300 }, (_, i) =>
          i % 3 === 0 ? running.connect() : running.connectAgent('', certified),
        ),
      )
      const told = await Promise.all(all.map((socket) => ask(kept(socket))))
      const count = (by: string) => told.filter((one) => one.by === by).length
      assert.deepEqual([count('agents'), count('people')], [200, 100])
      assert.deepEqual(running.door.sizes(), {
        waiting: 0,
        queued: 0,
        handshakes: 0,
        agents: 200,
        people: 100,
      })
      assert.deepEqual(running.log, [])
    })

    it('of people stay theirs while agents hold all of their own', async () => {
      await open({ agentsMax: 10, otherConnectionsMax: 8 })
      for (let n = 0; n < 11; n++) kept(await running.connectAgent())
      await assert.rejects(running.connectAgent(), { code: 'ECONNRESET' })
      assert.equal(running.counters.read().doorFullAgents, 1)
      for (let n = 0; n < 4; n++)
        assert.equal(await isThere(kept(await running.connect())), 'people')
      assert.match(running.log.join(), /too many \(doorFullAgents\)/)
    })

    it('of agents stay theirs while people hold all of their own', async () => {
      await open({ agentsMax: 10, otherConnectionsMax: 8 })
      for (let n = 0; n < 4; n++) kept(await running.connect())
      await assert.rejects(running.connect(), { code: 'ECONNRESET' })
      assert.equal(running.counters.read().doorFullPeople, 1)
      assert.equal(await isThere(kept(await running.connectAgent())), 'agents')
    })

    it('come back when who had them goes', async () => {
      await open({ agentsMax: 1, otherConnectionsMax: 8 })
      const first = await running.connectAgent()
      await assert.rejects(running.connectAgent())
      first.destroy()
      await until(() => running.door.sizes().agents === 0, 'it has gone')
      assert.equal(await isThere(kept(await running.connectAgent())), 'agents')
    })

    it('are never all taken by who says nothing: the one that waits longest gives way', async () => {
      await open({ agentsMax: 10, otherConnectionsMax: 8 })
      const flood: Socket[] = []
      for (let n = 0; n < 19; n++) {
        const socket = silent()
        await once(socket, 'connect')
        flood.push(socket)
      }
      await until(() => running.door.sizes().waiting === 19, 'all wait')
      for (const one of ['agents', 'people']) {
        const socket = await (one === 'agents' ? running.connectAgent() : running.connect())
        assert.equal(await isThere(kept(socket)), one)
      }
      await Promise.all(flood.slice(0, 2).map(closed))
      assert.deepEqual(
        flood.map((socket) => socket.closed),
        flood.map((_, n) => n < 2),
      )
      assert.equal(running.counters.read().doorFullWaiting, 2)
    })
  })

  describe('a storm of agents', () => {
    const storm = async (count: number) => {
      const certified = issue(running.authority, { name: 'agent', use: 'clientAuth' }, Date.now())
      return await Promise.allSettled(
        Array.from({ length: count }, () => running.connectAgent('', certified).then(kept)),
      )
    }

    /** So many that begin a handshake and say no more. */
    const stuck = async (count: number) => {
      const hello = await helloOfNode({ ALPNProtocols: [AGENT_ALPN] })
      return Array.from({ length: count }, () => {
        const socket = silent()
        socket.resume().write(hello)
        return socket
      })
    }

    it('waits for its turn, a few at once, and all are let in', async () => {
      let most = 0
      await open({ handshakesAtOnce: 3, handshakeFreshMs: 1500 }, (socket) => {
        most = Math.max(most, running.door.sizes().handshakes)
        return judgeByAuthority(socket)
      })
      await stuck(3)
      await until(() => running.door.sizes().handshakes === 3, 'no turn is left')
      const storming = storm(40)
      await until(() => running.door.sizes().queued === 40, 'all of them wait')
      assert.ok((await storming).every(({ status }) => status === 'fulfilled'))
      await until(() => running.counters.read().doorAgents === 40, 'all are in')
      assert.ok(most < 6, `${most} at once`)
      assert.deepEqual(running.log, [])
    })

    it('is turned away before TLS where it would wait too long, is said once, and holds up no page', async () => {
      await open({ handshakesAtOnce: 10, turnMs: 1500, handshakeFreshMs: WAIT_MS })
      await stuck(10)
      await until(() => running.door.sizes().handshakes === 10, 'no turn is left')
      const storming = storm(30)
      await until(() => running.door.sizes().queued === 30, 'all of them wait')
      assert.equal(await isThere(kept(await running.connect())), 'people')
      for (const one of await storming)
        assert.equal(one.status === 'rejected' && one.reason.code, 'ECONNRESET')
      const { doorAgents, doorTurnLate, doorTlsLost } = running.counters.read()
      assert.deepEqual([doorAgents, doorTurnLate, doorTlsLost], [0, 30, 0])
      assert.deepEqual(running.log, [
        'connections are turned away: there are too many (doorTurnLate)',
      ])
    })

    it('that begins handshakes and stays in them leaves pages theirs', async () => {
      await open({ handshakesAtOnce: 11, handshakeFreshMs: WAIT_MS })
      await stuck(30)
      await until(() => running.door.sizes().queued === 19, 'some wait for their turn')
      assert.equal(running.door.sizes().handshakes, 11)
      assert.equal(await isThere(kept(await running.connect())), 'people')
    })

    it('that stays in handshakes gives its turns to others, and may still come through', async () => {
      await open({ handshakesAtOnce: 5, handshakeFreshMs: 200 })
      await stuck(5)
      await until(() => running.door.sizes().handshakes === 5, 'no turn is left')
      assert.equal(await isThere(kept(await running.connectAgent())), 'agents')
      assert.equal(running.door.sizes().handshakes, 5)
      const { doorTlsStale, doorTurnLate } = running.counters.read()
      assert.deepEqual([doorTlsStale, doorTurnLate], [0, 0])
    })

    it('that stays in as many as there may be gives way, the oldest first', async () => {
      await open({
        handshakesAtOnce: 2,
        handshakeFreshMs: 1,
        handshakesMax: 4,
        handshakeStaleMs: 1,
      })
      const first = await stuck(4)
      await until(() => running.door.sizes().handshakes === 4, 'no place is left')
      assert.equal(await isThere(kept(await running.connectAgent())), 'agents')
      await until(
        () => first.filter(({ closed: isClosed }) => isClosed).length === 1,
        'one gave way',
      )
      const { doorTlsStale, doorTlsLost, doorTlsLate } = running.counters.read()
      assert.deepEqual([doorTlsStale, doorTlsLost, doorTlsLate], [1, 0, 0])
    })

    it('is forgotten where it leaves before its turn', async () => {
      await open({ handshakesAtOnce: 1, handshakeFreshMs: WAIT_MS })
      const all = await stuck(9)
      await until(() => running.door.sizes().queued === 8, 'they wait')
      // By an end, by a reset, and by saying too much.
      const [ended, reset, talking] = all.slice(-3) as [Socket, Socket, Socket]
      ended.end()
      reset.resetAndDestroy()
      talking.write(Buffer.alloc(2 * HELLO_BYTES_MAX))
      await until(() => running.door.sizes().queued === 5, 'three have left')
      assert.equal(running.door.sizes().agents, 6)
      assert.equal(running.counters.read().doorTurnLate, 0)
    })
  })
})
