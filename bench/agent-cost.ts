// What the two roles of the agent cost on this machine's own events: at rest, and under a load of short
// programs and busy connections. Of the bundle in dist/ where it was built, since that is what ships.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startInstallation } from '../test/e2e/installation.ts'
import type { Row } from './row.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const EXECS_PER_S = 200
/** Both ends of each are this machine's: two reports a second. */
const CONNECTIONS = 1000
/** Start-up, its hashing and the compilation of what is hot are over by then. */
const SETTLE_MS = 20_000
const REST_MS = 20_000
/**
 * An agent runs for weeks. V8 compiles what is hot for half a minute: in its first 15 s under this load its own threads took 1.2 % of
 * a core, and 0.2 % after 45 s.
 */
const WARM_UP_S = 45
const LOAD_S = 10

/** Wants root and a C compiler; throws without. */
export async function residentAndCpu(): Promise<Row[]> {
  if (process.getuid?.() !== 0) throw new Error('wants root: it measures the Linux source')
  const bundle = join(root, 'dist/freshet.mjs')
  const isBundled = existsSync(bundle)
  const how = isBundled
    ? 'none: the bundle in dist/'
    : 'none: from source; npm run build makes the bundle that the target is for'
  const installation = await startInstallation([], isBundled ? bundle : undefined)
  const folder = mkdtempSync(join(tmpdir(), 'freshet-load-'))
  try {
    const program = buildLoad(folder)
    await sleep(SETTLE_MS)
    const roles = [installation.pidsOf('agent')[0], installation.pidsOf('engine')[0]] as number[]
    const forksBefore = forks()
    const rest = await costOver(roles, REST_MS)
    const ownForks = (forks() - forksBefore) / (REST_MS / 1000)
    const load = await underLoad(program, () => costOver(roles, LOAD_S * 1000))
    const [sense, engine] = rest as [Cost, Cost]
    const restShare = shareOf(rest)
    const loadShare = shareOf(load.costs)
    return [
      {
        name: 'agent sense resident at rest',
        value: sense.residentMb,
        unit: 'MB',
        rival: how,
        target: '60 MB bundled',
        met: sense.residentMb < 60,
      },
      {
        name: 'agent engine resident at rest',
        value: engine.residentMb,
        unit: 'MB',
        rival: how,
        target: '100 MB bundled',
        met: engine.residentMb < 100,
      },
      {
        name: 'agent CPU of both at rest',
        value: restShare * 100,
        unit: '% of a core',
        rival: `${how}; ${ownForks.toFixed(1)} processes/s of the machine's own`,
        target: '< 0.3 %',
        met: restShare < 0.003,
      },
      {
        name: 'agent CPU of both under load',
        value: loadShare * 100,
        unit: '% of a core',
        rival: `${how}; ${load.execsPerS.toFixed(0)} execs/s with an upload each, ${load.reportsPerS.toFixed(0)} flow reports/s`,
        target: '< 5 % at 200 and 2,000',
        met: loadShare < 0.05,
      },
    ]
  } finally {
    await installation.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Cost = { residentMb: number; share: number }

const shareOf = (costs: Cost[]): number => costs.reduce((sum, { share }) => sum + share, 0)

async function costOver(pids: number[], ms: number): Promise<Cost[]> {
  const before = pids.map(cpuSeconds)
  const began = performance.now()
  await sleep(ms)
  const elapsedS = (performance.now() - began) / 1000
  return pids.map((pid, index) => ({
    residentMb:
      Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    share: (cpuSeconds(pid) - (before[index] as number)) / elapsedS,
  }))
}

/** Of all threads, to the nanosecond: the first figure of schedstat (Documentation/scheduler/sched-stats). */
function cpuSeconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const ns = threads.map((tid) =>
    Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]),
  )
  return ns.reduce((sum, one) => sum + one, 0) / 1e9
}

/** Processes and threads made since the machine started. */
const forks = (): number =>
  Number(/^processes (\d+)/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1])

function buildLoad(folder: string): string {
  const program = join(folder, 'load')
  execFileSync('cc', ['-O2', '-static', '-o', program, join(root, 'native/bench/load.c')])
  return program
}

/** Runs the load and, once it is warm, `measure`. */
async function underLoad(
  program: string,
  measure: () => Promise<Cost[]>,
): Promise<{ costs: Cost[]; execsPerS: number; reportsPerS: number }> {
  const seconds = WARM_UP_S + LOAD_S + 2
  const args = ['--execs', EXECS_PER_S, '--flows', CONNECTIONS, '--seconds', seconds].map(String)
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = ''
  child.stdout.on('data', (text) => (told += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  await sleep(WARM_UP_S * 1000)
  const costs = await measure()
  if ((await ended) !== 0) throw new Error('the load failed')
  const did = JSON.parse(told) as { execs: number; writes: number; seconds: number }
  return {
    costs,
    execsPerS: did.execs / did.seconds,
    reportsPerS: (2 * did.writes) / did.seconds,
  }
}
