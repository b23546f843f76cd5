// What of an alert can be searched, as one text in its row, and what a query asks of that text. Entries are lines: a
// letter that no foreign text can hold says what an entry is, so that `user:ada` does not find /home/ada.
import type { Alert } from '../../engine/finding.ts'

/** What an entry is; `word` is found by a word alone. The letters are controls, which `folded` leaves in no text. */
const TAGS = {
  app: '\u0001',
  path: '\u0002',
  hash: '\u0003',
  signing: '\u0004',
  user: '\u0005',
  to: '\u0006',
  word: '\u0007',
} as const
type Tag = keyof typeof TAGS

/** Longer values are cut, in a query as in a row: the first so many letters decide then. */
const VALUE_CHARS_MAX = 1024
/** Of one alert; eight processes with paths of ordinary length take some 1,500. What stands last is left out first. */
const TEXT_CHARS_MAX = 8192
/** Words of one query; a request holds 2,000 letters (api/parameters.ts). */
const TERMS_MAX = 16

/** Lower case, composed, controls and what has no shape written out as the page shows them (web/format.ts, `visible`). */
export function folded(text: string): string {
  const cut = text.slice(0, VALUE_CHARS_MAX)
  if (/^[\x20-\x7e]*$/.test(cut)) return cut.toLowerCase()
  return cut
    .normalize('NFC')
    .replace(
      /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu,
      (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
    )
    .toLowerCase()
}

/** The text of an alert: each entry once. */
export function searchText(alert: Alert): string {
  const entries = new Set<string>()
  const add = (tag: Tag, value: string | undefined) => {
    if (value) entries.add(TAGS[tag] + folded(value))
  }
  const { identity, destination, chain } = alert
  const { address, port, hostname } = destination
  add('app', identity.key)
  add('word', identity.name)
  add('path', identity.path)
  add('hash', identity.sha256)
  add('hash', identity.cdhash)
  add('signing', identity.signingId)
  add('signing', identity.teamId)
  add('word', identity.signerClass)
  add('to', hostname)
  add('to', address)
  add('to', address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)
  add('to', destination.key)
  for (const process of chain) {
    add('path', process.path)
    add('path', process.script)
    add('hash', process.scriptSha256)
    add('user', process.user || (process.uid === undefined ? '' : `uid ${process.uid}`))
    add('app', process.identityKey)
    add('path', process.socketsBy)
  }
  add('app', alert.responsibleKey)
  add('word', alert.sentence)
  let text = '\n'
  for (const entry of entries) {
    if (text.length + entry.length >= TEXT_CHARS_MAX) break
    text += `${entry}\n`
  }
  return text
}

/** What every alert found has: `inText` in its text, or a machine whose name has `inHost`; undefined: it cannot be that. */
export type Term = {
  inText: string | undefined
  host: ((hostname: string, id: string) => boolean) | undefined
}

/**
 * Reads a query: words, each of which occurs somewhere; `name:value` or `name:"a value"`, which is the whole of a value
 * (app, path, hash, signing, user, to, host). A quote inside quotes is written twice.
 */
export function searchTerms(query: string): Term[] {
  const terms: Term[] = []
  for (const [whole] of query.matchAll(/(?:[a-z]+:)?"(?:[^"]|"")*"(?=\s|$)|\S+/gi)) {
    if (terms.length === TERMS_MAX) break
    const [, name = '', value = ''] = /^(?:([a-z]+):)?(.*)$/is.exec(whole) ?? []
    const quoted = /^"([\s\S]*)"$/.exec(value)
    terms.push(termOf(name.toLowerCase(), quoted ? quoted[1]!.replaceAll('""', '"') : value, whole))
  }
  return terms
}

function termOf(name: string, value: string, whole: string): Term {
  if (name === 'host' && value !== '') {
    const wanted = folded(value)
    return {
      inText: undefined,
      host: (hostname, id) => folded(hostname) === wanted || id === value,
    }
  }
  if (name !== '' && name !== 'word' && Object.hasOwn(TAGS, name) && value !== '')
    return { inText: `\n${TAGS[name as Tag]}${folded(value)}\n`, host: undefined }
  // A word with a colon that names nothing is a word: an endpoint, a key.
  const word = folded(name === '' ? value : whole)
  return { inText: word, host: (hostname) => folded(hostname).includes(word) }
}
