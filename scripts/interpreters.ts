// native/interpreters.json as the header that native/script_rules.cc reads: lists of words become one
// text each, set off by blanks, so that the table is constant data. And as the module that
// src/importers/script-rules.ts reads.

const LISTS = [
  'names',
  'inline',
  'module',
  'input',
  'file',
  'value',
  'folder',
  'searched',
  'attached',
  'behind',
  'switches',
  'ends',
  'files',
  'brings',
  'more',
] as const
const CHOICES = {
  style: ['cluster', 'separate', 'words'],
  operand: ['file', 'inline', 'module', 'none'],
  bare: ['input', 'none'],
  dash: ['input', 'end'],
} as const
const SWITCHES = [
  'goes_on',
  'any_case',
  'loader',
  'mixed',
  'abbreviated',
  'several',
  'underscores',
] as const
const AFTER_COMMAND = ['operand', 'inline', 'module', 'none']

type Json = Record<string, unknown>

const fail = (entry: Json, what: string): never => {
  throw new Error(`native/interpreters.json: ${JSON.stringify(entry['names'])}: ${what}`)
}

function words(entry: Json, name: string, value: unknown): string {
  if (value === undefined) return ''
  const all = Array.isArray(value) ? (value as unknown[]) : fail(entry, `${name} is no list`)
  for (const word of all)
    if (typeof word !== 'string' || !/^[!-~]+$/.test(word) || /["\\]/.test(word))
      fail(entry, `${name} has ${JSON.stringify(word)}, wants a word of printable ASCII`)
  return all.length === 0 ? '' : ` ${all.join(' ')} `
}

function choice(entry: Json, name: keyof typeof CHOICES): string {
  const allowed: readonly string[] = CHOICES[name]
  const value = entry[name] ?? allowed[0]
  if (typeof value !== 'string' || !allowed.includes(value))
    fail(entry, `${name} is ${JSON.stringify(value)}, wants one of ${allowed.join(', ')}`)
  return `k${capital(name)}${capital(value as string)}`
}

/** The words after which `what` follows. */
function commands(entry: Json, what: string): string {
  const all = Object.entries((entry['commands'] as Record<string, string> | undefined) ?? {})
  for (const [word, after] of all)
    if (!AFTER_COMMAND.includes(after)) fail(entry, `the command ${word} is followed by ${after}`)
  return words(
    entry,
    'commands',
    all.filter(([, after]) => after === what).map(([word]) => word),
  )
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** The text of native/interpreters.gen.h. Throws on what the file does not allow. */
export function interpretersHeader(text: string): string {
  const { interpreters } = JSON.parse(text) as { interpreters: Json[] }
  const known = new Set<string>([
    'source',
    'commands',
    ...LISTS,
    ...Object.keys(CHOICES),
    ...SWITCHES,
  ])
  const seen = new Set<string>()
  const lines = ['// Generated from interpreters.json by scripts/generate.ts. Do not edit.']
  lines.push('inline constexpr Interpreter kInterpreters[] = {')
  for (const entry of interpreters) {
    for (const key of Object.keys(entry)) if (!known.has(key)) fail(entry, `knows no ${key}`)
    if (typeof entry['source'] !== 'string') fail(entry, 'has no source')
    for (const word of (entry['behind'] as string[] | undefined) ?? [])
      if (!/^-[A-Za-z0-9][#x:?A-Za-z]$/.test(word)) fail(entry, `behind has ${word}`)
    if (entry['brings'] === undefined) fail(entry, 'does not say what brings other code')
    for (const name of (entry['names'] as string[] | undefined) ?? fail(entry, 'has no names')) {
      if (seen.has(name)) fail(entry, `${name} stands twice`)
      seen.add(name)
    }
    const lists = LISTS.map(
      (name) => `.${name === 'inline' ? 'inline_' : name} = "${words(entry, name, entry[name])}"`,
    )
    const before = AFTER_COMMAND.map((what) => `.before_${what} = "${commands(entry, what)}"`)
    const choices = (Object.keys(CHOICES) as (keyof typeof CHOICES)[]).map(
      (name) => `.${name} = ${choice(entry, name)}`,
    )
    const switches = SWITCHES.map((name) => `.${name} = ${entry[name] === true}`)
    lines.push(`    {${[...lists, ...before, ...choices, ...switches].join(',\n     ')}},`)
  }
  lines.push('};', '')
  return lines.join('\n')
}

const INTERPRETER_TYPE = `/** An entry of native/interpreters.json, which says what each means. */
export type Interpreter = {
  names: readonly string[]
  inline: readonly string[]
  module: readonly string[]
  input: readonly string[]
  file: readonly string[]
  value: readonly string[]
  folder: readonly string[]
  searched: readonly string[]
  attached: readonly string[]
  behind: readonly string[]
  switches: readonly string[]
  ends: readonly string[]
  files: readonly string[]
  brings: readonly string[]
  more: readonly string[]
  style: 'cluster' | 'separate' | 'words'
  operand: Runs
  bare: 'input' | 'none'
  dash: 'input' | 'end'
  goesOn: boolean
  anyCase: boolean
  loader: boolean
  mixed: boolean
  abbreviated: boolean
  several: boolean
  underscores: boolean
  /** Words before the operand, and what follows them; "operand": the first argument, as without. */
  commands: Readonly<Record<string, Runs | 'operand'>>
}
export type Runs = 'file' | 'inline' | 'module' | 'none'
`

/** The text of src/importers/interpreters.gen.ts. REQUIRES: interpretersHeader allows the file. */
export function interpretersModule(text: string): string {
  const { interpreters } = JSON.parse(text) as { interpreters: Json[] }
  const lines = [
    '// Generated from native/interpreters.json by scripts/generate.ts. Do not edit.',
    INTERPRETER_TYPE,
    'export const INTERPRETERS: readonly Interpreter[] = [',
  ]
  for (const entry of interpreters) {
    const lists = LISTS.map((name) => [name, entry[name] ?? []])
    const choices = Object.entries(CHOICES).map(([name, [first]]) => [name, entry[name] ?? first])
    const switches = [
      ['goesOn', entry['goes_on'] === true],
      ['anyCase', entry['any_case'] === true],
      ['loader', entry['loader'] === true],
      ['mixed', entry['mixed'] === true],
      ['abbreviated', entry['abbreviated'] === true],
      ['several', entry['several'] === true],
      ['underscores', entry['underscores'] === true],
    ]
    const commands = [['commands', entry['commands'] ?? {}]]
    const whole = Object.fromEntries([...lists, ...choices, ...switches, ...commands]) as Json
    lines.push(`  ${JSON.stringify(whole)},`)
  }
  lines.push(']', '')
  return lines.join('\n')
}
