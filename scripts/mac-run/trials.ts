// What is tried of the product while it runs: who may read its status, what root's part holds after many uploads, the end of
// eslogger under it; and what nettop makes of names that look like its own words.
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MalformedLine } from '../../src/importers/malformed.ts'
import { columnsOf, isHeader, parseRow } from '../../src/intake/nettop-line.ts'
import { NETTOP } from '../../src/sense/program-source.ts'
import { endOf, FRESHET, firstLine, type Mac } from './mac.ts'
import { atWorkOf, logOf } from './product.ts'
import { openSink } from './traffic.ts'

type Status = { state?: string; readers?: { served: number; refused: number } }

const statusJson = async (mac: Mac): Promise<string> =>
  (await mac.run('sudo', ['-n', ...FRESHET, 'status', '--json'])).output

function statusOf(json: string): Status {
  try {
    return JSON.parse(json) as Status
  } catch {
    return {}
  }
}

/** D1: root, who sits at the Mac, and a third, who may not be able to enter the clone: that one asks the socket itself. */
export async function readers(mac: Mac): Promise<void> {
  const before = statusOf(await statusJson(mac))
  const own = await mac.run(FRESHET[0], [...FRESHET.slice(1), 'status', '--json'])
  const socket = join(before.state ?? '/nowhere', 'status.sock')
  const nobody = await mac.run('sudo', ['-n', '-u', 'nobody', 'nc', '-w', '5', '-U', socket])
  const after = statusOf(await statusJson(mac))
  const more = (after.readers?.refused ?? 0) - (before.readers?.refused ?? 0)
  const isServed = statusOf(own.output).readers !== undefined
  const said = firstLine(nobody.output)
  const isWell =
    before.readers !== undefined && isServed && said.startsWith('{"refused":') && more > 0
  mac.found({
    point: 'D1',
    outcome: isWell ? 'as hoped' : 'otherwise',
    text: `root: ${before.readers === undefined ? 'not served' : 'served'}; who runs this: ${isServed ? 'served' : `not served (${endOf(own)}, ${firstLine(own.output)})`}; nobody: ${said.slice(0, 200)}, ${more} more refused`,
  })
}

/** MB of `footprint PID`; undefined where it says none. */
export function footprintOf(output: string): number | undefined {
  const [, number, unit = ''] = /Footprint: +([\d.]+) (KB|MB|GB)/.exec(output) ?? []
  const factor = { KB: 1 / 1024, MB: 1, GB: 1024 }[unit]
  return number === undefined || factor === undefined ? undefined : Number(number) * factor
}

/** Of the processes by `ps -axwwo pid=,command=`, the one that this is found in. */
export const pidOf = (ps: string, command: RegExp): number | undefined => {
  for (const [, pid, rest = ''] of ps.matchAll(/^ *(\d+) (.+)$/gm))
    if (command.test(rest) && !/^(sudo|npm)\b/.test(rest)) return Number(pid)
  return undefined
}
const running = async (mac: Mac, command: RegExp): Promise<number | undefined> =>
  pidOf((await mac.run('ps', ['-axwwo', 'pid=,command='])).output, command)

const SENSE = /\bsrc\/cli\.ts agent\b/
const ESLOGGER = /^\/usr\/bin\/eslogger /
const UPLOADS = 10
const FOOTPRINT_MB_MAX = 60

/** H5. */
export async function memory(mac: Mac): Promise<void> {
  for (let each = 0; each < UPLOADS; each++)
    await mac.run('sudo', ['-n', ...FRESHET, 'simulate', 'upload', '--mb', '8'], { seconds: 90 })
  const pid = await running(mac, SENSE)
  const ran = await mac.run('sudo', ['-n', 'footprint', `${pid}`])
  const mb = pid === undefined ? undefined : footprintOf(ran.output)
  mac.found({
    point: 'H5',
    outcome: mb !== undefined && mb < FOOTPRINT_MB_MAX ? 'as hoped' : 'otherwise',
    text: `after ${UPLOADS} uploads: ${pid === undefined ? 'no agent runs' : mb === undefined ? `footprint: ${endOf(ran)}, ${firstLine(ran.output)}` : `${mb.toFixed(1)} MB`}`,
  })
}

const BACK_S = 90
const STOPPED_S = 120
const LOOK_S = 4
/** The product's own lines of these. */
const BY_POLLING = /programs are seen by the list of processes now, no longer by eslogger/
const BY_ESLOGGER = /programs are seen by eslogger now, no longer by the list of processes/
const UNHEARD = /eslogger: it told of none of/

