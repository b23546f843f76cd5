// Runs mocha on the pinned Node. In CI (CI=true) a skipped test is a failure: .ci/run installs what tests need.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const args = process.argv.slice(2)
const strict = process.env.CI === 'true' ? ['--forbid-pending', '--forbid-only'] : []
const made = spawnSync(
  join(root, 'node_modules/.bin/node'),
  [join(root, 'node_modules/mocha/bin/mocha.js'), ...strict, ...args],
  { cwd: root, stdio: 'inherit' },
)
process.exit(made.status ?? 1)
