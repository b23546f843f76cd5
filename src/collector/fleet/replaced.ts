// Which published documents nobody can be sent any more, since a later one of their kind and key is for all that they are for;
// and which go where there are more than a collector has.
import { targetText } from '../../policy/target.ts'
import type { PolicyPayload } from '../../stream/policy-message.ts'

/** Of replaced policies of one key and target so many stay: where later ones are held back, one of before is what devices get. */
export const REPLACED_POLICIES_KEPT = 20
/** Of all kinds, after what was replaced is gone: 2,000 exceptions took 0.2 s and 200 MB each time they were read. */
export const DOCUMENTS_MAX = 1_000

const ALL = targetText({})

type Document = {
  payload: Pick<PolicyPayload, 'kind' | 'target'>
  keyId: string
  /** undefined: of a delegation, it cannot be read. */
  delegation: unknown
  /** Id of the key that it delegates to. */
  onlineId: string | undefined
  sharePercent: number
}

/** Of `documents`, the newest of a kind first, those that need not be kept. */
export function replacedOf<One extends Document>(documents: readonly One[]): One[] {
  return replaced(documents).flatMap(({ document, place }) => (place === 'none' ? [document] : []))
}

/**
 * What else has to go where `documents`, of which none need not be kept, are more than `max`, so many as are too many: of what
 * nobody can be sent as things are, then of replaced policies, those that would be sent last first, and of these the oldest. The
 * newest of a kind stays: versions rise. Fewer where the others are each for somebody. `rootId`: of the root key of today.
 */
export function tooManyOf<One extends Document>(
  documents: readonly One[],
  rootId: string | undefined,
  max = DOCUMENTS_MAX,
): One[] {
  const newest = new Set<One>()
  for (const one of documents)
    if (![...newest].some(({ payload }) => payload.kind === one.payload.kind)) newest.add(one)
  const online = new Set(documents.map(({ keyId, onlineId }) => keyId === rootId && onlineId))
  const isNobodys = ({ payload: { kind }, keyId, delegation }: One) =>
    kind === 'exceptions'
      ? !online.has(keyId)
      : keyId !== rootId || (kind === 'delegation' && delegation === undefined)
  const before = replaced(documents)
  const at = (where: Place) =>
    before.flatMap(({ document, place }) => (place === where ? [document] : []))
  const oldestFirst = [documents.filter(isNobodys), at('spare'), at('first')].flatMap((some) =>
    some.reverse(),
  )
  return [...new Set(oldestFirst)]
    .filter((one) => !newest.has(one))
    .slice(0, Math.max(0, documents.length - max))
}

/** What to do where they are too many, and each is for somebody. */
export function fullText(documents: readonly Document[]): string {
  const counts = new Map<string, number>()
  for (const { payload, keyId } of documents) {
    const name = `${payload.kind} signed by the key ${keyId}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const [[most, count] = ['', 0]] = [...counts].sort(([, a], [, b]) => b - a)
  return `${DOCUMENTS_MAX} documents are published that are each for others, as many as a collector has, and ${count} are ${most}: publish one of that kind and key for all devices, which takes their place, or a delegation for all devices to another key, which ends what a former one signed`
}

/**
 * Of a replaced document: it need not be kept; it is sent once later ones are held back, before all others of its target
 * ('first', for some device) or after.
 */
type Place = 'none' | 'first' | 'spare'

function replaced<One extends Document>(
  documents: readonly One[],
): { document: One; place: Place }[] {
  /** By kind and key: whom a later one is for. */
  const covered = new Map<string, Set<string>>()
  /** By key and target: of the replaced policies that are newer. */
  const newer = new Map<string, { sent: number; held: number; shareMost: number }>()
  return documents.flatMap((document): { document: One; place: Place }[] => {
    const { kind, target } = document.payload
    const { keyId, delegation, sharePercent } = document
    const name = `${kind} ${keyId}`
    const later = covered.get(name) ?? new Set()
    covered.set(name, later)
    const whom = targetText(target)
    const isReplaced = later.has(ALL) || later.has(whom)
    // One that cannot be read is sent to nobody.
    const isSent = kind !== 'delegation' || delegation !== undefined
    if (sharePercent === 100 && isSent) later.add(whom)
    if (!isReplaced) return []
    // The share of what replaced a policy may become smaller; others have none.
    if (kind !== 'policy') return [{ document, place: 'none' }]
    const key = `${keyId} ${whom}`
    const those = newer.get(key) ?? { sent: 0, held: 0, shareMost: 0 }
    newer.set(key, those)
    // For a device in this share, and in that of none between, it is the next: at last the newest that all get.
    const isFirst = sharePercent > those.shareMost
    those.shareMost = Math.max(those.shareMost, sharePercent)
    const before = sharePercent > 0 ? those.sent++ : those.held++
    if (isFirst) return [{ document, place: 'first' }]
    return [{ document, place: before < REPLACED_POLICIES_KEPT ? 'spare' : 'none' }]
  })
}
