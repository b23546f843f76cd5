// What the Linux source tells of each kind of traffic: the scenarios of picosnitch's bench (elesiuta/picosnitch,
// bench/lib/scenarios.py), with traffic of our own between two network namespaces. The table in native/linux/README.md
// is this run's; UPDATE_GOLDEN=1 writes it anew.
import { equal, ok } from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  Capability,
  FlowFlag,
  type FlowRecord,
  FlowState,
  Mark,
} from '../../src/records/record.gen.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { temporaryFolder, type Watch, watch, whyNotLive } from './watch.ts'

const README = new URL('../../native/linux/README.md', import.meta.url)
const TABLE = /(<!-- table of traffic -->\n)[^<]*(<!-- end -->)/
/** RFC 2544: for benchmarks, nobody's. RFC 4193 for IPv6. */
const NEAR = '198.18.203.1'
const FAR = '198.18.203.2'
const FAR6 = 'fd7a:6672:6573::2'
const NEAR6 = 'fd7a:6672:6573::1'
const BOXED = '198.18.203.6'
const BOX_FAR = '198.18.203.5'
const PORT = 4711
const MB = 1_000_000
/** Bytes a second, where a transfer is to last over several dumps. */
const RATE = 4 * MB

type Scenario = {
  of: string
  name: string
  /** Arguments of one client each, all at once. */
  clients: string[][]
  /** How many times, one after the other. */
  times?: number
  /** In a network namespace of its own. */
  boxed?: boolean
}

const tcp = (direction: 'up' | 'down', bytes: number, ...more: (string | number)[]): string[] =>
  ['tcp', direction, FAR, PORT, bytes, ...more].map(String)
const udp = (direction: 'up' | 'down', bytes: number, ...more: (string | number)[]): string[] =>
  ['udp', direction, FAR, PORT, bytes, ...more].map(String)
const paced = ['plain', RATE]
const datagrams = ['plain', 1400, RATE]

const SCENARIOS: Scenario[] = [
  { of: 's01', name: 'TCP download', clients: [tcp('down', 4 * MB, ...paced)] },
  { of: 's02', name: 'TCP upload', clients: [tcp('up', 4 * MB, ...paced)] },
  {
    of: 's03',
    name: 'TCP up and down at once',
    clients: [tcp('up', 4 * MB, ...paced), tcp('down', 4 * MB, ...paced)],
  },
  {
    of: 's04',
    name: 'UDP up and down at once',
    clients: [udp('up', 2 * MB, ...datagrams), udp('down', 2 * MB, ...datagrams)],
  },
  { of: 's05', name: 'ICMP echo with a payload', clients: [['icmp', FAR, String(MB)]] },
  {
    of: 's06',
    name: 'UDP to port 443',
    clients: [['udp', 'up', FAR, '443', String(2 * MB), ...datagrams.map(String)]],
  },
  {
    of: 's07',
    name: 'TCP download over IPv6',
    clients: [['tcp', 'down', FAR6, String(PORT), String(4 * MB), ...paced.map(String)]],
  },
  {
    of: 's09',
    name: 'many small datagrams to port 53',
    clients: [['udp', 'up', FAR, '53', '256000', 'plain', '64', String(MB)]],
  },
  { of: 's10', name: 'raw socket, IP protocol 253', clients: [['raw', FAR, String(MB)]] },
  { of: 's11', name: '20 short-lived processes', clients: [tcp('up', 512 * 1024)], times: 20 },
  {
    of: 's12',
    name: 'frames by a packet socket',
    clients: [['packet', 'NEAR', 'MAC', NEAR, FAR, String(MB)]],
  },
  { of: 's13', name: 'io_uring upload', clients: [tcp('up', 8 * MB, 'uring')] },
  { of: 's14', name: 'sendfile', clients: [tcp('up', 8 * MB, 'sendfile')] },
  { of: 's15', name: 'sendmmsg', clients: [udp('up', 2 * MB, 'batched', 1400, RATE)] },
  {
    of: 's16',
    name: 'loopback alone',
    clients: [['tcp', 'down', '127.0.0.1', 'LOOPBACK', String(4 * MB)]],
  },
  {
    of: 's17',
    name: 'from a container (a network namespace of its own)',
    clients: [['tcp', 'up', BOX_FAR, String(PORT), String(4 * MB), ...paced.map(String)]],
    boxed: true,
  },
  { of: 's18', name: 'a slow drip', clients: [tcp('up', 256_000, 'plain', 64_000)] },
  {
    of: 's19',
    name: '60 small connections of one process',
    clients: [tcp('up', 65_536, 'plain', 0, 60)],
  },
  {
    of: 's20',
    name: '30 processes at once',
    clients: Array.from({ length: 30 }, () => tcp('up', 262_144)),
  },
  { of: 's21', name: 'io_uring download', clients: [tcp('down', 8 * MB, 'uring')] },
  { of: 's22', name: 'splice', clients: [tcp('down', 8 * MB, 'splice')] },
  { of: 's23', name: 'recvmmsg', clients: [udp('down', 2 * MB, 'batched', 1400, RATE)] },
  {
    of: 's24',
    name: 'UDP download over IPv6',
    clients: [['udp', 'down', FAR6, String(PORT), String(2 * MB), ...datagrams.map(String)]],
  },
]

