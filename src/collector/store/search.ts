// What of an alert can be searched, as two texts, and what a query asks of them. Entries are lines: a letter that no
// foreign text can hold says what an entry is, so that `user:ada` does not find /home/ada. What is asked never goes over
// a line, so that it is the same whether the texts stand together or apart (texts.ts).
import { type Cidr, isIpv4, parseCidr } from '../../engine/address.ts'
import type { Alert } from '../../engine/finding.ts'
import { quoted } from '../../printable.ts'

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
/**
 * Of either text; eight processes with paths of ordinary length take some 1,200. What stands last is left out first, and
 * what still fits behind it is not: users and hashes stand before paths, which anybody makes as long as may be.
 */
const TEXT_CHARS_MAX = 8192
/** Words of one query; a request holds 2,000 letters (api/parameters.ts). */
export const TERMS_MAX = 16
/** A word of a query, or `name:"a value"`. The page cuts a query in the same way, to say what was not understood (web/query.ts). */
export const WORD = /(?:[a-z]+:)?"(?:[^"]|"")*"(?=\s|$)|\S+/gi
/** What can be asked for by name: of alerts, and of identities. `script` is another name of `path`, under which scripts stand. */
export const FIELDS = [...Object.keys(TAGS).filter((tag) => tag !== 'word'), 'script', 'host']
export const IDENTITY_FIELDS = ['host']
/** A word that looks like a field with its value. */
export const FIELD_SHAPED = /^([a-z][a-z0-9_-]*):/i
/**
 * What is shaped so and is a word all the same: the key of a program, the address of a page, a path of Windows, an address of IPv6, a
 * host with its port (but no machine is called as what people number).
 */
export const PLAIN_WORD =
  /^(?:platform|unsigned|adhoc|invalid|unknown|copy|gone|[A-Z0-9]{10}):|^[A-Za-z][A-Za-z0-9+.-]*:\/\/|^[A-Za-z]:[\\/]|^[\dA-Fa-f]{0,4}:[\dA-Fa-f:.]*(?:[%/]\S*)?$|^(?!(?:p?pid|[ug]id|port):)[A-Za-z][A-Za-z0-9-]*:\d{1,5}(?:\/.*)?$/

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

/** Entries as one text, each once, all that fit. Every alert that comes is made one of: there is no map in it. */
class Entries {
  readonly #tags: Tag[] = []
  readonly #values: string[] = []
  text = '\n'

