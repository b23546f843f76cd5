// The ways to judge a pair, for who gives an engine another than its own.
export { observeExcess } from './observing.ts'
export { pointScoring } from './point-scoring.ts'
export { type Reference, TAIL_FROM_BYTES, type Tail } from './rarity.ts'
export { SCORE_A_DECADE } from './rarity-reasons.ts'
export { rarityScoring } from './rarity-scoring.ts'
export { REFERENCE } from './reference.ts'
export type { MakeScoring } from './scoring.ts'
