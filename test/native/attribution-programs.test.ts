// Siblings of attribution.test.ts: short uploads of programs whose first code is another file's, by a loader, by an
// interpreter, by a system's program with a library put into it. Each is to be told as what it is; without our programs in
// the kernel, one that has ended before it is looked at is told as not confirmed, never as something else.
import { equal, ok } from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Direction,
  ExecFlag,
  type ExecRecord,
  FlowState,
  Mark,
  Script,
} from '../../src/records/record.gen.ts'
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

const PROCESSES = times('FRESHET_UPLOADS', { usual: 40, long: 500 })
const AT_ONCE = 8
/** bash's own printf writes to the connection: no other program has a part in it. */
const SCRIPT = `printf '%*s' "$3" '' > /dev/tcp/$1/$2\n`

type Upload = { file: string; command: string; args: string[]; env: Record<string, string> }
type Told = { exec: ExecRecord; codes: string[] }
/** How the upload `index` is made with its own `file`, and whether it was told as that. */
type Way = {
  name: string
  make(file: string): Omit<Upload, 'file'>
  isRight(file: string, told: Told): boolean
}

/** An interpreter whose arguments could not be read any more. */
const isNotTold = ({ script, scriptFrom }: ExecRecord): boolean =>
  script === '' && scriptFrom === Script.claimed

const real = (path: string): string =>
  execFileSync('readlink', ['-f', path], { encoding: 'utf8' }).trim()
const loader = (): string =>
  /\/\S*\/ld-(?:linux|musl)\S*/.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? ''

describe('attribution of short uploads by programs within programs', () => {
  const folder = temporaryFolder()
  let sender = ''
  let library = ''
  let sink: Sink

  before(async function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('a C compiler'))
    sender = buildSender(folder.path)
    library = join(folder.path, 'library')
    writeFileSync(`${library}.c`, 'int freshet_test = 1;\n')
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, `${library}.c`])
    sink = await openSink('127.0.0.1')
  })
  after(async () => {
    await sink?.close()
    folder.remove()
  })

  const ways: Way[] = [
    {
      name: 'loader',
      make: (file) => {
        copyFileSync(sender, file)
        return { command: loader(), args: [file], env: {} }
      },
      isRight: (file, { exec }) => exec.path === real(loader()) && exec.script === file,
    },
    {
      // Its name says nothing: the file does.
      name: 'copied loader',
      make: (file) => {
        copyFileSync(sender, file)
        copyFileSync(real(loader()), `${file}-tool`)
        return { command: `${file}-tool`, args: [file], env: {} }
      },
      isRight: (file, { exec }) => exec.path === `${file}-tool` && exec.script === file,
    },
    {
      name: 'script',
      make: (file) => {
        writeFileSync(file, SCRIPT)
        return { command: '/bin/bash', args: [file], env: {} }
      },
      isRight: (file, { exec }) => exec.path === real('/bin/bash') && exec.script === file,
    },
    {
      name: 'preload',
      make: (file) => {
        copyFileSync(library, file)
        return { command: sender, args: [], env: { LD_PRELOAD: file } }
      },
      isRight: (file, { exec, codes }) => exec.path === sender && codes.includes(file),
    },
  ]

  for (const kernelPrograms of [true, false])
    for (const { name, make, isRight } of ways)
      it(`tells ${PROCESSES} by ${name}, ${kernelPrograms ? 'with' : 'without'} our programs in the kernel`, async function () {
        if (name === 'script') leaveOut(this, whyNoTool('bash'))
        const seen: Watch = watch({ intervalMs: 1000, kernelPrograms })
        try {
          await seen.until('the enumeration', () =>
            seen.marks.find((mark) => mark.kind === Mark.enumerated),
          )
          const uploads = Array.from({ length: PROCESSES }, (_, index) => {
            const file = join(folder.path, `${name}-${kernelPrograms}-${index}`)
            return { file, ...make(file), bytes: BigInt(1000 + index * 37) }
          })
          const queue = [...uploads]
          const work = async () => {
            for (let next = queue.shift(); next !== undefined; next = queue.shift())
              await run(next, ['127.0.0.1', String(sink.port), String(next.bytes)])
          }
          await Promise.all(Array.from({ length: AT_ONCE }, work))
          const closed = () =>
            seen.flows.filter(
              (flow) =>
                flow.state === FlowState.closed &&
                flow.direction === Direction.outbound &&
                flow.remotePort === sink.port,
            )
          await seen
            .until('every close', () => (closed().length >= PROCESSES ? true : undefined), 15_000)
            .catch(() => {})

          const images = new Map(seen.execs.map((exec) => [`${exec.pid}.${exec.pidversion}`, exec]))
          const codes = Map.groupBy(seen.codes, (one) => `${one.pid}.${one.pidversion}`)
          const byBytes = new Map(closed().map((flow) => [flow.bytesOut, flow]))
          let right = 0
          let said = 0
          let wrong = 0
          for (const upload of uploads) {
            const flow = byBytes.get(upload.bytes)
            const key = `${flow?.pid}.${flow?.pidversion}`
            const exec = images.get(key)
            if (exec === undefined) continue
            const told = { exec, codes: (codes.get(key) ?? []).map((one) => one.path) }
            if (isRight(upload.file, told)) right++
            else if ((exec.flags & ExecFlag.pathGuessed) !== 0 || isNotTold(exec)) said++
            else wrong++
          }
          const lost = seen.losses.reduce((sum, loss) => sum + Number(loss.count), 0)
          console.log(
            `      ${byBytes.size} with exact bytes out, ${right} told as what they are, ` +
              `${said} as not confirmed, ${wrong} otherwise; losses ${lost}`,
          )
          ok(byBytes.size >= PROCESSES * 0.99, `${byBytes.size} exact`)
          ok(right + said >= PROCESSES * 0.99, `${right} and ${said}`)
          if (kernelPrograms) ok(right >= PROCESSES * 0.99, `${right} right`)
          equal(wrong, 0)
        } finally {
          seen.close()
        }
      })
})

function run({ command, args, env, file }: Upload, more: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args, ...more], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
    })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${file}: ${code}`))))
  })
}
