// What of an input could not be used, gathered while it is read.
import { DAMAGE_LISTED_MAX, type Damage, type DamageReport } from './input.ts'

export type DamageLog = {
  add(damage: Damage): void
  report(): DamageReport
}

export function createDamageLog(unit: DamageReport['unit']): DamageLog {
  const listed: Damage[] = []
  let places = 0
  let count = 0
  return {
    add(damage) {
      places++
      count += damage.count
      if (listed.length < DAMAGE_LISTED_MAX) listed.push(damage)
    },
    report: () => ({ listed: [...listed], places, count, unit }),
  }
}
