// Apple's XML property lists, as far as Freshet uses them: written in one form, and read strictly, so that
// a file which is anything else than that is told and not guessed at.

export type PlistValue = string | boolean | number | PlistValue[] | { [key: string]: PlistValue }
export type PlistDict = { [key: string]: PlistValue }

export class PlistError extends Error {
  override readonly name = 'PlistError'
}

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`
const TAIL = '</plist>\n'
/** Deepest nesting that is read: three are used. */
const DEPTH_MAX = 16

/**
 * The file's text: LF line ends, tabs, no comment (the kernel's reader of entitlements, which codesign
 * imitates, refuses some). Keys stand in the order given.
 */
export function writePlist(dict: PlistDict): string {
  return `${HEAD}${element(dict, '')}${TAIL}`
}

function element(value: PlistValue, indent: string): string {
  if (typeof value === 'string') return `${indent}<string>${escaped(value)}</string>\n`
  if (typeof value === 'boolean') return `${indent}<${value}/>\n`
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new PlistError(`${value} is no integer`)
    return `${indent}<integer>${value}</integer>\n`
  }
  const inner = `${indent}\t`
  if (Array.isArray(value))
    return `${indent}<array>\n${value.map((one) => element(one, inner)).join('')}${indent}</array>\n`
  const members = Object.entries(value).map(
    ([key, one]) => `${inner}<key>${escaped(key)}</key>\n${element(one, inner)}`,
  )
  return `${indent}<dict>\n${members.join('')}${indent}</dict>\n`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const escaped = (text: string): string => text.replace(/[&<>]/g, (one) => ENTITIES[one] as string)

function plain(text: string): string {
  return text.replace(/&([^;]*);?|[<>]/g, (found, name: string | undefined) => {
    const meant = Object.entries(ENTITIES).find(([, entity]) => entity === `&${name};`)
    if (!meant || !found.endsWith(';')) throw new PlistError(`${JSON.stringify(found)} in a text`)
    return meant[0]
  })
}

/** The dictionary that a property list holds. PlistError names the line of what is not understood. */
export function readPlist(text: string): PlistDict {
  if (!text.startsWith(HEAD)) throw new PlistError('line 1: not the head of an XML property list')
  const tokens = tokensOf(text)
  const read = (depth: number): PlistValue => {
    const { tag, body, line } = tokens.next()
    const fail = (what: string, where = line): never => {
      throw new PlistError(`line ${where}: ${what}`)
    }
    if (depth > DEPTH_MAX) return fail('nested too deeply')
    switch (tag) {
      case 'string':
        return body
      case 'integer':
        if (!/^-?\d{1,15}$/.test(body)) return fail(`${JSON.stringify(body)} is no integer`)
        return Number(body)
      case 'true/':
        return true
      case 'false/':
        return false
      case 'array': {
        const array: PlistValue[] = []
        while (tokens.peek() !== '/array') array.push(read(depth + 1))
        tokens.next()
        return array
      }
      case 'dict': {
        const entries = new Map<string, PlistValue>()
        while (tokens.peek() !== '/dict') {
          const key = tokens.next()
          if (key.tag !== 'key') return fail(`<${key.tag}> where a key was due`, key.line)
          if (entries.has(key.body)) return fail(`${key.body} is there twice`, key.line)
          entries.set(key.body, read(depth + 1))
        }
        tokens.next()
        return Object.fromEntries(entries)
      }
      default:
        return fail(`<${tag}> where a value was due`)
    }
  }
  const whole = read(0)
  const end = tokens.next()
  if (end.tag !== '/plist' || tokens.peek() !== '') throw new PlistError('more than one value')
  if (typeof whole !== 'object' || Array.isArray(whole)) throw new PlistError('no dictionary')
  return whole
}

type Token = { tag: string; body: string; line: number }

/** Tags in order; those of a text (key, string, integer) with it, up to their end. */
function tokensOf(text: string): { next(): Token; peek(): string } {
  let at = HEAD.length
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length
  const open = /\s*<([^<>]*)>/y
  const look = (): { tag: string; end: number } => {
    open.lastIndex = at
    const found = open.exec(text)
    if (found) return { tag: found[1] as string, end: open.lastIndex }
    if (text.slice(at).trim() === '') return { tag: '', end: text.length }
    throw new PlistError(`line ${lineAt(at)}: not a tag`)
  }
  return {
    peek: () => look().tag,
    next() {
      const { tag, end } = look()
      const token = { tag, body: '', line: lineAt(end) }
      at = end
      if (!/^(key|string|integer)$/.test(tag)) return token
      const close = text.indexOf(`</${tag}>`, at)
      if (close < 0) throw new PlistError(`line ${token.line}: <${tag}> has no end`)
      token.body = plain(text.slice(at, close))
      at = close + tag.length + 3
      return token
    },
  }
}
