// The README's two commands as a user types them, and what comes of them.
import { spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from './findings.ts'
import { endOf, FRESHET, firstLine, interruption, type Mac, type Ran } from './mac.ts'

/** With packages, the addon and the app to build on a small machine. */
const READY_S = 900
const LOOK_S = 2

const ROLE = /^\d+ (.*\bsrc\/cli\.ts (up|agent|engine|collector)\b|\/usr\/bin\/(nettop|eslogger) )/

const LOG = 'product.log'
const PID = 'product.pid'

/** The page's address in what `npm start` prints, without its key; undefined before it is printed. */
export const pageOf = (log: string): string | undefined =>
  [...log.matchAll(/^ {2}page {4}(http:\/\/127\.0\.0\.1:\d+\/)#key=/gm)].at(-1)?.[1]

/** Logs of a run and what is kept of it are read by others. */
export const withoutKey = (log: string): string => log.replaceAll(/#key=\S+/g, '#key=...')

/** `sudo npm start`, left running for the steps after it. */
export async function start(mac: Mac, launch = launchDetached): Promise<void> {
  const log = join(mac.folder, LOG)
  rmSync(log, { force: true })
  const child = launch(mac, log)
  if (child.pid !== undefined) writeFileSync(join(mac.folder, PID), `${child.pid}`)
  const read = () => (existsSync(log) ? readFileSync(log, 'utf8') : '')
  let waited = 0
  while (waited < READY_S && pageOf(read()) === undefined && !child.hasEnded()) {
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

function launchDetached(mac: Mac, log: string): Launched {
  const fd = openSync(log, 'w')
  const child = spawn('sudo', ['-n', 'npm', 'start'], {
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
  const log = join(mac.folder, LOG)
  if (existsSync(log)) writeFileSync(log, withoutKey(readFileSync(log, 'utf8')))
  mac.found({
    point: 'R4',
    outcome: left === '' ? 'as hoped' : 'otherwise',
    text: left === '' ? 'all ended within 30 s' : `still there: ${left}`,
  })
}

/** What of Freshet runs, by `ps -axwwo pid=,command=`: its roles, and the programs of Apple's that it started. */
export const rolesOf = (ps: string): string[] =>
  ps
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => ROLE.test(line))

/** What `freshet simulate` says, judged by its own exit status: 0 is a figure that is exact. */
export function uploadFinding(point: string, what: string, ran: Ran): Finding {
  const lines = ran.output.split('\n').map((line) => line.trim())
  const last = lines.find((line) =>
    /^(Final|Not final|No alert|Nothing was sent|The upload|Not all)/.test(line),
  )
  const sent = lines.find((line) => line.startsWith('Sent'))
  return {
    point,
    outcome: ran.status === 0 ? 'as hoped' : 'otherwise',
    text: `${what}: ${[sent, last ?? `${endOf(ran)}, ${firstLine(ran.output)}`].filter(Boolean).join('; ')}`,
  }
}

const UPLOADS: readonly (readonly string[])[] = [
  ['--mb', '8'],
  ['--mb', '4', '--flows', '16', '--silent'],
  ['--mb', '16', '--seconds', '20'],
]

/** `point`: whose it is, by which sources are at work. */
export async function upload(mac: Mac, point: string): Promise<void> {
  const freshet = ['-n', ...FRESHET]
  for (const options of UPLOADS) {
    const args = [...freshet, 'simulate', 'upload', ...options]
    const ran = await mac.run('sudo', args, { seconds: 150 })
    mac.say(ran.output)
    mac.found(uploadFinding(point, options.join(' '), ran))
  }
  const status = await mac.run('sudo', [...freshet, 'status'])
  mac.say(status.output)
  mac.found({ point: 'C1', outcome: 'seen', text: `status: ${status.output}` })
  const json = await mac.run('sudo', [...freshet, 'status', '--json'])
  writeFileSync(join(mac.folder, `status-${point}.json`), json.output)
  const doctor = await mac.run('sudo', [...freshet, 'doctor'], { seconds: 120 })
  mac.say(doctor.output)
  writeFileSync(join(mac.folder, `doctor-${point}.txt`), doctor.output)
}
