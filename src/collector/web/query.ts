// What of a search is not understood as it may have been meant, said in sentences. The collector reads it (store/search.ts):
// what names no field, and a quote that is not closed, it looks for as it stands, and then finds nothing. Pure.
import { countText } from './format.ts'

/** As the collector cuts a query. */
export const WORD = /(?:[a-z]+:)?"(?:[^"]|"")*"(?=\s|$)|\S+/gi
export const WORDS_MAX = 16
/** Digits that stand for a whole hash there, as pages show them (identity-key.ts). */
const HASH_DIGITS_MIN = 12
export const ALERT_FIELDS = ['app', 'path', 'script', 'hash', 'signing', 'user', 'to', 'host']
export const IDENTITY_FIELDS = ['host']

/** As the collector has them, too: what looks like a field, and what of that is a word all the same. */
export const FIELD_SHAPED = /^([a-z][a-z0-9_-]*):/i
export const PLAIN_WORD =
  /^(?:platform|unsigned|adhoc|invalid|unknown|copy|gone|[A-Z0-9]{10}):|^[A-Za-z][A-Za-z0-9+.-]*:\/\/|^[A-Za-z]:[\\/]|^[\dA-Fa-f]{0,4}:[\dA-Fa-f:.]*(?:[%/]\S*)?$|^(?!(?:p?pid|[ug]id|port):)[A-Za-z][A-Za-z0-9-]*:\d{1,5}(?:\/.*)?$/

export function queryProblems(query: string, fields: readonly string[]): string[] {
  const words = [...query.matchAll(WORD)].map(([word]) => word)
  const problems = words.flatMap((word) => problemOf(word, fields) ?? [])
  if (words.length > WORDS_MAX)
    problems.push(
      `Only the first ${WORDS_MAX} of the ${countText(words.length)} words are looked for.`,
    )
  return [...new Set(problems)]
}

function problemOf(word: string, fields: readonly string[]): string | undefined {
  const name = FIELD_SHAPED.exec(word)?.[1]
  const value = name === undefined ? word : word.slice(name.length + 1)
  if (value.startsWith('"') && !/^"(?:[^"]|"")*"$/.test(value))
    return `The quote in “${word}” is not closed: it is looked for as a letter, and so is each word behind it.`
  if (isNoNetwork(word.replace(/^to:/i, '').replaceAll('"', '')))
    return `“${word}” is no network: an IPv4 address with /0 to /32, or one of IPv6 with /0 to /128.`
  if (name === undefined) return undefined
  if (!fields.includes(name.toLowerCase()))
    return PLAIN_WORD.test(word)
      ? undefined
      : `“${name}” is no field here: “${word}” is looked for as it stands. There are ${fields.map((field) => `${field}:`).join(' ')}.`
  if (name.toLowerCase() === 'hash' && /^[\da-f]+$/i.test(value) && value.length < HASH_DIGITS_MIN)
    return `“${word}” has too few digits: a hash is found by its first ${HASH_DIGITS_MIN} or more.`
  return value === '' || value === '""'
    ? `“${name}:” has no value: it is looked for as it stands.`
    : undefined
}

/** Written as a network is, and none that the collector reads (store/search.ts). */
function isNoNetwork(value: string): boolean {
  const [, address, bits = ''] =
    /^(\d+(?:\.\d+){3}|[\da-f]*(?::[\da-f.]*){2,})\/(\d+)$/i.exec(value) ?? []
  if (address === undefined) return false
  const isOfIpv6 = address.includes(':')
  return Number(bits) > (isOfIpv6 ? 128 : 32) || !/^(?:0|[1-9]\d*)$/.test(bits)
    ? true
    : !URL.canParse(`http://${isOfIpv6 ? `[${address}]` : address}/`)
}
