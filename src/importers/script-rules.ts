// Which file an interpreter was given to run, by its arguments: the rules of native/script_rules.cc, on the same
// data (native/interpreters.json), so that a log and a sensor that saw the same exec know the same script. Of the
// arguments nothing but that file's name is passed on.
import { Script } from '../records/record.gen.ts'
import { INTERPRETERS, type Interpreter, type Runs } from './interpreters.gen.ts'

/**
 * CODE script, and the path as it was given where that is `argument`. `claimed` without a path: it runs what these
 * arguments do not tell, as they are cut or have an option that is not known.
 */
export type ScriptNamed = {
  from: number
  path: string
  /** Other code runs beside that file, or may: an option brings it, a text or another file. */
  hasOtherCode?: boolean
}

const NONE: ScriptNamed = { from: Script.none, path: '' }
const NOT_TOLD: ScriptNamed = { from: Script.claimed, path: '' }
const INLINE: ScriptNamed = { from: Script.inline, path: '' }
const MODULE: ScriptNamed = { from: Script.module, path: '' }
const INPUT: ScriptNamed = { from: Script.standardInput, path: '' }

/** As many arguments as the sensor looks at; with more, what it runs is not known unless these say it. */
export const ARGUMENTS_MAX = 256

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** ASCII alone, as names of programs are compared. */
const lowered = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** What may follow an interpreter's name in that of its file: `3.11`, `-5.4`, `5.36-x86_64-linux-gnu`. */
const VERSION = /^([-.]?[0-9][0-9A-Za-z.\-_+]*)?$/

function isNamed(name: string, word: string): boolean {
  if (word.endsWith('*')) return name.startsWith(word.slice(0, -1))
  // R, but not r2.
  if (word.length === 1) return name === word
  return name.startsWith(word) && VERSION.test(name.slice(word.length))
}

const found = new Map<string, Interpreter | undefined>()
const FOUND_MAX = 4_096

function findInterpreter(program: string): Interpreter | undefined {
  const name = lowered(fileName(program))
  if (found.has(name)) return found.get(name)
  const rules = INTERPRETERS.find(({ names }) => names.some((word) => isNamed(name, word)))
  if (found.size >= FOUND_MAX) found.clear()
  found.set(name, rules)
  return rules
}

/** Programs that are many: which of them is said by the name they are called by, or by the first argument. */
const isManyInOne = (program: string): boolean => /^(busybox|toybox)/.test(fileName(program))

/**
 * `program` is the name or path of the program's file; `args` begin with the name it was called by. `isCut`: there were
 * more, or the last is not whole.
 */
export function nameScript(program: string, args: readonly string[], isCut = false): ScriptNamed {
  const isLong = args.length > ARGUMENTS_MAX
  let seen = isLong ? args.slice(0, ARGUMENTS_MAX) : args
  const isShort = isCut || isLong
  let called = program
  const [first] = seen
  if (first === undefined) return NONE
  if (isManyInOne(program)) {
    if (isManyInOne(first)) seen = seen.slice(1)
    const [which] = seen
    if (isShort && seen.length <= 1) return NOT_TOLD
    if (which === undefined) return NONE
    called = which
  }
  const rules = findInterpreter(called)
  return rules === undefined ? NONE : scan(rules, seen, isShort)
}

/** The script of an exec record. */
export type ScriptTold = { path: string; from: number; hasOtherCode: boolean }
export const NO_SCRIPT_TOLD: ScriptTold = { path: '', from: Script.none, hasOtherCode: false }

/**
 * What a program runs by the arguments of its exec, made absolute by the folder it was in. Where that is not known a
 * relative name says nothing that could be looked up again.
 */
export function scriptOf(program: string, args: readonly string[], folder: string): ScriptTold {
  const { from, path, hasOtherCode = false } = nameScript(program, args)
  if (from !== Script.argument) return { ...NO_SCRIPT_TOLD, from }
  const absolute = absolutePath(folder, path)
  return absolute === ''
    ? { ...NO_SCRIPT_TOLD, from: Script.claimed }
    : { path: absolute, from, hasOtherCode }
}

/** A path through a descriptor or the process itself names no file that others could look at. */
export function isOwnDescriptor(path: string): boolean {
  if (/^\/dev\/(stdin|stdout|stderr)$/.test(path) || path.startsWith('/dev/fd/')) return true
  const [, rest] = /^\/proc\/(?:self|thread-self|[0-9]+)\/(.*)$/s.exec(path) ?? []
  return rest !== undefined && /^(task\/[^/]*\/)?(exe$|fd\/|map_files\/)/s.test(rest)
}

const isStandardInput = (path: string): boolean =>
  /^(\/dev\/stdin|\/dev\/fd\/0|\/proc\/(thread-)?self\/fd\/0)$/.test(path)

