// Versions of the agent, as documents ask for them.

const RELEASE = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/

export const isRelease = (text: string): boolean => RELEASE.test(text)

/** Whether version `own` is at least `least`; what is after a `-` does not count. REQUIRES: isRelease(least). */
export function isAtLeast(own: string, least: string): boolean {
  const numbers = (text: string) => (RELEASE.exec(text) ?? []).slice(1).map(Number)
  const [of, wanted] = [numbers(own.split('-')[0] as string), numbers(least)]
  for (const [index, number] of wanted.entries())
    if (of[index] !== number) return (of[index] ?? -1) > number
  return true
}
