// What ordinary hosts do, as the rarity of an excess is held against. Made by scripts/reference.ts from 200 made-up host-days,
// 4665 pairs and 3800 installs, with the project's own recordings among them, and with what was measured from outside
// (src/eval/calibration.ts).
import type { Reference } from './rarity.ts'

export const REFERENCE: Reference = {
  pairs: { at: 17.1, exponent: 0.492 },
  installs: { at: 0.768, exponent: 0.151 },
  spent: [
    { budget: 0.03, nominal: 0.164 },
    { budget: 0.1, nominal: 1.08 },
    { budget: 0.2, nominal: 2.36 },
    { budget: 0.5, nominal: 18.5 },
  ],
}
