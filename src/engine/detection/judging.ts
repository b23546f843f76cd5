// The ways to judge a pair, for who gives an engine another than its own.
export { pointScoring } from './point-scoring.ts'
export { compileThresholds } from './rarity.ts'
export { rarityScoring, SCORE_A_DECADE } from './rarity-scoring.ts'
export { REFERENCE } from './reference.ts'
export type { MakeScoring } from './scoring.ts'
