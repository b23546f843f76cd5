// Whether each room uses what it may (rooms.ts). `node scripts/layers.ts` prints every breach as file:line and fails;
// test/project/layers.test.ts runs it and plants breaches to see that they are found.
import { fileURLToPath } from 'node:url'
import { readSources, resolveReference, type SourceFile } from './imports.ts'
import { FACES, houseOf, ROOMS, roomOf } from './rooms.ts'

/** Packages that only some rooms may name. */
const RESERVED: Record<string, readonly string[]> = {
  koffi: ['host'],
  ws: ['stream', 'collector-gateway'],
  'protobufjs/minimal.js': ['stream'],
  long: ['stream'],
  commander: ['cli'],
  // host: a lock that the death of its holder releases.
  'node:sqlite': ['host', 'baseline', 'stream', 'collector-fleet', 'collector-store'],
  '@peculiar/x509': ['trust'],
  vite: ['web'],
}

const NETWORK = /^(ws|undici|(node:)?(net|http|https|http2|tls|dgram|dns|dns\/promises|quic))$/

/** What a room must not reach at run time, whatever lies in between. */
const UNREACHABLE: Record<string, { packages: RegExp; because: string }> = {
  sense: {
    packages: new RegExp(`${NETWORK.source}|^koffi$`),
    because: 'sense runs as root: no network, no FFI',
  },
  engine: {
    packages:
      /^(node:(fs|fs\/promises|child_process|timers|timers\/promises|sqlite|os|perf_hooks))$/,
    because: 'the engine is pure: the same records give the same findings',
  },
}

/** Rooms that may not mention the globals that lead there as well, without an import. */
const WITHOUT_WAYS: Record<string, string> = {
  sense: 'it runs as root, without the network, and loads what its imports say',
  engine: 'it is pure, and loads what its imports say',
  records: 'sense and engine read with it',
  baseline: 'the engine knows by it',
}

/** Ten had more, up to 359; what is above it held three ideas or more each, below it one with what it needs. */
const ENGINE_FUNCTION_LINES_MAX = 150

/** The one file that loads native code. */
const ADDON_LOADER = 'src/sense/addon.ts'

export type Breach = { file: string; line: number; text: string }

/** Every breach under src of `root`, by file and line. */
export function checkLayers(root: string): Breach[] {
  const sources = readSources(root, 'src')
  const files = new Map(sources.map((source) => [source.path, source]))
  return [
    ...sources.flatMap((source) => [...ownBreaches(source), ...packageBreaches(source)]),
    ...sources.flatMap((source) => reachBreaches(source, files)),
    ...cycleBreaches(files),
  ].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
}

function ownBreaches({ path, references, impurities, ways, longFunctions }: SourceFile): Breach[] {
  const own = roomOf(path)
  const room = ROOMS[own]
  if (!room)
    return [{ file: path, line: 1, text: `${own} is no room: name it in scripts/rooms.ts` }]
  const breaches: Breach[] = []
  for (const { to, line, kind } of references) {
    const target = resolveReference(path, to)
    if (target === undefined) continue
    const other = roomOf(target)
    const isInside = houseOf(own) === 'engine' && houseOf(other) === 'engine'
    const pageApi = own === 'web' && target === 'src/collector/views/page-api.ts'
    if (pageApi && kind !== 'type')
      breaches.push({ file: path, line, text: `the page imports types only from ${target}` })
    else if (!pageApi && other !== own && !room.rooms.includes(isInside ? other : houseOf(other)))
      breaches.push({ file: path, line, text: `${own} may not import ${other} (${target})` })
    else if (other !== own && !isInside && FACES[other] && !FACES[other].includes(target))
      breaches.push({
        file: path,
        line,
        text: `of ${other} others import ${FACES[other].join(', ') || 'nothing'}${FACES[other].length > 0 ? ' alone' : ''}, not ${target}`,
      })
  }
  if (houseOf(own) === 'engine')
    for (const { name, line } of impurities)
      breaches.push({
        file: path,
        line,
        text: `the engine may not use ${name}: time comes from records, and nothing from chance`,
      })
  if (houseOf(own) === 'engine')
    for (const { lines, line } of longFunctions)
      if (lines > ENGINE_FUNCTION_LINES_MAX)
        breaches.push({
          file: path,
          line,
          text: `a function of ${lines} lines, at most ${ENGINE_FUNCTION_LINES_MAX} in the engine: several, with names`,
        })
  const without = WITHOUT_WAYS[houseOf(own)]
  if (without !== undefined)
    for (const { name, line } of ways)
      breaches.push({ file: path, line, text: `${own} may not use ${name}: ${without}` })
  return breaches
}

