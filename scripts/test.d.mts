/** The files that ask test/long.ts. */
export const LONG: readonly string[]
