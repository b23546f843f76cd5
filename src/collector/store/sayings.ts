// What the collector says of devices that sent more than is kept of them.
import type { DatabaseSync } from 'node:sqlite'
import { counted } from '../../engine/sentence.ts'
import { quoted } from '../../printable.ts'
import { type Budget, DEPARTED } from './budget.ts'
import { overBudget, WHAT } from './kinds.ts'
import { sum } from './notes.ts'
import type { Retained } from './protocol.ts'
import { prepare } from './statement.ts'

/** What the collector says itself is of no device. */
export const OWN = 0
/**
 * Each of so many devices is named, the others are told of together: rows of some 300 B, so that once an hour what the
 * collector says itself has room for two weeks of the worst.
 */
const NAMED_MAX = 20

export function createSayings(db: DatabaseSync, budget: Budget) {
  const nameOf = prepare(db, 'SELECT id, hostname FROM device WHERE row = ?')
  const named = (device: number) => {
    if (device === DEPARTED) return { deviceId: '', name: 'devices that were forgotten' }
    const { id, hostname } = nameOf.get(device) ?? {}
    return { deviceId: String(id ?? ''), name: `${quoted(String(hostname ?? ''))} (${id ?? '?'})` }
  }

  /** Says what was refused of devices, and what of them gave way, since it was said last. */
  function tellNotes(at: bigint): Retained['told'] {
    const said: Retained['told'] = []
    const { named: notes, others } = budget.notes.take(NAMED_MAX)
    for (const { device, refused, gaveWay } of notes) {
      // What the collector said itself is counted, and is nothing that it says again.
      if (device === OWN) continue
      const { deviceId, name } = named(device)
      const about = { deviceId, at, kind: 'budget' }
      const [items, rows] = [sum(refused), sum(gaveWay)]
      const why = [...refused.keys()].map(overBudget).join('; ')
      const text = `${counted(items, 'item was', 'items were')} refused of ${name}: ${why}`
      if (items > 0) said.push({ ...about, text, count: items })
      const what = [...gaveWay].map(([kind, n]) => `${n} ${WHAT[kind]}`).join(', ')
      const gave = `of what is kept of ${name} the oldest gave way: ${what}`
      if (rows > 0) said.push({ ...about, text: gave, count: rows })
    }
    const { devices, refused, gaveWay } = others
    if (devices === 0) return said
    const text = `of ${counted(devices, 'other device')} ${counted(refused, 'item was', 'items were')} refused, and ${gaveWay} of what is kept gave way`
    return [...said, { deviceId: '', at, kind: 'budget', text, count: refused + gaveWay }]
  }

  return { named, tellNotes }
}
