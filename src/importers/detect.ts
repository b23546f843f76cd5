// Which log a file is, by what its first lines say.

import type { ImportKind } from './importer.ts'
import { asObject, type JsonObject } from './json.ts'
import { MalformedLine } from './malformed.ts'
import { CONN_FIELDS, isConn } from './zeek-conn.ts'
import { createZeekFormat } from './zeek-line.ts'

/** Lines looked at. */
const LINES_MAX = 50

/** The kind, or undefined when no line of the beginning of a file is known. A cut last line does no harm. */
export function detectKind(head: string): ImportKind | undefined {
  for (const text of head.split('\n', LINES_MAX)) {
    const line = text.trim()
    if (/^#(separator|fields|path)[ \t]/.test(line)) return 'zeek'
    if (!line.startsWith('{')) continue
    let object: JsonObject | undefined
    try {
      object = asObject(JSON.parse(line))
    } catch {
      continue
    }
    const kind = object && kindOf(object)
    if (kind) return kind
  }
  return undefined
}

/**
 * Whether a Zeek log that begins so holds no connections, as its ssl, dns and http logs do: all of its lines, as
 * far as can be seen, say so.
 */
export function isWithoutConnections(head: string): boolean {
  const format = createZeekFormat()
  let seen = 0
  for (const text of head.split('\n', LINES_MAX)) {
    if (/^#(path|fields)[ \t]/.test(text)) {
      if (isConnHeader(text)) return false
      seen++
    }
    try {
      const line = format.read(text.trimEnd())
      if (line === undefined) continue
      if (isConn(line)) return false
      seen++
    } catch (error) {
      if (!(error instanceof MalformedLine)) throw error
    }
  }
  return seen > 0
}

/** Whether a line of a TSV log's header is a conn log's or its kin's. */
function isConnHeader(text: string): boolean {
  const [word, ...rest] = text.trimEnd().split(/[^#\w.]/)
  return word === '#path'
    ? rest[0] === 'conn'
    : rest.some((name) => CONN_FIELDS.some((field) => field === name))
}

function kindOf(object: JsonObject): ImportKind | undefined {
  if (asObject(object['event']) && asObject(object['process']) && 'action_type' in object)
    return 'eslogger'
  if (
    'ts' in object &&
    'uid' in object &&
    ('id_orig_h' in object || 'id.orig_h' in object || 'id' in object)
  )
    return 'zeek'
  if (
    'unixTime' in object &&
    ('columns' in object || 'snapshot' in object || 'diffResults' in object)
  )
    return 'osquery'
  if ('eventMessage' in object && 'timestamp' in object) return 'unified-log'
  return undefined
}
