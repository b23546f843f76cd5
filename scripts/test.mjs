// `npm test` runs all tests on the pinned Node; `npm test -- test/engine/*.test.ts` only those; `npm run test:long` those
// that take turns (test/long.ts), for long. In CI (CI=true) a test that skips is a failure: .ci/run installs what tests
// need. Elsewhere the run ends by saying how many were left out, and why (test/left-out.ts).
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The files that ask test/long.ts. */
export const LONG = [
  'test/e2e/kill.test.ts',
  'test/faults/kill.test.ts',
  'test/native/es-messages.test.ts',
  'test/native/es-source.test.ts',
  'test/native/filter.test.ts',
  'test/native/menu-bar.test.ts',
  'test/stream/outbox-model.test.ts',
]

/** What the native tests build, in the order in which they run. */
const BUILDS = [
  ['-C', 'native/test', 'decisions'],
  ['-C', 'native/test/mac', 'plain', 'CXX=g++', 'BUILD=build/plain'],
  ['-C', 'native/test/mac', 'client'],
  ['-C', 'native/test/filter', 'all', 'fuzzers', 'xpc'],
  ['-C', 'native/test/app', 'all', 'draw', 'fuzz'],
  ['-C', 'native/test', 'all'],
]

/**
 * Builds what the native tests want while others run, which leave a core idle. Holds the lock under which those build it
 * themselves (test/native/run.ts): they find it made, and are who says so when it cannot be.
 */
function buildAhead() {
  const makes = BUILDS.map((args) => `make -s -k -j2 ${args.join(' ')}`).join('; ')
  const child = spawn('flock', ['native/test', 'nice', 'sh', '-c', makes], {
    cwd: root,
    stdio: 'ignore',
    detached: true,
  })
  child.on('error', () => {})
  return () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid)
    } catch {
      // It has ended.
    }
  }
}

async function main(args) {
  const isLong = args[0] === '--long'
  const wanted = isLong ? [...args.slice(1), ...LONG] : args
  const strict = process.env.CI === 'true' ? ['--forbid-pending', '--forbid-only'] : []
  // mocha adds the files of its configuration to those that are named; who names some wants no others.
  const named = wanted.some((arg) => /\*|\.test\.ts$/.test(arg) || existsSync(join(root, arg)))
  const config = named
    ? ['--no-config', '--extension', 'ts', '--timeout', '20000', '--require', './test/left-out.ts']
    : []
  const endBuilds = named || process.platform !== 'linux' ? () => {} : buildAhead()
  const mocha = spawn(
    join(root, 'node_modules/.bin/node'),
    [join(root, 'node_modules/mocha/bin/mocha.js'), ...strict, ...config, ...wanted],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...(isLong && { FRESHET_LONG: '1' }) } },
  )
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => {
      endBuilds()
      mocha.kill(signal)
    })
  const [status] = await once(mocha, 'close').catch((error) => {
    const why = error.message
    process.stderr.write(`freshet: tests: ${why}; run \`node scripts/setup.mjs\` first\n`)
    return [1]
  })
  endBuilds()
  process.exit(status ?? 1)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(process.argv.slice(2))
