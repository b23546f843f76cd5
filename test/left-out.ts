// Tests that this machine cannot run skip with the reason, and the run ends by saying how many and why (reporter.ts): a
// green run must not look like more than it was.
import { type ToolName, whyNot } from '../scripts/tools.ts'

/** By test, or by the suite whose tests were all left out. */
const reasons = new WeakMap<object, string>()

/**
 * Skips the test, or all tests of the suite whose `before` this is, when there is a reason: a clause that says what is
 * missing and how to get it. In CI a skip is a failure.
 */
export function leaveOut(running: Mocha.Context, reason: string | undefined): void {
  if (reason === undefined) return
  const { test } = running
  // Hooks are named so by mocha; of a `before` every test of its suite is left out, of a `beforeEach` one.
  const [, hook] = /^"(before all|before each)" hook/.exec(test?.title ?? '') ?? []
  const of = hook === 'before all' ? test?.parent : hook ? running.currentTest : test
  if (of) reasons.set(of, reason)
  running.skip()
}

export const whyNotLinux = (): string | undefined =>
  process.platform === 'linux' ? undefined : 'it is about Linux'

export const whyNotRoot = (): string | undefined =>
  process.getuid?.() === 0 ? undefined : 'not root'

/** The first of these tools that is not all there, and how to get it. */
export const whyNoTool = (...names: readonly ToolName[]): string | undefined =>
  names.map((name) => whyNot(name)).find((why) => why !== undefined)

/** Tests left out, by reason. */
export function countLeftOut(suite: Mocha.Suite): Map<string, number> {
  const counts = new Map<string, number>()
  const visit = (one: Mocha.Suite, inherited: string | undefined): void => {
    const given = reasons.get(one) ?? inherited
    for (const test of one.tests) {
      if (!test.isPending()) continue
      const reason = reasons.get(test) ?? given ?? `no reason given: ${test.fullTitle()}`
      counts.set(reason, (counts.get(reason) ?? 0) + 1)
    }
    for (const inner of one.suites) visit(inner, given)
  }
  visit(suite, undefined)
  return counts
}

/** Lines for the end of the run; none when every test ran. */
export function leftOutLines(counts: ReadonlyMap<string, number>): string[] {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  if (total === 0) return []
  const rows = [...counts].sort(([, a], [, b]) => b - a)
  return [
    `left out: ${total} ${total === 1 ? 'test' : 'tests'}`,
    ...rows.map(([reason, count]) => `${String(count).padStart(6)}  ${reason}`),
  ]
}
