export type Answer = { status: number | null; output: string; complaint: string }
export function macLacks(system?: {
  ask(program: string, args: string[]): Answer
  existsSync(path: string): boolean
}): string | undefined
export function cacheInstead(who: {
  uid: number | undefined
  homeUid: number | undefined
  place: string
}): string | undefined
