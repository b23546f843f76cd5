// The Mac that a run looks at, as its steps see it: programs and their output, time, and a folder for what is kept. Tests
// pass another one in.
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Finding, keepFinding } from './findings.ts'

export type Ran = {
  /** undefined: it could not be run, or a signal ended it. */
  status: number | undefined
  signal: string | undefined
  /** Both streams as they came. */
  output: string
}

export type Mac = {
  /**
   * Runs it to its end, at most `seconds` (60): then it is killed, with all that it started. `until`: ended before, by
   * SIGINT, as a person would.
   */
  run(
    program: string,
    args: readonly string[],
    limits?: { seconds?: number; until?: number },
  ): Promise<Ran>
  wait(seconds: number): Promise<void>
  found(finding: Finding): void
  say(text: string): void
  /** Where what is to be kept goes; there. */
  folder: string
  /** The clone. */
  root: string
}

const OUTPUT_CHARACTERS_MAX = 4 * 2 ** 20
const PATIENCE_S = 60
/** One that was killed and has not closed its output by then has left somebody behind who holds it. */
const LEFT_MS = 5_000

export function thisMac(root: string, folder: string): Mac {
  mkdirSync(folder, { recursive: true })
  const say = (text: string) => console.log(text)
  return {
    root,
    folder,
    say,
    wait: (seconds) => sleep(seconds * 1000),
    found(finding) {
      say(`${finding.outcome.toUpperCase()}  ${finding.point}  ${finding.text}`)
      keepFinding(folder, finding)
      if (finding.outcome === 'otherwise') process.exitCode = 1
    },
    run: (program, args, { seconds = PATIENCE_S, until } = {}) =>
      new Promise((resolve) => {
        say(`$ ${[program, ...args].join(' ')}`)
        const child = spawn(program, args, {
          cwd: root,
          detached: true,
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        let output = ''
        for (const stream of [child.stdout, child.stderr])
          stream.setEncoding('utf8').on('data', (chunk: string) => {
            output = (output + chunk).slice(0, OUTPUT_CHARACTERS_MAX)
          })
        const timers: NodeJS.Timeout[] = []
        const after = (ms: number, what: () => void) => timers.push(setTimeout(what, ms))
        const end = (ran: Ran) => {
          for (const timer of timers) clearTimeout(timer)
          resolve(ran)
        }
        after(seconds * 1000, () => {
          endGroup(program, child.pid, 'SIGKILL')
          after(LEFT_MS, () => {
            for (const stream of [child.stdout, child.stderr]) stream.destroy()
            child.unref()
            end({ status: undefined, signal: 'SIGKILL', output })
          })
        })
        if (until !== undefined) after(until * 1000, () => endGroup(program, child.pid, 'SIGINT'))
        child.on('error', ({ message }) =>
          end({ status: undefined, signal: undefined, output: `${output}${message}` }),
        )
        child.on('close', (status, signal) =>
          end({ status: status ?? undefined, signal: signal ?? undefined, output }),
        )
      }),
  }
}

/**
 * To a whole group, as a terminal does it. By kill(2) and not by kill(1): that of procps 4.0.2 takes the group -1234 for -1,
 * which is everybody. Throws RangeError on what is no group of ours.
 */
export function interruption(pid: number, name: 'SIGINT' | 'SIGKILL' = 'SIGINT'): string {
  if (!Number.isSafeInteger(pid) || pid < 2) throw new RangeError(`${pid} is no group to end`)
  return `process.kill(${-pid}, '${name}')`
}

/** What runs by sudo is root's: a signal of this user does not reach it, and sudo hands none on within its own group. */
function endGroup(program: string, pid: number | undefined, name: 'SIGINT' | 'SIGKILL'): void {
  if (pid === undefined) return
  const end = [process.execPath, '-e', interruption(pid, name)]
  const [command = '', ...args] = program === 'sudo' ? ['sudo', '-n', ...end] : end
  // It may have ended by itself.
  spawn(command, args, { stdio: 'ignore' }).on('error', () => {})
}

/** The command in a clone that is another's than root's, for sudo. */
export const FRESHET = [process.execPath, 'scripts/freshet.mjs'] as const

/**
 * A recording of `seconds` by root, kept in the run's folder under `name`. Engine and state lie elsewhere meanwhile: who the
 * engine becomes may not be let into a person's folders. The path is undefined when nothing was recorded.
 */
export async function recording(
  mac: Mac,
  name: string,
  seconds: number,
  command: readonly string[] = FRESHET,
): Promise<{ ran: Ran; path: string | undefined }> {
  const made = `/var/tmp/freshet-run-${name}`
  const args = ['record', `${made}.fcap`, '--seconds', `${seconds}`, '--state', `${made}.state`]
  const ran = await mac.run('sudo', ['-n', ...command, ...args], { seconds: seconds + PATIENCE_S })
  mac.say(ran.output)
  const path = join(mac.folder, `${name}.fcap`)
  const kept = await mac.run('sudo', ['-n', 'install', '-m', '644', `${made}.fcap`, path])
  return { ran, path: kept.status === 0 ? path : undefined }
}

/** How a program ended, in words. */
export const endOf = ({ status, signal }: Ran): string =>
  signal !== undefined
    ? `ended by ${signal}`
    : status === undefined
      ? 'not to be run'
      : `status ${status}`

/** The first line that says something, for a finding. */
export const firstLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '') ?? 'nothing'
