// Recordings by root while something known is done: what was told of it, beside it.
import { FlowFlag, type FlowRecord, Loss, Source } from '../../src/records/record.gen.ts'
import { macSourceOf, SOURCE_NAMES } from '../../src/sources/choice.ts'
import type { Outcome } from './findings.ts'
import { endOf, firstLine, type Mac, recording } from './mac.ts'
import { lastOf, lossText, ownersOf, programOf, type Recorded, recordedIn } from './recorded.ts'
import { losing, openSink, type Sink, sendTo } from './traffic.ts'

const LOSSES = new Map<number, string>(Object.entries(Loss).map(([word, code]) => [code, word]))
const TCP = 6
/** Until the sources have told what was there before; measured nowhere: set-up alone took less in a recording on Linux. */
const BEGIN_S = 6

type Judged = { outcome: Outcome; text: string }

/** Records for `seconds`, and does something meanwhile. undefined: nothing was recorded, which is said. */
async function recorded(
  mac: Mac,
  point: string,
  name: string,
  seconds: number,
  act: () => Promise<void>,
): Promise<Recorded | undefined> {
  const recording_ = recording(mac, name, seconds)
  await mac.wait(BEGIN_S)
  await act()
  const { ran, path } = await recording_
  if (path !== undefined) return recordedIn(path)
  const text = `record: ${endOf(ran)}, ${firstLine(ran.output)}`
  mac.found({ point, outcome: 'otherwise', text })
  return undefined
}

/** N2: what was told of flows, by the framework. */
export function flowsFinding(told: Recorded): Judged {
  const flows = lastOf(told.flows, Source.networkStatistics)
  const without = flows.filter(({ protocol, remotePort }) => protocol === TCP && remotePort === 0)
  const nobodys = flows.filter(({ pid }) => pid === 0)
  const malformed = told.losses.filter(
    ({ source, what }) => source === Source.networkStatistics && what === Loss.malformed,
  )
  const protocols = Map.groupBy(flows, ({ protocol }) => protocol)
  const kinds = [...protocols].map(([protocol, some]) => `${some.length} of protocol ${protocol}`)
  const isWell =
    flows.length > 0 && without.length === 0 && nobodys.length === 0 && malformed.length === 0
  return {
    outcome: isWell ? 'as hoped' : 'otherwise',
    text: `${flows.length} flows (${kinds.join(', ')}): ${without.length} of TCP without a peer, ${nobodys.length} without a process; lost: ${lossText(told, LOSSES) || 'nothing'}`,
  }
}

/** Which of its sources say what of themselves. */
export function marksText({ marks, execs, exits, flows }: Recorded): string {
  const last = new Map(marks.map((mark) => [mark.source, mark]))
  const said = [...last].map(([source, { capabilities, gaps, note }]) => {
    const name = SOURCE_NAMES[macSourceOf(source) ?? 'none']
    return `${name}: can ${capabilities}, lacks ${gaps}${note === '' ? '' : ` (${note})`}`
  })
  return `${execs.length} execs, ${exits.length} exits, ${flows.length} reports of flows; ${said.join('; ')}`
}

/** P4: one program that executes another, and many at once. */
export function execFinding(told: Recorded, pid: number, sleepS: number, many: number): Judged {
  const exec = told.execs.findLast((one) => one.pid === pid && one.path === '/bin/sleep')
  const exit = told.exits.findLast((one) => one.pid === pid)
  const tookMs = exec && exit ? Number((exit.atNs - exec.atNs) / 1_000_000n) : undefined
  const sleeps = told.execs.filter((one) => one.path === '/bin/sleep' && one.pid !== pid)
  const ends = new Set(told.exits.map((one) => one.pid))
  const ended = sleeps.filter((one) => ends.has(one.pid)).length
  const isInTime = tookMs !== undefined && Math.abs(tookMs - sleepS * 1000) < 1000
  const isWell = isInTime && sleeps.length >= many && ended >= many
  return {
    outcome: isWell ? 'as hoped' : 'otherwise',
    text: `sh ${pid} executes sleep ${sleepS}: ${exec === undefined ? 'not told' : exit === undefined ? 'told, its end not' : `told ${tookMs} ms before its end`}; of ${many} at once ${sleeps.length} told, ${ended} with their end; lost: ${lossText(told, LOSSES) || 'nothing'}`,
  }
}

const RECORD_S = 15
const SLEEP_S = 4
const AT_ONCE = 600

export async function record(mac: Mac): Promise<void> {
  const sink = await openSink()
  let pid = 0
  const told = await recorded(mac, 'N2', 'stock', RECORD_S, async () => {
    await mac.run('curl', ['-s', '-m', '5', '-d', '@/bin/ls', `http://${sink.host}:${sink.port}/`])
    const one = mac.run('sh', ['-c', `echo $$; exec /bin/sleep ${SLEEP_S}`])
    await mac.run('sh', ['-c', `for i in $(seq ${AT_ONCE}); do /bin/sleep 2 & done; wait`])
    pid = Number((await one).output)
  })
  sink.close()
  if (told === undefined) return
  mac.found({
    point: '',
    outcome: 'seen',
    text: `record --seconds ${RECORD_S}: ${marksText(told)}`,
  })
  mac.found({ point: 'N2', ...flowsFinding(told) })
  mac.found({ point: 'P4', ...execFinding(told, pid, SLEEP_S, AT_ONCE) })
}