/** `path` by `folder`, without `.`, `..` and `//`; empty when neither is absolute. */
export function absolutePath(folder: string, path: string): string {
  const whole = path.startsWith('/') ? path : `${folder}/${path}`
  if (!whole.startsWith('/') || (!path.startsWith('/') && folder === '')) return ''
  const parts: string[] = []
  for (const part of whole.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** vim's `+command`, but not `+12` and `+/pattern`. */
const PLUS_TEXT = /^\+[^/0-9]/

type Sought = { isElsewhere: boolean; isSearched: boolean }

function fileOf(path: string, { isElsewhere, isSearched }: Sought): ScriptNamed {
  if (path === '') return NONE
  if (path === '-' || isStandardInput(path)) return INPUT
  if (isOwnDescriptor(path)) return NONE
  // `https://host/x.ts`: fetched by its name, no file.
  if (path.includes('://')) return MODULE
  // Looked for where none of the arguments alone leads to.
  if (isElsewhere && !path.startsWith('/')) return MODULE
  if (isSearched && !path.includes('/')) return MODULE
  return { from: Script.argument, path }
}

/** Where a whole option is looked for by its beginning, in this order. */
const LISTS = [
  'inline',
  'file',
  'module',
  'value',
  'folder',
  'ends',
  'input',
  'searched',
  'brings',
  'switches',
] as const

const isListed = (rules: Interpreter, option: string): boolean =>
  LISTS.some((list) => rules[list].includes(option)) ||
  rules.switches.some((word) => word.endsWith('*') && option.startsWith(word.slice(0, -1)))

/** How much of `rest` belongs to a letter by `behind`; undefined where that says nothing of it. */
function takenBehind(rules: Interpreter, letter: string, rest: string): number | undefined {
  const kinds = rules.behind.filter((word) => word.startsWith(letter)).map((word) => word.at(-1))
  if (kinds.length === 0) return undefined
  const taken = kinds.map((kind) => {
    if (kind === '#') return /^[0-9]*/.exec(rest)?.[0].length ?? 0
    if (kind === 'x') return /^x[0-9a-f]+$/i.test(rest) ? rest.length : 0
    if (kind === ':') return /^[:=]/.test(rest) ? rest.length : 0
    return rest !== '' && (kind === '?' || kind === rest[0]) ? 1 : 0
  })
  return taken.find((count) => count > 0) ?? 0
}

/** Whether an option with its value is as a word has it that ends with a star. */
function isLike(text: string, word: string): boolean {
  const [front = '', ...pieces] = word.split('*')
  let at = text.startsWith(front) ? front.length : -1
  for (const piece of pieces) {
    if (at < 0) return false
    at = text.indexOf(piece, at)
    if (at >= 0) at += piece.length
  }
  return at >= 0
}

/** Goes through the arguments of one interpreter. */
function scan(rules: Interpreter, args: readonly string[], isCut: boolean): ScriptNamed {
  // Behind the name it was called by.
  let next = 1
  let areOptionsOver = false
  let isCommandOver = false
  let hasText = false
  let readsInput = false
  let hasOtherCode = false
  /** An option stood there that is not listed. */
  let isUncertain = false
  /** The file that is run, while others may follow. */
  let file: ScriptNamed | undefined
  const sought: Sought = { isElsewhere: false, isSearched: false }

  /** The last of cut arguments may be the beginning of another. */
  const isCutOff = (): boolean => isCut && next >= args.length
  const isPlusText = (one: string): boolean => rules.inline.includes('+') && PLUS_TEXT.test(one)
  const isOption = (one: string): boolean =>
    one.length > 1 &&
    (one.startsWith('-') || (one.startsWith('+') && rules.style === 'separate') || isPlusText(one))

  const ran = (what: Runs, one: string): ScriptNamed => {
    if (what === 'file') return rules.loader ? loaded(fileOf(one, sought)) : fileOf(one, sought)
    if (what === 'inline') return INLINE
    if (what === 'module') return MODULE
    return hasText ? INLINE : NONE
  }
  /**
   * What a loader was given: an interpreter, which was given the rest, is read on from there. Which one that was is not
   * told then, so it is other code.
   */
  const loaded = (told: ScriptNamed): ScriptNamed => {
    const { from, path } = told
    if (from !== Script.argument || !(isManyInOne(path) || findInterpreter(path))) return told
    hasOtherCode = true
    if (findInterpreter(path)?.loader) return told
    const given = nameScript(path, args.slice(next - 1), isCut)
    return given.from === Script.argument || given.from === NOT_TOLD.from ? given : told
  }
  const operand = (one: string): ScriptNamed => {
    if (readsInput) return INPUT
    const after = isCommandOver ? undefined : commandOf(one)
    if (after === 'inline') return INLINE
    if (after === 'module') return MODULE
    if (after === 'none') return NONE
    if (rules.files.some((end) => one.endsWith(end))) return fileOf(one, sought)
    return ran(rules.operand, one)
  }
  const commandOf = (one: string): string | undefined =>
    Object.hasOwn(rules.commands, one) ? rules.commands[one] : undefined

  const keep = (named: ScriptNamed): void => {
    if (file) hasOtherCode = true
    file ??= named
  }
  const brings = (option: string, text: string): void => {
    hasOtherCode ||= rules.brings.some((word) =>
      word.endsWith('*') ? isLike(text, word) : word === option,
    )
  }

  /** What an option means, with the value that stands in its own word; the answer, if it is one. */
  const means = (option: string, ownValue: string | undefined): ScriptNamed | undefined => {
    const value = ownValue ?? args[next]
    // A long option's value stands behind a sign, and a letter's does not.
    const sign = option.length === 2 && rules.style !== 'words' ? '' : '='
    brings(option, `${option}${sign}${value ?? ''}`)
    if (!isListed(rules, option)) {
      // What stands in its own word may bring code, what follows may be its value.
      if (ownValue !== undefined && sign !== '') hasOtherCode = true
      else isUncertain = true
    }
    if (rules.inline.includes(option)) {
      if (!rules.goesOn && !file) return INLINE
      hasText = true
      if (ownValue === undefined) next++
      return undefined
    }
    if (rules.module.includes(option)) {
      if (!file) return MODULE
      hasOtherCode = true
    }
    if (rules.file.includes(option)) {
      if (ownValue === undefined) next++
      if (value === undefined || isCutOff()) return file ? undefined : isCut ? NOT_TOLD : NONE
      if (!file && !rules.more.includes(option)) return fileOf(value, sought)
      keep(fileOf(value, sought))
      return undefined
    }
    if (rules.input.includes(option)) readsInput = true
    if (rules.searched.includes(option)) sought.isSearched = true
    const goesElsewhere = rules.folder.includes(option)
    if (goesElsewhere) sought.isElsewhere = true
    if ((goesElsewhere || rules.value.includes(option)) && ownValue === undefined) next++
    return undefined
  }
  /** `-xvc`: letters, of which one may take the rest as its value. */
  const cluster = (one: string): ScriptNamed | undefined => {
    for (let at = 1; at < one.length; at++) {
      const letter = `${one[0]}${one[at]}`
      const rest = one.slice(at + 1)
      if (rules.attached.includes(letter)) {
        brings(letter, letter + rest)
        if (rest !== '' && rules.folder.includes(letter)) sought.isElsewhere = true
        return undefined
      }
      const taken = takenBehind(rules, letter, rest)
      if (taken !== undefined) {
        brings(letter, letter + rest.slice(0, taken))
        at += taken
        continue
      }
      const ownValue = rules.style === 'cluster' && rest !== '' ? rest : undefined
      const answer = means(letter, ownValue)
      if (answer) return answer
      const { value, folder, inline, file: files, module } = rules
      const isTaken = [value, folder, inline, files, module].some((list) => list.includes(letter))
      if (ownValue !== undefined && isTaken) return undefined
    }
    return undefined
  }
  /** The option that an abbreviated one is the beginning of. */
  const wholeOf = (word: string): string => {
    if (!rules.abbreviated || word.length <= '-x'.length) return word
    const listed = LISTS.flatMap((list) => rules[list])
    return listed.includes(word) ? word : (listed.find((one) => one.startsWith(word)) ?? word)
  }
  const option = (one: string): ScriptNamed | undefined => {
    if (isPlusText(one)) return means('+', one.slice(1))
    if (rules.style !== 'words' && !one.startsWith('--'))
      // bash's -rcfile is one option, though it has one dash.
      return one.length > '-x'.length && isListed(rules, one) ? means(one, undefined) : cluster(one)
    const word = rules.anyCase ? lowered(one) : one
    const equals = word.indexOf('=')
    const name = equals < 0 ? word : word.slice(0, equals)
    const whole = wholeOf(
      rules.underscores && name.startsWith('--') ? name.replaceAll('_', '-') : name,
    )
    return means(whole, equals < 0 ? undefined : one.slice(equals + 1))
  }

  const atEnd = (): ScriptNamed => {
    // What is cut off may bring anything.
    if (isCut) hasOtherCode = true
    if (isCut) return NOT_TOLD
    if (hasText) return INLINE
    return readsInput || rules.bare === 'input' ? INPUT : NONE
  }
  const named = (last: ScriptNamed): ScriptNamed => {
    const found = file ?? last
    // What was taken for the file may be the value of an option that is not known.
    if (isUncertain && (found.from === Script.argument || found.from === Script.none))
      return NOT_TOLD
    return found.path !== '' && (hasOtherCode || hasText) ? { ...found, hasOtherCode: true } : found
  }

  while (next < args.length) {
    const one = args[next++] as string
    if (isCutOff() || (file && (one === '-' || one === '--'))) return named(atEnd())
    if (one === '-' && !areOptionsOver) {
      if (rules.dash === 'input') return INPUT
      areOptionsOver = true
    } else if (!areOptionsOver && rules.ends.includes(wholeOf(one))) {
      return named(file ?? atEnd())
    } else if (one === '--' && !areOptionsOver) {
      areOptionsOver = true
    } else if (!areOptionsOver && isOption(one)) {
      const answer = option(one)
      if (answer) return named(answer)
    } else if (!isCommandOver && commandOf(one) === 'operand') {
      isCommandOver = true
    } else if (!rules.mixed || rules.operand !== 'none') {
      const found = file && !rules.several ? file : operand(one)
      if (!rules.several || areOptionsOver) return named(found)
      keep(found)
    }
  }
  return named(atEnd())
}
