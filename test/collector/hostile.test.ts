// The gateway among agents that mean ill: its memory stays bounded, and an honest agent is served meanwhile.
// FRESHET_FUZZ=1000000 sends that many malformed frames in one go; FRESHET_SEED takes another seed.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { zstdCompressSync } from 'node:zlib'
import { CAPABILITIES, encodeEnvelope } from '../../src/stream/codec.ts'
import { helloOf } from './agent.ts'
import {
  type Attacked,
  assertAccounted,
  attacked,
  hangUpWhenClosed,
  MiB,
  servedMeanwhile,
  upgradeOf,
  webSocketFrame,
} from './attack.ts'
import { malformed, packedFrame, seeded } from './mutation.ts'

const FRAMES = Number(process.env['FRESHET_FUZZ'] ?? 5000)
const SEED = Number(process.env['FRESHET_SEED'] ?? 4)
const CONNECTIONS = 32
const BURST = 2
/** The store keeps up to 128 MiB of its file in memory; the rest is the gateway, the agent and the attacker. */
const GROWN_BYTES_MAX = 256 * MiB

const deviceOf = (index: number) =>
  `0f8fad5b-d9cb-469f-a165-${index.toString(16).padStart(12, '0')}`
const helloFrame = (index: number) =>
  webSocketFrame(encodeEnvelope(helloOf(deviceOf(index), 'hostile', CAPABILITIES)))
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a gateway under attack', () => {
  let gateway: Attacked
  const start = async (limits: Parameters<typeof attacked>[0] = {}) => {
    gateway = await attacked({ connectsPerSecond: 1e9, connectsBurst: 1e9, ...limits })
    return gateway
  }
  afterEach(() => gateway.stop())

  const report = (what: string, served: Awaited<ReturnType<typeof servedMeanwhile>>) => {
    const { delivered, p99Ms, grownBytes } = served
    console.log(
      `      ${what}; grown by ${Math.round(grownBytes / MiB)} MiB at most; ` +
        `meanwhile ${delivered} alerts of an honest agent stored, p99 ${Math.round(p99Ms)} ms`,
    )
    assert.ok(grownBytes < GROWN_BYTES_MAX, `grown by ${grownBytes} B`)
  }

  it(`takes ${FRAMES.toLocaleString('en')} malformed frames for what they are`, async function () {
    this.timeout(60_000 + FRAMES * 5)
    const { counters, connected } = await start()
    const random = seeded(SEED)
    // What was read, and not the Hello of each connection.
    const read = () => counters().frames - counters().agentsAccepted
    const served = await servedMeanwhile(gateway, async () => {
      const one = async (index: number) => {
        while (read() < FRAMES)
          await pester(gateway.inMemory(), index, () => {
            const frame = webSocketFrame(malformed(random))
            // One of sixteen is broken as a WebSocket frame.
            if (random(16) === 0) frame[random(Math.min(8, frame.length))] = random(256)
            return frame
          })
      }
      await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => one(index)))
      while (connected() > 1) await turn()
    })
    const counts = counters()
    const ended = Object.entries(counts)
      .filter(([name, count]) => /^agents(Closed|Left|Lost)/.test(name) && count > 0)
      .map(([name, count]) => `${name.replace(/^agents/, '')} ${count}`)
    report(
      `${read()} frames, seed ${SEED}, ${counts.agentsAccepted} connections (${ended.join(', ')}), ` +
        `${counts.itemsStored} items stored, ${counts.itemsRejected} rejected`,
      served,
    )
    assertAccounted(gateway)
    assert.equal(counts.agentsClosedFault, 0, gateway.log.join('\n'))
    assert.ok(counts.agentsClosedMalformed > FRAMES / 10)
    assert.ok(counts.agentsClosedProtocol > 0 && counts.itemsRejected > FRAMES / 4)
  })

  it('sends those away who never end their headers, and those who never say Hello', async () => {
    const { counters, connected, tcp } = await start({
      headersTimeoutMs: 1000,
      helloTimeoutMs: 1000,
    })
    const count = 300
    const served = await servedMeanwhile(gateway, async () => {
      const slow = Array.from({ length: count }, (_, index) => {
        const socket = tcp()
        // Of a frame of 500 KiB a byte at a time; of headers as well; and nothing at all.
        const upgrade = upgradeOf(deviceOf(index))
        const begins = [upgrade, upgrade.slice(0, 30), '']
        socket.write(begins[index % 3] as string)
        if (index % 3 === 0) socket.write(webSocketFrame(Buffer.alloc(500 * 1024)).subarray(0, 14))
        const crumb = ['\0', 'X', ''][index % 3] as string
        const drip = setInterval(() => socket.writable && socket.write(crumb), 100)
        socket.resume()
        return new Promise<void>((resolve) =>
          socket.on('close', () => {
            clearInterval(drip)
            resolve()
          }),
        )
      })
      await Promise.all(slow)
    })
    const { agentsClosedNoHello, headersLate } = counters()
    report(
      `${count} slow connections (${headersLate} by their headers, ` +
        `${agentsClosedNoHello} by their Hello)`,
      served,
    )
    assert.equal(headersLate, (count * 2) / 3)
    assert.equal(agentsClosedNoHello, count / 3)
    assert.equal(connected(), 0)
    assertAccounted(gateway)
  })

  it('ends messages that come in crumbs: fragments of one byte, and pieces of one byte', async () => {
    const { counters, inMemory } = await start({ helloTimeoutMs: 30_000 })
    const count = 24
    const served = await servedMeanwhile(gateway, async () => {
      const crumbs = Array.from({ length: count }, async (_, index) => {
        const client = await upgraded(inMemory(), index)
        const closed = once(client, 'close')
        if (index % 2 === 0) {
          await write(client, webSocketFrame(Buffer.of(0x0a), 0x02))
          for (let sent = 0; sent < 100_000 && !client.destroyed; sent++)
            await crumble(client, webSocketFrame(Buffer.of(0), 0x00), sent)
        } else {
          // The head of one frame of 500 KiB, then its bytes one by one.
          await write(client, webSocketFrame(Buffer.alloc(500 * 1024)).subarray(0, 14))
          for (let sent = 0; sent < 100_000 && !client.destroyed; sent++)
            await crumble(client, Buffer.of(0), sent)
        }
        await closed
      })
      await Promise.all(crumbs)
    })
    report(`${count} connections that send crumbs`, served)
    assert.equal(counters().agentsClosedFragments, count)
    assertAccounted(gateway)
  })

  it('unpacks no bomb: not one of 128 MiB, not one in many frames, not one with a wide window', async () => {
    const { counters, inMemory } = await start()
    const large = zstdCompressSync(Buffer.alloc(128 * MiB))
    const many = Buffer.concat(
      Array.from({ length: 400 }, () => zstdCompressSync(Buffer.alloc(500 * 1024))),
    )
    // Window_Descriptor 0x98: 2^29 bytes (RFC 8878, 3.1.1.1.2), an RLE block of 128 KiB.
    const wide = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x98, 0x03, 0x00, 0x10, 0x00])
    const bombs = [large, many, wide].map((zstd) => webSocketFrame(packedFrame(zstd)))
    let sent = 0
    const served = await servedMeanwhile(gateway, async () => {
      const one = async (index: number) => {
        for (let round = 0; round < 30; round++) {
          const client = await upgraded(inMemory(), index)
          await write(client, helloFrame(index))
          await once(client, 'data')
          const closed = once(hangUpWhenClosed(client), 'close')
          client.write(bombs[round % bombs.length])
          sent++
          await closed
        }
      }
      await Promise.all(Array.from({ length: 8 }, (_, index) => one(index)))
    })
    report(`${sent} bombs, of ${128 * 8 * 10} MiB and more`, served)
    assert.equal(counters().agentsClosedInflated, sent)
    assertAccounted(gateway)
  })
})

