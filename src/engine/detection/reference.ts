// What ordinary hosts do, as the rarity of an excess is held against.
import type { Reference } from './rarity.ts'

export const REFERENCE: Reference = {
  pairs: { at: 14, exponent: 0.62 },
  installs: { at: 0.78, exponent: 0.25 },
  spent: [{ budget: 0.1, nominal: 0.25 }],
}
