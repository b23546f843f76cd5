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
  /** Runs it to its end, at most `seconds` (60): then it is killed. `until`: ended before, by SIGINT, as a person would. */
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
        const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
        let output = ''
        for (const stream of [child.stdout, child.stderr])
          stream.setEncoding('utf8').on('data', (chunk: string) => {
            output = (output + chunk).slice(0, OUTPUT_CHARACTERS_MAX)
          })
        const timers = [setTimeout(() => child.kill('SIGKILL'), seconds * 1000)]
        if (until !== undefined) timers.push(setTimeout(() => child.kill('SIGINT'), until * 1000))
        const end = (ran: Ran) => {
          for (const timer of timers) clearTimeout(timer)
          resolve(ran)
        }
        child.on('error', ({ message }) =>
          end({ status: undefined, signal: undefined, output: `${output}${message}` }),
        )
        child.on('close', (status, signal) =>
          end({ status: status ?? undefined, signal: signal ?? undefined, output }),
        )
      }),
  }
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