/** N3: the flow that came to the sink from a port, beside what the sink got. */
export function countFinding(what: string, got: number, flow: FlowRecord | undefined): Judged {
  const out = Number(flow?.bytesOut ?? 0)
  const isAtMost = flow !== undefined && (flow.flags & FlowFlag.atMost) !== 0
  const isWell = got > 0 && flow !== undefined && (out === got || (isAtMost && out > got))
  return {
    outcome: isWell ? 'as hoped' : 'otherwise',
    text: `${what}: ${got} B came, ${flow === undefined ? 'no flow was told' : `${out} B told${isAtMost ? ' at most' : ''}, flags ${flow.flags}, state ${flow.state}`}`,
  }
}

const COUNTS_S = 90
const MB = 2 ** 20

export async function counts(mac: Mac): Promise<void> {
  const sinks: { what: string; sink: Sink }[] = []
  const told = await recorded(mac, 'N3', 'counts', COUNTS_S, async () => {
    const send = async (what: string, bytes: number, isReset = false) => {
      const sink = await openSink()
      await sendTo(mac, sink, bytes, isReset)
      sink.close()
      sinks.push({ what, sink })
    }
    const sendLosing = async (what: string, bytes: number) => {
      const sink = await openSink()
      const lossy = await losing(mac, sink.port)
      // That macOS has it no more is no fault of what counts.
      if ('refusal' in lossy) {
        const text = `${what}: dummynet refused: ${lossy.refusal}`
        mac.found({ point: 'N3', outcome: 'seen', text })
      } else {
        await sendTo(mac, sink, bytes)
        await lossy.heal()
        sinks.push({ what, sink })
      }
      sink.close()
    }
    await send('64 MiB', 64 * MB)
    await send('8 MiB and a reset', 8 * MB, true)
    await sendLosing('8 MiB, two of a hundred packets lost', 8 * MB)
  })
  if (told === undefined) return
  const flows = lastOf(told.flows, Source.networkStatistics)
  for (const { what, sink } of sinks) {
    const [port = 0, got = 0] = [...sink.got][0] ?? []
    const flow = flows.find((one) => one.remotePort === sink.port && one.localPort === port)
    mac.found({ point: 'N3', ...countFinding(what, got, flow) })
  }
}

const CURLS = 200

/** P3: programs that live no longer than it takes to send. */
export function shortLivedFinding(told: Recorded, port: number, many: number): Judged {
  const flows = lastOf(told.flows, Source.networkStatistics).filter(
    ({ remotePort }) => remotePort === port,
  )
  const programs = Map.groupBy(flows, (flow) => programOf(flow, told) ?? 'nobody')
  const curls = programs.get('curl')?.length ?? 0
  const ids = new Set(flows.map(({ flowId }) => flowId))
  const gone = new Set(told.gone.filter(({ flowId }) => ids.has(flowId)).map((one) => one.flowId))
  const others = [...programs].map(([name, some]) => `${some.length} of ${name}`)
  return {
    outcome: curls >= many ? 'as hoped' : 'otherwise',
    text: `${many} times curl: ${flows.length} flows told (${others.join(', ')}), ${gone.size} with what the flow says of who had gone; lost: ${lossText(told, LOSSES) || 'nothing'}`,
  }
}

export async function shortLived(mac: Mac): Promise<void> {
  const sink = await openSink()
  const told = await recorded(mac, 'P3', 'short-lived', 45, async () => {
    const url = `http://${sink.host}:${sink.port}/`
    const curl = `curl -s -m 5 -o /dev/null -d @/bin/ls ${url}`
    await mac.run('bash', ['-c', `for i in $(seq ${CURLS}); do ${curl}; done`])
  })
  sink.close()
  if (told !== undefined) mac.found({ point: 'P3', ...shortLivedFinding(told, sink.port, CURLS) })
}

/** N4: with a source that tells each exec, or it says nothing of owners. */
export function ownersFinding(told: Recorded, port: number): Judged {
  const flows = lastOf(told.flows, Source.networkStatistics)
  const { known, gone, unknown } = ownersOf(flows, told)
  const shell = told.flows.filter(
    ({ source, remotePort }) => source === Source.networkStatistics && remotePort === port,
  )
  const images = [...new Set(shell.map((flow) => programOf(flow, told) ?? `pid ${flow.pid}`))]
  const byEslogger = told.execs.filter(({ source }) => source === Source.eslogger).length
  const isWell = known > 0 && unknown.length === 0 && byEslogger > 0 && images.join() === 'bash,cat'
  return {
    outcome: isWell ? 'as hoped' : 'otherwise',
    text: `of ${flows.length} flows ${known} have a process that was told, ${gone} one that had gone, ${unknown.length} another (${unknown
      .slice(0, 3)
      .map(({ pid, pidversion }) => `${pid}.${pidversion}`)
      .join(
        ', ',
      )}); bash that executes cat: ${images.join(', then ') || 'not told'}; ${byEslogger} execs by eslogger`,
  }
}

/**
 * To the kernel a flow is of who used its socket last (so->last_pid). So bash writes by itself: what a child of its writes on the
 * same socket is the child's.
 */
export const ownersScript = ({ host, port }: Pick<Sink, 'host' | 'port'>): string =>
  `exec 3<>/dev/tcp/${host}/${port}; printf '%200000s' '' >&3; sleep 4; exec cat /bin/ls <(sleep 4) >&3`

export async function owners(mac: Mac): Promise<void> {
  const sink = await openSink()
  const told = await recorded(mac, 'N4', 'owners', 25, async () => {
    await mac.run('bash', ['-c', ownersScript(sink)])
  })
  sink.close()
  if (told !== undefined) mac.found({ point: 'N4', ...ownersFinding(told, sink.port) })
}
