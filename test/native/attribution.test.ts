// Done when 3: fresh processes that make one short upload each are attributed to the right executable,
// with exact bytes, and what was not is counted.
import { ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { copyFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Direction, FlowState, Loss } from '../../src/records/record.gen.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { times } from '../long.ts'
import {
  buildSender,
  openSink,
  type Sink,
  temporaryFolder,
  type Watch,
  watch,
  whyNotLive,
} from './watch.ts'

const PROCESSES = times('FRESHET_UPLOADS', { usual: 100, long: 500 })
const AT_ONCE = 8

type Upload = { path: string; ino: bigint; bytes: bigint }

describe('attribution of short uploads', () => {
  const folder = temporaryFolder()
  let seen: Watch | undefined
  let sink: Sink | undefined

  after(async () => {
    seen?.close()
    await sink?.close()
    folder.remove()
  })

  it(`attributes ${PROCESSES} fresh processes, exactly`, async function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('a C compiler'))
    const sender = buildSender(folder.path)
    sink = await openSink('127.0.0.1')
    seen = watch({ intervalMs: 1000 })
    const { port } = sink
    const watching = seen
    await watching.until('the enumeration', () => watching.marks.find((mark) => mark.kind === 2))
    const uploads: Upload[] = Array.from({ length: PROCESSES }, (_, index) => {
      const path = join(folder.path, `upload-${index}`)
      copyFileSync(sender, path)
      return { path, ino: statSync(path, { bigint: true }).ino, bytes: BigInt(1000 + index * 37) }
    })
    const began = Date.now()
    const queue = [...uploads]
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        await run(next.path, port, next.bytes)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    const tookMs = Date.now() - began
    const closed = () =>
      watching.flows.filter(
        (flow) =>
          flow.state === FlowState.closed &&
          flow.direction === Direction.outbound &&
          flow.remotePort === port,
      )
    await watching
      .until('every close', () => (closed().length >= PROCESSES ? true : undefined), 15_000)
      .catch(() => {})

    const images = new Map(watching.execs.map((exec) => [`${exec.pid}.${exec.pidversion}`, exec]))
    // A program that others run may still ask for what had this port before.
    const own = closed().filter((flow) => {
      const image = images.get(`${flow.pid}.${flow.pidversion}`)
      return image === undefined || image.path.startsWith(folder.path)
    })
    const byBytes = new Map(own.map((flow) => [flow.bytesOut, flow]))
    let attributed = 0
    let exact = 0
    let silent = 0
    let unattributed = 0
    for (const upload of uploads) {
      const flow = byBytes.get(upload.bytes)
      if (flow === undefined) continue
      exact++
      if (flow.bytesIn === 0n) silent++
      const image = images.get(`${flow.pid}.${flow.pidversion}`)
      if (image?.path === upload.path && image.ino === upload.ino) attributed++
      else if (image === undefined) unattributed++
    }
    const lost = watching.losses.reduce((sum, loss) => sum + Number(loss.count), 0)
    const closes = watching.losses.filter((loss) => loss.what === Loss.flowCloses).length
    console.log(
      `      ${PROCESSES} processes in ${tookMs} ms: ${closed().length} flows closed, ` +
        `${exact} with exact bytes out, ${silent} with nothing in, ` +
        `${attributed} with the right executable, ${unattributed} with none; losses ${lost} (closes ${closes})`,
    )
    ok(exact >= PROCESSES * 0.99, `${exact} exact`)
    ok(attributed >= PROCESSES * 0.99, `${attributed} attributed`)
    ok(silent === exact, `${exact - silent} flows seem to have got something back`)
    // Every flow has the bytes of an upload, and its program or, said so, none: never another's.
    const sent = new Set(uploads.map((upload) => upload.bytes))
    const strange = own.filter(
      (flow) => !sent.has(flow.bytesOut) || byBytes.get(flow.bytesOut) !== flow,
    )
    ok(
      own.length === exact,
      `flows with bytes that nobody sent: ${strange.map(({ pid, pidversion, bytesOut, flags }) => `${bytesOut} of ${images.get(`${pid}.${pidversion}`)?.path ?? pid} (flags ${flags})`)}`,
    )
    ok(attributed + unattributed === exact, 'a flow was given to a program that did not make it')
    // The rest is counted: an upload without a flow is a loss that was told.
    ok(PROCESSES - exact <= lost, `${PROCESSES - exact} uploads are missing, ${lost} losses told`)
  })
})

function run(path: string, port: number, bytes: bigint): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, ['127.0.0.1', String(port), String(bytes)], { stdio: 'ignore' })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${path}: ${code}`))))
  })
}
