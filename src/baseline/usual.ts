// What an identity sends beyond an answer in a day in which it sends most: what it may send again without being told.

export type Usual = {
  /** Day (since 1970, UTC) that is not over, and the excess of it so far, bytes: see engine/detection/excess.ts. */
  day: number
  hard: number
  soft: number
  /** Number of the present fortnight; the most of one of its days that are over, and of the fortnight before. */
  fortnight: number
  mostHard: number
  mostSoft: number
  beforeHard: number
  beforeSoft: number
}

const DAYS = 14

export const noUsual = (): Usual => ({
  ...{ day: -1, hard: 0, soft: 0, fortnight: -1 },
  ...{ mostHard: 0, mostSoft: 0, beforeHard: 0, beforeSoft: 0 },
})

/** Ends the days before `day`; a clock that was set back ends none. */
export function turnUsual(usual: Usual, day: number): void {
  if (day <= usual.day) return
  if (usual.day >= 0) {
    toFortnight(usual, Math.floor(usual.day / DAYS))
    usual.mostHard = Math.max(usual.mostHard, usual.hard)
    usual.mostSoft = Math.max(usual.mostSoft, usual.soft)
  }
  toFortnight(usual, Math.floor(day / DAYS))
  usual.day = day
  usual.hard = 0
  usual.soft = 0
}

function toFortnight(usual: Usual, fortnight: number): void {
  if (fortnight <= usual.fortnight) return
  const isNext = fortnight === usual.fortnight + 1
  usual.beforeHard = isNext ? usual.mostHard : 0
  usual.beforeSoft = isNext ? usual.mostSoft : 0
  usual.mostHard = 0
  usual.mostSoft = 0
  usual.fortnight = fortnight
}

/** The most of one day of the last two to four weeks that is over. REQUIRES: turned. */
export const usualHard = ({ mostHard, beforeHard }: Usual): number => Math.max(mostHard, beforeHard)
export const usualSoft = ({ mostSoft, beforeSoft }: Usual): number => Math.max(mostSoft, beforeSoft)

const FIELDS = [
  ...(['day', 'hard', 'soft', 'fortnight'] as const),
  ...(['mostHard', 'mostSoft', 'beforeHard', 'beforeSoft'] as const),
] as const satisfies readonly (keyof Usual)[]

/** `u<day>:<hard>:...`, whole bytes; empty where nothing was ever sent so. */
export const writeUsual = (usual: Usual): string =>
  usual.day < 0 ? '' : `u${FIELDS.map((field) => Math.round(usual[field])).join(':')}`

/** Reads what `writeUsual` wrote; undefined when it is not that. */
export function readUsual(text: string): Usual | undefined {
  const usual = noUsual()
  if (text === '') return usual
  const values = text.slice(1).split(':')
  if (text[0] !== 'u' || values.length !== FIELDS.length) return undefined
  for (const [index, field] of FIELDS.entries()) {
    const value = Number(values[index])
    if (values[index] === '' || !Number.isSafeInteger(value)) return undefined
    if (value < (field === 'fortnight' ? -1 : 0)) return undefined
    usual[field] = value
  }
  return usual
}
