// What of a search is not understood as it may have been meant, said in sentences. The collector reads it (store/search.ts):
// what names no field, and a quote that is not closed, it looks for as it stands, and then finds nothing. Pure.
import { countText } from './format.ts'

/** As the collector cuts a query. */
export const WORD = /(?:[a-z]+:)?"(?:[^"]|"")*"(?=\s|$)|\S+/gi
export const WORDS_MAX = 16
export const ALERT_FIELDS = ['app', 'path', 'hash', 'signing', 'user', 'to', 'host']
export const IDENTITY_FIELDS = ['host']

/** What the keys of programs begin with, and addresses of pages: words that have a colon. */
const NO_FIELD_MEANT = /^(?:platform|unsigned|adhoc|invalid|unknown|copy):|^[a-z]+:\/\//i

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
  const [, name, value = ''] = /^(?:([a-z]+):)?(.*)$/is.exec(word) ?? []
  if (value.startsWith('"') && !/^"(?:[^"]|"")*"$/.test(value))
    return `The quote in “${word}” is not closed: it is looked for as a letter, and so is each word behind it.`
  if (name === undefined || NO_FIELD_MEANT.test(word)) return undefined
  if (!fields.includes(name.toLowerCase()))
    return `“${name}” is no field here: “${word}” is looked for as it stands.`
  return value === '' || value === '""'
    ? `“${name}:” has no value: it is looked for as it stands.`
    : undefined
}
