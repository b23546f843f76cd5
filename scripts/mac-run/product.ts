// The README's two commands as a user types them, and what comes of them.
import { spawn } from 'node:child_process'
import { existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FlowSource, MacSource, ProcessSource } from '../../src/sources/choice.ts'
import type { Finding } from './findings.ts'
import { endOf, FRESHET, firstLine, interruption, type Mac, type Ran } from './mac.ts'

/** The first start of a clone has packages, the addon and the app to build, on a small machine. */
const FIRST_READY_S = 900
const READY_S = 300
const LOOK_S = 2

const ROLE =
  /^\d+ (.*\bsrc\/cli\.ts (up|agent|engine|collector)\b|\/usr\/bin\/(nettop|eslogger) |\/usr\/bin\/script -q \/dev\/null )/

/** One a start, by the name of its step: what the first of a run said is what it is about. */
export const logOf = (step: string): string => `product-${step}.log`
const LOG = /^product-.*\.log$/
const PID = 'product.pid'

/** The page's address in what `npm start` prints, without its key; undefined before it is printed. */
export const pageOf = (log: string): string | undefined =>
  [...log.matchAll(/^ {2}page {4}(http:\/\/127\.0\.0\.1:\d+\/)#key=/gm)].at(-1)?.[1]

/** Logs of a run and what is kept of it are read by others. */
export const withoutKey = (log: string): string => log.replaceAll(/#key=\S+/g, '#key=...')

/** `sudo npm start`, left running for the steps after it; with these sources alone, or the best that work. */
export async function start(
  mac: Mac,
  step: string,
  sources: readonly MacSource[] = [],
  launch = launchDetached,
): Promise<void> {
  const log = join(mac.folder, logOf(step))
  rmSync(log, { force: true })
  const child = launch(mac, log, sources.length === 0 ? [] : ['--', '--sources', sources.join(',')])
  if (child.pid !== undefined) writeFileSync(join(mac.folder, PID), `${child.pid}`)
  const read = () => (existsSync(log) ? readFileSync(log, 'utf8') : '')
  const readyS = step === 'start' ? FIRST_READY_S : READY_S
  let waited = 0
  while (waited < readyS && pageOf(read()) === undefined && !child.hasEnded()) {
    await mac.wait(LOOK_S)
    waited += LOOK_S
  }
  const text = read()
  mac.say(withoutKey(text))
  const page = pageOf(text)
  mac.found({
    point: 'R1',
    outcome: page === undefined ? 'otherwise' : 'as hoped',
    text:
      page === undefined
        ? `no address after ${waited} s; last: ${firstLine(text.trim().split('\n').reverse().join('\n'))}`
        : `an address after ${waited} s; ${/set-up|took/.test(text) ? 'set up before' : 'nothing had to be made'}`,
  })
  const shown = /Freshet (is in .*|could not be put into .*)/.exec(text)?.[0]
  mac.found({ point: 'M3', outcome: 'seen', text: shown ?? 'nothing is said of the menu bar' })
  if (page !== undefined) mac.found(await pageFinding(page))
}

export async function pageFinding(page: string, get = fetch): Promise<Finding> {
  try {
    const answer = await get(page)
    const text = await answer.text()
    const isPage = answer.status === 200 && /<!doctype html>/i.test(text)
    return {
      point: 'R2',
      outcome: isPage ? 'as hoped' : 'otherwise',
      text: `${page} answers ${answer.status} with ${text.length} characters`,
    }
  } catch (error) {
    return { point: 'R2', outcome: 'otherwise', text: `${page}: ${(error as Error).message}` }
  }
}

type Launched = { pid: number | undefined; hasEnded: () => boolean }

function launchDetached(mac: Mac, log: string, options: readonly string[]): Launched {
  const fd = openSync(log, 'w')
  const child = spawn('sudo', ['-n', 'npm', 'start', ...options], {
    cwd: mac.root,
    detached: true,
    stdio: ['ignore', fd, fd],
  })
  child.on('error', (error) => mac.say(error.message))
  child.unref()
  return { pid: child.pid, hasEnded: () => child.exitCode !== null || child.signalCode !== null }
}

/** Ctrl-C, and whether all of it has ended. */
export async function stop(mac: Mac): Promise<void> {
  const path = join(mac.folder, PID)
  if (!existsSync(path)) return mac.say('nothing runs')
  const pid = Number(readFileSync(path, 'utf8'))
  rmSync(path)
  await mac.run('sudo', ['-n', process.execPath, '-e', interruption(pid)])
  // Not pgrep: who is not root is told by it of root's processes the name alone.
  const roles = async () =>
    rolesOf((await mac.run('ps', ['-axwwo', 'pid=,command='])).output).join('; ')
  let left = await roles()
  for (let waited = 0; left !== '' && waited < 30; waited += LOOK_S) {
    await mac.wait(LOOK_S)
    left = await roles()
  }
  hideKeys(mac.folder)
  mac.found({
    point: 'R4',
    outcome: left === '' ? 'as hoped' : 'otherwise',
    text: left === '' ? 'all ended within 30 s' : `still there: ${left}`,
  })
}

/** Of what is kept of a run, also of one that was broken off. */
export function hideKeys(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => LOG.test(one))) {
    const path = join(folder, name)
    writeFileSync(path, withoutKey(readFileSync(path, 'utf8')))
  }
}

/** What of Freshet runs, by `ps -axwwo pid=,command=`: its roles, and the programs of Apple's that it started. */
export const rolesOf = (ps: string): string[] =>
  ps
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => ROLE.test(line))

