// `freshet up`: collector, sense and engine together on this machine. What `npm start` runs.
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { commandBeside, daemonState } from '../hint.ts'
import { OWN_COMMAND, PLACE } from '../place.ts'
import { EXIT_CONFIG, REFUSED_BEFORE } from '../sense/exit.ts'
import type { MacSource } from '../sources/choice.ts'
import { isWatched } from '../status/asking.ts'
import { VERSION } from '../version.ts'
import { wantProgram } from './become-sense.ts'
import type { CollectorReady } from './collector.ts'
import { createLog } from './log-line.ts'
import { openMenuBar } from './menu-bar.ts'
import { readPolicyFile } from './policy-file.ts'
import { defaultUser } from './service-user.ts'
import { ConfigError, statePaths } from './state.ts'
import { makeStateDirectory } from './state-directory.ts'
import { keepRunning, stopSignal } from './supervise.ts'

export type UpCommand = {
  state?: string
  user?: string
  port?: number
  policy?: string
  intervalMs: number
  execArguments: boolean
  ringMb: number
  sources?: ReadonlySet<MacSource>
  sourcePrograms?: string
  keepDays: number
  keepGb: number
}

/** The collector's usual port; when it is taken `up` lets the system choose one and says which. */
export const DEFAULT_PORT = 8442
const READY_MS = 60_000
const LOOK_MS = 100

export async function runUpCommand(command: UpCommand): Promise<number> {
  const paths = statePaths(command.state)
  const user = defaultUser(command.user)
  if (isWatchedBySense()) wantProgram(PLACE.sense)
  // Before anything is started or printed; the engine reads its own, as it starts again.
  readPolicyFile(command.policy, {})
  if (await isWatched(paths.root))
    throw new ConfigError(
      `Freshet watches already with the state directory ${paths.root}: stop it, or choose another with --state`,
    )
  for (const directory of [paths.collector, paths.agent]) makeStateDirectory(paths, directory, user)
  const outside = stopSignal({ goesOnUnread: true })
  const ending = new AbortController()
  outside.addEventListener('abort', () => ending.abort(), { once: true })
  const signal = ending.signal
  const log = createLog('freshet')
  // As it was asked for: `--user root` is no user to become, and still not the default.
  const userName = command.user ?? user?.name
  const shared = ['--state', paths.root, ...(userName === undefined ? [] : ['--user', userName])]

  let port = command.port ?? (await freePort(DEFAULT_PORT))
  if (port === 0 && command.port === undefined)
    log(
      `another program has port ${DEFAULT_PORT}: the page is at another until this is started again`,
    )
  const ready = Promise.withResolvers<CollectorReady>()
  const stumbled = Promise.withResolvers<'stumbled'>()
  // What once worked may be taken away by anybody; detection does not end with the page.
  let isIndispensable = true
  const collector = keepRunning({
    name: 'the collector',
    start: (refusedBefore) => {
      const keep = ['--keep-days', `${command.keepDays}`, '--keep-gb', `${command.keepGb}`]
      const listen = ['--listen', `127.0.0.1:${port}`, '--wait-for-port']
      const child = startRole(['collector', ...shared, ...keep, ...listen], refusedBefore)
      child.on('message', (message) => {
        const told = message as CollectorReady
        port = told.port
        isIndispensable = false
        ready.resolve(told)
      })
      child.once('exit', (status) => {
        if (status !== EXIT_CONFIG) stumbled.resolve('stumbled')
      })
      return child
    },
    signal,
    log,
    endsByConfig: () => isIndispensable,
  })
  const first = await Promise.race([ready.promise, stumbled.promise, collector, timeout(READY_MS)])
  if (typeof first === 'number') {
    ending.abort()
    await collector
    return first
  }
  const page = typeof first === 'object' ? first : undefined
  // As on a disk that anybody has filled: what is found is kept for it.
  if (!page) {
    isIndispensable = false
    log(
      first === undefined
        ? `the collector does not listen after ${READY_MS / 1000} s: the agent is started without it`
        : 'the agent is started without the collector, which is tried again',
    )
  }

  let hasWatched = false
  const agent = keepRunning({
    name: 'the agent',
    start: () =>
      startAgent([
        'agent',
        ...shared,
        '--collector',
        paths.root,
        '--include-loopback',
        '--under-up',
        '--interval',
        String(command.intervalMs),
        '--ring-mb',
        String(command.ringMb),
        ...(command.policy === undefined ? [] : ['--policy', command.policy]),
        ...(command.execArguments ? ['--exec-arguments'] : []),
        ...(command.sources ? ['--sources', [...command.sources].join(',')] : []),
        ...(command.sourcePrograms === undefined
          ? []
          : ['--source-programs', command.sourcePrograms]),
      ]),
    signal,
    log,
    // As of the collector: a policy file that somebody spoilt since is no end of what watches.
    endsByConfig: () => !hasWatched,
  })
  const watched = await Promise.race([untilWatched(paths.root, signal), agent, collector])
  hasWatched = watched === true
  if (!hasWatched)
    void untilWatched(paths.root, signal, Number.POSITIVE_INFINITY).then((is) => {
      hasWatched ||= is
    })
  // The agent has said what is wrong with its settings, or all was stopped.
  if (typeof watched === 'number' || signal.aborted) return endOf([collector, agent])
  process.stdout.write(
    [
      watched
        ? `Freshet ${VERSION} watches this machine.`
        : `Freshet ${VERSION} does not watch this machine yet: its agent has not answered for ${READY_MS / 1000} s, and is tried on.`,
      page
        ? pageLine(page)
        : '  page    not yet: its address is printed once the collector has started',
      `  state   ${paths.root}${user ? ` (engine and collector run as ${user.name})` : ''}`,
      `  try     ${commandBeside('simulate upload --mb 8', paths.root).slice(1, -1)}     in another terminal`,
      '  Ctrl-C  stops everything',
      '',
    ].join('\n'),
  )
  if (!page) void ready.promise.then((told) => process.stdout.write(`${pageLine(told)}\n`))
  const isDaemons = paths.root === daemonState(process.platform)
  void openMenuBar({ state: isDaemons ? undefined : paths.root, log })
  return endOf([collector, agent])

  /** Ends the others when one has ended. */
  async function endOf(roles: Promise<number>[]): Promise<number> {
    await Promise.race(roles)
    ending.abort()
    const statuses = await Promise.all(roles)
    return outside.aborted ? 0 : Math.max(...statuses)
  }
}