  add(tag: Tag, value: string | undefined): void {
    if (!value || this.#has(tag, value)) return
    this.#tags.push(tag)
    this.#values.push(value)
    const entry = folded(value)
    if (this.text.length + entry.length + 2 <= TEXT_CHARS_MAX) this.text += `${TAGS[tag]}${entry}\n`
  }

  #has(tag: Tag, value: string): boolean {
    for (let at = 0; at < this.#values.length; at++)
      if (this.#values[at] === value && this.#tags[at] === tag) return true
    return false
  }
}

/** SHA-256 or code directory hash in a key (engine/identity/identity.ts). */
const CONTENT = /\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/g

/** What an alert says of the program and of whom it ran for: word for word the same in nearly all alerts of a program. */
export function programText(alert: Alert): string {
  const entries = new Entries()
  const { identity, chain } = alert
  for (const { user, uid } of chain)
    entries.add('user', user || (uid === undefined ? '' : `uid ${uid}`))
  entries.add('hash', identity.sha256)
  entries.add('hash', identity.cdhash)
  entries.add('signing', identity.signingId)
  entries.add('signing', identity.teamId)
  entries.add('word', identity.signerClass)
  for (const { scriptSha256, identityKey } of chain) {
    entries.add('hash', scriptSha256)
    // Of the programs above there are no sightings in an alert: what their keys say of their contents is all.
    for (const [hash] of identityKey?.matchAll(CONTENT) ?? []) entries.add('hash', hash)
  }
  entries.add('word', identity.name)
  entries.add('path', identity.path)
  entries.add('app', identity.key)
  entries.add('app', alert.responsibleKey)
  for (const process of chain) {
    entries.add('app', process.identityKey)
    entries.add('path', process.path)
    entries.add('path', process.script)
    entries.add('path', process.socketsBy)
    for (const path of process.alsoAt ?? []) entries.add('path', path)
  }
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

/**
 * What every alert found has: `inText`, or `orInText`, in its text, or a machine that `host` says; undefined: it cannot be that.
 * With `addresses`, a destination from the first to the last of them, and nothing else.
 */
export type Term = {
  addresses?: Addresses
  inText: string | undefined
  orInText?: string
  host: ((hostname: string, id: string) => boolean) | undefined
}

/** Digits of a hash, or letters of a device's id, that stand for the whole: no fewer than pages show of it. */
const HASH_DIGITS_MIN = 12
const ID_LETTERS_MIN = 8
const SHORT_HASH = new RegExp(`^[0-9a-f]{${HASH_DIGITS_MIN},63}$`)
const SHORT_ID = new RegExp(`^[0-9a-f-]{${ID_LETTERS_MIN},35}$`)
/** Whether it stands for a device whose id begins so. */
export const isShortId = (text: string): boolean => SHORT_ID.test(text)

/**
 * Reads a query: words, each of which occurs somewhere; `name:value` or `name:"a value"`, which is the whole of a value
 * (app, path or script, hash, signing, user, to, host). The first digits of a hash or an id are as good as all of them. Without quotes
 * a value with a star at its end is how one begins, a path without a slash at its beginning may be the end of one, and an ellipsis
 * stands for what a page left out of a long one. A quote inside quotes is written twice. A network of IPv4 or IPv6, alone or behind
 * `to:`, is any address in it, and an address behind `to:` is that one however it is written; `user:501` is who has that number and no name that is known.
 */
export function searchTerms(query: string): Term[] {
  return queryWords(query).flatMap(({ name: written, value, whole }) => {
    const name = written === 'script' ? 'path' : written
    return whole.includes(LEFT_OUT) && !whole.endsWith('"') && value.replaceAll(LEFT_OUT, '') !== ''
      ? shortenedTerms(name, value, whole)
      : [termOf(name, value, whole)]
  })
}

/** Where a page leaves out the middle of what is long. */
const LEFT_OUT = '…'

/** What stands before it and behind it: of an entry, or a machine, how it begins and how one ends. */
function shortenedTerms(name: string, value: string, whole: string): Term[] {
  const [head = '', ...rest] = folded(isTag(name) || name === 'host' ? value : whole).split(
    LEFT_OUT,
  )
  const tail = rest.at(-1) ?? ''
  if (name === 'host') {
    const isIt = (text: string) => text.startsWith(head) && text.endsWith(tail)
    return [{ inText: undefined, host: (hostname) => isIt(folded(hostname)) }]
  }
  if (isTag(name))
    return [`\n${TAGS[name]}${head}`, `${tail}\n`].map((inText) => ({ inText, host: undefined }))
  return [head, tail].flatMap((word) => (word === '' ? [] : [wordTerm(word)]))
}

const wordTerm = (word: string): Term => ({
  inText: word,
  host: (hostname) => folded(hostname).includes(word),
})

const isTag = (name: string): name is Exclude<Tag, 'word'> =>
  name !== '' && name !== 'word' && Object.hasOwn(TAGS, name)

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
    const begin = !whole.endsWith('"') && /.\*$/.test(wanted) ? wanted.slice(0, -1) : undefined
    return {
      inText: undefined,
      host: (hostname, id) =>
        (begin !== undefined && folded(hostname).startsWith(begin)) ||
        folded(hostname) === wanted ||
        id === value ||
        (isShortId(wanted) && id.startsWith(wanted)),
    }
  }
  const addresses =
    name === 'to' || (name === '' && value.includes('/')) ? addressesOf(value) : undefined
  if (addresses) return { addresses, inText: undefined, host: undefined }
  // Where a user has no name that is known; quoted, it is what somebody is called.
  if (name === 'user' && /^user:\d+$/i.test(whole))
    return { inText: `\n${TAGS.user}uid ${value}\n`, host: undefined }
  if (isTag(name) && value !== '') return entryTerm(name, value, whole.endsWith('"'))
  // A word with a colon that names nothing is a word: an endpoint, a key.
  return wordTerm(folded(name === '' ? value : whole))
}

function entryTerm(tag: Tag, value: string, isQuoted: boolean): Term {
  const wanted = folded(value)
  const entry = `\n${TAGS[tag]}`
  if (tag === 'hash' && SHORT_HASH.test(wanted)) return { inText: entry + wanted, host: undefined }
  if (!isQuoted && /.\*$/.test(wanted))
    return { inText: entry + wanted.slice(0, -1), host: undefined }
  const exact = { inText: `${entry}${wanted}\n`, host: undefined }
  // A path is the last that an entry says: nothing but one ends so, behind a slash.
  return tag === 'path' && !isQuoted && !wanted.startsWith('/')
    ? { ...exact, orInText: `/${wanted}\n` }
    : exact
}

/** All from `first` to `last`, 16 bytes each; `butIpv4`: without those of IPv4, which lie among them. */
export type Addresses = { first: Uint8Array; last: Uint8Array; butIpv4: boolean }

const IPV4_BITS = 96

function addressesOf(value: string): Addresses | undefined {
  const network = parseCidr(value)
  if (!network) return undefined
  const first = edgeOf(network, 0)
  return { first, last: edgeOf(network, 0xff), butIpv4: network.bits < IPV4_BITS && !isIpv4(first) }
}

/** The network's own bits, and `rest` in all others. */
const edgeOf = ({ address, bits }: Cidr, rest: number): Uint8Array =>
  address.map((byte, at) => {
    const own = Math.min(8, Math.max(0, bits - 8 * at))
    const mask = (0xff << (8 - own)) & 0xff
    return (byte & mask) | (rest & ~mask & 0xff)
  })

const QUOTED_MAX = 60

/** What is written as a field that there is not, in sentences for who asked: it is looked for as it stands. */
export function unknownFields(query: string, fields: readonly string[]): string[] {
  const told = queryWords(query).flatMap(({ whole }) => {
    const [, name] = FIELD_SHAPED.exec(whole) ?? []
    if (name === undefined || PLAIN_WORD.test(whole) || fields.includes(name.toLowerCase()))
      return []
    const there = fields.map((field) => `${field}:`).join(' ')
    return [
      `${quoted(name, QUOTED_MAX)} is no field: ${quoted(whole, QUOTED_MAX)} is looked for as it stands. There are ${there}.`,
    ]
  })
  return [...new Set(told)]
}

/** What is written as an address with the length of a prefix behind `to:`, and is no network; undefined: nothing is. */
export const noNetworkIn = (query: string): string | undefined =>
  queryWords(query).find(
    ({ name, value }) => name === 'to' && NETWORK_SHAPED.test(value) && !parseCidr(value),
  )?.value
const NETWORK_SHAPED = /^(?:\d+(?:\.\d+){3}|[\da-f]*(?::[\da-f.]*){2,})\/\d+$/i
