// Siblings of attribution.test.ts: fresh programs that listen and send to the one who comes. What they serve is theirs, to
// the byte where our programs run in the kernel; without them each is told, and marked where its counters were lost.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import {
  Direction,
  FlowFlag,
  type FlowRecord,
  FlowState,
  Loss,
  Mark,
} from '../../src/records/record.gen.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { times } from '../long.ts'
import { buildNative, temporaryFolder, type Watch, watch, whyNotLive } from './watch.ts'

const PROCESSES = times('FRESHET_UPLOADS', { usual: 40, long: 500 })
const AT_ONCE = 8
const ADDRESS = '127.0.0.1'

type Served = { path: string; ino: bigint; bytes: bigint; pid: number; port: number }
/** What the programs listen by, and how they end the connection. */
const WAYS = [
  ['tcp', 'close'],
  ['tcp', 'reset'],
  ['tcp', 'disconnect'],
  ['mptcp', 'close'],
] as const

describe('attribution of what fresh programs serve', () => {
  const folder = temporaryFolder()
  let edges = ''

  before(function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('a C compiler'))
    edges = buildNative(folder.path, 'edges.c', 'edges', [])
  })
  after(() => folder.remove())

  /** Lets `path` serve `bytes` to one client. */
  const serve = async (path: string, protocol: string, how: string, bytes: bigint) => {
    const server = spawn(path, ['serve', ADDRESS, protocol, how, `${bytes}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(server, 'exit')
    const [said] = await once(server.stdout, 'data')
    const port = Number(said)
    await (protocol === 'mptcp' ? fetchByMptcp(port) : fetchAll(port))
    deepEqual(await ended, [0, null])
    return { pid: (server as ChildProcess).pid as number, port }
  }
  const fetchByMptcp = async (port: number) => {
    const client = spawn(edges, ['fetch', ADDRESS, `${port}`, 'mptcp', '-'], { stdio: 'ignore' })
    deepEqual(await once(client, 'exit'), [0, null])
  }

  for (const kernelPrograms of [true, false])
    for (const [protocol, how] of WAYS)
      it(`tells ${PROCESSES} by ${protocol} ended by ${how}, ${kernelPrograms ? 'with' : 'without'} our programs in the kernel`, async function () {
        if (kernelPrograms) leaveOut(this, whyNoTool('kernel programs'))
        const seen: Watch = watch({ intervalMs: 1000, kernelPrograms })
        try {
          await seen.until('the enumeration', () =>
            seen.marks.find((mark) => mark.kind === Mark.enumerated),
          )
          const served: Served[] = []
          let next = 0
          const work = async () => {
            while (next < PROCESSES) {
              const index = next++
              const path = join(folder.path, `${protocol}-${how}-${kernelPrograms}-${index}`)
              copyFileSync(edges, path)
              const bytes = BigInt(1000 + index * 37)
              const { pid, port } = await serve(path, protocol, how, bytes)
              const { ino } = statSync(path, { bigint: true })
              served.push({ path, ino, bytes, pid, port })
            }
          }
          await Promise.all(Array.from({ length: AT_ONCE }, work))
          const endOf = ({ port, pid }: Served): FlowRecord | undefined =>
            seen.flows.find(
              (flow) =>
                flow.state === FlowState.closed &&
                flow.direction === Direction.inbound &&
                flow.localPort === port &&
                (flow.pid === pid || flow.pid === 0),
            )
          await seen
            .until('every close', () => (served.every(endOf) ? true : undefined), 20_000)
            .catch(() => {})

          const images = new Map(seen.execs.map((exec) => [`${exec.pid}.${exec.pidversion}`, exec]))
          let attributed = 0
          let exact = 0
          let marked = 0
          let unread = 0
          for (const one of served) {
            const flow = endOf(one)
            if (flow === undefined) continue
            const image = images.get(`${flow.pid}.${flow.pidversion}`)
            if (image?.path === one.path && image.ino === one.ino) attributed++
            else equal(image, undefined, 'served by a program that did not')
            const doubtful = (flow.flags & (FlowFlag.countersLost | FlowFlag.inexact)) !== 0
            if ((flow.flags & FlowFlag.countersLost) !== 0) unread++
            if (doubtful) marked++
            else exact++
            if (doubtful) ok(flow.bytesOut <= one.bytes, `${flow.bytesOut} of ${one.bytes}`)
            else deepEqual([flow.bytesOut, flow.bytesIn], [one.bytes, 0n])
          }
          const counted = (): number =>
            seen.losses
              .filter(({ what }) => what === Loss.flowCounters)
              .reduce((sum, loss) => sum + Number(loss.count), 0)
          // The counter is the whole machine's, what others lose meanwhile is in it too; it is told after the flows.
          const lost = await seen.until('all to be counted', () =>
            counted() >= unread ? counted() : undefined,
          )
          console.log(
            `      ${attributed} with the right executable, ${exact} exact, ${marked} marked; ${lost} counted`,
          )
          ok(attributed >= PROCESSES * 0.99, `${attributed} attributed`)
          ok(exact + marked >= PROCESSES * 0.99, `${exact} and ${marked}`)
          if (kernelPrograms) equal(marked, 0)
          else if (protocol === 'mptcp' || how !== 'close') equal(exact, 0)
          else equal(marked, 0)
        } finally {
          seen.close()
        }
      })
})

/** Resolves when the other side has ended. */
function fetchAll(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, ADDRESS)
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.resume()
  })
}
