// A full queue of this machine's own (tc-tbf(8), which containers are given as their limit) refuses segments that the kernel
// has counted as sent, and counts them again when it sends them: 3.0 MB were told as 15.6.
import { equal, ok } from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'

import { FlowState, Mark } from '../../src/records/record.gen.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { buildSender, temporaryFolder, type Watch, watch, whyNotLive } from './watch.ts'

const NEAR = '198.18.204.1'
const FAR = '198.18.204.2'
const PORT = 4712
const BYTES = 3_000_000
/** A queue of 125 KB before 20 Mbit/s: it fills before anybody has acknowledged. */
const SHORT = ['rate', '20mbit', 'burst', '64k', 'latency', '50ms']
/** A SYN and a FIN are acknowledged as a byte each. */
const ENDS_BYTES = 2
const SERVER = `require('net').createServer({ allowHalfOpen: true }, (peer) => {
  peer.resume().on('end', () => peer.end()).on('error', () => {})
}).listen(${PORT}, '${FAR}', () => console.log('listening'))`

describe('bytes that a queue of the machine refused', () => {
  const folder = temporaryFolder()
  const running: ChildProcess[] = []
  const near = `frq${process.pid % 100_000}`
  let sender: string
  let seen: Watch | undefined

  before(async function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('a C compiler'))
    leaveOut(this, whyNoTool('network namespaces', 'kernel programs', 'lossy links'))
    sender = buildSender(folder.path)
    const start = async (command: string, ...words: string[]): Promise<number> => {
      const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] })
      running.push(child)
      await once(child.stdout, 'data')
      return child.pid ?? 0
    }
    const pid = await start('unshare', '-n', 'sh', '-c', 'echo made; exec cat')
    const ip = (line: string): void => {
      execFileSync('ip', line.split(' '))
    }
    const inside = ['nsenter', '-t', String(pid), '-n'] as const
    ip(`link add ${near} type veth peer name far netns ${pid}`)
    ip(`address add ${NEAR}/30 dev ${near}`)
    ip(`link set ${near} up`)
    for (const line of [`address add ${FAR}/30 dev far`, 'link set far up'])
      execFileSync(inside[0], [...inside.slice(1), 'ip', ...line.split(' ')])
    execFileSync('tc', ['qdisc', 'add', 'dev', near, 'root', 'tbf', ...SHORT])
    await start(inside[0], ...inside.slice(1), process.execPath, '-e', SERVER)
  })
  afterEach(() => seen?.close())
  after(() => {
    for (const child of running) child.kill('SIGKILL')
    folder.remove()
  })

  it('are told once, while the connection is open and at its end', async () => {
    const source = watch({ intervalMs: 50 })
    seen = source
    await source.until('the enumeration', () =>
      source.marks.find(({ kind }) => kind === Mark.enumerated),
    )
    const { status } = await new Promise<{ status: number | null }>((resolve) =>
      spawn(sender, [FAR, String(PORT), String(BYTES), '0', '0'], { stdio: 'inherit' }).once(
        'close',
        (code) => resolve({ status: code }),
      ),
    )
    equal(status, 0)
    const closed = await source.until('its end', () =>
      source.flows.find(
        ({ remotePort, state }) => remotePort === PORT && state === FlowState.closed,
      ),
    )
    const told = Number(closed.bytesOut)
    ok(told >= BYTES && told <= BYTES + ENDS_BYTES, `${told} B`)
    // The queue did refuse some, else nothing is shown here.
    const queue = execFileSync('tc', ['-s', 'qdisc', 'show', 'dev', near], { encoding: 'utf8' })
    const dropped = Number(/dropped (\d+)/.exec(queue)?.[1] ?? 0)
    ok(dropped > 0, queue)
    const reports = source.flows.filter(({ flowId }) => flowId === closed.flowId)
    ok(reports.length > 3, `${reports.length} reports`)
  })
})