const pageLine = ({ pageUrl, isServed }: CollectorReady): string =>
  `  page    ${pageUrl}${isServed ? '' : '\n          not yet: another program has that port, and must not be given this key'}`

/** Whether an agent answers in the directory, as soon as one does; false after `withinMs`, or when `signal` aborts. */
async function untilWatched(
  directory: string,
  signal: AbortSignal,
  withinMs = READY_MS,
): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs
  while (!signal.aborted && performance.now() < deadlineMs) {
    if (await isWatched(directory)) return true
    await pause(LOOK_MS, undefined, { ref: false })
  }
  return false
}

function startRole(args: string[], refusedBefore = 0): ChildProcess {
  const [command, ...before] = OWN_COMMAND
  return spawn(command, [...before, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [REFUSED_BEFORE]: `${refusedBefore}` },
  })
}

/** Of the executables root's is another. */
const isWatchedBySense = (): boolean => PLACE.isExecutable && process.geteuid?.() === 0

/** That one takes nothing from an environment, a channel's number included. */
function startAgent(args: string[]): ChildProcess {
  if (!isWatchedBySense()) return startRole(args)
  return spawn(PLACE.sense, [...args, '--ends-with-input'], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: {},
  })
}

/** `wanted` when it can be listened on now, else 0: the system's choice. */
async function freePort(wanted: number): Promise<number> {
  const { createServer } = await import('node:net')
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(0))
    server.listen(wanted, '127.0.0.1', () => server.close(() => resolve(wanted)))
  })
}

function timeout(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref())
}
