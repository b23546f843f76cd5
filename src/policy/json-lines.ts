// On which line of a JSON text each of its values stands, for whoever is to put one right.
import type { Place } from '../engine/policy-shape.ts'

export type JsonLines = {
  /** From 1: of a field where its name stands, of an entry where it begins; of what is not there that of what would hold it. */
  of(place: Place): number
  /** Fields that an object has more than once: of these only the last one counts. */
  again: { place: Place; line: number }[]
}

/** Deeper nothing of a policy lies; what was not made for us may be a million levels deep. */
const DEPTH_MAX = 8

type Level = { isList: boolean; step: string | number; names: Set<string>; wantsName: boolean }

/** REQUIRES: `JSON.parse` takes it. */
export function jsonLines(text: string): JsonLines {
  const lines = new Map<string, number>()
  const again: JsonLines['again'] = []
  const levels: Level[] = []
  let line = 1
  let readTo = 0
  const place = (): Place => levels.map(({ step }) => step)
  const note = (): void => {
    if (levels.length <= DEPTH_MAX) lines.set(JSON.stringify(place()), line)
  }

  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g)) {
    for (; readTo < index; readTo++) if (text[readTo] === '\n') line++
    const level = levels.at(-1)
    if (token === '}' || token === ']') levels.pop()
    else if (token === ',') {
      if (level?.isList) (level.step as number)++
      else if (level) level.wantsName = true
    } else if (level?.wantsName) {
      level.step = JSON.parse(token) as string
      level.wantsName = false
      if (level.names.has(level.step) && levels.length <= DEPTH_MAX)
        again.push({ place: place(), line })
      level.names.add(level.step)
      note()
    } else if (token !== ':') {
      if (!level || level.isList) note()
      if (token === '{') levels.push({ isList: false, step: '', names: new Set(), wantsName: true })
      if (token === '[') levels.push({ isList: true, step: 0, names: new Set(), wantsName: false })
    }
  }
  return {
    of(wanted) {
      for (let steps = wanted.length; steps > 0; steps--) {
        const found = lines.get(JSON.stringify(wanted.slice(0, steps)))
        if (found !== undefined) return found
      }
      return lines.get('[]') ?? 1
    },
    again,
  }
}
