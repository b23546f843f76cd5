// A connection of MPTCP over two paths, live: what is sent once is told once, and what is sent again over the other path is
// told once or marked, never as more than was sent.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { RATE } from '../../scripts/tools.ts'
import {
  Direction,
  FlowFlag,
  type FlowRecord,
  FlowState,
  Loss,
  Mark,
} from '../../src/records/record.gen.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { buildNative, temporaryFolder, type Watch, watch, whyNotLive } from './watch.ts'

const BYTES = 8 << 20
const CLIENTS = ['10.99.1.1', '10.99.2.1']
const SERVERS = ['10.99.1.2', '10.99.2.2']

/** The last records of the connection's subflows, of who sent and of who accepted. */
type Ends = { sent: FlowRecord[]; accepted: FlowRecord[] }

describe('a connection over two paths', () => {
  const folder = temporaryFolder()
  const running: ChildProcess[] = []
  let edges = ''
  let seen: Watch

  before(function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('a C compiler'))
    leaveOut(this, whyNoTool('network namespaces', 'paths of MPTCP', 'kernel programs'))
    edges = buildNative(folder.path, 'edges.c', 'edges', [])
  })
  after(() => folder.remove())
  const open = async (kernelPrograms: boolean) => {
    seen = watch({ intervalMs: 200, kernelPrograms })
    await seen.until('the enumeration', () =>
      seen.marks.find(({ kind }) => kind === Mark.enumerated),
    )
  }
  beforeEach(() => open(true))
  afterEach(async () => {
    seen?.close()
    for (const child of running.splice(0)) {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
  })

  const start = (command: string, ...args: string[]) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    running.push(child)
    return child
  }
  /** A process that holds a network namespace of its own until it is killed. */
  const namespace = async () => {
    const child = start('unshare', '-n', 'sh', '-c', 'echo made; exec sleep 600')
    await once(child.stdout, 'data')
    return child.pid as number
  }
  const inside = (pid: number): string[] => ['-t', `${pid}`, '-n']
  const run = (pid: number, line: string): void => {
    execFileSync('nsenter', [...inside(pid), ...line.split(' ')])
  }
  /** Two namespaces with two paths between them, both slow; the server tells the client of its second address. */
  const twoPaths = async () => {
    const near = await namespace()
    const far = await namespace()
    for (const path of [0, 1]) {
      run(near, `ip link add near${path} type veth peer name far${path} netns ${far}`)
      for (const [pid, name, address] of [
        [near, `near${path}`, CLIENTS[path]],
        [far, `far${path}`, SERVERS[path]],
      ] as const) {
        run(pid, `ip address add ${address}/24 dev ${name}`)
        run(pid, `ip link set ${name} up`)
        run(pid, `tc qdisc add dev ${name} root tbf ${RATE.join(' ')}`)
      }
    }
    for (const pid of [near, far]) run(pid, 'ip mptcp limits set subflow 1 add_addr_accepted 1')
    run(far, `ip mptcp endpoint add ${SERVERS[1]} signal`)
    return { near, far }
  }
  /** Bytes that went out by an interface of the namespace of this process. */
  const gone = (pid: number, name: string): number => {
    const line = new RegExp(`${name}:(.*)`).exec(readFileSync(`/proc/${pid}/net/dev`, 'utf8'))
    return Number(line?.[1]?.trim().split(/\s+/)[8])
  }
  /** Sends BYTES; `meanwhile` when half of them are on their way, with both paths in use. The records of its ends. */
  const upload = async (meanwhile: (near: number, far: number) => void): Promise<Ends> => {
    const { near, far } = await twoPaths()
    const server = start('nsenter', ...inside(far), edges, 'drain', '0.0.0.0', 'mptcp', '-', '-')
    const [port] = await once(server.stdout, 'data')
    const got = once(server.stdout, 'data')
    const args = ['mptcp', SERVERS[0] as string, String(Number(port)), '1', `${BYTES}`]
    const client = start('nsenter', ...inside(near), edges, ...args)
    const ended = once(client, 'exit')
    const isHalf = () => gone(near, 'near0') > BYTES / 4 && gone(near, 'near1') > BYTES / 8
    while (!isHalf() && client.exitCode === null) await new Promise((r) => setTimeout(r, 2))
    ok(isHalf(), 'one path carried everything')
    meanwhile(near, far)
    equal(Number((await got)[0]), BYTES)
    run(near, 'ip link set near0 up')
    deepEqual(await ended, [0, null])
    const ends = (direction: number) =>
      seen.flows.filter(
        (flow) =>
          flow.state === FlowState.closed &&
          flow.direction === direction &&
          (direction === Direction.outbound ? flow.remotePort : flow.localPort) === Number(port),
      )
    await seen.until('four ends', () =>
      ends(Direction.outbound).length >= 2 && ends(Direction.inbound).length >= 2
        ? true
        : undefined,
    )
    return { sent: ends(Direction.outbound), accepted: ends(Direction.inbound) }
  }
  const isMarked = ({ flags }: FlowRecord) => (flags & FlowFlag.inexact) !== 0
  /** What is not marked is exact, so that together it is never more than was sent, and all of it where nothing is marked. */
  const judge = ({ sent, accepted }: Ends) => {
    for (const [flows, of, none] of [
      [sent, 'bytesOut', 'bytesIn'],
      [accepted, 'bytesIn', 'bytesOut'],
    ] as const) {
      const exact = flows.filter((flow) => !isMarked(flow))
      const sum = exact.reduce((all, flow) => all + Number(flow[of]), 0)
      const told = flows.map((flow) => `${flow[of]} ${isMarked(flow) ? 'marked' : 'exact'}`)
      console.log(`      ${of}: ${told.join(', ')}`)
      ok(exact.length < flows.length ? sum <= BYTES : sum === BYTES, `${sum}`)
      for (const flow of flows) equal(flow[none], 0n)
    }
  }

  it('tells what both carried, each byte once', async () => {
    judge(await upload(() => {}))
  })

  it('tells what is sent again as one path goes once, or marks it', async () => {
    const ends = await upload((near) => run(near, 'ip link set near0 down'))
    judge(ends)
    ok(ends.sent.some(isMarked))
  })

  it('tells each subflow without our programs too, none of them as exact, and counts those it could not read', async () => {
    seen.close()
    await open(false)
    const { sent, accepted } = await upload(() => {})
    const all = [...sent, ...accepted]
    for (const flow of all) ok(isMarked(flow), `flags ${flow.flags}`)
    // Others on the machine have connections as well.
    const unread = () =>
      seen.flows.filter(({ flags }) => (flags & FlowFlag.countersLost) !== 0).length
    const lost = () =>
      seen.losses
        .filter(({ what }) => what === Loss.flowCounters)
        .reduce((sum, { count }) => sum + Number(count), 0)
    await seen.until('as many counted as told', () => (lost() === unread() ? true : undefined))
  })

  it('tells what is sent again as an address is taken back once, or marks it', async () => {
    const ends = await upload((_, far) => run(far, 'ip mptcp endpoint flush'))
    judge(ends)
    ok(ends.sent.some(isMarked))
  })
})