/** What `freshet simulate` says, in a line. */
export function uploadText(ran: Ran): string {
  const lines = ran.output.split('\n').map((line) => line.trim())
  const last = lines.find((line) =>
    /^(Final|Not final|No alert|Nothing was sent|The upload|Not all)/.test(line),
  )
  const sent = lines.find((line) => line.startsWith('Sent'))
  return [sent, last ?? `${endOf(ran)}, ${firstLine(ran.output)}`].filter(Boolean).join('; ')
}

/** Who tells of programs and of flows. */
export type AtWork = { processes: ProcessSource; flows: FlowSource }

/** By `freshet status --json`; undefined where it says nothing of that. */
export function atWorkOf(json: string): AtWork | undefined {
  try {
    const { sources } = JSON.parse(json) as { sources?: AtWork }
    return sources && { processes: sources.processes, flows: sources.flows }
  } catch {
    return undefined
  }
}

const inWords = (some: AtWork | undefined): string =>
  some === undefined ? 'nobody knows whom' : `${some.processes} and ${some.flows}`

export type Uploads = {
  /** Of docs/verify-on-a-mac.md: whose these uploads are. */
  point: string
  /** Names the files that are kept. */
  step: string
  /** Who has to be at work before and after; what is left out may be anybody. */
  hopes: Partial<AtWork>
  uploads: readonly (readonly string[])[]
  /** Share by which the figure may differ. */
  within?: number
}

const SLOW = ['--mb', '16', '--seconds', '20'] as const
const UPLOADS = [['--mb', '8'], ['--mb', '4', '--flows', '16', '--silent'], SLOW] as const

export const STOCK: Uploads = { point: 'R3', step: 'upload', hopes: {}, uploads: UPLOADS }
export const WITH_ESLOGGER: Uploads = {
  ...{ point: 'L3', step: 'upload-with-eslogger', uploads: UPLOADS },
  hopes: { processes: 'eslogger' },
}
export const WITHOUT_ESLOGGER: Uploads = {
  ...{ point: 'R3', step: 'upload-by-polling', uploads: UPLOADS },
  hopes: { processes: 'polling', flows: 'network_statistics' },
}
/** It prints once a second: what has sent and ended by then it does not show. */
export const BY_NETTOP: Uploads = {
  ...{ point: 'T4', step: 'upload-by-nettop', uploads: [SLOW] },
  ...{ hopes: { processes: 'polling', flows: 'nettop' }, within: 0.1 },
}

/** Whether simulate says that the alert's figure is the one that was sent, or nearly. */
export function isNear({ status, output }: Ran, within = 0): boolean {
  if (status === 0) return true
  const [, out, sent] = /^\s*Final +(\d+) B out, but (\d+) B were sent/m.exec(output) ?? []
  return out !== undefined && Math.abs(Number(out) - Number(sent)) <= within * Number(sent)
}

/** So long those that are hoped for may take to begin. */
const AT_WORK_S = 60

export async function upload(mac: Mac, which: Uploads): Promise<void> {
  const { point, step, hopes } = which
  const freshet = ['-n', ...FRESHET]
  const status = async () => {
    const { output } = await mac.run('sudo', [...freshet, 'status', '--json'])
    return { output, atWork: atWorkOf(output) }
  }
  const isHoped = (some: AtWork | undefined): boolean =>
    some !== undefined &&
    (hopes.processes ?? some.processes) === some.processes &&
    (hopes.flows ?? some.flows) === some.flows
  let before = (await status()).atWork
  for (let waited = 0; !isHoped(before) && waited < AT_WORK_S; waited += LOOK_S) {
    await mac.wait(LOOK_S)
    before = (await status()).atWork
  }
  for (const [index, options] of which.uploads.entries()) {
    // Once as the documents have it, which in a clone of another user's is no small matter for npx.
    const command = index === 0 ? ['-n', 'npx', 'freshet'] : freshet
    const args = [...command, 'simulate', 'upload', ...options]
    const ran = await mac.run('sudo', args, { seconds: 150 })
    mac.say(ran.output)
    const after = (await status()).atWork
    const by =
      inWords(before) + (inWords(after) === inWords(before) ? '' : `, then ${inWords(after)}`)
    const isWell = isNear(ran, which.within) && isHoped(before) && isHoped(after)
    mac.found({
      point,
      outcome: isWell ? 'as hoped' : 'otherwise',
      text: `by ${by}: ${options.join(' ')}: ${uploadText(ran)}`,
    })
    before = after
  }
  const shown = await mac.run('sudo', [...freshet, 'status'])
  mac.say(shown.output)
  mac.found({ point: 'C1', outcome: 'seen', text: `status: ${shown.output}` })
  writeFileSync(join(mac.folder, `status-${step}.json`), (await status()).output)
  const doctor = await mac.run('sudo', [...freshet, 'doctor'], { seconds: 120 })
  mac.say(doctor.output)
  writeFileSync(join(mac.folder, `doctor-${step}.txt`), doctor.output)
}
