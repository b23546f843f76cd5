/**
 * Text that others chose (names of programs, reasons from the far end) as a terminal may show it: control,
 * format and line-separating characters are written out, so that none of them steers the terminal or turns
 * the direction of what follows.
 */
export const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )

/** The same in at most `charsMax` UTF-16 units; what is cut ends in an ellipsis. REQUIRES: charsMax above 0. */
export function brief(text: string, charsMax: number): string {
  // Written out, a character only grows: what lies beyond need not be looked at.
  const safe = printable(text.slice(0, charsMax + 1))
  if (safe.length <= charsMax) return safe
  return `${safe.slice(0, charsMax - 1).toWellFormed()}…`
}