/** L4: it is killed, and it is stopped, by root. What became of that the product says itself, in the log of this step. */
export async function esloggerEnd(mac: Mac, startedBy: string): Promise<void> {
  const path = join(mac.folder, logOf(startedBy))
  let read = 0
  const said = (): string => readFileSync(path, 'utf8').slice(read)
  const isAtWork = async () => atWorkOf(await statusJson(mac))?.processes === 'eslogger'
  const isBack = async (): Promise<boolean> => {
    for (let waited = 0; waited < BACK_S; waited += LOOK_S) {
      if (await isAtWork()) return true
      await mac.wait(LOOK_S)
    }
    return false
  }
  const tell = (what: string, words: readonly (readonly [string, boolean])[]): void =>
    mac.found({
      point: 'L4',
      outcome: words.every(([, is]) => is) ? 'as hoped' : 'otherwise',
      text: `${what}: ${words.map(([word, is]) => `${is ? '' : 'not '}${word}`).join('; ')}`,
    })
  const begin = async (): Promise<number | undefined> => {
    const pid = (await isBack()) ? await running(mac, ESLOGGER) : undefined
    read = readFileSync(path, 'utf8').length
    return pid
  }
  const signal = (name: string, pid: number) =>
    mac.run('sudo', ['-n', process.execPath, '-e', `process.kill(${pid}, '${name}')`])

  const killed = await begin()
  if (killed === undefined) return tell('SIGKILL', [['at work before', false]])
  await signal('SIGKILL', killed)
  await mac.wait(2 * LOOK_S)
  const isAgain = await isBack()
  tell('SIGKILL', [
    ['replaced by the list of processes', BY_POLLING.test(said())],
    ['at work again', isAgain && BY_ESLOGGER.test(said())],
  ])

  const stopped = await begin()
  if (stopped === undefined) return tell('SIGSTOP', [['at work before', false]])
  await signal('SIGSTOP', stopped)
  for (let waited = 0; waited < STOPPED_S; waited += LOOK_S) {
    await mac.run('sleep', ['2'])
    await mac.wait(LOOK_S - 2)
  }
  const isAnother = (await isBack()) && (await running(mac, ESLOGGER)) !== stopped
  tell(`SIGSTOP for ${STOPPED_S} s, ${STOPPED_S / LOOK_S} programs`, [
    ['found to tell nothing', UNHEARD.test(said())],
    ['started anew and at work', isAnother],
  ])
}

/** Pids that lines of nettop's give flows to this port to, and what no line of its is. */
export function flowPids(output: string, port: number): { pids: Set<number>; others: string[] } {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const columns = columnsOf(lines.find(isHeader) ?? '')
  const pids = new Set<number>()
  const others: string[] = []
  let pid = 0
  for (const line of lines.filter((one) => !isHeader(one))) {
    try {
      if (columns === undefined) throw new MalformedLine('no header')
      const row = parseRow(line, columns)
      if (row.kind === 'process') pid = row.pid
      else if (row.remote.port === port) pids.add(pid)
    } catch (error) {
      if (!(error instanceof MalformedLine)) throw error
      pid = 0
      others.push(`${error.message}: ${line}`)
    }
  }
  return { pids, others }
}

/** Of nettop's own forms, and one with a newline in it. */
const NAMES = ['a.1 b.2', 'c\nd.3']
const CONNECTED_S = 30

/** T3. */
export async function names(mac: Mac): Promise<void> {
  // Not among what is kept: an artifact's file has no newline in its name.
  const folder = mkdtempSync(join(tmpdir(), 'freshet-names-'))
  const sink = await openSink()
  const script = `const s = require('node:net').connect(${sink.port}, '${sink.host}', () => s.write('x'))
s.on('error', () => {}); console.log(process.pid); setTimeout(() => process.exit(), ${CONNECTED_S * 1000})`
  const programs = NAMES.map((name) => {
    const path = join(folder, name)
    copyFileSync(process.execPath, path)
    return mac.run(path, ['-e', script], { seconds: CONNECTED_S + 30 })
  })
  await mac.wait(CONNECTED_S / 6)
  const args = NETTOP.args.map((arg) => (arg === '0' ? '3' : arg))
  const nettop = await mac.run('/usr/bin/nettop', args, { seconds: CONNECTED_S - 10 })
  const started = (await Promise.all(programs)).map(({ output }) => Number.parseInt(output, 10))
  sink.close()
  rmSync(folder, { recursive: true })
  const { pids, others } = flowPids(nettop.output, sink.port)
  const found = started.map((pid) => pids.has(pid))
  mac.found({
    point: 'T3',
    outcome: found.every(Boolean) && others.length === 0 ? 'as hoped' : 'otherwise',
    text: `${NAMES.map((name, index) => `${JSON.stringify(name)} ${found[index] ? 'is found by its pid' : `is not: pid ${started[index]}`}`).join('; ')}; ${others.length} lines not understood (${firstLine(others.join('\n'))})`,
  })
}
