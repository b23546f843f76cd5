/** The files that ask test/long.ts. */
export const LONG: readonly string[]
/** The files that take longest, longest first. */
export const LONGEST: readonly string[]
/** All files of tests, those of LONGEST first. */
export function allFiles(): string[]
/** Of the long run. */
export function longFiles(): string[]
