// News of who is believed: another source tells of programs, or of flows.
import { type Choice, MAC_SOURCES, type MacSource, SOURCE_NAMES } from '../sources/choice.ts'

/** Sources begin one after another: that a better one begins within so
 * long, which never said that it cannot, is no change. */
const BEGINNING_NS = 30_000_000_000n
/** One that stands in for another may take a second to begin. */
const NOBODY_NS = 10_000_000_000n
/** What is so still is said again, as all that is missing is: what was said earlier than a day ago is known to be over. */
const AGAIN_NS = 86_400_000_000_000n

/** Another source tells of programs, or of flows. */
export type Change = { text: string; isBetter: boolean }

export type Changes = {
  /** Called when the choice was made anew, and as time passes. `nowNs` is since boot. */
  note(choice: Choice, nowNs: bigint): void
  /** It says that it cannot. */
  failed(name: MacSource): void
  /** Those since the last call; one for the worse once more each day, while it is so. */
  take(): Change[]
}

type Kind = 'processes' | 'flows'
type Name = MacSource | 'none'
/** Best first; anybody is better than nobody. */
const RANK: readonly Name[] = [...MAC_SOURCES, 'none']

export function createChanges(): Changes {
  const found: Change[] = []
  /** Those that were believed, or said that they cannot tell. */
  const known = new Set<Name>()
  const told: Record<Kind, Name> = { processes: 'none', flows: 'none' }
  /** For the worse, and so still. */
  const standing: Partial<Record<Kind, { text: string; saidNs: bigint }>> = {}
  const nobodySinceNs = new Map<string, bigint>()
  let beganNs: bigint | undefined

  const sayAgain = (kind: Kind, nowNs: bigint): void => {
    const stands = standing[kind]
    if (stands === undefined || nowNs < stands.saidNs + AGAIN_NS) return
    stands.saidNs = nowNs
    found.push({ isBetter: false, text: stands.text })
  }

  const noteOne = (kind: Kind, choice: Choice, nowNs: bigint): void => {
    const from = told[kind]
    const to = choice[kind]
    if (to !== 'none') nobodySinceNs.delete(kind)
    if (to === from) {
      sayAgain(kind, nowNs)
      return
    }
    if (to === 'none') {
      const sinceNs = nobodySinceNs.get(kind) ?? nowNs
      nobodySinceNs.set(kind, sinceNs)
      if (nowNs < sinceNs + NOBODY_NS) return
    }
    const isBeginning = !known.has(to) && nowNs < (beganNs ?? nowNs) + BEGINNING_NS
    const isBetter = RANK.indexOf(to) < RANK.indexOf(from)
    known.add(to)
    told[kind] = to
    delete standing[kind]
    if (isBetter && isBeginning) return
    const what = kind === 'flows' ? 'flows' : 'programs'
    const silent =
      from === 'filter' && choice.isFilterSilent
        ? ', which says that it runs and tells nothing'
        : ''
    const before =
      from === 'none' ? '; nobody saw them before' : `, no longer by ${SOURCE_NAMES[from]}${silent}`
    const text = `${what} are seen by ${SOURCE_NAMES[to]} now${before}`
    if (!isBetter) standing[kind] = { text, saidNs: nowNs }
    found.push({ isBetter, text })
  }

  return {
    note(choice, nowNs) {
      beganNs ??= nowNs
      noteOne('processes', choice, nowNs)
      noteOne('flows', choice, nowNs)
    },
    failed: (name) => void known.add(name),
    take: () => found.splice(0),
  }
}
