// A line of a Zeek log as named fields, from either of Zeek's formats. TSV: the header's lines name separator,
// fields and what stands for unset and empty (base/frameworks/logging/writers/ascii). JSON: one object a line, whose keys
// are `id.orig_h`, `id_orig_h` or an object `id`, as pipelines have it.

import { asObject, type JsonObject, parseObject } from './json.ts'
import { MalformedLine } from './malformed.ts'
import { isoToUs } from './time.ts'

/** Fields of a line; one that is unset or empty is absent. */
export type ZeekLine = {
  get(name: string): unknown
  /** Whether the log has such a field, set or unset. */
  has(name: string): boolean
  /** conn, ssl, dns, ...; undefined when nothing says so. */
  path: string | undefined
}

export type ZeekFormat = {
  /** undefined for a line that holds no entry: the header's and empty ones. Throws MalformedLine. */
  read(text: string): ZeekLine | undefined
  /** When the log was opened by its header, µs since 1970; undefined when that does not say. */
  openedUs(): number | undefined
}

/** Columns of a TSV log; Zeek's own have up to 60. */
const COLUMNS_MAX = 512

/** `\x09` as it stands in the header, or the character itself. */
function separatorOf(text: string): string {
  const hex = /^\\x([0-9a-fA-F]{2})$/.exec(text)
  return hex ? String.fromCharCode(Number.parseInt(hex[1] as string, 16)) : text
}

/** Reads a file's lines in order; each may be of either format, as concatenated logs are. */
export function createZeekFormat(): ZeekFormat {
  let separator = '\t'
  let unset = '-'
  let empty = '(empty)'
  let path: string | undefined
  let columns: Map<string, number> | undefined
  let columnCount = 0
  let openedUs: number | undefined

  const header = (text: string): void => {
    const [word = '', ...rest] = text.startsWith('#separator ')
      ? text.split(' ')
      : text.split(separator)
    if (word === '#separator') separator = separatorOf(rest[0] ?? '\t') || '\t'
    else if (word === '#unset_field') unset = rest[0] ?? '-'
    else if (word === '#empty_field') empty = rest[0] ?? '(empty)'
    else if (word === '#path') path = rest[0]
    else if (word === '#open') openedUs = openedOf(rest[0] ?? '')
    else if (word === '#fields') {
      if (rest.length === 0 || rest.length > COLUMNS_MAX)
        throw new MalformedLine(`a header with ${rest.length} fields`)
      columns = new Map(rest.map((name, index) => [fieldName(name), index]))
      columnCount = rest.length
    }
  }

  const tsv = (text: string): ZeekLine => {
    if (columns === undefined) throw new MalformedLine('an entry before any #fields header')
    const values = text.split(separator)
    if (values.length !== columnCount)
      throw new MalformedLine(`${values.length} fields where the header names ${columnCount}`)
    const known = columns
    return {
      path,
      has: (name) => known.has(name),
      get(name) {
        const index = known.get(name)
        const value = index === undefined ? undefined : values[index]
        return value === unset || value === empty || value === '' ? undefined : value
      },
    }
  }

  return {
    read(text) {
      if (text === '') return undefined
      if (text.startsWith('{')) return jsonLine(parseObject(text))
      if (text.startsWith('#')) {
        header(text)
        return undefined
      }
      return tsv(text)
    },
    openedUs: () => openedUs,
  }
}

/** `id_orig_h`, as some pipelines write it, is Zeek's `id.orig_h`. */
const fieldName = (name: string): string => name.replace(/^id_(?=(orig|resp)_[hp]$)/, 'id.')

/** `2026-03-01-10-00-00`: the monitor's local time, whose zone the log does not say. */
function openedOf(text: string): number | undefined {
  const [, date, hour, minute, second] = /^(.{10})-(..)-(..)-(..)$/.exec(text) ?? []
  return isoToUs(`${date}T${hour}:${minute}:${second}Z`)
}

/** An entry of a log in JSON, whichever way its keys are written. */
function jsonLine(object: JsonObject): ZeekLine {
  const id = asObject(object['id'])
  const stream = object['_path'] ?? object['@stream'] ?? object['@path']
  const get = (name: string): unknown => {
    const direct = object[name]
    if (direct !== undefined && direct !== null) return direct
    if (!name.startsWith('id.')) return undefined
    return object[`id_${name.slice(3)}`] ?? id?.[name.slice(3)] ?? undefined
  }
  return {
    path: typeof stream === 'string' ? stream : undefined,
    get,
    has: (name) => name in object || get(name) !== undefined,
  }
}