function packageBreaches({ path, references }: SourceFile): Breach[] {
  const own = roomOf(path)
  const allowed = ROOMS[own]?.packages
  const breaches: Breach[] = []
  for (const { to, line, kind } of references) {
    if (resolveReference(path, to) !== undefined) {
      if (to.endsWith('.node')) breaches.push({ file: path, line, text: `loads ${to}` })
      continue
    }
    const text =
      to === '(computed)'
        ? 'import() of a computed path cannot be checked: write it out'
        : to === 'node:module' && path !== ADDON_LOADER
          ? `only ${ADDON_LOADER} loads native code`
          : RESERVED[to] && !RESERVED[to].includes(own)
            ? `${to} belongs to ${RESERVED[to].join(', ')}`
            : allowed && kind !== 'type' && !allowed.includes(to) && !to.endsWith('.css')
              ? `${own} may not import ${to}`
              : undefined
    if (text !== undefined) breaches.push({ file: path, line, text })
  }
  return breaches
}

/** Packages reached at run time through other files; what a file names itself is reported at its line. */
function reachBreaches(source: SourceFile, files: Map<string, SourceFile>): Breach[] {
  const rule = UNREACHABLE[houseOf(roomOf(source.path))]
  if (!rule) return []
  const breaches: Breach[] = []
  const seen = new Set([source.path])
  const visit = (file: SourceFile, line: number | undefined, way: readonly string[]): void => {
    for (const reference of file.references) {
      if (reference.kind !== 'import') continue
      const at = line ?? reference.line
      const next = resolveReference(file.path, reference.to)
      if (next === undefined) {
        if (rule.packages.test(reference.to)) {
          const through = way.length > 0 ? ` through ${way.join(', ')}` : ''
          const text = `reaches ${reference.to}${through}; ${rule.because}`
          breaches.push({ file: source.path, line: at, text })
        }
        continue
      }
      const target = files.get(next)
      if (!target || seen.has(next)) continue
      seen.add(next)
      visit(target, at, [...way, next])
    }
  }
  visit(source, undefined, [])
  return breaches
}

/** Each cycle of files once, types included: two files that need each other are one, or three. */
function cycleBreaches(files: Map<string, SourceFile>): Breach[] {
  const breaches: Breach[] = []
  const done = new Set<string>()
  const way: string[] = []
  const visit = (path: string): void => {
    way.push(path)
    for (const { to, line, kind } of files.get(path)?.references ?? []) {
      const next = kind === 'url' ? undefined : resolveReference(path, to)
      if (next === undefined || !files.has(next) || done.has(next)) continue
      const from = way.indexOf(next)
      if (from < 0) visit(next)
      else {
        const text = `closes a cycle: ${[...way.slice(from), next].join(' -> ')}`
        breaches.push({ file: path, line, text })
      }
    }
    way.pop()
    done.add(path)
  }
  for (const path of files.keys()) if (!done.has(path)) visit(path)
  return breaches
}

if (import.meta.main) {
  const breaches = checkLayers(fileURLToPath(new URL('..', import.meta.url)))
  for (const { file, line, text } of breaches) console.error(`${file}:${line}: ${text}`)
  if (breaches.length > 0) process.exitCode = 1
}