type Passed = { sent: number; received: number }

describe('traffic of every kind', () => {
  const folder = temporaryFolder()
  const program = join(folder.path, 'traffic')
  const running: ChildProcess[] = []
  let seen: Watch
  let box: ChildProcess
  let mac = ''
  let loopbackPort = 0
  const near = `frn${process.pid % 100_000}`

  /** A process that holds a network namespace of its own until it is killed. */
  const namespace = async (): Promise<ChildProcess> => {
    const child = spawn('unshare', ['-n', 'sh', '-c', 'echo made; exec sleep 600'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    running.push(child)
    await once(child.stdout, 'data')
    return child
  }
  const inside = (of: ChildProcess, ...command: string[]): string[] => [
    'nsenter',
    '-t',
    String(of.pid),
    '-n',
    ...command,
  ]
  const run = ([command = '', ...rest]: string[]): string =>
    execFileSync(command, rest, { encoding: 'utf8' })
  /** A server in a namespace, or here. */
  const serve = async (of: ChildProcess | undefined, address: string, port: number) => {
    const [command = '', ...rest] = of
      ? inside(of, program, 'serve', address, String(port))
      : [program, 'serve', address, String(port)]
    const server = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
    running.push(server)
    await once(server.stdout as NodeJS.ReadableStream, 'data')
  }
  /** Joins two namespaces by a pair of interfaces. */
  const join2 = (
    names: [string, string],
    of: [ChildProcess | undefined, ChildProcess],
    addresses: [string[], string[]],
  ) => {
    const pid = String(of[1].pid)
    const add = ['ip', 'link', 'add', names[0], 'type', 'veth', 'peer', 'name', names[1]]
    run(of[0] ? inside(of[0], ...add, 'netns', pid) : [...add, 'netns', pid])
    for (const end of [0, 1] as const) {
      const at = of[end]
      const ip = (...command: string[]) =>
        run(at ? inside(at, 'ip', ...command) : ['ip', ...command])
      for (const address of addresses[end])
        ip(
          'address',
          'add',
          address,
          'dev',
          names[end],
          ...(address.includes(':') ? ['nodad'] : []),
        )
      ip('link', 'set', names[end], 'up')
    }
  }

  before(async function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('a C compiler'))
    leaveOut(this, whyNoTool('network namespaces', 'kernel programs'))
    const sources = fileURLToPath(new URL('../../native/test/traffic/', import.meta.url))
    const files = readdirSync(sources).filter((name) => name.endsWith('.c'))
    execFileSync('cc', ['-O1', '-o', program, ...files], { cwd: sources })
    seen = watch({ intervalMs: 200, ringBytes: 16 << 20 })
    const started = await seen.until('the enumeration', () =>
      seen.marks.find(({ kind }) => kind === Mark.enumerated),
    )
    ok((started.capabilities & Capability.finalCounters) !== 0, started.note)
    const peer = await namespace()
    box = await namespace()
    join2(
      [near, 'far'],
      [undefined, peer],
      [
        [`${NEAR}/30`, `${NEAR6}/64`],
        [`${FAR}/30`, `${FAR6}/64`],
      ],
    )
    join2(['boxed', 'far2'], [box, peer], [[`${BOXED}/30`], [`${BOX_FAR}/30`]])
    const link = run(inside(peer, 'ip', '-o', 'link', 'show', 'far'))
    mac = /link\/ether ([0-9a-f:]{17})/.exec(link)?.[1] ?? ''
    for (const [address, port] of [
      [FAR, PORT],
      [FAR, 443],
      [FAR, 53],
      [FAR6, PORT],
      [BOX_FAR, PORT],
    ] as const)
      await serve(peer, address, port)
    loopbackPort = 20_000 + (process.pid % 10_000)
    await serve(undefined, '127.0.0.1', loopbackPort)
  })
  after(async () => {
    seen?.close()
    for (const child of running) child.kill('SIGKILL')
    folder.remove()
  })

  const client = async (path: string, args: string[], boxed: boolean): Promise<Passed> => {
    const own = args.map((arg) =>
      arg === 'NEAR' ? near : arg === 'MAC' ? mac : arg === 'LOOPBACK' ? String(loopbackPort) : arg,
    )
    const [command = '', ...rest] = boxed ? inside(box, path, ...own) : [path, ...own]
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more
    })
    const [code] = (await once(child, 'close')) as [number | null]
    equal(code, 0, `${path} ${own.join(' ')}`)
    return JSON.parse(text) as Passed
  }

  /** The flows of this program as they were last told, and what it sent unseen. */
  const toldOf = (path: string) => {
    const names = new Set(
      seen.execs
        .filter((exec) => exec.path === path)
        .map((exec) => `${exec.pid}.${exec.pidversion}`),
    )
    const flows = new Map<string, FlowRecord>()
    for (const flow of seen.flows)
      if (names.has(`${flow.pid}.${flow.pidversion}`))
        flows.set(`${flow.flowId}.${flow.epoch}`, flow)
    const all = [...flows.values()]
    const sum = (of: (flow: FlowRecord) => bigint) =>
      all.reduce((total, flow) => total + Number(of(flow)), 0)
    const unseen = seen.unseen.filter(({ pid, pidversion }) => names.has(`${pid}.${pidversion}`))
    return {
      flows: all,
      open: all.filter(({ state }) => state !== FlowState.closed).length,
      inexact: all.filter(({ flags }) => (flags & (FlowFlag.inexact | FlowFlag.countersLost)) !== 0)
        .length,
      out: sum(({ bytesOut }) => bytesOut),
      in: sum(({ bytesIn }) => bytesIn),
      unseen: unseen.reduce((total, { bytes }) => total + Number(bytes), 0),
    }
  }

  const compare = (told: number, passed: number): string =>
    passed === 0 && told === 0
      ? '-'
      : told === passed
        ? 'exact'
        : told === 0
          ? 'not told'
          : told < passed
            ? 'a part'
            : 'too many'

  const rowOf = async ({ of, name, clients, times = 1, boxed = false }: Scenario) => {
    const path = join(folder.path, of)
    copyFileSync(program, path)
    const passed: Passed[] = []
    for (let time = 0; time < times; time++)
      passed.push(...(await Promise.all(clients.map((args) => client(path, args, boxed)))))
    const sent = passed.reduce((sum, one) => sum + one.sent, 0)
    const received = passed.reduce((sum, one) => sum + one.received, 0)
    const isWhole = () => {
      const told = toldOf(path)
      return told.open === 0 &&
        (told.out >= sent || told.out + told.unseen >= sent) &&
        told.in >= received
        ? true
        : undefined
    }
    // What came in by datagrams is never told; what went out is, though late on a busy machine.
    const until = seen.ticks + 10
    const isSent = () => {
      const told = toldOf(path)
      return told.out + told.unseen >= sent
    }
    await seen.until(
      `what is told of ${name}`,
      () => isWhole() ?? ((seen.ticks >= until && isSent()) || undefined),
      20_000,
    )
    const told = toldOf(path)
    const isUnseen = told.out < sent && told.unseen > 0
    const as = isUnseen
      ? 'named as unseen'
      : told.flows.length === 0
        ? 'not told'
        : told.inexact > 0
          ? 'flows, marked inexact'
          : 'flows'
    const out = isUnseen ? `sum ${compare(told.out + told.unseen, sent)}` : compare(told.out, sent)
    return {
      row: `| ${of} | ${name} | ${as} | ${out} | ${compare(told.in, received)} |`,
      told,
      sent,
      received,
    }
  }

  it('is told as the README says', async () => {
    const rows: string[] = []
    for (const scenario of SCENARIOS) {
      const { row, told, sent, received } = await rowOf(scenario)
      rows.push(row)
      console.log(
        `      ${scenario.of}: ${told.flows.length} flows, out ${told.out} of ${sent}, in ${told.in} of ${received}, unseen ${told.unseen}`,
      )
    }
    const table = [
      '| scenario | traffic | told as | bytes out | bytes in |',
      '| --- | --- | --- | --- | --- |',
      ...rows,
      '',
    ].join('\n')
    const text = readFileSync(README, 'utf8')
    const renewed = text.replace(TABLE, (_all, begin: string, end: string) => begin + table + end)
    ok(TABLE.test(text), 'native/linux/README.md has no table of traffic')
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(README, renewed)
    else equal(text, renewed)
  })
})
