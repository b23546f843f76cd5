// A whole Freshet for a test: `freshet up` with its own state directory and port, ended by the test.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { DeviceInfo, DevicesResponse } from '../../src/collector/views/page-api.ts'
import { WAIT_MS } from '../waits.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const source = join(root, 'src/cli.ts')

export type Installation = {
  pageUrl: string
  /** http://127.0.0.1:PORT, without a slash. */
  origin: string
  pageKey: string
  state: string
  up: ChildProcess
  /** Everything that it printed so far. */
  output(): string
  api<T>(path: string): Promise<T>
  /** Waits until the agent is connected and has told its counters. */
  connected(): Promise<DeviceInfo>
  /** Ids of the running processes of a role. */
  pidsOf(role: 'agent' | 'engine' | 'collector'): number[]
  freshet(args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }>
  stop(): Promise<number | null>
}

/**
 * A command that was started with an IPC channel: it stops in order when this process has ended, however that ended, and
 * keeps it from no end.
 */
export function tied(child: ChildProcess): ChildProcess {
  child.channel?.unref()
  return child
}

/** Starts it, from source or from another `cli`, and waits until the page's address is printed. */
export async function startInstallation(
  args: string[] = [],
  cli: string = source,
): Promise<Installation> {
  const state = mkdtempSync(join(tmpdir(), 'freshet-e2e-'))
  rmSync(state, { recursive: true })
  const up = tied(
    spawn(process.execPath, [cli, 'up', '--state', state, '--port', '0', ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    }),
  )
  let output = ''
  for (const stream of [up.stdout, up.stderr]) stream?.on('data', (text) => (output += text))
  const ended = new Promise<number | null>((resolve) => up.once('exit', resolve))
  const address = /http:\/\/127\.0\.0\.1:(\d+)\/#key=(\S+)/
  try {
    await until(() => address.test(output) || up.exitCode !== null)
  } catch (error) {
    up.kill()
    throw error
  }
  const match = address.exec(output)
  assert.ok(match, `freshet up printed no address:\n${output}`)
  const [pageUrl, port, pageKey] = match as unknown as [string, string, string]
  const origin = `http://127.0.0.1:${port}`
  const api = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${origin}${path}`, {
      headers: { authorization: `Bearer ${pageKey}` },
    })
    assert.equal(response.status, 200, `${path}: ${response.status}`)
    return (await response.json()) as T
  }
  return {
    pageUrl,
    origin,
    pageKey,
    state,
    up,
    output: () => output,
    api,
    connected: () =>
      until(async () => {
        // A collector that is started again listens a moment later.
        const answer = await api<DevicesResponse>('/api/devices').catch((error: unknown) => {
          if (!isRefused(error)) throw error
          return { devices: [] }
        })
        return answer.devices.find((one) => one.connected && one.live && one.live.processes > 0)
      }, 'a connected agent'),
    pidsOf: (role) => descendants(up.pid as number).filter((pid) => roleOf(pid, cli) === role),
    freshet: (command) => run([cli, ...command, '--state', state]),
    stop: async () => {
      up.kill('SIGINT')
      const status = await ended
      rmSync(state, { recursive: true, force: true })
      return status
    },
  }
}

const isRefused = (error: unknown) =>
  error instanceof TypeError &&
  (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED'

export type Ran = { status: number | null; stdout: string; stderr: string }

/** Runs the pinned node to its end; `input` on its standard input. */
export async function run(
  args: string[],
  {
    input,
    ...where
  }: {
    cwd?: string
    env?: NodeJS.ProcessEnv
    input?: string | Uint8Array
    timeout?: number
    uid?: number
    gid?: number
  } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'], ...where })
  // A command that reads nothing may have ended before all is written.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => (stdout += text))
  child.stderr.on('data', (text) => (stderr += text))
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, stdout, stderr }
}

/** Waits until `met` gives something truthy, and gives it back. Fails after WAIT_MS. */
export async function until<T>(met: () => T | Promise<T>, what = 'it'): Promise<NonNullable<T>> {
  const deadlineMs = performance.now() + WAIT_MS
  for (;;) {
    const found = await met()
    if (found) return found
    if (performance.now() > deadlineMs) assert.fail(`${what} did not come about in ${WAIT_MS} ms`)
    await sleep(50)
  }
}

export function descendants(ancestor: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = Number(/^\d+ \(.*\) \S (\d+)/s.exec(readQuietly(`/proc/${name}/stat`))?.[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const found: number[] = []
  const visit = (pid: number) => {
    for (const child of children.get(pid) ?? []) {
      found.push(child)
      visit(child)
    }
  }
  visit(ancestor)
  return found
}

export function roleOf(pid: number, cli: string): string | undefined {
  const words = readQuietly(`/proc/${pid}/cmdline`).split('\0')
  return words[words.indexOf(cli) + 1]
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
