// `npm test` runs all tests on the pinned Node; `npm test -- test/engine/*.test.ts` only those. In CI
// (CI=true) a test that skips is a failure: .ci/run installs what tests need. Elsewhere the run ends by saying how many
// were left out, and why (test/left-out.ts).
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const args = process.argv.slice(2)
const strict = process.env.CI === 'true' ? ['--forbid-pending', '--forbid-only'] : []
// mocha adds the files of its configuration to those that are named; who names some wants no others.
const named = args.some((arg) => /\*|\.test\.ts$/.test(arg) || existsSync(join(root, arg)))
const config = named
  ? ['--no-config', '--extension', 'ts', '--timeout', '20000', '--require', './test/left-out.ts']
  : []
const made = spawnSync(
  join(root, 'node_modules/.bin/node'),
  [join(root, 'node_modules/mocha/bin/mocha.js'), ...strict, ...config, ...args],
  { cwd: root, stdio: 'inherit' },
)
if (made.error) {
  const why = made.error.message
  process.stderr.write(`freshet: tests: ${why}; run \`node scripts/setup.mjs\` first\n`)
}
process.exit(made.status ?? 1)
