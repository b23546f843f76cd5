// `npm test` runs all tests on the pinned Node but those of `*.long.test.ts`, four files at a time; `npm test -- test/engine/*.test.ts`
// only those, one by one; `npm run test:long` those that take turns (test/long.ts), for long, and those of `*.long.test.ts`. In CI (CI=true) a test that skips is a failure: .ci/run installs what tests
// need. Elsewhere the run ends by saying how many were left out, and why (test/reporter.ts).
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { leftRunning, leftRunningLines } from './left-running.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The files that ask test/long.ts. */
export const LONG = [
  'test/cli/up-late.test.ts',
  'test/collector/clones-loop.test.ts',
  'test/collector/store-budget.test.ts',
  'test/collector/store-retention.test.ts',
  'test/collector/store-sums.test.ts',
  'test/collector/store-texts.test.ts',
  'test/collector/store-triage.test.ts',
  'test/collector/writer.test.ts',
  'test/e2e/fleet.test.ts',
  'test/e2e/kill.test.ts',
  'test/engine/copies.test.ts',
  'test/faults/kill.test.ts',
  'test/intake/nettop-world.test.ts',
  'test/native/attribution-accepted.test.ts',
  'test/native/attribution-programs.test.ts',
  'test/native/attribution.test.ts',
  'test/native/edges.test.ts',
  'test/native/es-messages.test.ts',
  'test/native/es-source.test.ts',
  'test/native/filter.test.ts',
  'test/native/handed-on.test.ts',
  'test/native/menu-bar.test.ts',
  'test/native/native.test.ts',
  'test/native/polling.test.ts',
  'test/native/statistics.test.ts',
  'test/stream/outbox-model.test.ts',
]

/**
 * How many files of all run beside each other: they wait about as much as they compute, on one core too. Each of the native
 * and e2e tests sees the whole machine, and decides by what is its own.
 */
const JOBS = 4

/** Compiled code of the hundreds of Nodes that the tests start: a `freshet status` took 0.30 s of a core, and takes 0.08 s. */
const COMPILED = join(root, 'node_modules/.cache/freshet-tests')

/** The files that take longest, longest first: begun early, none of them is left to run alone. */
export const LONGEST = [
  'test/e2e/kill.test.ts',
  'test/native/traffic.test.ts',
  'test/native/edges.test.ts',
  'test/native/attribution-programs.test.ts',
]

/** What the native tests build in `npm test`, and in the long run, in the order in which they run. */
const BUILDS = [
  ['-C', 'native/test', 'decisions'],
  ['-C', 'native/test/mac', 'plain'],
  ['-C', 'native/test/mac', 'client_asan'],
  ['-C', 'native/test/filter', 'asan', 'xpc_asan'],
  ['-C', 'native/test/statistics', 'asan', 'adapter_asan'],
  ['-C', 'native/test/polling', 'asan'],
  ['-C', 'native/test/app', 'asan', 'draw'],
  ['-C', 'native/test', 'asan'],
]
const LONG_BUILDS = [
  ['-C', 'native/test/mac', 'plain', 'client'],
  ['-C', 'native/test/filter', 'all', 'fuzzers', 'xpc'],
  ['-C', 'native/test/statistics', 'all', 'adapter', 'fuzz'],
  ['-C', 'native/test/polling', 'all'],
  ['-C', 'native/test/app', 'all', 'draw', 'fuzz'],
  ['-C', 'native/test', 'all'],
]

/**
 * Builds what the native tests want while others run, which leave a core idle. Holds the lock under which those build it
 * themselves (test/native/run.ts): they find it made, and are who says so when it cannot be.
 */
function buildAhead(builds) {
  const makes = builds.map((args) => `make -s -k -j2 ${args.join(' ')}`).join('; ')
  const child = spawn('flock', ['native/test', 'nice', 'sh', '-c', makes], {
    cwd: root,
    stdio: 'ignore',
    detached: true,
  })
  child.on('error', () => {})
  return () => endGroup(child)
}

/** They wait for minutes, and are of the long run alone. */
const isLongAlone = (path) => path.endsWith('.long.test.ts')

const testFiles = () =>
  readdirSync(join(root, 'test'), { recursive: true })
    .map((path) => `test/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.test.ts'))
    .sort()

/** Of the long run; those that wait longest come first. */
export const longFiles = () => [...testFiles().filter(isLongAlone), ...LONG]

/** All files of `npm test`: those of LONGEST first, and last those that run what is built, which is made by then. */
export function allFiles() {
  const files = testFiles().filter((path) => !isLongAlone(path))
  const rest = files.filter((path) => !LONGEST.includes(path))
  const isBuilt = (path) =>
    /\bmake\b.* from '.\/run.ts'/.test(readFileSync(join(root, path), 'utf8'))
  return [...LONGEST, ...rest.filter((path) => !isBuilt(path)), ...rest.filter(isBuilt)]
}

/** Whether an argument is files, a pattern or a folder of them; not an option or its value. */
function isFiles(arg) {
  if (/\*|\.test\.\w+$/.test(arg)) return true
  return statSync(resolve(root, arg), { throwIfNoEntry: false })?.isDirectory() === true
}

async function main(args) {
  const isLong = args[0] === '--long'
  const wanted = isLong ? args.slice(1) : args
  // Who names some files wants no others, and to see each test as it ends.
  const named = wanted.some(isFiles)
  const strict = process.env.CI === 'true' ? ['--forbid-pending', '--forbid-only'] : []
  const all = ['--parallel', '--jobs', `${JOBS}`, ...(isLong ? longFiles() : allFiles())]
  const endBuilds =
    named || process.platform !== 'linux' ? () => {} : buildAhead(isLong ? LONG_BUILDS : BUILDS)
  // In a group of its own, which a signal ends whole: workers, and what their tests have started.
  const mocha = spawn(
    join(root, 'node_modules/.bin/node'),
    [join(root, 'node_modules/mocha/bin/mocha.js'), ...strict, ...wanted, ...(named ? [] : all)],
    {
      cwd: root,
      stdio: 'inherit',
      detached: true,
      env: { NODE_COMPILE_CACHE: COMPILED, ...process.env, ...(isLong && { FRESHET_LONG: '1' }) },
    },
  )
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      endBuilds()
      endGroup(mocha, signal)
    })
  const [status] = await once(mocha, 'close').catch((error) => {
    const why = error.message
    process.stderr.write(`freshet: tests: ${why}; run \`node scripts/setup.mjs\` first\n`)
    return [1]
  })
  endBuilds()
  const left = mocha.pid === undefined ? [] : await leftRunning(mocha.pid)
  if (left.length > 0) {
    endGroup(mocha, 'SIGKILL')
    await leftRunning(mocha.pid)
  }
  for (const line of leftRunningLines(left)) process.stderr.write(`freshet: ${line}\n`)
  // null: a signal ended it.
  process.exit(status === 0 && left.length > 0 ? 1 : (status ?? 1))
}

/** Sends a signal to a detached child and all that it started. */
function endGroup(child, signal = 'SIGTERM') {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // It has ended.
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(process.argv.slice(2))
