// That alerts were held back is told, too: each hour in which any were, by the rules that did.
import { counted } from '../engine/sentence.ts'
import { brief } from '../printable.ts'

const TOLD_EVERY_MS = 3_600_000
const RULES_NAMED = 5
const RULE_CHARS_MAX = 120

type Suppressions = readonly { rule: string; count: number }[]

/** Looks when it is called; tells a sentence at most once an hour, and with `isLast` what is left. */
export function createHeldBack(
  suppressions: () => Suppressions,
  tell: (text: string) => void,
  nowMs: () => number,
): (isLast: boolean) => void {
  let toldAtMs = nowMs()
  const told = new Map<string, number>()
  return (isLast) => {
    if (!isLast && nowMs() - toldAtMs < TOLD_EVERY_MS) return
    toldAtMs = nowMs()
    const since = suppressions()
      .map(({ rule, count }) => ({ rule, count: count - (told.get(rule) ?? 0) }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count)
    if (since.length === 0) return
    for (const { rule, count } of since) told.set(rule, (told.get(rule) ?? 0) + count)
    const sum = since.reduce((all, { count }) => all + count, 0)
    const named = since
      .slice(0, RULES_NAMED)
      .map(({ rule, count }) => `${count} by ${brief(rule, RULE_CHARS_MAX)}`)
    const more = since.length - RULES_NAMED
    if (more > 0) named.push(`the others by ${counted(more, 'more rule')}`)
    tell(`the policy held back ${counted(sum, 'alert')}: ${named.join(', ')}`)
  }
}
