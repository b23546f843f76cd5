// Users that exceptions name, by their numbers: names are this machine's affair, and no record of a process has one.
import type { ExceptionDocument } from '../engine/exception.ts'
import type { PolicyDocument } from '../engine/policy.ts'
import { quoted } from '../printable.ts'

const NAMES_TOLD = 3

/** An exception for a user that is not here is left out, which is told: it would name nobody. */
export function withUids(
  document: PolicyDocument,
  uidOf: (name: string) => number | undefined,
  tell: (text: string) => void,
): PolicyDocument {
  if (!document.exceptions?.some(({ user }) => typeof user === 'string')) return document
  const known = new Map<string, number | undefined>()
  const numberOf = (name: string): number | undefined => {
    if (!known.has(name)) known.set(name, uidOf(name))
    return known.get(name)
  }
  const exceptions = document.exceptions.flatMap((one): ExceptionDocument[] => {
    if (typeof one.user !== 'string') return [one]
    const user = numberOf(one.user)
    return user === undefined ? [] : [{ ...one, user }]
  })
  const missing = [...known].flatMap(([name, uid]) => (uid === undefined ? [name] : []))
  if (missing.length > 0) {
    const names = missing.slice(0, NAMES_TOLD).map((name) => quoted(name, 40))
    const more = missing.length - names.length
    tell(
      `exceptions for ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''} hold back nothing here: this machine has no user of that name`,
    )
  }
  return { ...document, exceptions }
}
