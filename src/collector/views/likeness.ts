// Which alerts are like one another, so that lists show them as one row: those of one actor to one destination, on
// whatever machines.
//
// The destination is the engine's: a registered domain or a network, with the port. The actor is what an analyst asks
// about next:
// - whom a program acted for, where it did: curl for one script and curl for another are two stories;
// - of a program that nobody vouches for, who started it: such a program is known by its content alone, so that a
//   hundred builds, or a hundred names that a dropper draws, are a hundred identities and one story. Its parent is named
//   by its file and script, as that is what an analyst reads. What the first process of a system started, was started by
//   nobody in particular;
// - any other program itself, whatever runs it.
// Machines do not part a group: what happens on forty of them at once is one thing to look into, and the group says how
// many there are. A recording that was replayed is no machine: what it tells may be what a machine told as well, so its alerts
// make groups of their own, and no sum has both. Nothing is decided by it: each alert keeps its own score.
import { hash } from 'node:crypto'
import type { Alert, ProcessView } from '../../engine/finding.ts'
import type { ActorInfo } from './page-api.ts'

const FIRST_PID = 1
const KNOWN_BY_CONTENT: ReadonlySet<string> = new Set(['unsigned', 'adhoc', 'unknown', 'invalid'])

type Judged = Pick<Alert, 'identity' | 'responsibleKey' | 'chain' | 'destination'>

/** What makes the actor, with a letter that keeps keys and paths apart. */
function actorKey({ identity, responsibleKey, chain }: Judged): [kind: string, ...parts: string[]] {
  if (responsibleKey) return ['for', responsibleKey]
  const parent = parentOf(chain)
  if (parent && KNOWN_BY_CONTENT.has(identity.signerClass))
    return ['by', parent.path, parent.script]
  return ['itself', identity.key]
}

/** Who started the first process; undefined: nobody that tells anything. */
const parentOf = ([, parent]: readonly ProcessView[]): ProcessView | undefined =>
  parent && parent.pid !== FIRST_PID && parent.path !== '' ? parent : undefined

/** The actor in a reader's words. */
export function actorInfo(alert: Judged): ActorInfo {
  const [as] = actorKey(alert)
  const { chain, responsibleKey, identity } = alert
  if (as === 'by') {
    const parent = parentOf(chain)
    return { as, path: parent?.path ?? '', script: parent?.script ?? '' }
  }
  if (as === 'for') {
    // Whom it acted for need not be running any more: the key is all there is then.
    const actor = chain.find(({ identityKey }) => identityKey === responsibleKey)
    return { as, path: actor?.path || (responsibleKey ?? ''), script: actor?.script ?? '' }
  }
  return { as: 'itself', path: identity.path, script: chain[0]?.script ?? '' }
}

/** Whether a device is what a recording was replayed into (replay/replayed-device.ts). Agents' ids are of other versions. */
export const isRecording = (deviceId: string): boolean => deviceId[14] === '8'

/** Equal for alerts that are like one another: 64 bits as SQLite keeps them, signed. */
export const likenessOf = (alert: Judged, deviceId = ''): bigint =>
  digest(...actorKey(alert), alert.destination.key, ...(isRecording(deviceId) ? ['recording'] : []))

/** Equal for alerts of one identity. */
export const identityDigest = ({ identity }: Judged): bigint => digest(identity.key)

/** As the API says it: 16 hex digits. */
export const likenessText = (likeness: bigint): string =>
  BigInt.asUintN(64, likeness).toString(16).padStart(16, '0')

/** REQUIRES: 16 hex digits. */
export const likenessFrom = (text: string): bigint => BigInt.asIntN(64, BigInt(`0x${text}`))

/** Two of each alert that comes: in one call, as an object for each would cost twice as much. */
function digest(...parts: string[]): bigint {
  // With their lengths, so that no foreign text reads as two.
  let text = ''
  for (const part of parts) text += `${part.length}:${part}`
  return BigInt.asIntN(64, BigInt(`0x${hash('sha256', text).slice(0, 16)}`))
}
