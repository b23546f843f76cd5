// What a source file refers to: imports of every kind, and the globals that tell time or make chance; how long its functions are.
// Read from the parsed program, so that comments and strings never count.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseSync } from 'vite'

export type Reference = {
  /** As written: './x.ts', 'node:fs', 'koffi'. */
  to: string
  /** From 1. */
  line: number
  /**
   * 'import' runs it in this module graph, 'type' leaves nothing at run time, 'url' names a file for
   * another thread or process to run.
   */
  kind: 'import' | 'type' | 'url'
}

export type SourceFile = {
  /** From the project's root, with forward slashes. */
  path: string
  /** Imports, exports from, import(), import types, require() and new URL('./x', import.meta.url). */
  references: Reference[]
  /** Uses of clocks, timers and chance: 'Date.now', 'new Date()', 'Math.random' ... */
  impurities: { name: string; line: number }[]
  /** Uses of globals that reach the network, or modules past the imports: 'fetch', 'process.getBuiltinModule' ... */
  ways: { name: string; line: number }[]
  /** Its functions from LONG_LINES on, by the lines that each has. */
  longFunctions: { lines: number; line: number }[]
}

/** Shorter functions are in no list. */
const LONG_LINES = 100
/** So many lines have more characters than this; a cheap look says no for nearly all functions. */
const LONG_CHARS = LONG_LINES * 10

/** What was read last of each path, with its text: a tree that is read again costs what changed in it. */
const read = new Map<string, { text: string; source: SourceFile }>()

/** Every .ts, .tsx, .mjs and .js file under `folder` of `root`. Throws on one that cannot be parsed. */
export function readSources(root: string, folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(m?js|tsx?)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !/\/(dist|node_modules)\//.test(path) && !path.endsWith('.d.ts'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      const known = read.get(path)
      if (known?.text === text) return known.source
      const source = readSource(path, text)
      read.set(path, { text, source })
      return source
    })
}

/** One file. `path` names it in what is returned and decides its language by its ending. */
export function readSource(path: string, text: string): SourceFile {
  const { program, module, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length
  const references: Reference[] = []
  const impurities: { name: string; line: number }[] = []
  const ways: { name: string; line: number }[] = []
  const longFunctions: { lines: number; line: number }[] = []
  for (const { start, moduleRequest, entries } of module.staticImports)
    references.push({
      to: moduleRequest.value,
      line: lineOf(start),
      // `import {} from` and `import 'x'` have no entries and do run the module.
      kind: entries.length > 0 && entries.every((entry) => entry.isType) ? 'type' : 'import',
    })
  for (const { start, entries } of module.staticExports)
    for (const request of new Set(entries.map((entry) => entry.moduleRequest?.value)))
      if (request !== undefined)
        references.push({
          to: request,
          line: lineOf(start),
          kind: entries.every((entry) => entry.isType) ? 'type' : 'import',
        })
  walk(program, (node) => {
    const way = wayOf(node)
    if (way) ways.push({ name: way, line: lineOf(node.start) })
    const found = dynamicReference(node)
    if (found) references.push({ ...found, line: lineOf(node.start) })
    const impurity = impurityOf(node)
    if (impurity) impurities.push({ name: impurity, line: lineOf(node.start) })
    if (!FUNCTION.test(node.type) || node.end - node.start < LONG_CHARS) return
    const line = lineOf(node.start)
    const lines = lineOf(node.end) - line + 1
    if (lines >= LONG_LINES) longFunctions.push({ lines, line })
  })
  return { path, references, impurities, ways, longFunctions }
}

/** The file of the project that `to` means in `from`; undefined for a package or a built-in. */
export function resolveReference(from: string, to: string): string | undefined {
  return /^\.\.?\//.test(to) ? join(dirname(from), to).replaceAll('\\', '/') : undefined
}

type Node = { type: string; start: number; end: number; [key: string]: unknown }

const FUNCTION = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const one of value) walk(one, visit)
  else if (isNode(value)) {
    visit(value)
    for (const key in value)
      if (typeof value[key] === 'object' && !isLabel(value, key)) walk(value[key], visit)
  }
}

