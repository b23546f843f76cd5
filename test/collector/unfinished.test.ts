// Messages that begin and do not end, with pings beside them: what they hold is bounded, each and in sum, and who sends
// whole ones, however slowly, stays.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { CAPABILITIES, encodeEnvelope } from '../../src/stream/codec.ts'
import { until } from '../waits.ts'
import { helloOf } from './agent.ts'
import {
  type Attacked,
  assertAccounted,
  attacked,
  MiB,
  upgradeOf,
  webSocketFrame,
} from './attack.ts'

const PING = webSocketFrame(Buffer.alloc(0), 0x89)
const BYTES = 400 * 1024
const deviceOf = (n: number) => `0f8fad5b-d9cb-469f-a165-${n.toString(16).padStart(12, '0')}`

describe('messages that begin and do not end', () => {
  let gateway: Attacked
  let timers: NodeJS.Timeout[]
  const open = new Set<number>()
  const start = async (limits: Parameters<typeof attacked>[0]) => {
    gateway = await attacked({ connectsPerSecond: 1e9, connectsBurst: 1e9, ...limits })
  }
  beforeEach(() => {
    open.clear()
    timers = []
  })
  afterEach(async () => {
    for (const timer of timers) clearInterval(timer)
    await gateway.stop()
  })
  const counted = () => gateway.counters().agentsClosedUnfinished

  /** Welcomed, and has a ping now and then. */
  async function welcomed(n: number, isQuarantined = false): Promise<Socket> {
    const socket = gateway.tcp()
    socket.write(upgradeOf(deviceOf(n), isQuarantined))
    await once(socket, 'data')
    socket.write(webSocketFrame(encodeEnvelope(helloOf(deviceOf(n), 'slow', CAPABILITIES))))
    await once(socket, 'data')
    open.add(n)
    socket.resume().on('close', () => open.delete(n))
    timers.push(setInterval(() => socket.write(PING), 200))
    return socket
  }
  /** FIN is not set. */
  const begin = (socket: Socket, bytes = BYTES) =>
    new Promise((resolve) =>
      socket.write(webSocketFrame(Buffer.alloc(bytes), 0x02), () => setTimeout(resolve, 20)),
    )

  it('end their connections in time, whatever pings come beside them', async () => {
    await start({ messageMs: 500, silenceMs: 60_000 })
    for (let n = 0; n < 10; n++) await begin(await welcomed(n))
    await until(() => open.size === 0)
    assert.equal(counted(), 10)
    assert.equal(gateway.counters().agentsClosedSilent, 0)
    assertAccounted(gateway)
  })

  it('leave alone who takes his time and ends', async () => {
    await start({ messageMs: 1500, silenceMs: 60_000 })
    const socket = await welcomed(1)
    for (let turns = 0; turns < 3; turns++) {
      const before = gateway.counters().framesUnknown
      // Field 99 of no type that is known, in three fragments over a second.
      await begin(socket, 0)
      socket.write(webSocketFrame(Buffer.of(0x9a, 0x06, 0x04), 0x00))
      await new Promise((resolve) => setTimeout(resolve, 700))
      socket.write(webSocketFrame(Buffer.alloc(4), 0x80))
      await until(() => gateway.counters().framesUnknown === before + 1)
    }
    assert.deepEqual([[...open], counted()], [[1], 0])
    socket.destroy()
  })

  it('hold no more than their bound in sum: who waits to be admitted gives way, and who is known ends his', async () => {
    await start({ unfinishedBytesMax: 4 * MiB })
    const known = [await welcomed(1), await welcomed(2), await welcomed(3)]
    for (const socket of known) await begin(socket)
    for (let n = 10; n < 30; n++) await begin(await welcomed(n, true))
    // Ten of 400 KiB have room.
    await until(() => counted() === 13)
    assert.deepEqual(
      [1, 2, 3].map((n) => open.has(n)),
      [true, true, true],
    )
    assert.match(
      gateway.log.join('\n'),
      /have begun and not ended hold more than 4194304 bytes.*nobody has admitted/,
    )
    // They are heard to their end, and what they say is malformed.
    for (const socket of known) socket.write(webSocketFrame(Buffer.alloc(1), 0x80))
    await until(() => gateway.counters().agentsClosedMalformed === 3)
    await until(() => gateway.connected() === 7)
    assertAccounted(gateway)
  })

  it('of known devices alone are given up by who began last', async () => {
    await start({ unfinishedBytesMax: 2 * MiB })
    for (let n = 0; n < 7; n++) await begin(await welcomed(n))
    await until(() => counted() === 2)
    assert.deepEqual([...open], [0, 1, 2, 3, 4])
    assertAccounted(gateway)
  })

  it('weigh what their pieces take, and not their bytes alone', async () => {
    await start({ unfinishedBytesMax: 256 * 1024 })
    const socket = await welcomed(1, true)
    socket.write(webSocketFrame(Buffer.alloc(BYTES)).subarray(0, 14))
    const crumbs = setInterval(() => socket.write(Buffer.of(0)), 0)
    timers.push(crumbs)
    await until(() => counted() === 1)
    assert.equal(gateway.counters().agentsClosedFragments, 0)
  })
})