/** Sends what `next` gives, on one connection, until the gateway has enough of it. */
async function pester(client: Duplex, index: number, next: () => Buffer): Promise<void> {
  await upgraded(client, index)
  await write(client, helloFrame(index))
  await once(client, 'data')
  hangUpWhenClosed(client)
  for (let rounds = 0; !client.destroyed && rounds < 50; rounds++) {
    for (let burst = 0; burst < BURST && !client.destroyed; burst++) client.write(next())
    await turn()
    await turn()
  }
  client.destroy()
}

/** Resolves when the connection is a WebSocket. */
async function upgraded(client: Duplex, index: number): Promise<Duplex> {
  client.write(upgradeOf(deviceOf(index)))
  const [answer] = await once(client, 'data')
  assert.match(`${answer}`, /^HTTP\/1\.1 101 /)
  return client
}

/** Written by itself, and not so that nothing else gets its turn: the attacker runs in this process too. */
async function crumble(client: Duplex, bytes: Uint8Array, sent: number): Promise<void> {
  await write(client, bytes)
  if (sent % 16 === 0) await turn()
}

const write = (client: Duplex, bytes: Uint8Array) =>
  new Promise<void>((resolve) => {
    if (client.destroyed) resolve()
    else client.write(bytes, () => resolve())
  })