/** A name that is no use of a global: a property's, a member's, a type's. */
const isLabel = (node: Node, key: string): boolean =>
  (key === 'property' || key === 'key' ? node.computed === false : key === 'typeName') &&
  name(node[key]) !== undefined

const literal = (value: unknown): string | undefined =>
  isNode(value) && value.type === 'Literal' && typeof value.value === 'string'
    ? value.value
    : undefined

const name = (value: unknown): string | undefined =>
  isNode(value) && value.type === 'Identifier' ? String(value.name) : undefined

function dynamicReference(node: Node): Omit<Reference, 'line'> | undefined {
  const argument = Array.isArray(node.arguments) ? literal(node.arguments[0]) : undefined
  if (node.type === 'ImportExpression') {
    // A path that is computed cannot be checked; it is named so that the table can refuse it.
    return { to: literal(node.source) ?? '(computed)', kind: 'import' }
  }
  if (node.type === 'TSImportType') {
    const to = literal(node.source)
    return to === undefined ? undefined : { to, kind: 'type' }
  }
  if (node.type === 'CallExpression' && name(node.callee) === 'require' && argument !== undefined)
    return { to: argument, kind: 'import' }
  if (node.type === 'NewExpression' && name(node.callee) === 'URL' && argument !== undefined) {
    const code = /^\.\.?\/.*\.(m?js|ts)$/.test(argument)
    return code ? { to: argument, kind: 'url' } : undefined
  }
  return undefined
}

const IMPURE_MEMBERS = new Set([
  'Date.now',
  'performance.now',
  'performance.timeOrigin',
  'Math.random',
  'process.hrtime',
  'process.uptime',
  'crypto.randomUUID',
  'crypto.getRandomValues',
])
const IMPURE_CALLS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'])

/** Under whatever name they are used later: it is their mention that counts. */
const WAY_NAMES = new Set([
  'fetch',
  'WebSocket',
  'WebSocketStream',
  'EventSource',
  'XMLHttpRequest',
  'globalThis',
  'global',
  'eval',
  'Function',
])
const WAY_MEMBERS = new Set([
  'getBuiltinModule',
  'binding',
  '_linkedBinding',
  'dlopen',
  'mainModule',
])

function wayOf(node: Node): string | undefined {
  const mentioned = name(node)
  if (mentioned !== undefined) return WAY_NAMES.has(mentioned) ? mentioned : undefined
  if (node.type === 'VariableDeclarator' && name(node.init) === 'process') return wayTaken(node.id)
  if (node.type !== 'MemberExpression' || name(node.object) !== 'process') return undefined
  const member = name(node.property) ?? literal(node.property)
  if (node.computed === true && literal(node.property) === undefined) return 'process[...]'
  return member !== undefined && WAY_MEMBERS.has(member) ? `process.${member}` : undefined
}

/** `const { dlopen } = process`; the engine also calls its own processes so, which have no such members. */
function wayTaken(pattern: unknown): string | undefined {
  if (!isNode(pattern) || !Array.isArray(pattern.properties)) return undefined
  for (const property of pattern.properties) {
    const member = isNode(property) ? name(property.key) : undefined
    if (member !== undefined && WAY_MEMBERS.has(member)) return `process.${member}`
  }
  return undefined
}

function impurityOf(node: Node): string | undefined {
  if (node.type === 'MemberExpression') {
    const member = `${name(node.object)}.${name(node.property)}`
    return IMPURE_MEMBERS.has(member) ? member : undefined
  }
  const callee = name(node.callee)
  if (node.type === 'CallExpression' && callee !== undefined && IMPURE_CALLS.has(callee))
    return callee
  if (node.type === 'NewExpression' && callee === 'Date')
    return Array.isArray(node.arguments) && node.arguments.length === 0 ? 'new Date()' : undefined
  return undefined
}
