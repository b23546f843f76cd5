// What of an alert can be searched, as two texts, and what a query asks of them. Entries are lines: a letter that no
// foreign text can hold says what an entry is, so that `user:ada` does not find /home/ada. What is asked never goes over
// a line, so that it is the same whether the texts stand together or apart (texts.ts).
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
/** Of either text; eight processes with paths of ordinary length take some 1,200. What stands last is left out first. */
const TEXT_CHARS_MAX = 8192
/** Words of one query; a request holds 2,000 letters (api/parameters.ts). */
export const TERMS_MAX = 16
/** A word of a query, or `name:"a value"`. The page cuts a query in the same way, to say what was not understood (web/query.ts). */
export const WORD = /(?:[a-z]+:)?"(?:[^"]|"")*"(?=\s|$)|\S+/gi
/** What can be asked for by name. */
export const FIELDS = [...Object.keys(TAGS).filter((tag) => tag !== 'word'), 'host']

/**
 * Nearly all text there is: composed as it stands, without controls, all of it with a shape. Letters of Latin, and the
 * dashes and quotes of our sentences.
 */
const PLAIN = /^[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027]*$/

/** Lower case, composed, controls and what has no shape written out as the page shows them (web/format.ts, `visible`). */
export function folded(text: string): string {
  const cut = text.length > VALUE_CHARS_MAX ? text.slice(0, VALUE_CHARS_MAX) : text
  if (PLAIN.test(cut)) return cut.toLowerCase()
  return cut
    .normalize('NFC')
    .replace(
      /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu,
      (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
    )
    .toLowerCase()
}

/** Entries as one text, each once, as many as fit. Every alert that comes is made one of: there is no map in it. */
class Entries {
  readonly #tags: Tag[] = []
  readonly #values: string[] = []
  #isFull = false
  text = '\n'

  add(tag: Tag, value: string | undefined): void {
    if (!value || this.#isFull || this.#has(tag, value)) return
    this.#tags.push(tag)
    this.#values.push(value)
    const entry = folded(value)
    this.#isFull = this.text.length + entry.length + 2 > TEXT_CHARS_MAX
    if (!this.#isFull) this.text += `${TAGS[tag]}${entry}\n`
  }

  #has(tag: Tag, value: string): boolean {
    for (let at = 0; at < this.#values.length; at++)
      if (this.#values[at] === value && this.#tags[at] === tag) return true
    return false
  }
}

/** SHA-256 or code directory hash in a key (engine/identity.ts). */
const CONTENT = /\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/g

/** What an alert says of the program and of whom it ran for: word for word the same in nearly all alerts of a program. */
export function programText(alert: Alert): string {
  const entries = new Entries()
  const { identity, chain } = alert
  entries.add('app', identity.key)
  entries.add('word', identity.name)
  entries.add('path', identity.path)
  entries.add('hash', identity.sha256)
  entries.add('hash', identity.cdhash)
  entries.add('signing', identity.signingId)
  entries.add('signing', identity.teamId)
  entries.add('word', identity.signerClass)
  for (const process of chain) {
    entries.add('path', process.path)
    entries.add('path', process.script)
    entries.add('hash', process.scriptSha256)
    entries.add('user', process.user || (process.uid === undefined ? '' : `uid ${process.uid}`))
    entries.add('app', process.identityKey)
    entries.add('path', process.socketsBy)
  }
  entries.add('app', alert.responsibleKey)
  // Of the programs above there are no sightings in an alert: what their keys say of their contents is all.
  for (const { identityKey } of chain)
    for (const [hash] of identityKey?.matchAll(CONTENT) ?? []) entries.add('hash', hash)
  for (const { foreignCode } of chain) for (const file of foreignCode) entries.add('path', file)
  return entries.text
}

/** What it says of this time: where to, and its sentence. */
export function eventText({ destination, sentence }: Alert): string {
  const entries = new Entries()
  const { address, port, hostname } = destination
  entries.add('to', hostname)
  entries.add('to', address)
  entries.add('to', address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)
  entries.add('to', destination.key)
  entries.add('word', sentence)
  return entries.text
}

/** Two texts as one: the line that ends the first begins the second. */
export const joinedTexts = (program: string, event: string): string => program + event.slice(1)

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
  return queryWords(query).map(({ name, value, whole }) => termOf(name, value, whole))
}

/** The words of a query, the first so many: `name` in lower case, or empty; `value` without quotes; `whole` as it stands. */
export function queryWords(query: string): { name: string; value: string; whole: string }[] {
  const words: { name: string; value: string; whole: string }[] = []
  for (const [whole] of query.matchAll(WORD)) {
    if (words.length === TERMS_MAX) break
    const [, name = '', value = ''] = /^(?:([a-z]+):)?(.*)$/is.exec(whole) ?? []
    const quoted = /^"([\s\S]*)"$/.exec(value)?.[1]?.replaceAll('""', '"')
    words.push({ name: name.toLowerCase(), value: quoted ?? value, whole })
  }
  return words
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
