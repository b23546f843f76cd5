// Texts of programs that came before. A program's alerts say the same of it, word for word, and to fold and join that anew
// takes 1.5 µs of the 40 that an alert costs a core: what one says is held against what was said last, which takes a fifth.
import type { Alert } from '../../engine/finding.ts'
import { BoundedMap } from '../terms/bounded-map.ts'
import { programText } from './search.ts'

/** Of the newest so many programs; with texts of ordinary length 3 MB. */
const PROGRAMS_MAX = 2048
/** One whose values are longer is rare, and is not kept: all that is kept has at most 16 million letters, texts included. */
const KEPT_CHARS_MAX = 4096

/** What a text is made of, in an order of its own; files of foreign code are told apart by the count before them. */
type Said = { values: readonly (string | number | undefined)[]; text: string }

export class ProgramTexts {
  readonly #known = new BoundedMap<string, Said>(PROGRAMS_MAX)
  /** Keys that came once: what never comes again costs no more than that. */
  readonly #seen = new Set<string>()

  /** The same as `programText` of it. */
  of(alert: Alert): string {
    const { key } = alert.identity
    const known = this.#known.get(key)
    if (known && isSame(alert, known.values)) return known.text
    const text = programText(alert)
    if (known || this.#seen.has(key)) this.#keep(key, { values: valuesOf(alert), text })
    else this.#see(key)
    return text
  }

  /** Programs whose texts are known. */
  kept(): number {
    return this.#known.size()
  }

  #see(key: string): void {
    if (this.#seen.size >= PROGRAMS_MAX) this.#seen.clear()
    if (key.length <= KEPT_CHARS_MAX) this.#seen.add(key)
  }

  #keep(key: string, said: Said): void {
    let chars = 0
    for (const value of said.values) if (typeof value === 'string') chars += value.length
    if (chars <= KEPT_CHARS_MAX) this.#known.set(key, said)
  }
}

function valuesOf({ identity, chain, responsibleKey }: Alert): Said['values'] {
  return [
    identity.key,
    identity.name,
    identity.path,
    identity.sha256,
    identity.cdhash,
    identity.signingId,
    identity.teamId,
    identity.signerClass,
    responsibleKey,
    chain.length,
    ...chain.flatMap((process) => [
      process.path,
      process.script,
      process.scriptSha256,
      process.user,
      process.uid,
      process.identityKey,
      process.socketsBy,
      process.foreignCode.length,
      ...process.foreignCode,
      process.alsoAt?.length,
      ...(process.alsoAt ?? []),
    ]),
  ]
}

/** Whether these are its values: each alert that comes is asked, so no list is made of them. */
function isSame({ identity, chain, responsibleKey }: Alert, values: Said['values']): boolean {
  if (
    identity.key !== values[0] ||
    identity.name !== values[1] ||
    identity.path !== values[2] ||
    identity.sha256 !== values[3] ||
    identity.cdhash !== values[4] ||
    identity.signingId !== values[5] ||
    identity.teamId !== values[6] ||
    identity.signerClass !== values[7] ||
    responsibleKey !== values[8] ||
    chain.length !== values[9]
  )
    return false
  let at = 10
  for (const process of chain) {
    if (
      process.path !== values[at++] ||
      process.script !== values[at++] ||
      process.scriptSha256 !== values[at++] ||
      process.user !== values[at++] ||
      process.uid !== values[at++] ||
      process.identityKey !== values[at++] ||
      process.socketsBy !== values[at++] ||
      process.foreignCode.length !== values[at++]
    )
      return false
    for (const file of process.foreignCode) if (file !== values[at++]) return false
    if (process.alsoAt?.length !== values[at++]) return false
    for (const path of process.alsoAt ?? []) if (path !== values[at++]) return false
  }
  return true
}
